//! The queue of a class: fair between its clients, bounded, and open about who waits how long.

use filature_tests::events::{EventStream, Received};
use filature_tests::server::Server;
use filature_tests::visitor::Visitor;
use serde_json::{Value, json};

fn short() -> Value {
    json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1, "warmups": 0,
        "params": {"units": 1}})
}

/// One that is measured until it is cancelled.
fn endless() -> Value {
    json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1000,
        "params": {"units": 1, "work": "sleep", "duration_ms": 100}})
}

fn id_of(experiment: &Value) -> String {
    experiment["id"].as_str().unwrap().to_owned()
}

fn is_final(event: &Received) -> bool {
    event.name == "experiment"
        && !matches!(event.data["state"].as_str(), Some("queued" | "running"))
}

/// An endless experiment in the slot, so that all others wait.
fn occupy(server: &Server, visitor: &Visitor) -> String {
    let id = id_of(&visitor.submit(&endless()));
    server.wait(&id, |e| e["state"] == "running");
    id
}

fn cancel(visitor: &Visitor, id: &str) {
    let answer = visitor.ask("DELETE", &format!("/api/v1/experiments/{id}"), None);
    assert_eq!(answer.status(), 200);
}

/// The ids in the order in which they are measured from now on, `count` of them.
fn measured(stream: &mut EventStream, count: usize) -> Vec<String> {
    let mut begun = Vec::new();
    while begun.len() < count {
        let event = stream.next_event().unwrap();
        if event.name == "experiment" && event.data["state"] == "running" {
            begun.push(event.data["experiment"].as_str().unwrap().to_owned());
        }
    }
    begun
}

#[test]
fn clients_are_measured_in_turns_and_each_in_its_own_order() {
    let server = Server::start();
    let [ann, bob, cy] = [(); 3].map(|()| Visitor::new(&server));
    let slow = occupy(&server, &ann);
    let anns: Vec<String> = (0..3).map(|_| id_of(&ann.submit(&short()))).collect();
    let bobs: Vec<String> = (0..2).map(|_| id_of(&bob.submit(&short()))).collect();
    let cys = id_of(&cy.submit(&short()));
    let mut stream = EventStream::open(&server, "", None);
    cancel(&ann, &slow);
    let fair = [&anns[0], &bobs[0], &cys, &anns[1], &bobs[1], &anns[2]].map(String::as_str);
    assert_eq!(measured(&mut stream, 6), fair);
}

#[test]
fn one_client_cannot_fill_the_queue_of_the_others() {
    let data = tempfile::tempdir().unwrap();
    let limits = ["--queue-client-max", "2", "--queue-max", "3"];
    let server = Server::start_in(data.path(), &limits);
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    occupy(&server, &ann);
    ann.submit(&endless());
    ann.submit(&endless());
    let refused = |visitor: &Visitor, setting: &str| {
        let answer = visitor.ask("POST", "/api/v1/experiments", Some(&endless()));
        assert_eq!(answer.status(), 429);
        let retry_after_s: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=3_600).contains(&retry_after_s), "{retry_after_s}");
        let problem: Value = answer.json().unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(setting), "{problem}");
    };
    refused(&ann, "--queue-client-max");
    bob.submit(&endless());
    refused(&bob, "--queue-max");
}

#[test]
fn the_place_and_the_wait_are_told_as_they_change() {
    let server = Server::start();
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let slow = occupy(&server, &ann);
    let next = id_of(&ann.submit(&short()));
    let waiting = bob.submit(&short());
    let id = id_of(&waiting);
    assert_eq!(waiting["position"], 2);
    assert!(waiting["wait_s"].as_u64().unwrap() > 0, "{waiting}");
    assert!(waiting["expected_s"].as_u64().unwrap() > 0, "{waiting}");
    let shown = server.experiment(&id);
    assert_eq!(shown["position"], 2);
    assert!(shown["wait_s"].is_u64(), "{shown}");

    let mut stream = bob.listen("");
    cancel(&ann, &next);
    let place = |event: &Received| {
        (event.data["experiment"] == json!(id)).then(|| event.data["position"].as_u64()).flatten()
    };
    let moved = stream.until(|event| place(event) == Some(1)).pop().unwrap();
    assert!(moved.data["wait_s"].is_u64() && moved.id.is_none(), "{moved:?}");
    cancel(&ann, &slow);
    stream.until(|event| event.data["experiment"] == json!(id) && is_final(event));
    let done = server.experiment(&id);
    assert!(done["position"].is_null() && done["wait_s"].is_null(), "{done}");
}

#[test]
fn others_places_are_told_only_to_those_who_ask_for_them() {
    let server = Server::start();
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let slow = occupy(&server, &ann);
    let bobs = id_of(&bob.submit(&short()));
    let mut anns = ann.listen("");
    let mut asked = ann.listen(&format!("?experiment={bobs}"));
    assert_eq!(asked.next_event().unwrap().data["position"], 1);
    cancel(&ann, &slow);
    let seen = anns.until(|event| event.data["experiment"] == json!(bobs) && is_final(event));
    assert!(seen.iter().all(|event| event.data["position"].is_null()), "{seen:#?}");
}

#[test]
fn what_nobody_watches_any_more_is_measured_all_the_same() {
    let server = Server::start();
    let slow;
    let waiting;
    {
        let gone = Visitor::new(&server);
        slow = occupy(&server, &gone);
        waiting = id_of(&gone.submit(&short()));
        let _stream = gone.listen("");
        cancel(&gone, &slow);
    }
    assert_eq!(server.finished(&waiting)["state"], "done");
}

#[test]
fn how_long_it_takes_is_foretold_from_what_was_measured() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &[]);
    let known = json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 10,
        "warmups": 0, "params": {"units": 1, "work": "sleep", "duration_ms": 400}});
    server.finished(&server.submit(&known));
    server.kill();
    // A server that was started again has learnt it from its history.
    let again = Server::start_in(data.path(), &[]);
    let visitor = Visitor::new(&again);
    occupy(&again, &visitor);
    let first = visitor.submit(&known);
    let second = visitor.submit(&short());
    let waits = |experiment: &Value| experiment["wait_s"].as_u64().unwrap();
    let behind_it_s = waits(&second) - waits(&first);
    // Ten times 400 ms of sleep at least; half a second if it had been forgotten.
    assert!(behind_it_s >= 3, "{first} {second}");
}

#[test]
fn the_metrics_tell_who_waits_and_for_how_long() {
    let server = Server::start();
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let slow = occupy(&server, &ann);
    let last = [&ann, &bob].map(|visitor| id_of(&visitor.submit(&short())));
    let told = |line: &str| {
        let metrics = server.get("/metrics").text().unwrap();
        let told = metrics.lines().find_map(|given| given.strip_prefix(line)?.trim().parse().ok());
        told.unwrap_or_else(|| panic!("no {line} in {metrics}"))
    };
    let value = |line: &str| -> u64 { told(line) };
    assert_eq!((value("filature_queued_experiments "), value("filature_waiting_clients ")), (2, 2));
    cancel(&ann, &slow);
    last.iter().for_each(|id| assert_eq!(server.finished(id)["state"], "done"));
    assert_eq!((value("filature_queued_experiments "), value("filature_waiting_clients ")), (0, 0));
    assert_eq!(value("filature_queue_wait_seconds_count "), 3);
    assert_eq!(value("filature_child_processes_total "), 3);
}
