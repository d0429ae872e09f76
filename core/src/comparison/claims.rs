//! What the article on `tokio::spawn` claims in its table, and the best figures that others
//! have published, each with the machine that it was taken on.

use crate::api::{Claim, Published, Unit};
use crate::executor::{Body, Executor};

const ABOUT: &str = "\"~\" is read as within a factor of two, to either side.";
const RANGE: &str = "\"~\" is read as within a factor of two of either end.";
const AT_LEAST: &str = "\">\" is read as at least so many.";

/// "Création: ~100µs, ~100ns".
pub fn creation() -> Vec<Claim> {
    vec![
        about(Body::Threads, "~100 µs", 100_000.0, Unit::Ns),
        about(Body::Tasks, "~100 ns", 100.0, Unit::Ns),
    ]
}

/// "Mémoire: ~8MB, ~2KB".
pub fn memory() -> Vec<Claim> {
    vec![
        about(Body::Threads, "~8 MB", 8e6, Unit::Bytes),
        about(Body::Tasks, "~2 KB", 2e3, Unit::Bytes),
    ]
}

/// "Changement contexte: ~1-10µs, ~10-100ns".
pub fn hand_off() -> Vec<Claim> {
    vec![
        range(Body::Threads, "~1–10 µs", (1_000.0, 10_000.0)),
        range(Body::Tasks, "~10–100 ns", (10.0, 100.0)),
    ]
}

/// "Nombre max: ~1000, >100 000".
pub fn how_many() -> Vec<Claim> {
    let at_least = Claim {
        body: Body::Tasks,
        text: "> 100\u{202f}000".to_owned(),
        low: Some(100_000.0),
        high: None,
        tolerance: 1.0,
        unit: Unit::Units,
        reading: AT_LEAST.to_owned(),
    };
    vec![about(Body::Threads, "~1000", 1_000.0, Unit::Units), at_least]
}

fn about(body: Body, text: &str, value: f64, unit: Unit) -> Claim {
    let (low, high) = (Some(value), Some(value));
    let (text, reading) = (text.to_owned(), ABOUT.to_owned());
    Claim { body, text, low, high, tolerance: 2.0, unit, reading }
}

fn range(body: Body, text: &str, (low, high): (f64, f64)) -> Claim {
    let (text, reading) = (text.to_owned(), RANGE.to_owned());
    let (low, high) = (Some(low), Some(high));
    Claim { body, text, low, high, tolerance: 2.0, unit: Unit::Ns, reading }
}

/// Jim Blandy's programs: the best known figures of this kind.
const BLANDY: Source =
    Source { name: "jimblandy/context-switch", url: "https://github.com/jimblandy/context-switch" };
const BLANDY_MACHINE: &str = "a laptop with 4 cores and 32 GiB, Fedora 33";

/// Of 2024: tasks that sleep for ten seconds.
const HEZ2010: Source = Source {
    name: "hez2010/async-runtimes-benchmarks-2024",
    url: "https://github.com/hez2010/async-runtimes-benchmarks-2024/blob/main/RESULT.md",
};
const HEZ2010_MACHINE: &str = "Intel Core i7-13700K, Debian 12, Rust 1.82, Tokio 1.41.1";

struct Source {
    name: &'static str,
    url: &'static str,
}

fn published(value: f64, unit: Unit, machine: &str, source: &Source) -> Published {
    Published {
        value,
        text: super::judge::figure(value, unit),
        ratio: None,
        machine: machine.to_owned(),
        source: source.name.to_owned(),
        url: source.url.to_owned(),
    }
}

/// The best published figure of a measure, where there is one.
pub(super) fn of(row: &str, measure: &str, executor: Executor) -> Option<Published> {
    let is_tokio = executor.is_native() && executor.body() == Body::Tasks;
    let is_thread = executor == Executor::Threads;
    match (row, measure) {
        ("creation", "spawn-loop") if is_thread => {
            Some(published(17_000.0, Unit::Ns, BLANDY_MACHINE, &BLANDY))
        }
        ("creation", "spawn-loop") if is_tokio => {
            let machine = format!("{BLANDY_MACHINE}; async-std, which is not Tokio");
            Some(published(300.0, Unit::Ns, &machine, &BLANDY))
        }
        ("memory", "resident") if is_thread => {
            Some(published(9.5 * 1024.0, Unit::Bytes, BLANDY_MACHINE, &BLANDY))
        }
        // From 46.23 MiB with 100 000 tasks and 439.09 MiB with a million.
        ("memory", "resident") if is_tokio => {
            let per_task = (439.089_843_75 - 46.234_375) * 1024.0 * 1024.0 / 900_000.0;
            Some(published(per_task, Unit::Bytes, HEZ2010_MACHINE, &HEZ2010))
        }
        ("hand-off", "channel" | "ring") if is_thread => {
            let machine = format!("{BLANDY_MACHINE}; a ring of 500 over pipes");
            Some(published(5_313.0, Unit::Ns, &machine, &BLANDY))
        }
        ("hand-off", "channel-pinned" | "ring-pinned") if is_thread => {
            let machine = format!("{BLANDY_MACHINE}; a ring of 500 over pipes, on one core");
            Some(published(3_417.0, Unit::Ns, &machine, &BLANDY))
        }
        ("hand-off", "channel" | "ring") if is_tokio => {
            let machine = format!("{BLANDY_MACHINE}; between tasks, without pipes");
            Some(published(200.0, Unit::Ns, &machine, &BLANDY))
        }
        ("how-many", "alive") if is_thread => {
            let machine = format!("{BLANDY_MACHINE}, every limit raised");
            Some(published(80_000.0, Unit::Units, &machine, &BLANDY))
        }
        ("how-many", "alive") if is_tokio => {
            Some(published(250_000.0, Unit::Units, BLANDY_MACHINE, &BLANDY))
        }
        ("sleepers", "peak-memory") if is_tokio => {
            // 9.04 MiB with 10 000 tasks, less 4.72 MiB with one.
            let grown = (9.035_156_25 - 4.718_75) * 1024.0 * 1024.0;
            Some(published(grown, Unit::Bytes, HEZ2010_MACHINE, &HEZ2010))
        }
        _ => None,
    }
}
