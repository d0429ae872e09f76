//! Bodies, headers and paths that no client library would send.

use super::{assert_in_time, refused};
use filature_tests::server::{PATIENCE, Server, is_alive};
use filature_tests::wire::Wire;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

const EXPERIMENTS: &str = "/api/v1/experiments";

/// The path of a file that is there on every Linux, in many spellings.
const TRAVERSALS: [&str; 12] = [
    "/../../../../etc/passwd",
    "/assets/../../../../etc/passwd",
    "/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/assets/..%5c..%5c..%5cetc%5cpasswd",
    "/assets/..\\..\\..\\etc\\passwd",
    "/assets/....//....//etc/passwd",
    "/assets/..%252f..%252fetc%252fpasswd",
    "/assets/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
    "/assets//etc/passwd",
    "/assets/..%00/etc/passwd",
];

/// Bodies that are no request for an experiment.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| {
        let depth = 200_000;
        let body = format!("{{\"workload\":{}1{}}}", open.repeat(depth), close.repeat(depth));
        body.into_bytes()
    };
    vec![
        ("lists in lists", deep("[", "]")),
        ("lists in lists without an end", vec![b'['; 200_000]),
        ("objects in objects", deep("{\"\":", "}")),
        ("objects without an end", b"{\"params\":".repeat(20_000)),
        ("no UTF-8", b"{\"workload\":\"\xff\xfe\"}".to_vec()),
        ("no UTF-8 in a key", b"{\"\xc3\x28\":1}".to_vec()),
        ("half a surrogate", br#"{"workload":"\ud800"}"#.to_vec()),
        ("NUL bytes", b"{\"workload\":\"fan-out\0\"}".to_vec()),
        ("a NUL in a label", br#"{"workload":"fan-out","label":"a\u0000b"}"#.to_vec()),
        ("NUL and nothing else", vec![0; 1_000]),
        ("a byte order mark", b"\xef\xbb\xbf{\"workload\":\"fan-out\"}".to_vec()),
        (
            "UTF-16",
            "{\"workload\":\"fan-out\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        ("no body", Vec::new()),
        ("a text", b"\"fan-out\"".to_vec()),
        ("two bodies", br#"{"workload":"fan-out"}{"workload":"fan-out"}"#.to_vec()),
        ("half a body", br#"{"workload":"fan-out""#.to_vec()),
        ("a form", b"workload=fan-out".to_vec()),
        ("a key twice", br#"{"workload":"fan-out","workload":"fan-out"}"#.to_vec()),
        (
            "a key twice in params",
            br#"{"workload":"fan-out","params":{"units":1,"units":2}}"#.to_vec(),
        ),
        (
            "a long number",
            format!("{{\"workload\":\"fan-out\",\"samples\":{}}}", "9".repeat(100_000)).into(),
        ),
        ("many unknown fields", {
            let fields: Vec<String> = (0..20_000).map(|n| format!("\"f{n}\":{n}")).collect();
            format!("{{{}}}", fields.join(",")).into_bytes()
        }),
    ]
}

/// Requests that are read to their end and refused with a problem document, by name.
pub(super) fn hostile(wire: &Wire) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = bodies()
        .into_iter()
        .map(|(name, body)| (name.to_owned(), wire.request("POST", EXPERIMENTS, &body)))
        .collect();
    let body = br#"{"workload":"fan-out"}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/json",
        "application/jsonx",
        "application/json+x",
        "*/*",
        "\u{e9}",
        "",
    ] {
        let head = wire.head("POST", EXPERIMENTS);
        let head = format!("{head}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        all.push((format!("as {kind:?}"), [head.as_bytes(), body].concat()));
    }
    let head = wire.head("POST", EXPERIMENTS);
    let bare = format!("{head}Content-Length: {}\r\n\r\n", body.len());
    all.push(("without a type".to_owned(), [bare.as_bytes(), body].concat()));
    let chunk = format!(
        "{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
                         4\r\n{{\"wo\r\n0\r\n\r\n"
    );
    all.push(("half a body in chunks".to_owned(), chunk.into_bytes()));
    for path in TRAVERSALS {
        all.push((path.to_owned(), format!("{}\r\n", wire.head("GET", path)).into_bytes()));
        let id = path.replacen("/assets", EXPERIMENTS, 1);
        all.push((id.clone(), format!("{}\r\n", wire.head("GET", &id)).into_bytes()));
    }
    for (method, path) in [
        ("PUT", EXPERIMENTS),
        ("TRACE", "/"),
        ("POST", "/"),
        ("BREW", "/healthz"),
        ("GET", "/api/v1/experiments/%00"),
        ("GET", "/api/v1/experiments/%ff%fe/report.html"),
        ("GET", "/api/v1/experiments?cursor=%00"),
        ("GET", "/api/v1/experiments?limit=%ff"),
        ("GET", "/api/v1/experiments?limit=1&limit=1"),
        ("GET", "/api/v1/comparisons/%2e%2e"),
        ("GET", "/api/v1/workloads/%00"),
        ("GET", "/api/v1/events?experiment=%00"),
        ("GET", "/e/../../etc/passwd"),
    ] {
        let name = format!("{method} {path}");
        all.push((
            name,
            format!("{}Content-Length: 0\r\n\r\n", wire.head(method, path)).into_bytes(),
        ));
    }
    all
}

/// Bytes that the reader of HTTP itself refuses: they never become a request, and so are
/// answered with a bare status before the connection is closed.
pub(super) fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let post = "POST /api/v1/experiments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \
                application/json\r\n";
    let long = |bytes: usize| "a".repeat(bytes);
    vec![
        ("no HTTP", b"\x00\x01\x02\x03\r\n\r\n".to_vec()),
        ("another version", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("a NUL in the path", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a NUL in a header", b"GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n".to_vec()),
        (
            "a header of 600 KB",
            format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", long(600_000)).into(),
        ),
        ("600 KB of headers", {
            let lines = format!("X: {}\r\n", long(990)).repeat(600);
            format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n").into()
        }),
        ("a path of 600 KB", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", long(600_000)).into()),
        ("a length below zero", format!("{post}Content-Length: -5\r\n\r\n").into()),
        ("a length that is none", format!("{post}Content-Length: NaN\r\n\r\n").into()),
        ("a length of 2^64", format!("{post}Content-Length: 18446744073709551616\r\n\r\n").into()),
        ("two lengths", format!("{post}Content-Length: 5\r\nContent-Length: 6\r\n\r\n").into()),
        ("two lengths in one", format!("{post}Content-Length: 5, 6\r\n\r\n").into()),
        ("an unknown transfer", format!("{post}Transfer-Encoding: gzip\r\n\r\n").into()),
        ("a folded header", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n".to_vec()),
        ("a space in a name", b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n".to_vec()),
    ]
}

#[test]
fn what_no_client_would_send_is_a_problem_each_time() {
    let server = Server::start();
    let mut wire = Wire::new(server.address());
    let mut times = Vec::new();
    for (name, bytes) in hostile(&wire) {
        let reply = refused(&mut wire, &name, &bytes);
        let text = String::from_utf8_lossy(&reply.body);
        assert!(!text.contains("root:"), "{name}: {text}");
        assert!(text.len() < 2_000, "{name}: {text}");
        times.push(reply.took);
    }
    assert_in_time("bodies, heads and paths", times);
    assert_eq!(server.json(EXPERIMENTS)["experiments"], json!([]), "none was accepted");
}

#[test]
fn bytes_that_are_no_request_are_answered_and_hung_up_on() {
    let server = Server::start();
    for (name, bytes) in malformed() {
        let answer = server.raw(&bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{name}: {answer}");
    }
    assert_eq!(server.json("/healthz")["status"], "ok");
    assert!(is_alive(server.pid()));
}

/// Writes until the server has answered or hung up, and returns its answer and how much it
/// took.
fn pour(server: &Server, head: &str, piece: &[u8], most: usize) -> (String, usize) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut written = 0;
    let mut buffer = [0; 4096];
    let mut answer = Vec::new();
    let start = Instant::now();
    while written < most && answer.is_empty() {
        assert!(start.elapsed() < PATIENCE, "{written} bytes are taken in so far");
        match stream.write(piece) {
            Ok(count) => written += count,
            Err(_) => break,
        }
        stream.set_nonblocking(true).unwrap();
        match stream.read(&mut buffer) {
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        stream.set_nonblocking(false).unwrap();
    }
    (String::from_utf8_lossy(&answer).into_owned(), written)
}

#[test]
fn a_body_without_an_end_is_refused_at_the_limit() {
    let server = Server::start();
    let head = Wire::new(server.address()).head("POST", EXPERIMENTS);
    let head = format!("{head}Content-Type: application/json\r\n");
    let piece = [b' '; 0x1000];
    let chunk = [b"1000\r\n".as_slice(), &piece, b"\r\n"].concat();
    for (name, head, piece) in [
        ("in chunks", format!("{head}Transfer-Encoding: chunked\r\n\r\n"), chunk.as_slice()),
        ("of 10 GB", format!("{head}Content-Length: 10737418240\r\n\r\n"), &piece),
        ("of 2 MB", format!("{head}Content-Length: 2000000\r\n\r\n"), &piece),
    ] {
        let (answer, written) = pour(&server, &head, piece, 1 << 30);
        // What is in the buffers of the kernel was not taken in by the server.
        assert!(written < 32 << 20, "{name}: {written} bytes");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{name}: {answer}");
    }
    // Who waits for the answer before it sends gets it at once.
    let announced = format!("{head}Content-Length: 10737418240\r\nConnection: close\r\n\r\n");
    let answer = server.raw(announced.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("1048576 bytes"), "{answer}");
}
