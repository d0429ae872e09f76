//! Connections of clients that are slow, silent or many: each ends within its limit, and
//! meanwhile all others are answered.

use filature_tests::events::EventStream;
use filature_tests::is_nightly;
use filature_tests::server::{PATIENCE, Server};
use filature_tests::socket::Socket;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const EVENTS: &[u8] = b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SLOW_BODY: &[u8] = b"POST /api/v1/experiments HTTP/1.1\r\nHost: localhost\r\n\
    Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";

/// Limits of a second or two, and no others that would come first.
const SHORT: [&str; 10] = [
    "--header-time-s",
    "1",
    "--body-time-s",
    "1",
    "--idle-time-s",
    "2",
    "--write-time-s",
    "1",
    "--connections-max",
    "4000",
];

/// More than any of these limits, and than a busy machine adds to one.
const SOON: Duration = Duration::from_secs(60);

/// A server with short limits and `more` arguments.
fn short(more: &[&str]) -> (Server, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &[&SHORT[..], more].concat());
    (server, data)
}

fn closed(server: &Server, reason: &str) -> u64 {
    server.metric(&format!("filature_connections_closed_total{{reason=\"{reason}\"}}"))
}

/// Answers that are larger than what the kernel takes for a client that reads nothing.
fn many_answers() -> Vec<u8> {
    b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(12)
}

/// Waits until `reached`.
fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < PATIENCE, "still waiting: {what}");
        sleep(Duration::from_millis(20));
    }
}

fn ends_soon(mut socket: Socket) -> String {
    let (text, took) = socket.rest();
    assert!(took < SOON, "{took:?}: {text}");
    text
}

#[test]
fn a_client_that_sends_nothing_or_half_a_head_is_hung_up_on() {
    let (server, _data) = short(&["--idle-time-s", "600"]);
    assert_eq!(ends_soon(Socket::open(&server)), "");
    assert_eq!(ends_soon(Socket::sending(&server, b"GET /healthz HT")), "");
    let mut second = Socket::sending(&server, HEALTH);
    second.read(100);
    assert!(second.send(b"GET /healthz HTTP/1.1\r\nHo"));
    ends_soon(second);
    until("all three are counted", || closed(&server, "header-time") == 3);
}

#[test]
fn a_head_that_dribbles_gets_no_more_time() {
    let (server, _data) = short(&[]);
    let mut socket = Socket::sending(&server, b"GET /healthz HTTP/1.1\r\nX: ");
    let start = Instant::now();
    while !socket.is_closed() && socket.send(b"a") {
        assert!(start.elapsed() < SOON);
        sleep(Duration::from_millis(100));
    }
    until("it is counted", || closed(&server, "header-time") == 1);
}

#[test]
fn a_body_that_does_not_come_is_answered_with_408() {
    let (server, _data) = short(&["--header-time-s", "600", "--idle-time-s", "600"]);
    let answer = ends_soon(Socket::sending(&server, SLOW_BODY));
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("--body-time-s"), "{answer}");
    // A client sees the end a moment before it is counted.
    until("it is counted", || closed(&server, "body-time") == 1);
}

#[test]
fn a_connection_without_requests_is_closed_after_a_while() {
    let (server, _data) = short(&["--header-time-s", "600"]);
    let answer = ends_soon(Socket::sending(&server, HEALTH));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"ok\""), "{answer}");
    // The client of these tests keeps connections as well.
    until("it is counted", || closed(&server, "idle-time") >= 1);
}

#[test]
fn a_client_that_reads_nothing_is_dropped() {
    let (server, _data) = short(&["--idle-time-s", "600"]);
    let baseline = server.descriptors();
    let socket = Socket::sending(&server, &many_answers());
    until("the answer is given up", || closed(&server, "write-time") == 1);
    until("its descriptor is back", || server.descriptors() <= baseline + 1);
    drop(socket);
}

#[test]
fn an_event_stream_that_nobody_reads_is_dropped_and_can_be_resumed() {
    let (server, _data) = short(&["--idle-time-s", "600"]);
    let mut unread = Socket::sending(&server, EVENTS);
    let id = loop {
        let text = unread.read(1);
        if let Some((_, id)) = text.split_once("id: ") {
            break id.lines().next().unwrap().to_owned();
        }
    };
    // Samples with many readings: more than the kernel takes for one who reads nothing.
    let many = json!({"workload": "echo-server", "samples": 1000, "warmups": 0,
        "params": {"connections": 1, "requests": 1}});
    for _ in 0..3 {
        server.submit(&many);
    }
    until("an unread stream is dropped", || closed(&server, "write-time") == 1);
    until("its place is free", || server.metric("filature_event_streams") == 0);
    // What was missed is still there, or is said to be gone.
    let mut resumed = EventStream::open(&server, "", Some(&id));
    let first = resumed.next_event().unwrap();
    assert!(first.name == "gap" || first.data["state"] == "queued", "{first:?}");
}

#[test]
fn a_connection_has_an_age_at_which_its_stream_ends_and_is_resumed() {
    let (server, _data) = short(&["--connection-time-s", "2", "--idle-time-s", "600"]);
    let stream = ends_soon(Socket::sending(&server, EVENTS));
    assert!(stream.ends_with("\r\n0\r\n\r\n"), "an end in order: {stream}");
    let (_, id) = stream.split_once("id: ").unwrap();
    let mut resumed = EventStream::open(&server, "", Some(id.lines().next().unwrap()));
    let experiment = server.submit(&json!({"workload": "fan-out", "samples": 1,
        "executors": ["tokio-current"], "params": {"units": 1}}));
    let first = resumed.next_event().unwrap();
    assert_eq!(
        (first.name.as_str(), &first.data["experiment"]),
        ("experiment", &json!(experiment))
    );

    let mut busy = Socket::open(&server);
    let start = Instant::now();
    while busy.send(HEALTH) && !busy.is_closed() {
        assert!(start.elapsed() < SOON, "it is still open");
        sleep(Duration::from_millis(50));
    }
    until("it is counted", || closed(&server, "age") >= 1);
}

#[test]
fn one_connection_too_many_takes_the_place_of_one_that_does_nothing() {
    let (server, _data) =
        short(&["--connections-max", "4", "--header-time-s", "600", "--idle-time-s", "600"]);
    let mut silent: Vec<Socket> = (0..4).map(|_| Socket::open(&server)).collect();
    let mut request = Socket::sending(&server, HEALTH);
    assert!(request.read(100).starts_with("HTTP/1.1 200"));
    assert_eq!(ends_soon(silent.remove(0)), "", "the oldest has left");
    assert!(silent.iter_mut().all(|socket| !socket.is_closed()));
    drop((silent, request));

    let mut streams: Vec<Socket> = Vec::new();
    until("four streams are open", || {
        let mut stream = Socket::sending(&server, EVENTS);
        let opened = stream.read(100).starts_with("HTTP/1.1 200");
        streams.push(stream);
        opened && streams.len() == 4
    });
    let mut refused = Socket::open(&server);
    let answer = refused.rest().0;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: ") && answer.contains("--connections-max"), "{answer}");
    assert!(answer.contains("content-security-policy: "), "{answer}");
    assert!(streams.iter_mut().all(|socket| !socket.is_closed()));
}

#[test]
fn streams_are_limited_for_each_client_and_for_all() {
    for (flag, status) in [("--streams-client-max", 429), ("--streams-max", 503)] {
        let (server, _data) = short(&[flag, "2"]);
        let open = [(); 2].map(|()| EventStream::open(&server, "", None));
        let refused = server.get("/api/v1/events");
        assert_eq!(refused.status(), status);
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        assert!(refused.text().unwrap().contains(flag), "{flag}");
        drop(open);
        until("a place is free", || {
            Socket::sending(&server, EVENTS).read(20).starts_with("HTTP/1.1 200")
        });
    }
}

#[test]
fn a_server_out_of_descriptors_goes_on_when_it_has_some_again() {
    let (server, _data) = short(&["--header-time-s", "600"]);
    assert_eq!(server.get("/healthz").status(), 200);
    let open = server.descriptors();
    let few = format!("--nofile={0}:{0}", open + 5);
    let pid = server.pid().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, &few]).status().unwrap();
    assert!(limited.success());
    let silent: Vec<Socket> = (0..20).map(|_| Socket::open(&server)).collect();
    let mut request = Socket::sending(&server, HEALTH);
    assert!(request.read(100).starts_with("HTTP/1.1 200"));
    drop(silent);
}

/// How long so many normal requests take, each on a connection that is kept.
fn latencies(server: &Server, count: usize) -> Vec<Duration> {
    let request = |_| {
        let start = Instant::now();
        assert_eq!(server.get("/healthz").status(), 200);
        start.elapsed()
    };
    (0..count).map(request).collect()
}

/// The 99th percentile.
fn slowest(latencies: &[Duration]) -> Duration {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

#[test]
fn five_hundred_of_each_kind_are_all_hung_up_on_and_meanwhile_others_are_answered() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let (server, _data) = short(&[]);
    let baseline = server.descriptors();
    let many = |bytes: &[u8]| -> Vec<Socket> {
        (0..500).map(|_| Socket::sending(&server, bytes)).collect()
    };
    let before = slowest(&latencies(&server, 500));
    let mut dribbling = many(b"GET /healthz HTTP/1.1\r\nX: ");
    let mut others = many(b"");
    others.extend(many(b"GET /healthz HT"));
    others.extend(many(SLOW_BODY));
    let unread = many(&many_answers());
    let (start, mut during) = (Instant::now(), Vec::new());
    while !dribbling.is_empty() || !others.is_empty() {
        assert!(start.elapsed() < SOON, "{} and {} are open", dribbling.len(), others.len());
        dribbling.retain_mut(|socket| !socket.is_closed() && socket.send(b"a"));
        others.retain_mut(|socket| !socket.is_closed());
        during.extend(latencies(&server, 50));
    }
    let during = slowest(&during);
    println!("/healthz, p99: {before:?} before, {during:?} with 2500 more connections");
    // A figure of a quiet machine: elsewhere it says more about the other tests.
    if is_nightly() {
        let most = (2 * before).max(Duration::from_millis(10));
        assert!(during <= most, "{during:?} instead of {before:?}");
    }
    until("late heads are counted", || closed(&server, "header-time") == 1_500);
    until("late bodies are counted", || closed(&server, "body-time") == 500);
    until("the answers that nobody reads are given up", || closed(&server, "write-time") == 500);
    until("all descriptors are back", || server.descriptors() <= baseline);
    drop(unread);
}
