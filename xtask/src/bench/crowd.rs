//! What a crowd costs: the figures of a cell, the server's memory and its answers, while many
//! people wait and watch.

use super::http::{self, Events};
use super::pairs::{Bar, Comparison, Reading, percentile, rounds, sorted};
use super::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 200;
/// How many experiments each of them has in the queue.
const EACH: usize = 3;
/// How often somebody of the crowd asks for something.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// A round with a crowd takes about three seconds.
const PAIRS_MAX: u32 = 20;

/// What was seen while the cell was measured.
#[derive(Default)]
struct Seen {
    /// How much more memory the server had than without a crowd, in MB.
    memory_mb: Vec<f64>,
    /// How long `/healthz` took, in ms.
    healthz_ms: Vec<f64>,
    /// How many others' experiments come before a newcomer's, per client.
    turns: Vec<f64>,
}

/// A cell's median under a crowd against its median alone, and what the crowd costs else.
///
/// # Errors
/// If a server cannot be started, or answers with an error.
pub(super) fn measure(filature: &Path, pairs: u32) -> Result<(Comparison, Vec<Reading>), String> {
    let mut seen = Seen::default();
    let crowded = || under_crowd(&Server::filature(filature)?, &mut seen);
    let alone = || alone(&Server::filature(filature)?);
    let rounds = rounds(1, pairs.min(PAIRS_MAX), crowded, alone, alone)?;
    let bar = Bar { low: 0.95, high: 1.05 };
    let name = format!("a cell under {CLIENTS} clients and streams / alone, wall ns");
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let readings = vec![
        Reading {
            name: format!("memory for {CLIENTS} clients, {} queued, MB, most", CLIENTS * EACH),
            value: most(&seen.memory_mb),
            max: 100.0,
        },
        Reading {
            name: "GET /healthz under the crowd while measuring, ms, p99".to_owned(),
            value: percentile(&sorted(seen.healthz_ms.into_iter()), 0.99),
            max: 100.0,
        },
        Reading {
            name: "turns of others before a newcomer's first, per client, most".to_owned(),
            value: most(&seen.turns),
            max: 2.0,
        },
    ];
    Ok((Comparison::new(name, bar, rounds), readings))
}

/// A cell that uses all cores, as the ones that suffer first do.
fn reference() -> Value {
    json!({"workload": "pipeline", "params": {"items": 100_000}, "executors": ["tokio-multi"],
        "samples": 15, "warmups": 1})
}

/// Holds the slot until it is cancelled, without using a core.
fn holder() -> Value {
    json!({"workload": "fan-out", "params": {"units": 1, "work": "sleep", "duration_ms": 10_000},
        "executors": ["tokio-current"], "samples": 100, "warmups": 0})
}

fn short() -> Value {
    json!({"workload": "fan-out", "params": {"units": 1}, "executors": ["tokio-current"],
        "samples": 1, "warmups": 0})
}

fn alone(server: &Server) -> Result<f64, String> {
    let holder = http::start(&server.address, &holder())?;
    let cell = http::start(&server.address, &reference())?;
    server.settle()?;
    median_of(server, &holder, &cell)
}

fn under_crowd(server: &Server, seen: &mut Seen) -> Result<f64, String> {
    let idle_mb = server.memory_mb()?;
    let holder = http::start(&server.address, &holder())?;
    // Of the same client, and before all of the crowd: it is measured next.
    let cell = http::start(&server.address, &reference())?;
    let crowd = (0..CLIENTS).map(|client| gather(server, client)).collect::<Result<Vec<_>, _>>()?;
    let late = http::ask_as(&server.address, "late", "POST", "/api/v1/experiments", &short())?;
    let position = late["position"].as_f64().ok_or("a newcomer has no place")?;
    seen.turns.push(position / (CLIENTS + 1) as f64);
    server.settle()?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // All of them read what comes, as pages do.
        for mut stream in crowd {
            scope.spawn(move || stream.read_to_end());
        }
        let asking = scope.spawn(|| ask_until(server, &over));
        let median = median_of(server, &holder, &cell);
        over.store(true, Relaxed);
        seen.memory_mb.push(server.memory_mb()? - idle_mb);
        // The streams end with the server.
        server.end();
        let asked = asking.join().map_err(|_| "the one who asks panicked")?;
        seen.healthz_ms.extend(asked);
        median
    })
}

/// One of the crowd: three experiments, and a stream of what becomes of the first.
fn gather(server: &Server, client: usize) -> Result<Events, String> {
    let name = client.to_string();
    let mut first = None;
    for _ in 0..EACH {
        let path = "/api/v1/experiments";
        let accepted = http::ask_as(&server.address, &name, "POST", path, &short())?;
        let id = accepted["id"].as_str().ok_or("an experiment without an id")?.to_owned();
        first.get_or_insert(id);
    }
    let first = first.expect("each has some");
    Events::open_as(&server.address, &name, &format!("?experiment={first}"))
}

/// How long `/healthz` took, asked again and again; and the history, as the crowd's pages do.
fn ask_until(server: &Server, over: &AtomicBool) -> Vec<f64> {
    let mut took_ms = Vec::new();
    while !over.load(Relaxed) {
        let start = Instant::now();
        let answered = http::ask(&server.address, "GET", "/healthz", "");
        // One that is never answered takes longer than all others.
        let took = start.elapsed().as_secs_f64() * 1e3;
        took_ms.push(if answered.is_ok() { took } else { f64::INFINITY });
        let _ = http::ask(&server.address, "GET", "/api/v1/experiments?limit=8", "");
        thread::sleep(ASK_EVERY);
    }
    took_ms
}

/// The median of the cell, which is measured once the holder has left the slot.
fn median_of(server: &Server, holder: &str, cell: &str) -> Result<f64, String> {
    let mut events = Events::open_as(&server.address, "", &format!("?experiment={cell}"))?;
    http::ask(&server.address, "DELETE", &format!("/api/v1/experiments/{holder}"), "")?;
    events.wait_for(&["\"event\":\"experiment\"", "\"state\":\"done\"", cell])?;
    let answer = http::ask(&server.address, "GET", &format!("/api/v1/experiments/{cell}"), "")?;
    let experiment: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let median = experiment.pointer("/cells/0/summary/wall_ns/median");
    median.and_then(Value::as_f64).ok_or_else(|| format!("no median in {answer}"))
}
