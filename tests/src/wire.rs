//! HTTP/1.1 as bytes on a plain socket that stays open, for what a client library would tidy
//! up: it sends what it is given and reads one answer.

use crate::server::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header `Content-Type`; empty without one.
    pub media_type: String,
    /// The body, as its length says.
    pub body: Vec<u8>,
    /// From the first byte sent to the last one received.
    pub took: Duration,
}

impl Reply {
    /// Whether it says in the API's words that the client is wrong.
    pub fn is_client_problem(&self) -> bool {
        let problem = || serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        (400..500).contains(&self.status)
            && self.media_type == "application/problem+json"
            && problem()["status"] == self.status
    }

    /// The body as JSON; `null` for anything else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A connection that is opened when it is needed, and again when the server has closed it.
/// It brings the cookie that it was given.
pub struct Wire {
    address: String,
    stream: Option<BufReader<TcpStream>>,
    cookie: Option<String>,
}

impl Wire {
    /// A connection to `address`, which is `host:port`.
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, cookie: None }
    }

    /// A request with a body of JSON, or of what calls itself so.
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut request = self.head(method, path);
        request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        [request.as_bytes(), b"\r\n", body].concat()
    }

    /// The first lines of a request, without the empty one that ends them.
    pub fn head(&self, method: &str, path: &str) -> String {
        let cookie = self.cookie.as_ref();
        let cookie = cookie.map_or_else(String::new, |cookie| format!("Cookie: {cookie}\r\n"));
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{cookie}", self.address)
    }

    /// Sends bytes and reads the answer to them; `None` where the server closed the connection
    /// without one.
    pub fn send(&mut self, bytes: &[u8]) -> Option<Reply> {
        let was_open = self.stream.is_some();
        let reply = self.exchange(bytes);
        // It may have closed an idle connection just before.
        if reply.is_none() && was_open { self.exchange(bytes) } else { reply }
    }

    fn exchange(&mut self, bytes: &[u8]) -> Option<Reply> {
        let start = Instant::now();
        let mut stream = self.stream.take().unwrap_or_else(|| open(&self.address));
        // A server that refuses early may close before all is written.
        let whole = stream.get_mut().write_all(bytes).is_ok();
        let head = head_of(&mut stream)?;
        let field = |name: &str| {
            let named = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
            let line = head.lines().find(named)?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        if let Some(cookie) = field("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        let length = field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let media_type = field("content-type").unwrap_or_default();
        if whole && field("connection").is_none_or(|value| value != "close") {
            self.stream = Some(stream);
        }
        Some(Reply { status, media_type, body, took: start.elapsed() })
    }
}

fn open(address: &str) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket of TCP");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout above zero");
    BufReader::new(stream)
}

fn head_of(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}
