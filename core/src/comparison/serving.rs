//! Serving: a thread for each connection against a task for each connection.

use super::book::{About, Book, Figure, Place, judged_row, reading};
use super::plan::{CONNECTIONS, REQUESTS_PER_S};
use crate::api::{Cell, Measure, Row, RowVerdict, Unit, Word};
use crate::executor::{self, Executor};
use crate::format;

/// The keys of the experiments, by their numbers of connections.
const KEYS: [&str; 3] = ["serving-100", "serving-1000", "serving-5000"];

const DETAILS: &[&str] = &[
    "The load is open: requests of 64 bytes are sent on a schedule of 10 000 per second over all \
     connections, whatever the server does. A latency counts from when the request was to be \
     sent, so that a stall of the server shows in all requests that it delayed, and not in one.",
    "The clients are one thread of the same process on the same cores. They take their part of \
     the machine from every server alike; their processor time is counted apart and subtracted.",
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
        "Requests that were sent over a millisecond late, since their connection still waited for \
         an answer. None was left unsent.",
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
    let verdicts = CONNECTIONS.iter().filter_map(|connections| slowest(&measures, *connections));
    let verdicts = verdicts.collect();
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

/// Threads against tasks by their p99, in a sentence.
fn slowest(measures: &[Measure], connections: u64) -> Option<RowVerdict> {
    let find = |id: &str, executor: Executor| {
        let measure = measures.iter().find(|m| m.id == format!("{id}-{connections}"))?;
        measure.cells.iter().find(|cell| cell.executor == executor)
    };
    let (threads, tasks) = (find("p99", Executor::Threads)?, find("p99", Executor::TokioMulti)?);
    let (slow, fast) = (threads.estimate?, tasks.estimate?);
    let said = if slow.low > fast.high {
        "later with threads"
    } else if fast.low > slow.high {
        "later with tasks"
    } else {
        "no difference beyond noise"
    };
    let cpu = |executor| find("cpu", executor).map_or("–", |cell| cell.text.as_str());
    let sentence = format!(
        "With {} connections and {} requests per second, p99 is {} with threads and {} with tasks \
         ({said}), at {} and {} of processor time for each request.",
        format::count(connections),
        format::count(REQUESTS_PER_S),
        threads.text,
        tasks.text,
        cpu(Executor::Threads),
        cpu(Executor::TokioMulti),
    );
    Some(RowVerdict { body: None, word: Word::Compared, sentence })
}
