//! Large answers: whoever takes them slowly, or not at all, keeps nobody else from getting
//! one, and has only so much time.

use crate::comparisons::{ALL, exported, path};
use filature_tests::server::{PATIENCE, Server};
use filature_tests::socket::Socket;
use filature_tests::visitor::Visitor;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A large answer of a server: where it is, and how large.
struct Large {
    server: Server,
    _data: tempfile::TempDir,
    path: String,
    bytes: usize,
}

/// A server that has a table of more than a megabyte.
fn large(arguments: &[&str]) -> Large {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), arguments);
    let mut table = exported(&server);
    let mut room_bytes = 900 * 1024 - table.to_string().len();
    let rows = table["rows"].as_array_mut().unwrap();
    let measures = rows.iter_mut().flat_map(|row| row["measures"].as_array_mut().unwrap());
    for cell in measures.flat_map(|measure| measure["cells"].as_array_mut().unwrap()) {
        let (executor, samples) = (cell["executor"].take(), vec![2.5; 1_000]);
        *cell = json!({"executor": executor, "state": "done", "text": "2.5", "evidence": [],
            "estimate": {"value": 2.5, "low": 2.0, "high": 3.0, "n": 3}, "samples": samples});
        room_bytes = room_bytes.saturating_sub(cell.to_string().len());
        if room_bytes < 20_000 {
            break;
        }
    }
    let answer = server.post(&format!("{ALL}/import"), &table);
    let status = answer.status();
    let imported: Value = answer.json().unwrap();
    assert_eq!(status, 201, "{imported}");
    let path = format!("{}/export.json", path(imported["id"].as_str().unwrap()));
    let bytes = server.get(&path).bytes().unwrap().len();
    assert!(bytes > 1024 * 1024, "{bytes}");
    Large { server, _data: data, path, bytes }
}

fn request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

#[test]
fn who_takes_no_large_answer_keeps_nobody_else_from_one() {
    let Large { server, path, .. } = &large(&["--write-time-s", "600"]);
    let unread = [(); 2].map(|()| {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut socket = Socket::sending(server, &request(path));
            if socket.read(100).starts_with("HTTP/1.1 200") {
                break socket;
            }
            assert!(Instant::now() < end, "the place of who has taken all is free again");
        }
    });
    let start = Instant::now();
    let refused = server.get(path);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    // Whatever else is as large needs a place as well, be it made for this or kept.
    let whole = path.strip_suffix("/export.json").unwrap();
    let other = Visitor::new(server);
    assert_eq!(other.ask("GET", whole, None).status(), 200, "now it is kept");
    assert_eq!(server.get(whole).status(), 503);
    assert_eq!(server.delete(&format!("{whole}?if_finished=keep")).status(), 503);
    assert_eq!(server.get("/api/v1/experiments").status(), 200);
    assert_eq!(other.ask("GET", path, None).status(), 200);
    drop(unread);
    let end = Instant::now() + PATIENCE;
    while server.get(path).status() != 200 {
        assert!(Instant::now() < end, "the places of who has gone are free again");
    }
}

#[test]
fn who_takes_a_large_answer_in_little_bites_is_hung_up_on() {
    let Large { server, path, bytes, .. } = &large(&["--write-time-s", "4"]);
    let mut slow = Socket::sending(server, &request(path));
    // 20 s for the whole of it, and never 4 s without any of it.
    while slow.take(bytes / 200) > 0 {
        sleep(Duration::from_millis(100));
    }
    let end = Instant::now() + PATIENCE;
    while server.metric("filature_connections_closed_total{reason=\"write-time\"}") == 0 {
        assert!(Instant::now() < end, "it got all of it");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_page_says_is_as_short_as_what_a_process_may_say() {
    let server = Server::start();
    let long = "x".repeat(900 * 1024);
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 20}, "samples": 1,
        "executors": ["browser-loop"]}));
    server.wait(&id, |e| e["state"] == "running");
    let cell = format!("/api/v1/experiments/{id}/cells/0");
    let claim = json!({"browser": {"browser": long, "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let lease: Value = server.post(&format!("{cell}/claim"), &claim).json().unwrap();
    let done = json!({"lease": lease["lease"], "samples": [{"wall_ns": 700_000}],
        "end": {"state": "done", "outcome": {"joined": 20, "sum": 190, "more": long}}});
    assert_eq!(server.post(&format!("{cell}/samples"), &done).status(), 204);
    let ended = server.finished(&id);
    let text = ended.to_string();
    assert!(text.len() < 10_000, "{} bytes", text.len());
    assert_eq!(ended["cells"][0]["state"], "failed", "{text}");
    assert!(ended["cells"][0]["reason"].as_str().unwrap().contains("65536 bytes"), "{text}");
}
