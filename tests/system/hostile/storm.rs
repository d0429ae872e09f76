//! Ten thousand hostile requests, after which the server is the same process, holds no more
//! memory, and has kept nothing.

use super::assert_in_time;
use super::bytes::{hostile, malformed};
use filature_tests::server::{Server, is_alive};
use filature_tests::wire::Wire;
use serde_json::json;
use std::time::Duration;

/// How many hostile requests there are.
const REQUESTS: usize = 10_000;

/// From how many connections they come at once.
const CLIENTS: usize = 4;

/// How much more memory the server may hold afterwards.
const MEMORY_BYTES_MAX: u64 = 5_000_000;

/// What a visitor who means no harm asks for.
fn visit(server: &Server) {
    for path in [
        "/",
        "/api/v1/workloads",
        "/api/v1/machine",
        "/api/v1/experiments",
        "/metrics",
        "/api/openapi.json",
        "/healthz",
    ] {
        assert!(server.get(path).status().is_success(), "{path}");
    }
}

/// Sends `count` hostile requests on one connection, and returns how long each refusal took.
fn attack(address: &str, count: usize, first: usize) -> Vec<Duration> {
    let mut wire = Wire::new(address);
    let requests = hostile(&wire);
    let malformed = malformed();
    let mut times = Vec::with_capacity(count);
    for turn in first..first + count {
        // Each of these costs a connection.
        if turn % 100 == 0 {
            let (name, bytes) = &malformed[turn / 100 % malformed.len()];
            let status = Wire::new(address).send(bytes).map_or(400, |reply| reply.status);
            assert!((400..500).contains(&status), "{name}: {status}");
            continue;
        }
        let (name, bytes) = &requests[turn % requests.len()];
        let reply = wire.send(bytes).unwrap_or_else(|| panic!("{name}: no answer"));
        assert!(reply.is_client_problem(), "{name}: {}", reply.status);
        times.push(reply.took);
    }
    times
}

#[test]
fn ten_thousand_hostile_requests_leave_no_trace() {
    let server = Server::start();
    let pid = server.pid();
    let storm = |count: usize| {
        let address = server.address();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let (count, first) = (count / CLIENTS, client * 31);
                    scope.spawn(move || attack(address, count, first))
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        })
    };
    // An allocator keeps what it once needed: that is no leak, and not asked for here.
    visit(&server);
    storm(REQUESTS / 10);
    let before = server.resident_bytes();
    let times = storm(REQUESTS);
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown <= MEMORY_BYTES_MAX, "{grown} bytes more than before");
    assert!(is_alive(pid) && server.pid() == pid);
    assert_in_time("the storm", times);
    assert_eq!(server.json("/api/v1/experiments")["experiments"], json!([]), "none was accepted");
    visit(&server);
    assert!(server.children().is_empty());
}
