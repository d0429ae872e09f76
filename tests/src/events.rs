//! The server's event stream, read line by line over a plain socket.

use crate::server::{PATIENCE, Server};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

/// One server-sent event.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The id, by which a stream can be resumed.
    pub id: Option<String>,
    /// The event's name.
    pub name: String,
    /// The event's JSON.
    pub data: Value,
}

/// An open event stream.
pub struct EventStream(BufReader<TcpStream>);

impl EventStream {
    /// Opens `GET /api/v1/events` with this query, resuming after `last_id` if given.
    ///
    /// # Panics
    /// Where the server does not answer with an event stream.
    pub fn open(server: &Server, query: &str, last_id: Option<&str>) -> Self {
        let resume = last_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        Self::open_with(server, query, &resume)
    }

    /// Opens it with these further header lines, each with its line break.
    ///
    /// # Panics
    /// Where the server does not answer with an event stream.
    pub fn open_with(server: &Server, query: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        let address = server.address();
        write!(stream, "GET /api/v1/events{query} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n")
            .expect("the server reads");
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = reader.read_line(&mut head).expect("the head is text");
            assert!(read > 0, "the server closed after {head:?}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.to_lowercase().contains("content-type: text/event-stream"), "{head}");
        Self(reader)
    }

    /// The next event; `None` where the stream has ended.
    ///
    /// # Panics
    /// Where none comes for as long as anybody waits.
    pub fn next_event(&mut self) -> Option<Received> {
        self.read_event().expect("an event within the patience")
    }

    /// The next event of a server that may be killed; `None` where it was.
    pub fn event_before_a_crash(&mut self) -> Option<Received> {
        self.read_event().ok().flatten()
    }

    fn read_event(&mut self) -> io::Result<Option<Received>> {
        let mut received = Received { id: None, name: String::new(), data: Value::Null };
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 || !line.ends_with('\n') {
                return Ok(None);
            }
            let line = line.trim_end();
            if let Some(id) = line.strip_prefix("id:") {
                received.id = Some(id.trim().to_owned());
            } else if let Some(name) = line.strip_prefix("event:") {
                name.trim().clone_into(&mut received.name);
            } else if let Some(data) = line.strip_prefix("data:") {
                received.data = serde_json::from_str(data).expect("an event's data is JSON");
            } else if line.is_empty() && !received.name.is_empty() {
                return Ok(Some(received));
            }
        }
    }

    /// All events up to and with the first for which `last` is true.
    ///
    /// # Panics
    /// Where the stream ends before.
    pub fn until(&mut self, last: impl Fn(&Received) -> bool) -> Vec<Received> {
        let mut seen = Vec::new();
        loop {
            let event = self.next_event().unwrap_or_else(|| panic!("ended after {seen:#?}"));
            let is_last = last(&event);
            seen.push(event);
            if is_last {
                return seen;
            }
        }
    }
}
