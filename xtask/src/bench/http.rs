//! As much of an HTTP client as the comparisons need, over plain sockets.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Nothing that is waited for takes this long on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends one request on a connection of its own and returns the body of the answer.
///
/// # Errors
/// If there is no answer, or one that is not a success.
pub(super) fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<String, String> {
    answer(address, "", method, path, body)
}

/// The JSON that is answered to one of several clients, each of whom has a name.
///
/// # Errors
/// If there is no answer, or one that is not a success.
pub(super) fn ask_as(
    address: &str,
    client: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, String> {
    let answer = answer(address, client, method, path, &body.to_string())?;
    serde_json::from_str(&answer).map_err(|error| format!("{method} {path}: {error}"))
}

fn answer(
    address: &str,
    client: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<String, String> {
    let mut answer = String::new();
    connect(address, client, method, path, body)?
        .read_to_string(&mut answer)
        .map_err(|error| format!("{method} {path}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 2") {
        Ok(body.to_owned())
    } else {
        Err(format!("{method} {path}: {answer}"))
    }
}

/// Starts an experiment and returns its id.
///
/// # Errors
/// If the server does not accept it.
pub(super) fn start(address: &str, request: &Value) -> Result<String, String> {
    let answer = ask(address, "POST", "/api/v1/experiments", &request.to_string())?;
    let experiment: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let id = experiment["id"].as_str().ok_or_else(|| format!("no id in {answer}"))?;
    Ok(id.to_owned())
}

/// The event stream of the server.
pub(super) struct Events(BufReader<TcpStream>);

impl Events {
    /// Opens the stream of all events.
    ///
    /// # Errors
    /// If the server does not answer with one.
    pub(super) fn open(address: &str) -> Result<Self, String> {
        Self::open_as(address, "", "")
    }

    /// Opens a stream with this query for one of several clients.
    ///
    /// # Errors
    /// If the server does not answer with one.
    pub(super) fn open_as(address: &str, client: &str, query: &str) -> Result<Self, String> {
        let path = format!("/api/v1/events{query}");
        let mut reader = BufReader::new(connect(address, client, "GET", &path, "")?);
        let mut status = String::new();
        reader.read_line(&mut status).map_err(|error| error.to_string())?;
        if status.starts_with("HTTP/1.1 200") { Ok(Self(reader)) } else { Err(status) }
    }

    /// Reads whatever comes, until the server ends it.
    pub(super) fn read_to_end(&mut self) {
        // How it ends does not matter: it was there to be written to.
        let _ = std::io::copy(&mut self.0, &mut std::io::sink());
    }

    /// Waits for a line of the stream that contains all of `parts`.
    ///
    /// # Errors
    /// If the stream ends first.
    pub(super) fn wait_for(&mut self, parts: &[&str]) -> Result<(), String> {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.0.read_line(&mut line).map_err(|error| format!("events: {error}"))?;
            if read == 0 {
                return Err(format!("the events ended before {parts:?}"));
            }
            if parts.iter().all(|part| line.contains(part)) {
                return Ok(());
            }
        }
    }
}

/// The cookie of a client: any 32 letters and digits that are its own.
fn cookie(client: &str) -> String {
    if client.is_empty() {
        return String::new();
    }
    format!("Cookie: filature_session={client:x>32}\r\n")
}

fn connect(
    address: &str,
    client: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<TcpStream, String> {
    let send = || -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (length, cookie) = (body.len(), cookie(client));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{cookie}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    };
    send().map_err(|error| format!("{method} {path}: {error}"))
}
