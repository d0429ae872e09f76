//! What is said of servers whose clients share their process.

use filature_tests::server::Server;
use serde_json::json;

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
