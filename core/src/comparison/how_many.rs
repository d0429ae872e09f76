//! How many: the largest number of units that really lived at once, and the limit that binds.

use super::book::{self, About, Book, Place, judged_row};
use super::claims;
use crate::api::{Cell, CellState, Estimate, Experiment, MeasureCell, Row, Unit};
use crate::executor;
use crate::format;

pub(super) fn row(book: &Book<'_>) -> Row {
    let places = [
        Place { key: "many-threads", executors: executor::OS_THREADS },
        Place { key: "many-tasks", executors: executor::TOKIO },
    ];
    let mut alive = book.measure(alive(), &places, |cell| {
        let units = book::units(cell).ok_or("it has no units")? as f64;
        Ok(Estimate { value: units, low: units, high: units, n: cell.samples.len() })
    });
    let limit = book.experiment("limit-threads").and_then(binding_limit);
    for cell in &mut alive.cells {
        // An attempt that failed after one that lived says nothing new.
        if let Some(lived) = most_alive(book, cell) {
            *cell = lived;
        }
        if cell.estimate.is_some() {
            cell.note =
                if cell.executor.is_native() && cell.executor.body() == executor::Body::Threads {
                    limit.clone().or_else(|| Some(AT_LEAST.to_owned()))
                } else {
                    Some(AT_LEAST.to_owned())
                };
        }
    }
    let head = ("how-many", "How many at once", "How many units can be alive at the same time?");
    judged_row(head, claims::how_many(), vec![alive])
}

const AT_LEAST: &str = "at least so many: more were not tried.";

fn alive() -> About {
    About {
        id: "alive",
        title: "Alive at the same time",
        unit: Unit::Units,
        how: "All units meet at a barrier that opens when the last one has come: so all of them \
              were alive at once.",
        details: &[
            "The number of threads is computed from the limits that the kernel tells: memory maps \
             (a thread of Rust takes four), process ids, threads of the machine, the control \
             group, RLIMIT_NPROC, memory; the smallest one binds. A little is kept free, since \
             past the limit on memory maps a program gets no error: it dies in the standard \
             library's stack guard.",
            "It is tried in a child process that may take six seconds. If it dies, half as many \
             are tried, and so on; if it is too slow, three quarters, twice at most.",
            "Tasks are limited by memory alone. A million is the most that this workload takes.",
        ],
        is_claimed: true,
    }
}

/// The newest cell of this executor whose units were all alive.
fn most_alive(book: &Book<'_>, cell: &MeasureCell) -> Option<MeasureCell> {
    let key =
        if cell.executor.body() == executor::Body::Threads { "many-threads" } else { "many-tasks" };
    let done = |(_, cell): &(&Experiment, &Cell)| cell.state == CellState::Done;
    let (experiment, lived) = book.cells(key, cell.executor).filter(done).last()?;
    let units = book::units(lived)? as f64;
    Some(MeasureCell {
        state: lived.state,
        estimate: Some(Estimate { value: units, low: units, high: units, n: lived.samples.len() }),
        text: format::count(units as u64),
        evidence: vec![book::evidence(experiment, lived)],
        ..cell.clone()
    })
}

/// The limit by which a million threads were refused, in a sentence.
fn binding_limit(refused: &Experiment) -> Option<String> {
    let refusal = refused.cells.iter().find_map(|cell| cell.refusal.as_ref())?;
    let limit = &refusal.limit;
    let value = if limit.name == "memory" {
        format::bytes(limit.value as f64)
    } else {
        format::count(limit.value)
    };
    Some(format!("{} of {value} binds first; to raise it: {}.", limit.name, limit.how_to_raise))
}
