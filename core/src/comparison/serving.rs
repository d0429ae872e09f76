//! Serving: a thread for each connection against a task for each connection.

use super::book::{About, Book, Figure, Place, judged_row, reading};
use super::plan::{CONNECTIONS, REQUESTS_PER_S};
use crate::api::{Cell, Estimate, Measure, Row, RowVerdict, Sample, Unit, Word};
use crate::executor::{self, Executor};
use crate::format;
use crate::stats::Distribution;

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

pub(super) fn row(book: &Book<'_>) -> Row {
    let measures = KEYS.into_iter().zip(CONNECTIONS).flat_map(|(key, connections)| {
        let at = |(id, title, unit, how), of: fn(&Cell) -> Figure| {
            measure(book, key, connections, About { id, title, unit, how, details: DETAILS, is_claimed: false }, of)
        };
        [
            at(("p50", "p50", Unit::Ns, "Half of the answers came within this time of when the request was to be sent."), |cell| reading(cell, "latency_p50_ns", 1.0)),
            at(("p99", "p99", Unit::Ns, "All but one of a hundred answers came within this time."), |cell| reading(cell, "latency_p99_ns", 1.0)),
            at(("p99-9", "p99.9", Unit::Ns, "All but one of a thousand answers came within this time."), |cell| reading(cell, "latency_p99_9_ns", 1.0)),
            at(("cpu", "CPU per request", Unit::Ns, "Processor time of the process less that of the clients, divided by the requests."), cpu_per_request),
            at(("late", "sent late", Unit::Number, "Requests that were sent over a millisecond late, since their connection still waited for an answer. All were sent in the end."), |cell| reading(cell, "sent_late", 1.0)),
        ]
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

fn measure(
    book: &Book<'_>,
    key: &'static str,
    connections: u64,
    about: About,
    of: fn(&Cell) -> Figure,
) -> Measure {
    let measure = book.measure(about, &[Place { key, executors: executor::NATIVE }], of);
    Measure {
        id: format!("{}-{connections}", measure.id),
        title: format!("{} connections, {}", format::count(connections), measure.title),
        ..measure
    }
}

/// Processor time of the server alone, over all samples that tell it.
fn cpu_per_request(cell: &Cell) -> Figure {
    let requests = ["connections", "requests"]
        .iter()
        .map(|name| cell.params.get(*name)?.as_u64())
        .try_fold(1, |product, factor| Some(product * factor?))
        .ok_or("it has no requests")? as f64;
    let of_server = |sample: &Sample| {
        let all = (sample.cpu_user_ns? + sample.cpu_system_ns?) as f64;
        Some((all - sample.readings.get("clients_cpu_ns")?).max(0.0) / requests)
    };
    let values: Vec<f64> = cell.samples.iter().filter_map(of_server).collect();
    let distribution =
        Distribution::of(&values).ok_or("not measurable here: the kernel does not tell it")?;
    Ok(Estimate {
        value: distribution.median,
        low: distribution.median_low,
        high: distribution.median_high,
        n: distribution.n,
    })
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
