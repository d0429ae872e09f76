//! Serving: a thread for each connection against a task for each connection.

use super::book::{About, Book, Figure, Place, judged_row, reading};
use super::plan::{CONNECTIONS, REQUESTS_PER_S};
use crate::api::{Cell, Measure, Row, RowVerdict, Unit, Word};
use crate::executor::{self, Executor};
use crate::{format, rank, stats, verdict};

/// The keys of the experiments, by their numbers of connections.
const KEYS: [&str; 3] = ["serving-100", "serving-1000", "serving-5000"];

const DETAILS: &[&str] = &[
    "The load is open: requests of 64 bytes are sent on a schedule of 10 000 per second over all \
     connections, whatever the server does. A latency counts from when the request was to be \
     sent, so that a stall of the server shows in all requests that it delayed, and not in one.",
    "It starts when the server has accepted all connections, and they are closed after the last \
     answer. The clients are one thread of the same process on the same cores: they take their \
     part of the machine from every server alike, and their processor time is counted apart. On \
     the loopback the kernel charges the way to the server to the clients.",
    "At a rate that either can bear, both answer alike. What differs is the slowest answers, the \
     processor time and how many connections fit.",
];

/// What is measured of each number of connections.
const MEASURES: [About; 5] = [
    about(
        "p50",
        "p50",
        Unit::Ns,
        "Half of the answers came within this time of when the request was to be sent.",
    ),
    about("p99", "p99", Unit::Ns, "All but one of a hundred answers came within this time."),
    about("p99-9", "p99.9", Unit::Ns, "All but one of a thousand answers came within this time."),
    about(
        "cpu",
        "CPU per request",
        Unit::Ns,
        "Processor time of the process less that of the clients, from the first request until the \
         last answer, divided by the requests.",
    ),
    about(
        "late",
        "sent late",
        Unit::Number,
        "Requests that were sent over a millisecond late: their connection still waited for an \
         answer, or the clients did not get the processor in time. None was left unsent.",
    ),
];

const fn about(id: &'static str, title: &'static str, unit: Unit, how: &'static str) -> About {
    About { id, title, unit, how, details: DETAILS, is_claimed: false }
}

pub(super) fn row(book: &Book<'_>) -> Row {
    let measures = KEYS.into_iter().zip(CONNECTIONS).flat_map(|(key, connections)| {
        MEASURES.into_iter().map(move |about| measure(book, key, connections, about))
    });
    let measures: Vec<Measure> = measures.collect();
    let head = (
        "serving",
        "Serving connections",
        "How long do clients wait, and what does an answer cost?",
    );
    let verdicts = KEYS.iter().zip(CONNECTIONS);
    let verdicts = verdicts.filter_map(|(key, number)| slowest(book, key, number)).collect();
    Row { verdicts, ..judged_row(head, Vec::new(), measures) }
}

fn measure(book: &Book<'_>, key: &'static str, connections: u64, about: About) -> Measure {
    let of: fn(&Cell) -> Figure = match about.id {
        "p50" => |cell| reading(cell, "latency_p50_ns", 1.0),
        "p99" => |cell| reading(cell, "latency_p99_ns", 1.0),
        "p99-9" => |cell| reading(cell, "latency_p99_9_ns", 1.0),
        "cpu" => cpu_per_request,
        _ => |cell| reading(cell, "sent_late", 1.0),
    };
    let measure = book.measure(about, &[Place { key, executors: executor::NATIVE }], of);
    Measure {
        id: format!("{}-{connections}", measure.id),
        title: format!("{} connections, {}", format::count(connections), measure.title),
        ..measure
    }
}

/// Processor time of the server alone, for each request.
fn cpu_per_request(cell: &Cell) -> Figure {
    let requests = ["connections", "requests"]
        .iter()
        .map(|name| cell.params.get(*name)?.as_u64())
        .try_fold(1, |product, factor| Some(product * factor?))
        .ok_or("it has no requests")?;
    reading(cell, "server_cpu_ns", requests as f64)
}

/// Threads against tasks by their p99, in a sentence. "Later" is said only where interval and
/// rank test agree.
fn slowest(book: &Book<'_>, key: &str, connections: u64) -> Option<RowVerdict> {
    let read = |executor, name: &str| -> Option<Vec<f64>> {
        let (_, cell) = book.cells(key, executor).last()?;
        cell.samples.iter().map(|sample| sample.readings.get(name).copied()).collect()
    };
    let p99 = |executor| read(executor, "latency_p99_ns").filter(|waits| !waits.is_empty());
    let (threads, tasks) = (p99(Executor::Threads)?, p99(Executor::TokioMulti)?);
    let (low, high) = stats::ratio_interval(&threads, &tasks)?;
    let differs = rank::p_value(&threads, &tasks) < verdict::P_VALUE_MAX;
    let said = if differs && low > 1.0 {
        "later with threads"
    } else if differs && high < 1.0 {
        "later with tasks"
    } else if rank::smallest_p_value(threads.len(), tasks.len()) >= verdict::P_VALUE_MAX {
        "by too few samples to be sure"
    } else {
        "no difference beyond noise"
    };
    let in_words = |waits: &[f64]| stats::median(waits).map(format::duration_ns);
    let sentence = format!(
        "With {} connections and {} requests per second, p99 is {} with threads and {} with tasks \
         on several workers ({said}).",
        format::count(connections),
        format::count(REQUESTS_PER_S),
        in_words(&threads)?,
        in_words(&tasks)?,
    );
    Some(RowVerdict { body: None, word: Word::Compared, sentence })
}
