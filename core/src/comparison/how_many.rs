//! How many: the largest number of units that really lived at once, and the limit that binds.

use super::book::{self, About, Book, Place, Sampled, judged_row};
use super::claims;
use super::judge::row_verdicts;
use crate::api::{Cell, CellState, Experiment, MeasureCell, Refusal, Row, Unit, Word};
use crate::executor::{self, Body, Executor};
use crate::format;

const HEAD: (&str, &str, &str) =
    ("how-many", "How many at once", "How many units can be alive at the same time?");

pub(super) fn row(book: &Book<'_>) -> Row {
    let places = [
        Place { key: "many-threads", executors: executor::OS_THREADS },
        Place { key: "many-tasks", executors: executor::TOKIO },
    ];
    let mut alive = book.measure(alive(), &places, units_of);
    let mut at_least = Vec::new();
    for cell in &mut alive.cells {
        let limit = binding_limit(book, cell.executor);
        let Some((experiment, lived)) = most_alive(book, cell.executor) else {
            if let (Some(note), Some(limit)) = (&mut cell.note, limit) {
                *note = format!("{note}. {}", in_words(limit));
            }
            continue;
        };
        // An attempt that failed after one that lived says nothing new of those that lived.
        *cell = book::cell(experiment, lived, Unit::Units, units_of);
        let units = book::units(lived).unwrap_or(0);
        let is_reached = limit.is_some_and(|limit| units >= limit.available_units);
        if !is_reached {
            at_least.push(cell.executor);
        }
        let binds = limit.map_or_else(String::new, in_words);
        cell.note = Some(match larger_that_failed(book, cell.executor, units) {
            _ if is_reached => binds,
            Some((tried, reason)) => {
                let tried = format::count(tried);
                let said =
                    format!("at least so many: of {tried} that were tried, {reason}. {binds}");
                said.trim_end().to_owned()
            }
            None => "at least so many: more were not tried.".to_owned(),
        });
    }
    let row = judged_row(HEAD, claims::how_many(), vec![alive]);
    bounded_below(row, &at_least)
}

/// Figures of which nobody knows how much more there could be: they can confirm or exceed a
/// claim, but never fall short of one.
fn bounded_below(mut row: Row, executors: &[Executor]) -> Row {
    let cells = row.measures.iter_mut().flat_map(|measure| &mut measure.cells);
    for cell in cells.filter(|cell: &&mut MeasureCell| executors.contains(&cell.executor)) {
        if matches!(cell.verdict, Some(Word::Overstated { .. })) {
            cell.verdict = Some(Word::Depends);
        }
        if let Some(published) = &mut cell.published {
            published.ratio = None;
        }
    }
    row.verdicts = row_verdicts(&row.measures, &row.claims);
    row
}

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
             group, RLIMIT_NPROC, RLIMIT_AS, memory; the smallest one binds. A little is kept free, \
             since past the limit on memory maps a program gets no error: it dies in the standard \
             library's stack guard. No more than 60 000 are tried.",
            "It is tried in a child process that may take six seconds. If it dies, half as many \
             are tried, if it is too slow, a quarter, and so on, all within ten seconds.",
            "Tasks are limited by memory alone. A million is the most that this workload takes.",
        ],
        is_claimed: true,
    }
}

fn units_of(cell: &Cell) -> book::Figure {
    let units = book::units(cell).ok_or("it has no units")?;
    Ok(Sampled::exact(units as f64, cell.samples.len()))
}

fn key(executor: Executor) -> &'static str {
    if executor.body() == Body::Threads { "many-threads" } else { "many-tasks" }
}

/// The newest cell of this executor whose units were all alive.
fn most_alive<'a>(book: &Book<'a>, executor: Executor) -> Option<(&'a Experiment, &'a Cell)> {
    let done = |(_, cell): &(&Experiment, &Cell)| cell.state == CellState::Done;
    book.cells(key(executor), executor).filter(done).last()
}

/// The smallest number above `units` that was tried in vain, and what became of it.
fn larger_that_failed(book: &Book<'_>, executor: Executor, units: u64) -> Option<(u64, String)> {
    let in_vain = book.cells(key(executor), executor).filter_map(|(_, cell)| {
        let reason = cell.reason.clone().filter(|_| cell.state != CellState::Done)?;
        Some((book::units(cell).filter(|tried| *tried > units)?, reason))
    });
    in_vain.min_by_key(|(tried, _)| *tried)
}

/// The limit by which a million of them were refused.
fn binding_limit<'a>(book: &Book<'a>, executor: Executor) -> Option<&'a Refusal> {
    let refused = book.experiment("limit-threads")?;
    let mut cells = refused.cells.iter().filter(|cell| cell.executor == executor);
    cells.find_map(|cell| cell.refusal.as_ref())
}

fn in_words(refusal: &Refusal) -> String {
    let limit = &refusal.limit;
    let value = match limit.name.as_str() {
        "memory" | "RLIMIT_AS" => format::bytes(limit.value as f64),
        _ => format::count(limit.value),
    };
    format!("{} of {value} binds first; to raise it: {}.", limit.name, limit.how_to_raise)
}
