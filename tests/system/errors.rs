//! Bad input: every error is a problem document that names the field, the value
//! and what is allowed; nothing crashes and nothing is half stored.

use filature_tests::server::Server;
use reqwest::blocking::Response;
use serde_json::{Value, json};

/// Checks that the answer is a problem document with this status, and returns it.
fn problem(response: Response, status: u16) -> Value {
    let url = response.url().clone();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let got = response.status().as_u16();
    let text = response.text().unwrap();
    assert_eq!(got, status, "{url}: {text}");
    assert_eq!(kind, "application/problem+json", "{url}: {text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail"] {
        assert!(!problem[field].as_str().unwrap_or_default().is_empty(), "{url}: {text}");
    }
    problem
}

#[test]
fn wrong_fields_are_named_with_their_value_and_limits() {
    let server = Server::start();
    let wrong = [
        (json!({"workload": "nope"}), "/workload", "fan-out, interleave, collect"),
        (json!({"workload": "fan-out", "params": {"speed": 1}}), "/params/speed", "units"),
        (
            json!({"workload": "fan-out", "params": {"units": 0}}),
            "/params/units",
            "from 1 to 1000000",
        ),
        (
            json!({"workload": "fan-out", "params": {"units": -1}}),
            "/params/units",
            "from 1 to 1000000",
        ),
        (json!({"workload": "fan-out", "params": {"units": 1e308}}), "/params/units", "e+308"),
        (json!({"workload": "fan-out", "params": {"units": "10"}}), "/params/units", "\"10\""),
        (json!({"workload": "fan-out", "params": {"units": [1]}}), "/params/units", "[1]"),
        (
            json!({"workload": "fan-out", "params": {"units": u64::MAX}}),
            "/params/units",
            "18446744073709551615",
        ),
        (
            json!({"workload": "fan-out", "params": {"work": "dance"}}),
            "/params/work",
            "none, sleep, spin",
        ),
        (
            json!({"workload": "fan-out", "executors": ["fibers"]}),
            "/executors/0",
            "threads, tokio-multi",
        ),
        (json!({"workload": "fan-out", "executors": []}), "/executors", "at least one"),
        (
            json!({"workload": "fan-out", "sweep": {"param": "work", "values": [1]}}),
            "/sweep/param",
            "not a number",
        ),
        (
            json!({"workload": "fan-out", "sweep": {"param": "units", "values": [0]}}),
            "/sweep/values/0",
            "from 1 to",
        ),
        (
            json!({"workload": "fan-out",
                "sweep": {"param": "units", "values": (1..=30).collect::<Vec<u32>>()}}),
            "/sweep/values",
            "64",
        ),
        (json!({"workload": "fan-out", "samples": 0}), "/samples", "from 1 to 1000"),
        (json!({"workload": "fan-out", "warmups": 101}), "/warmups", "from 0 to 100"),
        (json!({"workload": "fan-out", "tokio_workers": 65}), "/tokio_workers", "from 1 to 64"),
        (json!({"workload": "fan-out", "cores": 0}), "/cores", "from 1 to"),
        (json!({"workload": "fan-out", "cores": 2000}), "/cores", "2000"),
        (json!({"workload": "fan-out", "time_limit_s": 121}), "/time_limit_s", "from 1 to 120"),
        (json!({"workload": "fan-out", "label": "x".repeat(201)}), "/label", "200"),
        (json!({"workload": "fan-out", "samples": "many"}), "/samples", "many"),
        (json!({"workload": "fan-out", "samples": -1}), "/samples", "-1"),
        (json!({"workload": "fan-out", "executors": "threads"}), "/executors", "threads"),
        (json!({"workload": "fan-out", "colour": "red"}), "/colour", "colour"),
        (json!({"workload": 7}), "/workload", "7"),
    ];
    for (request, pointer, named) in wrong {
        let problem = problem(server.post("/api/v1/experiments", &request), 422);
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{request}: {problem}"));
        let error = errors.iter().find(|error| error["pointer"] == pointer);
        let error = error.unwrap_or_else(|| panic!("{request}: no {pointer} in {problem}"));
        assert!(error["detail"].as_str().unwrap().contains(named), "{request}: {error}");
    }
    let history = server.json("/api/v1/experiments");
    assert_eq!(history["experiments"], json!([]), "nothing half-made is stored");
}

#[test]
fn a_body_that_is_not_json_is_refused_as_what_it_is() {
    let server = Server::start();
    let post = |kind: &str, body: Vec<u8>| {
        let request = server.request("POST", "/api/v1/experiments");
        request.header("content-type", kind).body(body).send().unwrap()
    };
    problem(post("application/json", b"{\"workload\": \"fan-out\"".to_vec()), 400);
    problem(post("application/json", b"".to_vec()), 400);
    problem(post("application/json", b"\xff\xfe\x00".to_vec()), 400);
    problem(post("application/json", vec![b'['; 200_000]), 400);
    problem(post("text/plain", b"{\"workload\": \"fan-out\"}".to_vec()), 415);
    problem(post("application/json", vec![b' '; 2 * 1024 * 1024]), 413);
}

#[test]
fn unknown_routes_methods_and_ids_are_problems_too() {
    let server = Server::start();
    for path in ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/experiments", "/assets/none.js"] {
        problem(server.get(path), 404);
    }
    for path in [
        "/api/v1/experiments/none",
        "/api/v1/experiments/..%2f..%2fetc%2fpasswd",
        "/api/v1/experiments/%00",
        "/api/v1/experiments/%ff%fe",
        "/api/v1/experiments/0000000000000000/export.csv",
        "/api/v1/experiments/0000000000000000/report.html",
        "/api/v1/experiments/0000000000000000/export.json",
        "/api/v1/workloads/none",
    ] {
        let status = server.get(path).status().as_u16();
        assert!(matches!(status, 400 | 404), "{path}: {status}");
        problem(server.get(path), status);
    }
    problem(server.delete("/api/v1/experiments/0000000000000000"), 404);
    let refused = server.request("PUT", "/api/v1/experiments").send().unwrap();
    assert!(refused.headers()["allow"].to_str().unwrap().contains("POST"));
    problem(refused, 405);
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let server = Server::start();
    for query in [
        "cursor=garbage",
        "cursor=%F0%9F",
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=many",
        "state=sleeping",
        "workload=none",
    ] {
        let response = server.get(&format!("/api/v1/experiments?{query}"));
        let status = response.status().as_u16();
        assert!(matches!(status, 400 | 422), "{query}: {status}");
        problem(response, status);
    }
    problem(server.get("/api/v1/events?experiment=0000000000000000"), 404);
}

#[test]
fn a_browser_report_that_makes_no_sense_is_refused() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 2}, "samples": 1,
        "executors": ["tokio-current"]}));
    server.finished(&id);
    let claim = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let cell = format!("/api/v1/experiments/{id}/cells");
    problem(server.post(&format!("{cell}/0/claim"), &claim), 409);
    problem(server.post(&format!("{cell}/7/claim"), &claim), 404);
    let response = server.post(&format!("{cell}/x/claim"), &claim);
    let status = response.status().as_u16();
    assert!(matches!(status, 400 | 404), "{status}");
    problem(response, status);
    problem(server.post(&format!("{cell}/0/claim"), &json!({"browser": "me"})), 422);
    problem(server.post(&format!("{cell}/0/samples"), &json!({"lease": "x"})), 409);
}

#[test]
fn more_samples_than_were_asked_for_are_refused() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 2}, "samples": 1,
        "executors": ["browser-loop"]}));
    server.wait(&id, |e| e["state"] == "running");
    let cell = format!("/api/v1/experiments/{id}/cells/0");
    let claim = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let lease: Value = server.post(&format!("{cell}/claim"), &claim).json().unwrap();
    let many = json!({"lease": lease["lease"], "samples": [{"wall_ns": 1}, {"wall_ns": 2}]});
    problem(server.post(&format!("{cell}/samples"), &many), 422);
    for nonsense in
        [json!({"wall_ns": -1}), json!({"wall_ns": 1.5}), json!({"wall_ns": 1, "batch": 0})]
    {
        let report = json!({"lease": lease["lease"], "samples": [nonsense]});
        problem(server.post(&format!("{cell}/samples"), &report), 422);
    }
}

#[test]
fn a_foreign_host_or_origin_is_kept_out() {
    let server = Server::start();
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""] {
        let request =
            format!("GET /api/v1/machine HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = server.raw(request.as_bytes());
        let refused = answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400");
        assert!(refused, "{host}: {answer}");
    }
    let body = json!({"workload": "fan-out"});
    for (name, value) in
        [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        let request = server.request("POST", "/api/v1/experiments").header(name, value);
        problem(request.json(&body).send().unwrap(), 403);
    }
    let own = format!("http://{}", server.address());
    let request = server.request("POST", "/api/v1/experiments").header("Origin", own);
    assert_eq!(request.json(&body).send().unwrap().status(), 202);
}

#[test]
fn a_full_queue_says_when_to_come_again() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &["--queue-max", "2"]);
    let slow = json!({"workload": "fan-out", "samples": 1000,
        "params": {"units": 1, "work": "sleep", "duration_ms": 100}});
    let first = server.submit(&slow);
    server.wait(&first, |e| e["state"] == "running");
    server.submit(&slow);
    server.submit(&slow);
    let refused = server.post("/api/v1/experiments", &slow);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    problem(refused, 429);
}

#[test]
fn hostile_bytes_never_stop_the_server() {
    let server = Server::start();
    let pid = server.pid();
    let huge_header = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(600 * 1024));
    for bytes in [
        b"\x00\x01\x02\x03\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"POST /api/v1/experiments HTTP/1.1\r\nContent-Length: -5\r\n\r\n".to_vec(),
        huge_header.into_bytes(),
    ] {
        let answer = server.raw(&bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(server.json("/healthz")["status"], "ok");
    assert!(filature_tests::server::is_alive(pid));
}
