//! The event stream: live, in order, resumable, and honest about what was lost.

use filature_tests::events::{EventStream, Received};
use filature_tests::server::Server;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

fn is_final(event: &Received) -> bool {
    event.name == "experiment"
        && !matches!(event.data["state"].as_str(), Some("queued" | "running"))
}

fn slow(samples: u32) -> Value {
    json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": samples,
        "params": {"units": 1, "work": "sleep", "duration_ms": 20}})
}

#[test]
fn every_sample_is_announced_once_and_in_order() {
    let server = Server::start();
    let mut stream = EventStream::open(&server, "", None);
    let id = server.submit(&slow(30));
    let events = stream.until(is_final);
    let states: Vec<&str> = events
        .iter()
        .filter(|event| event.name == "experiment")
        .map(|event| event.data["state"].as_str().unwrap())
        .collect();
    assert_eq!(states.last(), Some(&"done"));
    assert!(states.contains(&"running"), "{states:?}");

    let mut announced = Vec::new();
    for event in events.iter().filter(|event| event.name == "samples") {
        assert_eq!(event.data["experiment"], json!(id));
        assert_eq!(event.data["first"], announced.len());
        announced.extend(event.data["samples"].as_array().unwrap().clone());
    }
    assert_eq!(json!(announced), server.experiment(&id)["cells"][0]["samples"]);
}

#[test]
fn what_is_announced_is_already_stored() {
    let server = Server::start();
    let mut stream = EventStream::open(&server, "", None);
    let id = server.submit(&slow(20));
    let events = stream.until(|event| event.name == "samples");
    let announced = events.last().unwrap().data["samples"].as_array().unwrap().len();
    let stored = server.experiment(&id)["cells"][0]["samples"].as_array().unwrap().len();
    assert!(stored >= announced);
}

#[test]
fn a_stream_can_be_limited_to_one_experiment() {
    let server = Server::start();
    let first = server.submit(&slow(10));
    let second = server.submit(&slow(3));
    let mut stream = EventStream::open(&server, &format!("?experiment={second}"), None);
    let events = stream.until(is_final);
    assert!(events.iter().all(|event| event.data["experiment"] == json!(second)), "{events:#?}");
    assert_eq!(server.experiment(&first)["state"], "done");
}

#[test]
fn a_stream_that_broke_is_resumed_without_a_loss() {
    let server = Server::start();
    let mut stream = EventStream::open(&server, "", None);
    let id = server.submit(&slow(40));
    let mut events = stream.until(|event| event.name == "samples");
    drop(stream);
    let last_id = events.last().unwrap().id.clone().unwrap();
    server.finished(&id);
    let mut resumed = EventStream::open(&server, "", Some(&last_id));
    events.extend(resumed.until(is_final));
    assert!(events.iter().all(|event| event.name != "gap"), "{events:#?}");
    let announced: Vec<Value> = events
        .iter()
        .filter(|event| event.name == "samples")
        .flat_map(|event| event.data["samples"].as_array().unwrap().clone())
        .collect();
    assert_eq!(json!(announced), server.experiment(&id)["cells"][0]["samples"]);
}

#[test]
fn a_last_event_id_that_is_not_known_gets_a_gap() {
    let server = Server::start();
    for id in ["garbage", "99999999999999999999999", "-1"] {
        let mut stream = EventStream::open(&server, "", Some(id));
        assert_eq!(stream.next_event().unwrap().name, "gap", "{id}");
    }
}

#[test]
fn streams_end_and_the_run_is_interrupted_when_the_server_is_told_to_stop() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let data = tempfile::tempdir().unwrap();
        let mut server = Server::start_in(data.path(), &[]);
        let mut stream = EventStream::open(&server, "", None);
        let id = server.submit(&slow(1_000));
        let waiting = server.submit(&slow(5));
        stream.until(|event| event.name == "samples");
        let children = server.children();
        assert_eq!(children.len(), 1);
        server.signal(signal);
        while stream.next_event().is_some() {}
        assert_eq!(server.ended().code(), Some(0), "{signal}");
        assert!(!filature_tests::server::is_alive(children[0]));

        let again = Server::start_in(data.path(), &[]);
        let experiment = again.experiment(&id);
        assert_eq!(experiment["state"], "interrupted");
        assert_eq!(experiment["cells"][0]["state"], "interrupted");
        assert!(!experiment["cells"][0]["samples"].as_array().unwrap().is_empty());
        assert_eq!(again.experiment(&waiting)["state"], "interrupted");
    }
}
