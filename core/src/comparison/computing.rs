//! Pure computation: the row where tasks do not win.

use super::book::{About, Book, Place, judged_row, wall};
use crate::api::{Experiment, Row, RowVerdict, Unit, Word};
use crate::executor::{self, Executor};
use crate::{verdict, workloads};

pub(super) fn row(book: &Book<'_>) -> Row {
    let places = [
        Place { key: "computing", executors: executor::NATIVE },
        Place {
            key: "computing-browser",
            executors: &[Executor::BrowserLoop, Executor::BrowserWorkers],
        },
    ];
    let about = About {
        id: "wall",
        title: "Wall-clock time",
        unit: Unit::Ns,
        how: "Forty million steps of computation, split into two parts for each core.",
        details: &[
            "Each step depends on the one before, so that neither compiler nor processor can \
             take two at once. Threads and Tokio's workers use all cores; the event loop and the \
             runtime with one thread use one.",
            "Tasks are for waiting. While one computes, its worker does nothing else: in a server \
             such work belongs to spawn_blocking or to rayon.",
        ],
        is_claimed: false,
    };
    let head = ("computing", "Pure computation", "Do tasks make a computation faster?");
    let measures = vec![book.measure(about, &places, wall)];
    Row {
        verdicts: comparing(book.experiment("computing")),
        ..judged_row(head, Vec::new(), measures)
    }
}

/// What can be said of an experiment's executors against each other.
pub(super) fn comparing(experiment: Option<&Experiment>) -> Vec<RowVerdict> {
    let said = |experiment: &Experiment| {
        let workload = workloads::find(&experiment.spec.workload)?;
        let verdicts = verdict::verdicts(workload.about(), &experiment.spec, &experiment.cells);
        verdicts.into_iter().next().map(|verdict| verdict.sentence)
    };
    let verdict = |sentence| RowVerdict { body: None, word: Word::Compared, sentence };
    experiment.and_then(said).map(verdict).into_iter().collect()
}
