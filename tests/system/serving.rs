//! What is said of servers whose clients share their process.

use filature_tests::server::Server;
use serde_json::json;

#[test]
fn what_the_clients_waited_and_what_they_cost_is_read_from_every_sample() {
    let server = Server::start();
    for workload in ["echo-server", "http-server"] {
        let id = server.submit(&json!({"workload": workload, "samples": 2, "warmups": 0,
            "params": {"connections": 20, "requests": 20}}));
        for cell in server.finished(&id)["cells"].as_array().unwrap() {
            for sample in cell["samples"].as_array().unwrap() {
                let reading = |name: &str| sample["readings"][name].as_f64().unwrap();
                let waits = ["latency_p50_ns", "latency_p99_ns", "latency_p99_9_ns"].map(reading);
                assert!(waits[0] > 0.0 && waits.is_sorted(), "{sample}");
                let figure = |name: &str| sample[name].as_f64().unwrap();
                let whole = figure("cpu_user_ns") + figure("cpu_system_ns");
                let clients = reading("clients_cpu_ns");
                assert!(0.0 < clients && clients < whole, "{sample}");
                assert_eq!(reading("sent_late"), 0.0, "in a closed loop nothing is late");
            }
            let summary = &cell["summary"]["readings"]["latency_p99_ns"];
            assert_eq!(summary["n"], 2, "{cell}");
        }
        let csv = server.get(&format!("/api/v1/experiments/{id}/export.csv")).text().unwrap();
        let head = csv.lines().next().unwrap();
        let columns = "clients_cpu_ns,latency_p50_ns,latency_p99_9_ns,latency_p99_ns,sent_late";
        assert!(head.ends_with(columns), "{head}");
    }
}

#[test]
fn the_memory_of_clients_is_not_called_that_of_a_servers_unit() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "echo-server", "samples": 1, "warmups": 0,
        "params": {"connections": 50, "requests": 1, "payload_bytes": 65_536}}));
    for cell in server.finished(&id)["cells"].as_array().unwrap() {
        let memory = &cell["memory"];
        let grown =
            memory["peak_bytes"].as_u64().unwrap() - memory["baseline_bytes"].as_u64().unwrap();
        assert!(grown > 1 << 20, "enough to be divided: {memory}");
        assert!(memory.get("bytes_per_unit").is_none(), "{memory}");
        let facts = cell["facts"].as_array().unwrap();
        assert!(facts.iter().any(|fact| fact["label"] == "CPU time and memory"), "{facts:?}");
    }
}
