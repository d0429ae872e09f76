//! The REST API from the outside: every route does what the contract says.

use filature_tests::server::Server;
use serde_json::{Value, json};

/// An experiment of a few milliseconds.
fn small() -> Value {
    json!({"workload": "fan-out", "params": {"units": 20}, "samples": 3})
}

#[test]
fn a_workload_alone_is_run_on_every_native_executor_and_kept() {
    let server = Server::start();
    let response =
        server.post("/api/v1/experiments", &json!({"workload": "pipeline", "samples": 3}));
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let accepted: Value = response.json().unwrap();
    assert_eq!(location, format!("/api/v1/experiments/{}", accepted["id"].as_str().unwrap()));

    let done = server.finished(accepted["id"].as_str().unwrap());
    assert_eq!(done["state"], "done");
    assert_eq!(done["spec"]["params"]["capacity"], 100);
    let cells = done["cells"].as_array().unwrap();
    let executors: Vec<&str> = cells.iter().map(|c| c["executor"].as_str().unwrap()).collect();
    assert_eq!(executors, ["threads", "tokio-multi", "tokio-current"]);
    for cell in cells {
        assert_eq!(cell["state"], "done", "{cell:#}");
        assert_eq!(cell["samples"].as_array().unwrap().len(), 3);
        assert_eq!(cell["summary"]["wall_ns"]["n"], 3);
        assert_eq!(cell["outcome"]["count"], 20_000);
        assert!(cell["samples"][0]["cpu_user_ns"].is_u64());
        assert!(cell["memory"]["peak_bytes"].as_u64() >= cell["memory"]["baseline_bytes"].as_u64());
    }
    assert!(done["verdicts"][0]["sentence"].as_str().unwrap().contains("passed on 20"));
    assert!(done["machine"]["cores"].as_u64().unwrap() >= 1);
    assert!(done["disturbance"]["outside_share"].is_number());
}

#[test]
fn a_sweep_has_a_cell_per_value_and_executor_and_a_verdict_per_value() {
    let server = Server::start();
    let id =
        server.submit(&json!({"workload": "fan-out", "executors": ["threads", "tokio-current"],
        "params": {"work": "sleep", "duration_ms": 50},
        "sweep": {"param": "units", "values": [10, 2000]}, "samples": 4, "label": "a sweep"}));
    let done = server.finished(&id);
    let seen: Vec<(u64, &str, u64)> = done["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            let executor = cell["executor"].as_str().unwrap();
            let joined = cell["outcome"]["joined"].as_u64().unwrap();
            (cell["params"]["units"].as_u64().unwrap(), executor, joined)
        })
        .collect();
    assert_eq!(
        seen,
        [
            (10, "threads", 10),
            (10, "tokio-current", 10),
            (2000, "threads", 2000),
            (2000, "tokio-current", 2000)
        ]
    );
    assert_eq!(done["verdicts"][1]["sweep_value"], 2000);
    assert!(done["cells"][2]["memory"]["bytes_per_unit"].is_number());
    assert!(done["cells"][0]["memory"]["bytes_per_unit"].is_null(), "10 threads add too little");
    assert_eq!(done["spec"]["label"], "a sweep");
}

#[test]
fn what_the_machine_cannot_hold_is_refused_with_the_limit_that_binds() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 1_000_000},
        "executors": ["threads"], "samples": 1, "warmups": 0}));
    let done = server.finished(&id);
    let cell = &done["cells"][0];
    assert_eq!((&done["state"], &cell["state"]), (&json!("done"), &json!("refused")), "{done:#}");
    assert_eq!(cell["refusal"]["needed_units"], 1_000_000);
    assert!(cell["refusal"]["available_units"].as_u64().unwrap() < 1_000_000);
    assert!(!cell["refusal"]["limit"]["name"].as_str().unwrap().is_empty());
    assert!(!cell["refusal"]["limit"]["how_to_raise"].as_str().unwrap().is_empty());
    assert!(cell["reason"].as_str().unwrap().contains("1\u{202f}000\u{202f}000 units"), "{cell:#}");
}

#[test]
fn an_async_mutex_is_refused_to_threads_while_the_tasks_go_on() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "counter",
        "params": {"lock": "async-mutex", "increments": 100}, "samples": 2}));
    let done = server.finished(&id);
    let states: Vec<&str> =
        done["cells"].as_array().unwrap().iter().map(|c| c["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["refused", "done", "done"]);
    assert!(done["cells"][0]["reason"].as_str().unwrap().contains("tasks only"));
}

#[test]
fn two_clients_queue_and_are_told_their_position() {
    let server = Server::start();
    let long = json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 200,
        "params": {"units": 1, "work": "sleep", "duration_ms": 50}});
    let first = server.submit(&long);
    let second = server.submit(&small());
    let third = server.submit(&small());
    assert_eq!(server.experiment(&second)["state"], "queued");
    let position = |id: &str| server.experiment(id)["position"].as_u64().unwrap();
    assert!(position(&second) < position(&third));
    let health = server.json("/healthz");
    assert_eq!((&health["status"], health["queued"].as_u64() >= Some(2)), (&json!("ok"), true));

    server.delete(&format!("/api/v1/experiments/{first}"));
    assert_eq!(server.finished(&third)["state"], "done");
    assert_eq!(server.experiment(&second)["state"], "done");
}

#[test]
fn cancelling_a_running_experiment_keeps_its_samples_and_leaves_no_child() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "executors": ["threads", "tokio-multi"],
        "params": {"units": 1, "work": "sleep", "duration_ms": 20}, "samples": 1000}));
    server.wait(&id, |e| e["cells"][0]["samples"].as_array().is_some_and(|s| s.len() >= 2));
    let path = format!("/api/v1/experiments/{id}");
    let status = server.delete(&path).status();
    assert!(status.is_success(), "{status}");
    let ended = server.finished(&id);
    assert_eq!(ended["state"], "cancelled");
    assert_eq!(ended["cells"][0]["state"], "cancelled");
    assert!(ended["cells"][0]["samples"].as_array().unwrap().len() >= 2);
    assert!(ended["cells"][0]["summary"]["wall_ns"]["median"].is_number());
    assert_eq!(server.children(), [0_u32; 0]);
}

#[test]
fn cancelling_a_queued_experiment_takes_it_out_of_the_queue() {
    let server = Server::start();
    let long = server.submit(&json!({"workload": "fan-out", "samples": 1000,
        "params": {"units": 1, "work": "sleep", "duration_ms": 50}}));
    server.wait(&long, |e| e["state"] == "running");
    let queued = server.submit(&small());
    server.delete(&format!("/api/v1/experiments/{queued}"));
    assert_eq!(server.finished(&queued)["state"], "cancelled");
    assert_eq!(server.experiment(&long)["state"], "running");
}

#[test]
fn deleting_a_finished_experiment_removes_it() {
    let server = Server::start();
    let id = server.submit(&small());
    server.finished(&id);
    let path = format!("/api/v1/experiments/{id}");
    assert!(server.delete(&path).status().is_success());
    assert_eq!(server.get(&path).status(), 404);
    assert_eq!(server.delete(&path).status(), 404);
}

#[test]
fn a_child_that_dies_fails_its_cell_with_the_signal_and_the_rest_goes_on() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "executors": ["tokio-current"],
        "params": {"work": "sleep", "duration_ms": 20},
        "sweep": {"param": "units", "values": [1, 2]}, "samples": 50}));
    server.wait(&id, |e| e["cells"][0]["samples"].as_array().is_some_and(|s| !s.is_empty()));
    let children = server.children();
    assert_eq!(children.len(), 1, "one cell is measured at a time");
    filature_tests::server::send(children[0], nix::sys::signal::Signal::SIGKILL);
    let done = server.finished(&id);
    assert_eq!(done["state"], "done");
    assert_eq!(done["cells"][0]["state"], "failed");
    assert!(done["cells"][0]["reason"].as_str().unwrap().contains("SIGKILL"), "{done:#}");
    assert_eq!(done["cells"][1]["state"], "done");
}

#[test]
fn the_history_is_newest_first_and_can_be_paged_and_filtered() {
    let server = Server::start();
    let mut ids: Vec<String> = (0..5).map(|_| server.submit(&small())).collect();
    ids.push(server.submit(&json!({"workload": "pipeline", "samples": 1})));
    ids.iter().for_each(|id| drop(server.finished(id)));
    ids.reverse();

    let mut seen = Vec::new();
    let mut path = "/api/v1/experiments?limit=4".to_owned();
    loop {
        let response = server.get(&path);
        let link = response.headers().get("link").map(|l| l.to_str().unwrap().to_owned());
        let page: Value = response.json().unwrap();
        let experiments = page["experiments"].as_array().unwrap();
        seen.extend(experiments.iter().map(|e| e["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(link, None);
            break;
        };
        assert!(link.unwrap().contains("rel=\"next\""));
        path = format!("/api/v1/experiments?limit=4&cursor={cursor}");
    }
    assert_eq!(seen, ids);

    let listed = |query: &str| {
        server.json(&format!("/api/v1/experiments?{query}"))["experiments"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(listed("workload=pipeline"), 1);
    assert_eq!(listed("state=done"), 6);
    assert_eq!(listed("state=failed"), 0);
}

#[test]
fn a_finished_experiment_can_be_cached_for_good() {
    let server = Server::start();
    let id = server.submit(&small());
    server.finished(&id);
    let path = format!("/api/v1/experiments/{id}");
    let response = server.get(&path);
    let etag = response.headers()["etag"].to_str().unwrap().to_owned();
    let again = server.request("GET", &path).header("If-None-Match", &etag).send().unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(server.get(&path).text().unwrap(), response.text().unwrap());
}

#[test]
fn exports_hold_every_sample() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 20}, "samples": 3,
        "label": "=cmd|' /C calc'!A0"}));
    let done = server.finished(&id);
    let exported = server.get(&format!("/api/v1/experiments/{id}/export.json"));
    assert!(exported.headers()["content-disposition"].to_str().unwrap().contains("attachment"));
    let exported: Value = exported.json().unwrap();
    assert_eq!(exported["cells"], done["cells"]);

    let csv = server.get(&format!("/api/v1/experiments/{id}/export.csv"));
    assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let csv = csv.text().unwrap();
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let (executor, wall) = ("executor", "wall_ns");
    let column = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 9, "three executors, three samples each");
    assert_eq!(rows[3][column(executor)], "tokio-multi");
    assert_eq!(
        rows[0][column(wall)].parse::<u64>().unwrap(),
        done["cells"][0]["samples"][0]["wall_ns"].as_u64().unwrap()
    );
    assert!(!csv.contains(",=cmd") && !csv.contains(",\"=cmd"), "a spreadsheet would run this");
}

#[test]
fn executors_and_machine_name_the_limit_that_binds() {
    let server = Server::start();
    let executors = server.json("/api/v1/executors");
    assert_eq!(executors[0]["id"], "threads");
    assert!(executors[0]["max_units"].as_u64().unwrap() > 0);
    assert!(executors[0]["limit"]["name"].is_string());
    let machine = server.json("/api/v1/machine");
    for field in ["cpu", "kernel", "rustc", "tokio", "filature", "build"] {
        assert!(!machine[field].as_str().unwrap().is_empty(), "{field}");
    }
    let limits = machine["thread_limits"].as_array().unwrap();
    assert!(limits.is_sorted_by_key(|limit| limit["threads"].as_u64().unwrap()));
}

#[test]
fn metrics_count_what_was_measured() {
    let server = Server::start();
    let id = server.submit(&small());
    server.finished(&id);
    let metrics = server.get("/metrics").text().unwrap();
    let samples: Vec<&str> =
        metrics.lines().filter(|l| l.starts_with("filature_samples")).collect();
    assert!(samples.iter().any(|line| line.ends_with(" 9")), "{metrics}");
    assert!(metrics.contains("filature_queue"), "{metrics}");
}

#[test]
fn the_openapi_document_describes_every_route_of_the_contract() {
    let server = Server::start();
    let document = server.json("/api/openapi.json");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/api/v1/workloads",
        "/api/v1/workloads/{id}",
        "/api/v1/executors",
        "/api/v1/machine",
        "/api/v1/experiments",
        "/api/v1/experiments/{id}",
        "/api/v1/experiments/{id}/export.json",
        "/api/v1/experiments/{id}/export.csv",
        "/api/v1/experiments/{id}/report.html",
        "/api/v1/experiments/{id}/cells/{cell}/claim",
        "/api/v1/experiments/{id}/cells/{cell}/samples",
        "/api/v1/comparison",
        "/api/v1/comparisons",
        "/api/v1/comparisons/import",
        "/api/v1/comparisons/{id}",
        "/api/v1/comparisons/{id}/export.json",
        "/api/v1/comparisons/{id}/export.csv",
        "/api/v1/comparisons/{id}/export.md",
        "/api/v1/comparisons/{id}/report.html",
        "/api/v1/comparisons/{id}/table.html",
        "/api/v1/comparisons/{id}/advice",
        "/api/v1/events",
        "/healthz",
        "/metrics",
    ] {
        assert!(paths.contains_key(path), "{path} is missing from {:?}", paths.keys());
    }
    let docs = server.get("/api/docs");
    assert!(docs.status().is_success(), "{}", docs.status());
    assert!(docs.text().unwrap().to_lowercase().contains("swagger"));
}

#[test]
fn a_browser_cell_is_measured_by_whoever_claims_it() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 20}, "samples": 2,
        "executors": ["tokio-current", "browser-loop"]}));
    server.wait(&id, |e| e["cells"][0]["state"] == "done" && e["state"] == "running");
    let cell = format!("/api/v1/experiments/{id}/cells/1");
    let claim = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let lease: Value = server.post(&format!("{cell}/claim"), &claim).json().unwrap();
    assert_eq!(server.post(&format!("{cell}/claim"), &claim).status(), 409, "claimed already");

    let stranger = json!({"lease": "nobody", "samples": [{"wall_ns": 1}]});
    assert_eq!(server.post(&format!("{cell}/samples"), &stranger).status(), 409);
    let first = json!({"lease": lease["lease"], "samples": [{"wall_ns": 700_000, "batch": 3}]});
    assert_eq!(server.post(&format!("{cell}/samples"), &first).status(), 204);
    let last = json!({"lease": lease["lease"], "samples": [{"wall_ns": 710_000, "batch": 3}],
        "end": {"state": "done", "outcome": {"joined": 20, "sum": 190}}});
    assert_eq!(server.post(&format!("{cell}/samples"), &last).status(), 204);

    let done = server.finished(&id);
    assert_eq!((&done["state"], &done["cells"][1]["state"]), (&json!("done"), &json!("done")));
    assert_eq!(done["cells"][1]["samples"][1]["wall_ns"], 710_000);
    assert_eq!(done["cells"][1]["browser"]["browser"], "Test 1");
    assert_eq!(done["verdicts"][0]["comparisons"].as_array().unwrap().len(), 1);
}

#[test]
fn a_browser_cell_with_a_wrong_outcome_fails() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 20}, "samples": 1,
        "executors": ["browser-loop"]}));
    server.wait(&id, |e| e["state"] == "running");
    let cell = format!("/api/v1/experiments/{id}/cells/0");
    let claim = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let lease: Value = server.post(&format!("{cell}/claim"), &claim).json().unwrap();
    let wrong = json!({"lease": lease["lease"], "samples": [{"wall_ns": 700_000}],
        "end": {"state": "done", "outcome": {"joined": 19, "sum": 190}}});
    assert_eq!(server.post(&format!("{cell}/samples"), &wrong).status(), 204);
    let done = server.finished(&id);
    assert_eq!(done["cells"][0]["state"], "failed");
    assert!(done["cells"][0]["reason"].as_str().unwrap().contains("outcome"), "{done:#}");
}

#[test]
fn a_browser_cell_that_no_page_claims_is_interrupted_and_frees_the_slot() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 20}, "samples": 1,
        "executors": ["browser-loop"]}));
    let next = server.submit(&small());
    let ended = server.finished(&id);
    assert_eq!(ended["cells"][0]["state"], "interrupted");
    assert!(ended["cells"][0]["reason"].as_str().unwrap().contains("page"), "{ended:#}");
    assert_eq!(server.finished(&next)["state"], "done");
}
