//! The catalogue over HTTP: what a form and a reader are told of a workload.

use filature_core::workloads;
use filature_tests::server::Server;
use serde_json::json;

#[test]
fn the_catalogue_says_all_that_a_form_needs() {
    let server = Server::start();
    let catalogue = server.json("/api/v1/workloads");
    let registered: Vec<&str> = workloads::ALL.iter().map(|workload| workload.id()).collect();
    assert_eq!(
        catalogue.as_array().unwrap().iter().map(|w| &w["id"]).collect::<Vec<_>>(),
        registered
    );
    // A visitor needs these of one workload at a time.
    for alone in ["source", "params_schema"] {
        assert!(catalogue[0].get(alone).is_none(), "{alone}");
    }
    let counter = server.json("/api/v1/workloads/counter");
    let workers = &counter["params"][0];
    assert_eq!((&workers["name"], &workers["type"]), (&json!("workers"), &json!("integer")));
    assert_eq!((&workers["min"], &workers["max"]), (&json!(1), &json!(1_024)));
    assert_eq!(counter["params_schema"]["properties"]["workers"]["maximum"], 1_024);
    let lock = &counter["params"][2];
    assert!(lock["options"][1]["only"]["why"].is_string(), "{lock:#}");
    assert!(counter["contract"].as_str().unwrap().contains("barrier"));
}

#[test]
fn the_source_is_the_file_that_was_compiled_with_tokens_in_order() {
    let server = Server::start();
    let source = server.json("/api/v1/workloads/fan-out")["source"].clone();
    let file = filature_tests::root().join(source["path"].as_str().unwrap());
    let text = source["text"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    let mut end = 0;
    for token in source["tokens"].as_array().unwrap() {
        let start = token["start"].as_u64().unwrap() as usize;
        assert!(start >= end);
        end = token["end"].as_u64().unwrap() as usize;
        assert!(text.is_char_boundary(start) && text.is_char_boundary(end) && start < end);
    }
    let first = source["bodies"][0]["first_line"].as_u64().unwrap() as usize;
    assert!(text.lines().nth(first - 1).unwrap().starts_with("pub fn threads"));
}
