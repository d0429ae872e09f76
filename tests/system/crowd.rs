//! A crowd: many clients at once, each with several experiments and an event stream.

use filature_tests::is_nightly;
use filature_tests::server::{PATIENCE, Server};
use filature_tests::visitor::Visitor;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 200;
const EACH: usize = 3;

fn short() -> Value {
    json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1, "warmups": 0,
        "params": {"units": 1}})
}

fn is_final(state: &Value) -> bool {
    !matches!(state.as_str(), Some("queued" | "running"))
}

#[test]
fn nobody_of_a_crowd_starves_and_everybody_hears_of_the_end() {
    let server = Server::start();
    let first = Visitor::new(&server);
    let slow = first.submit(&json!({"workload": "fan-out", "executors": ["tokio-current"],
        "samples": 1000, "params": {"units": 1, "work": "sleep", "duration_ms": 800}}));
    let slow = slow["id"].as_str().unwrap().to_owned();
    server.wait(&slow, |e| e["state"] == "running");

    let idle_bytes = server.resident_bytes();
    let ids = thread::scope(|scope| {
        let (server, clients) = (&server, 0..CLIENTS);
        let mut waiting: Vec<_> = clients
            .map(|_| {
                let visitor = Visitor::new(server);
                let ids: Vec<String> = (0..EACH)
                    .map(|_| visitor.submit(&short())["id"].as_str().unwrap().to_owned())
                    .collect();
                let last = json!(ids[EACH - 1]);
                let mut stream = visitor.listen("");
                let heard = move || {
                    let end = |data: &Value| data["experiment"] == last && is_final(&data["state"]);
                    stream.until(|event| end(&event.data) || event.name == "gap");
                };
                scope.spawn(heard);
                ids
            })
            .collect();
        let late = Visitor::new(server).submit(&short());
        waiting.push(vec![late["id"].as_str().unwrap().to_owned()]);
        let before = late["position"].as_u64().unwrap() as usize;
        assert_eq!(before, 1 + CLIENTS, "one turn of everybody else, and the one that runs");
        assert_bearable(server, idle_bytes);
        let cancelled = first.ask("DELETE", &format!("/api/v1/experiments/{slow}"), None);
        assert_eq!(cancelled.status(), 200);
        waiting
    });

    let mut begun: Vec<(String, usize)> = Vec::new();
    for (client, ids) in ids.iter().enumerate() {
        for id in ids {
            let experiment = server.finished(id);
            assert_eq!(experiment["state"], "done", "{experiment}");
            begun.push((experiment["started_at"].as_str().unwrap().to_owned(), client));
        }
    }
    begun.sort();
    // Whoever had a second turn had it when everybody had had the first one.
    let mut turns: HashMap<usize, usize> = HashMap::new();
    for (place, (_, client)) in begun.iter().enumerate() {
        let turn = turns.entry(*client).or_default();
        assert!(place.abs_diff(*turn * CLIENTS) <= CLIENTS, "{client}: {turn} at {place}");
        *turn += 1;
    }
    assert_eq!(server.json("/healthz")["queued"], 0);
    assert_eq!(server.children(), [0_u32; 0]);
}

/// That the crowd takes little memory, and in the nightly run that it keeps nobody waiting.
fn assert_bearable(server: &Server, idle_bytes: u64) {
    let taken = server.resident_bytes().saturating_sub(idle_bytes);
    assert!(taken <= 100_000_000, "{taken} bytes");
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(server.json("/healthz")["status"], "ok");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{taken} bytes for the crowd; /healthz: p99 {:?}", times[197]);
    assert!(!is_nightly() || times[197] <= Duration::from_millis(100), "{:?}", times[197]);
}

/// The niceness of the main thread of a process, and that of its other threads.
fn niceness(pid: u32) -> (i64, Vec<i64>) {
    let of = |thread: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/stat")).ok()?;
        // The name of a thread may hold spaces.
        let (_, rest) = stat.rsplit_once(')')?;
        rest.split_whitespace().nth(16)?.parse().ok()
    };
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let threads = threads.map(|thread| thread.unwrap().file_name().into_string().unwrap());
    let main = pid.to_string();
    // Another thread may have ended meanwhile.
    (of(&main).unwrap(), threads.filter(|id| *id != main).filter_map(|id| of(&id)).collect())
}

#[test]
fn whoever_serves_a_crowd_steps_back_behind_what_is_measured() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "executors": ["threads", "tokio-multi"],
        "samples": 1000, "params": {"units": 2, "work": "sleep", "duration_ms": 100}}));
    let running = server.wait(&id, |e| e["cells"][1]["samples"][0].is_object());
    assert_eq!(running["state"], "running");
    let (usual, _) = niceness(std::process::id());
    let children = server.children();
    assert_eq!(children.len(), 2);
    for (main, others) in children.iter().map(|child| niceness(*child)) {
        assert!(main == usual && others.iter().all(|nice| *nice == usual), "{main} {others:?}");
    }
    let start = Instant::now();
    loop {
        let (main, others) = niceness(server.pid());
        assert!(main == usual && others.len() >= 2, "{main} {others:?}");
        if others.iter().all(|nice| *nice > usual) {
            return;
        }
        // A thread steps back as soon as it runs.
        assert!(start.elapsed() < PATIENCE, "{others:?}");
        thread::sleep(Duration::from_millis(10));
    }
}
