//! Cells that a page measures on Web Workers, as the server sees them.

use filature_tests::server::Server;
use serde_json::{Value, json};

#[test]
fn what_spawning_costs_is_stored_and_what_a_browser_cannot_hold_is_refused() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "samples": 1,
        "executors": ["browser-workers"], "sweep": {"param": "units", "values": [2, 1000]}}));
    server.wait(&id, |e| e["state"] == "running");
    let costs = json!({"new_worker_ns": 9_000_000, "warm_worker_ns": 20_000});
    let refusal = json!({"needed_units": 1000, "available_units": 127, "limit": {
        "name": "Web Workers", "value": 128, "threads": 127, "how_to_raise": "use fewer units"}});
    let ends = [
        json!({"samples": [{"wall_ns": 30_000, "batch": 20}], "end": {"state": "done",
            "outcome": {"joined": 2, "sum": 1}, "spawn_costs": costs}}),
        json!({"end": {"state": "refused", "reason": "too many", "refusal": refusal}}),
    ];
    for (cell, mut end) in ends.into_iter().enumerate() {
        let cell = format!("/api/v1/experiments/{id}/cells/{cell}");
        let claim = json!({"browser": {"browser": "Test 1", "cores": 2,
            "clock_resolution_ns": 5000, "cross_origin_isolated": true}});
        let lease: Value = server.post(&format!("{cell}/claim"), &claim).json().unwrap();
        end["lease"] = lease["lease"].clone();
        assert_eq!(server.post(&format!("{cell}/samples"), &end).status(), 204);
    }
    let cells = server.finished(&id)["cells"].clone();
    assert_eq!((&cells[0]["state"], &cells[0]["spawn_costs"]), (&json!("done"), &costs));
    assert_eq!((&cells[1]["state"], &cells[1]["refusal"]), (&json!("refused"), &refusal));
}
