//! What a table says first: one sentence for each claim that it was held against, in the
//! order of the articles' table, and one for the row where tasks do not win.

use super::judge::in_words;
use crate::api::{Measure, MeasureCell, Row, Word};
use crate::executor::Executor;

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

/// What the article claims of a row, with what was found of it: `the article's ~8 MB is
/// overstated 217×`.
fn held_against(table: &Table<'_>, row: &str) -> Option<String> {
    let row = table.row(row)?;
    let mut said = Vec::new();
    for claim in &row.claims {
        let verdict = row.verdicts.iter().find(|verdict| verdict.body == Some(claim.body))?;
        said.push(match verdict.word {
            Word::Depends => format!("{} depends on what is meant", claim.text),
            word => format!("{} is {}", claim.text, in_words(word)),
        });
    }
    Some(format!("Of the article's figures, {}.", said.join(" and ")))
}

fn memory(table: &Table<'_>) -> Option<String> {
    let [thread, task] = [Executor::Threads, Executor::TokioMulti]
        .map(|executor| table.text("memory", "all", executor));
    let (thread, task) = (thread?, task?);
    let resident = table.cell("memory", "resident", Executor::Threads)?;
    let all = table.value("memory", "all", Executor::Threads)?;
    let is_more = resident.estimate.is_some_and(|resident| resident.value < all);
    let of_kernel = if is_more {
        format!(" ({} of it in the process, the rest in the kernel)", resident.text)
    } else {
        String::new()
    };
    let reserved = table.text("memory", "reserved", Executor::Threads);
    let reservation = reserved.map_or_else(String::new, |reserved| {
        format!(
            " The megabytes that one reads of are reserved addresses and no memory: {reserved} \
             for each thread here."
        )
    });
    Some(format!(
        "Memory: a thread that waits takes {thread}{of_kernel}, a task {task}. {}{reservation}",
        held_against(table, "memory")?,
    ))
}

fn creation(table: &Table<'_>) -> Option<String> {
    let thread = table.text("creation", "spawn-and-join", Executor::Threads)?;
    let task = table.text("creation", "spawn-and-join", Executor::TokioMulti)?;
    Some(format!(
        "Creation: starting and joining takes {thread} for a thread and {task} for a task, where \
         many are started at once. {}",
        held_against(table, "creation")?,
    ))
}

fn hand_off(table: &Table<'_>) -> Option<String> {
    let text = |measure, executor| table.text("hand-off", measure, executor);
    let (woken, pinned) =
        (text("channel", Executor::Threads)?, text("channel-pinned", Executor::Threads)?);
    let task = text("channel", Executor::TokioCurrent)?;
    Some(format!(
        "Hand-off: to another thread it takes {woken}, and {pinned} where both share a core; \
         between tasks of one thread {task}. {}",
        held_against(table, "hand-off")?,
    ))
}

fn how_many(table: &Table<'_>) -> Option<String> {
    let threads = table.cell("how-many", "alive", Executor::Threads)?;
    let tasks = table.text("how-many", "alive", Executor::TokioMulti)?;
    threads.estimate?;
    let limit = threads.note.as_deref().unwrap_or_default();
    Some(format!(
        "How many: {} threads were alive at once, and {tasks} tasks. {} For threads, {limit}",
        threads.text,
        held_against(table, "how-many")?,
    ))
}

fn computing(table: &Table<'_>) -> Option<String> {
    let said = table.row("computing")?.verdicts.first()?;
    (said.word == Word::Compared).then(|| format!("Computation: {}", said.sentence))
}
