//! Ten thousand units that sleep: the articles' own example.

use super::book::{self, About, Book, Figure, Place, Sampled, judged_row, wall};
use super::computing::comparing;
use crate::api::{Cell, Row, Unit};
use crate::executor::{self, Executor};

const PLACE: Place = Place { key: "sleepers", executors: executor::NATIVE };
const BROWSER: Place = Place { key: "sleepers-browser", executors: &[Executor::BrowserLoop] };

pub(super) fn row(book: &Book<'_>) -> Row {
    let measures = vec![
        book.measure(
            about(
                "wall",
                "Wall-clock time",
                Unit::Ns,
                "Until all ten thousand were joined; 100 ms would be perfect.",
            ),
            &[PLACE, BROWSER],
            wall,
        ),
        book.measure(
            about(
                "cpu",
                "Processor time",
                Unit::Ns,
                "Of the whole process, in user mode and in the kernel.",
            ),
            &[PLACE],
            cpu,
        ),
        book.measure(
            about(
                "peak-memory",
                "Peak memory",
                Unit::Bytes,
                "What the first execution added to the process's resident memory at its peak.",
            ),
            &[PLACE],
            peak,
        ),
    ];
    let head = (
        "sleepers",
        "Ten thousand that sleep for 100 ms",
        "What does it cost to let ten thousand units wait, as for a network?",
    );
    let verdicts = comparing(book.experiment("sleepers"));
    Row { verdicts, ..judged_row(head, Vec::new(), measures) }
}

fn about(id: &'static str, title: &'static str, unit: Unit, how: &'static str) -> About {
    About {
        id,
        title,
        unit,
        how,
        details: &[
            "Threads that were started first have slept enough before the last one starts, so \
             that not all of them are alive at once; what is left is the time of starting them.",
            "Tokio's timer counts in milliseconds and is late by up to one; the kernel's may be \
             late by 50 µs.",
        ],
        is_claimed: false,
    }
}

fn cpu(cell: &Cell) -> Figure {
    book::cpu(cell, 1.0)
}

fn peak(cell: &Cell) -> Figure {
    let memory = cell.memory.ok_or("not measurable here: the kernel does not tell it")?;
    let grown = memory.peak_bytes.saturating_sub(memory.baseline_bytes);
    Ok(Sampled::exact(grown as f64, 1))
}
