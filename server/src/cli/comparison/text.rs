//! A comparison as text for a terminal: first what there is to say, then a block for each
//! row, then the machines.

use crate::cli::list::wrapped;
use comfy_table::{CellAlignment, LineStyle, Table, presets};
use filature_core::Executor;
use filature_core::api::{Claim, Comparison, Measure, Row, State};
use filature_core::{executor::Body, format};

/// Stands where there is no figure.
const NONE: &str = "–";

/// The answers, the table with those of other machines beside it, and the machines.
pub(super) fn text(comparison: &Comparison, others: &[Comparison]) -> String {
    let mut text = String::new();
    for answer in &comparison.answers {
        text.push_str(&wrapped(answer, 0));
    }
    for row in &comparison.rows {
        text.push('\n');
        text.push_str(&block(row, others));
    }
    text.push('\n');
    text.push_str(&machines(comparison, others));
    text.push_str(&state(comparison));
    text.push_str(&disturbance(comparison));
    text.trim_start().to_owned()
}

fn block(row: &Row, others: &[Comparison]) -> String {
    let mut text = format!("{}\n", row.title);
    text.push_str(&wrapped(&row.question, 2));
    for claim in &row.claims {
        text.push_str(&wrapped(&claimed(claim), 2));
    }
    text.push('\n');
    text.push_str(&measures(row, others));
    text.push('\n');
    for line in notes(row) {
        text.push_str(&wrapped(&line, 2));
    }
    for verdict in &row.verdicts {
        text.push_str(&wrapped(&format!("→ {}", verdict.sentence), 2));
    }
    text
}

fn claimed(claim: &Claim) -> String {
    let body = match claim.body {
        Body::Threads => "a thread",
        Body::Tasks => "a task",
    };
    format!("claimed of {body}: {}", claim.text)
}

/// The measures of a row, a column for each executor, and below each measure the same of the
/// other machines.
fn measures(row: &Row, others: &[Comparison]) -> String {
    let beside: Vec<Option<&Row>> =
        others.iter().map(|other| other.rows.iter().find(|theirs| theirs.id == row.id)).collect();
    let shown = std::iter::once(row).chain(beside.iter().copied().flatten());
    let cells: Vec<Executor> = shown
        .flat_map(|row| &row.measures)
        .flat_map(|measure| &measure.cells)
        .map(|cell| cell.executor)
        .collect();
    let columns: Vec<Executor> =
        Executor::ALL.into_iter().filter(|executor| cells.contains(executor)).collect();

    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    let head = std::iter::once(String::new()).chain(columns.iter().map(Executor::to_string));
    table.set_header(head.collect::<Vec<String>>());
    for measure in &row.measures {
        table.add_row(line(measure.title.clone(), measure, &columns));
        for (place, theirs) in beside.iter().enumerate() {
            let same = |other: &&Measure| other.id == measure.id;
            if let Some(theirs) = theirs.and_then(|row| row.measures.iter().find(same)) {
                let title = format!("  on machine {}", place + 2);
                table.add_row(line(title, theirs, &columns));
            }
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn line(title: String, measure: &Measure, columns: &[Executor]) -> Vec<String> {
    let text = |executor: &Executor| {
        let cell = measure.cells.iter().find(|cell| cell.executor == *executor);
        cell.map_or_else(|| NONE.to_owned(), |cell| cell.text.clone())
    };
    std::iter::once(title).chain(columns.iter().map(text)).collect()
}

/// What has to be known beside the figures of this machine. What is said of several cells is
/// said once.
fn notes(row: &Row) -> Vec<String> {
    let mut notes: Vec<Note<'_>> = Vec::new();
    for measure in &row.measures {
        let mut of_measure: Vec<Note<'_>> = Vec::new();
        for cell in &measure.cells {
            let Some(text) = &cell.note else { continue };
            match of_measure.iter_mut().find(|known| known.text == text) {
                Some(known) => known.executors.push(cell.executor),
                None => of_measure.push(Note {
                    measures: vec![&measure.title],
                    executors: vec![cell.executor],
                    text,
                }),
            }
        }
        for note in of_measure {
            let same = |known: &&mut Note<'_>| {
                (known.text, &known.executors) == (note.text, &note.executors)
            };
            match notes.iter_mut().find(same) {
                Some(known) => known.measures.extend(note.measures),
                None => notes.push(note),
            }
        }
    }
    notes.iter().map(Note::line).collect()
}

/// Something to be known of some measures on some executors.
struct Note<'a> {
    measures: Vec<&'a str>,
    executors: Vec<Executor>,
    text: &'a str,
}

impl Note<'_> {
    fn line(&self) -> String {
        let executors: Vec<&str> = self.executors.iter().map(|executor| executor.id()).collect();
        let measures = match self.measures[..] {
            [first, _, _, ..] => format!("{first} and {} more", self.measures.len() - 1),
            _ => self.measures.join("; "),
        };
        format!("{measures} ({}): {}", executors.join(", "), self.text)
    }
}

fn machines(comparison: &Comparison, others: &[Comparison]) -> String {
    let mut text = String::new();
    for (place, measured) in std::iter::once(comparison).chain(others).enumerate() {
        let card = &measured.machine;
        let name = match (others.is_empty(), place) {
            (true, _) => "Machine".to_owned(),
            (false, 0) => "Machine 1 (this one)".to_owned(),
            (false, _) => format!("Machine {}", place + 1),
        };
        let line = format!(
            "{name}: {}, {} cores, {} of memory, {}; {}, tokio {}, filature {} ({} build); {} \
             comparison of {}",
            card.cpu,
            card.cores,
            format::bytes(card.memory_bytes as f64),
            card.kernel,
            card.rustc,
            card.tokio,
            card.filature,
            card.build,
            measured.request.depth.id(),
            measured.created_at,
        );
        text.push_str(&wrapped(&line, 0));
    }
    text
}

/// Why there is less to see than was asked for, if there is.
fn state(comparison: &Comparison) -> String {
    match (comparison.state, &comparison.reason) {
        (State::Done, _) => String::new(),
        (state, Some(reason)) => wrapped(&format!("It {}: {reason}.", state.id()), 0),
        (State::Cancelled, None) => {
            let measured = comparison.parts.iter().filter(|part| part.state == State::Done).count();
            let parts = comparison.parts.len();
            format!("It was interrupted: {measured} of {parts} parts were measured.\n")
        }
        (state, None) => format!("It is {}.\n", state.id()),
    }
}

fn disturbance(comparison: &Comparison) -> String {
    match comparison.disturbance {
        Some(seen) if seen.disturbed => format!(
            "Disturbed: other programs used up to {:.0} % of the processors meanwhile.\n",
            seen.outside_share * 100.0
        ),
        _ => String::new(),
    }
}
