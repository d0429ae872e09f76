//! As much of HTTP/1.1 (RFC 9112) as a server of threads needs to be correct, and its
//! clients: requests that arrive in any pieces or several at once, with a length; answers
//! that leave the connection open unless either side wants it closed.
//!
//! What it does not know, bodies in chunks above all, it refuses with the status that says
//! so. What a client can make it keep has limits.

use httpdate::fmt_http_date;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::SystemTime;

/// How long the head of a request may be.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;

/// How long the body of a request may be.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How much of what a client still sends is read before its connection is closed.
const LINGER_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// What ends a head.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// What answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 200
    Ok,
    /// 400: it is no HTTP.
    BadRequest,
    /// 413: its body is too long.
    ContentTooLarge,
    /// 431: its head is too long.
    HeadTooLarge,
    /// 501: its body comes in an encoding that is not known here.
    NotImplemented,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::ContentTooLarge => "413 Content Too Large",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::NotImplemented => "501 Not Implemented",
        }
    }
}

/// A request that has arrived as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// Its body, which may be empty.
    pub body: Vec<u8>,
    /// Whether the client wants to send more on the same connection.
    pub keep_alive: bool,
}

/// What came next on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A request.
    Request(Request),
    /// Something that cannot be answered but by this, after which the connection is of no
    /// more use: nobody knows where the next request begins.
    Refused(Status),
    /// The client has closed the connection, between two requests.
    End,
}

/// The requests of one connection.
pub struct Requests<S> {
    stream: S,
    /// What has arrived and is not taken yet: perhaps a part of a request, perhaps several.
    buffer: Vec<u8>,
}

/// What the head of a request says of the rest.
struct Head {
    method: String,
    body_bytes: usize,
    keep_alive: bool,
    expects_continue: bool,
}

impl<S: Read + Write> Requests<S> {
    /// The requests that arrive on `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Waits for the next one.
    ///
    /// # Errors
    /// As the socket says; `UnexpectedEof` if it was closed in the middle of a request.
    pub fn receive(&mut self) -> io::Result<Received> {
        let head_bytes = loop {
            // An empty line before a request is no part of it.
            while self.buffer.starts_with(b"\r\n") {
                self.buffer.drain(..2);
            }
            let end = find(&self.buffer, BLANK_LINE);
            if end.unwrap_or(self.buffer.len()) > HEAD_BYTES_MAX {
                return Ok(Received::Refused(Status::HeadTooLarge));
            }
            if let Some(end) = end {
                break end + BLANK_LINE.len();
            }
            if self.read_more()? == 0 {
                let whole = self.buffer.is_empty();
                return if whole {
                    Ok(Received::End)
                } else {
                    Err(ErrorKind::UnexpectedEof.into())
                };
            }
        };
        let head = match head(&self.buffer[..head_bytes - BLANK_LINE.len()]) {
            Ok(head) => head,
            Err(status) => return Ok(Received::Refused(status)),
        };
        let whole = head_bytes + head.body_bytes;
        if head.expects_continue && self.buffer.len() < whole {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.buffer.len() < whole {
            if self.read_more()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let body = self.buffer[head_bytes..whole].to_vec();
        self.buffer.drain(..whole);
        let Head { method, keep_alive, .. } = head;
        Ok(Received::Request(Request { method, body, keep_alive }))
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => {
                    let count = read?;
                    self.buffer.extend_from_slice(&piece[..count]);
                    return Ok(count);
                }
            }
        }
    }
}

/// Understands a head, without the blank line at its end.
fn head(bytes: &[u8]) -> Result<Head, Status> {
    // Field values may hold other bytes than ASCII, though none that matters here does.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split("\r\n");
    let (method, is_1_1) = request_line(lines.next().unwrap_or("")).ok_or(Status::BadRequest)?;
    let mut lengths = Vec::new();
    let (mut hosts, mut encoded, mut expects_continue) = (0, false, false);
    let mut keep_alive = is_1_1;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Status::BadRequest)?;
        let value = value.trim_matches([' ', '\t']);
        if !is_token(name) || value.contains(['\r', '\n', '\0']) {
            return Err(Status::BadRequest);
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("content-length") {
            lengths.push(length(value).ok_or(Status::BadRequest)?);
        } else if is("transfer-encoding") {
            encoded = true;
        } else if is("host") {
            hosts += 1;
        } else if is("expect") {
            expects_continue |= is_1_1 && value.eq_ignore_ascii_case("100-continue");
        } else if is("connection") {
            let options = || value.split(',').map(str::trim);
            keep_alive |= options().any(|option| option.eq_ignore_ascii_case("keep-alive"));
            keep_alive &= !options().any(|option| option.eq_ignore_ascii_case("close"));
        }
    }
    // Two lengths, or a length and an encoding, are how requests are smuggled past proxies.
    let body_bytes = lengths.first().copied().unwrap_or(0);
    let ambiguous = lengths.iter().any(|length| *length != body_bytes);
    if ambiguous || encoded && !lengths.is_empty() || hosts > 1 || is_1_1 && hosts == 0 {
        return Err(Status::BadRequest);
    }
    if encoded {
        return Err(Status::NotImplemented);
    }
    if body_bytes > BODY_BYTES_MAX {
        return Err(Status::ContentTooLarge);
    }
    Ok(Head { method: method.to_owned(), body_bytes, keep_alive, expects_continue })
}

/// The method, and whether the version is 1.1 and not 1.0.
fn request_line(line: &str) -> Option<(&str, bool)> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let plain = !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_graphic());
    let is_1_1 = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => return None,
    };
    (words.next().is_none() && is_token(method) && plain).then_some((method, is_1_1))
}

fn is_token(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// Digits and nothing else: a sign or a space means something to some parsers only.
fn length(value: &str) -> Option<usize> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // A number too long for this machine is too long for it anyway.
    digits.then(|| value.parse().unwrap_or(usize::MAX))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Answers a request with status 200 and `body`.
///
/// # Errors
/// As the socket says.
pub fn respond(stream: impl Write, request: &Request, body: &[u8]) -> io::Result<()> {
    // What is asked for by HEAD is told of, and not sent.
    let sent = if request.method == "HEAD" { &[] } else { body };
    write(stream, Status::Ok, request.keep_alive, body.len(), sent)
}

/// Says why there will be no more answers.
///
/// # Errors
/// As the socket says.
pub fn refuse(stream: impl Write, status: Status) -> io::Result<()> {
    write(stream, status, false, 0, &[])
}

/// Writes it all with one call.
fn write(
    mut stream: impl Write,
    status: Status,
    keep_alive: bool,
    length: usize,
    body: &[u8],
) -> io::Result<()> {
    let (line, date) = (status.line(), fmt_http_date(SystemTime::now()));
    let close = if keep_alive { "" } else { "Connection: close\r\n" };
    let mut answer =
        format!("HTTP/1.1 {line}\r\n{close}Content-Length: {length}\r\nDate: {date}\r\n\r\n")
            .into_bytes();
    answer.extend_from_slice(body);
    stream.write_all(&answer)
}

/// Closes a connection on which the client may still be sending: were it closed with
/// something unread, the kernel would reset it, and the last answer could be lost.
///
/// # Errors
/// As the socket says.
pub fn close(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut Read::take(&mut stream, LINGER_BYTES_MAX as u64), &mut io::sink())?;
    Ok(())
}

/// An answer at the start of what a client has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Its status code.
    pub status: u16,
    /// Its body.
    pub body: &'a [u8],
    /// How long it is in all.
    pub bytes: usize,
}

impl<'a> Answer<'a> {
    /// The answer at the start of `received`; `None` while it is not complete.
    ///
    /// # Errors
    /// If it is no answer with a length.
    pub fn parse(received: &'a [u8]) -> Result<Option<Self>, String> {
        let Some(head_bytes) = find(received, BLANK_LINE) else { return Ok(None) };
        let head = String::from_utf8_lossy(&received[..head_bytes]);
        let mut lines = head.split("\r\n");
        let line = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = line.and_then(|line| line.get(..3)?.parse().ok());
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|(_, value)| length_of(value));
        let (Some(status), Some(length)) = (status, length) else {
            return Err(format!("an answer without status or length: {head:?}"));
        };
        let start = head_bytes + BLANK_LINE.len();
        let body = received.get(start..start.saturating_add(length));
        Ok(body.map(|body| Self { status, body, bytes: start + length }))
    }
}

fn length_of(value: &str) -> Option<usize> {
    length(value.trim())
}
