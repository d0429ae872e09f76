//! The end of a server: in order, within its time, or at once.

use filature_tests::binary;
use filature_tests::server::{PATIENCE, Server, send};
use filature_tests::socket::Socket;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

const HALF: &[u8] = b"POST /api/v1/experiments HTTP/1.1\r\nHost: localhost\r\n\
    Content-Type: application/json\r\nContent-Length: 23\r\nConnection: close\r\n\r\n{\"workload\": ";

#[test]
fn a_request_under_way_gets_its_answer_and_idle_connections_end_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(data.path(), &["--stop-time-s", "60"]);
    let mut idle = Socket::sending(&server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    idle.read(100);
    let mut half = Socket::sending(&server, HALF);
    // A second request tells that the server has read the first.
    assert_eq!(server.get("/healthz").status(), 200);
    server.signal(Signal::SIGTERM);
    assert_eq!(idle.rest().0.len(), 0);
    assert!(half.send(b"\"nothing\"}"));
    let answer = half.rest().0;
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_request_that_takes_too_long_does_not_keep_the_server() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--stop-time-s", "1", "--body-time-s", "600"];
    let mut server = Server::start_in(data.path(), &arguments);
    let half = Socket::sending(&server, HALF);
    assert_eq!(server.get("/healthz").status(), 200);
    let start = Instant::now();
    server.signal(Signal::SIGINT);
    assert_eq!(server.ended().code(), Some(0));
    assert!(start.elapsed() < PATIENCE / 2);
    drop(half);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--stop-time-s", "600", "--body-time-s", "600"];
    let mut server = Server::start_in(data.path(), &arguments);
    let mut idle = Socket::sending(&server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    idle.read(100);
    let half = Socket::sending(&server, HALF);
    assert_eq!(server.get("/healthz").status(), 200);
    server.signal(Signal::SIGINT);
    // Its end says that the first signal has arrived.
    idle.rest();
    server.signal(Signal::SIGINT);
    assert_eq!(server.ended().code(), Some(130));
    drop(half);
}

#[test]
fn its_log_can_be_json_and_names_a_limit_that_is_lower_than_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let serve = format!(
        "ulimit -n 300 && exec {} serve --listen 127.0.0.1:0 --log-format json --data {}",
        binary().display(),
        data.path().display()
    );
    let mut process = Command::new("sh")
        .args(["-c", &serve])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Filature is listening on http://127.0.0.1:"), "{line}");
    send(process.id(), Signal::SIGTERM);
    let mut log = String::new();
    process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(0));
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let lowered = lines.iter().find(|line| line["message"].as_str().unwrap().contains("ulimit -n"));
    let lowered = lowered.unwrap_or_else(|| panic!("{log}"));
    assert_eq!(lowered["level"], "WARN");
    assert!(lowered["message"].as_str().unwrap().contains("at most 150 connections"), "{lowered}");
}
