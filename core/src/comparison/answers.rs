//! What a table says first: one sentence for each claim that it was held against, in the
//! order of the articles' table, and one for the row where tasks do not win.

use crate::api::{Measure, MeasureCell, Row, Word};
use crate::executor::Executor;
use crate::format;

/// What a table says first, each in one sentence. Rows without figures say nothing.
pub fn answers(rows: &[Row]) -> Vec<String> {
    let table = Table(rows);
    [memory(&table), creation(&table), hand_off(&table), how_many(&table), computing(&table)]
        .into_iter()
        .flatten()
        .collect()
}

/// Finds cells by their names.
pub(super) struct Table<'a>(pub(super) &'a [Row]);

impl<'a> Table<'a> {
    pub(super) fn row(&self, row: &str) -> Option<&'a Row> {
        self.0.iter().find(|candidate| candidate.id == row)
    }

    pub(super) fn cell(
        &self,
        row: &str,
        measure: &str,
        executor: Executor,
    ) -> Option<&'a MeasureCell> {
        let mut measures = self.row(row)?.measures.iter();
        let measure: &Measure = measures.find(|candidate| candidate.id == measure)?;
        measure.cells.iter().find(|cell| cell.executor == executor)
    }

    pub(super) fn value(&self, row: &str, measure: &str, executor: Executor) -> Option<f64> {
        Some(self.cell(row, measure, executor)?.estimate?.value)
    }

    fn text(&self, row: &str, measure: &str, executor: Executor) -> Option<&'a str> {
        let cell = self.cell(row, measure, executor)?;
        cell.estimate.map(|_| cell.text.as_str())
    }
}

fn memory(table: &Table<'_>) -> Option<String> {
    let [thread, task] = [Executor::Threads, Executor::TokioMulti]
        .map(|executor| table.text("memory", "all", executor));
    let (thread, task) = (thread?, task?);
    let times = table.value("memory", "all", Executor::Threads)?
        / table.value("memory", "all", Executor::TokioMulti)?.max(1.0);
    let resident = table.text("memory", "resident", Executor::Threads).unwrap_or("an unknown part");
    let reserved = table.text("memory", "reserved", Executor::Threads);
    let reservation = reserved.map_or_else(String::new, |reserved| {
        format!(" The megabytes that one reads of are reserved addresses: {reserved} for each thread here.")
    });
    Some(format!(
        "A thread that waits takes {thread} of memory ({resident} in the process, the rest in the \
         kernel), a task {task}: {} as much.{reservation}",
        format::ratio(times),
    ))
}

fn creation(table: &Table<'_>) -> Option<String> {
    let thread = table.text("creation", "spawn-and-join", Executor::Threads)?;
    let task = table.text("creation", "spawn-and-join", Executor::TokioMulti)?;
    Some(format!(
        "Starting and joining takes {thread} for a thread and {task} for a task, where many are \
         started at once."
    ))
}

fn hand_off(table: &Table<'_>) -> Option<String> {
    let text = |measure, executor| table.text("hand-off", measure, executor);
    let (woken, pinned) =
        (text("channel", Executor::Threads)?, text("channel-pinned", Executor::Threads)?);
    let task = text("channel", Executor::TokioCurrent)?;
    Some(format!(
        "Handing over to another thread takes {woken}, and {pinned} where both share a core; \
         between tasks of one thread it takes {task}."
    ))
}

fn how_many(table: &Table<'_>) -> Option<String> {
    let threads = table.cell("how-many", "alive", Executor::Threads)?;
    let tasks = table.text("how-many", "alive", Executor::TokioMulti)?;
    threads.estimate?;
    let limit = threads.note.as_deref().unwrap_or_default();
    Some(format!(
        "{} threads were alive at once, and {tasks} tasks. Of the threads: {limit}",
        threads.text
    ))
}

fn computing(table: &Table<'_>) -> Option<String> {
    let said = table.row("computing")?.verdicts.first()?;
    (said.word == Word::Compared).then(|| format!("Pure computation: {}", said.sentence))
}
