//! The observed execution: asked for, it comes after the samples and beside them.

use filature_tests::server::Server;
use filature_tests::{binary, text};
use serde_json::json;
use std::process::Command;

#[test]
fn a_cell_is_observed_once_where_that_is_asked_for() {
    let server = Server::start();
    let request = |observe: bool| json!({"workload": "fan-out", "params": {"units": 30}, "samples": 2, "observe": observe});
    let done = server.finished(&server.submit(&request(true)));
    assert_eq!(done["spec"]["observe"], true);
    for cell in done["cells"].as_array().unwrap() {
        let observed = &cell["observed"];
        assert_eq!(cell["samples"].as_array().unwrap().len(), 2, "it is no sample");
        assert_eq!(
            (&observed["units"], cell["summary"]["wall_ns"]["n"].as_u64()),
            (&json!(30), Some(2))
        );
        assert!(observed["wall_ns"].as_u64().unwrap() > 0);
        assert!(observed["spawn_to_begin_ns"]["p99"].as_u64().unwrap() > 0, "{observed}");
        assert_eq!(observed["spans"].as_array().unwrap().len(), 30);
    }
    let plain = server.finished(&server.submit(&request(false)));
    assert!(plain["cells"].as_array().unwrap().iter().all(|cell| cell.get("observed").is_none()));
}

#[test]
fn the_command_line_says_what_was_observed_and_what_that_cost() {
    let run = ["run", "fan-out", "--set", "units=20", "--samples", "2", "--observe"];
    let output = Command::new(binary()).args(run).output().unwrap();
    let table = text(&output.stdout);
    for executor in ["threads", "tokio-multi", "tokio-current"] {
        let line = table.lines().find(|line| line.starts_with(&format!("{executor} observed")));
        let line = line.unwrap_or_else(|| panic!("{executor}: {table}"));
        assert!(line.contains("20 units") && line.contains("the median"), "{line}");
    }
}
