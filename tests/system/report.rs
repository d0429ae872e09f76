//! The report of an experiment: one file that needs nothing else.

use filature_tests::server::Server;
use serde_json::json;

#[test]
fn a_report_shows_verdict_charts_figures_source_and_machine_and_loads_nothing() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"work": "none"},
        "sweep": {"param": "units", "values": [20, 400]}, "samples": 3,
        "label": "<script>alert(1)</script>"}));
    let done = server.finished(&id);

    let answer = server.get(&format!("/api/v1/experiments/{id}/report.html"));
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains(".html"));
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let report = answer.text().unwrap();

    // One chart over the sweep, and one for each of its two values.
    assert_eq!(report.matches("<svg").count(), 3);
    for verdict in done["verdicts"].as_array().unwrap() {
        assert!(report.contains(verdict["sentence"].as_str().unwrap()));
    }
    for shown in [
        done["machine"]["cpu"].as_str().unwrap(),
        "Tokio (current)",
        "400 of 400",
        "<span class=\"function\">threads</span>",
        "&lt;script&gt;alert(1)",
    ] {
        assert!(report.contains(shown), "{shown}");
    }
    let foreign = report.replace("http://www.w3.org/2000/svg", "");
    for loads in ["<script", "src=", "href=", "@import", "url(", "http://", "https://"] {
        assert!(!foreign.contains(loads), "{loads}");
    }
}

#[test]
fn a_report_draws_what_an_outcome_saw() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "interleave", "samples": 1,
        "executors": ["threads", "tokio-current"]}));
    server.finished(&id);
    let report = server.get(&format!("/api/v1/experiments/{id}/report.html")).text().unwrap();
    // The samples of both, and two lanes of each.
    assert_eq!(report.matches("<svg").count(), 3);
}

#[test]
fn a_report_of_refused_cells_says_why() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "counter", "params": {"lock": "async-mutex"},
        "executors": ["threads", "tokio-current"], "samples": 1}));
    server.finished(&id);
    let report = server.get(&format!("/api/v1/experiments/{id}/report.html")).text().unwrap();
    assert!(report.contains("for tasks only"), "{report}");
}
