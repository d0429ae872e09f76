//! A comparison as text for a terminal: first what there is to say, then a block for each
//! row, then the machines.

use crate::cli::list::wrapped;
use crate::report::comparison::interval;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, presets};
use filature_core::Executor;
use filature_core::api::{Claim, Comparison, Measure, MeasureCell, Row, State, Word};
use filature_core::comparison::judge::in_words;
use filature_core::{executor::Body, format};

/// Stands where there is no figure.
const NONE: &str = "–";

/// The widest line of a table, in characters.
const WIDTH: u16 = 100;

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
    text.push_str(&disturbances(comparison, others));
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
    for measure in &row.measures {
        text.push_str(&wrapped(&format!("{}: {}", measure.title, measure.how), 2));
    }
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

/// The measures of a row, a column for each executor. Those of browsers have a table of
/// their own: all columns side by side are wider than a terminal.
fn measures(row: &Row, others: &[Comparison]) -> String {
    let beside: Vec<Option<&Row>> =
        others.iter().map(|other| other.rows.iter().find(|theirs| theirs.id == row.id)).collect();
    let shown = std::iter::once(row).chain(beside.iter().copied().flatten());
    let cells: Vec<Executor> = shown
        .flat_map(|row| &row.measures)
        .flat_map(|measure| &measure.cells)
        .map(|cell| cell.executor)
        .collect();
    let columns = Executor::ALL.into_iter().filter(|executor| cells.contains(executor));
    let (native, browser): (Vec<Executor>, Vec<Executor>) =
        columns.partition(|executor| executor.is_native());
    let both = [native, browser].into_iter().filter(|columns| !columns.is_empty());
    let tables: Vec<String> = both.map(|columns| table(row, &beside, &columns)).collect();
    tables.join("\n\n")
}

/// The measures that these executors have, and below each the same of the other machines.
fn table(row: &Row, beside: &[Option<&Row>], columns: &[Executor]) -> String {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    let head = std::iter::once(String::new()).chain(columns.iter().map(Executor::to_string));
    table.set_header(head.collect::<Vec<String>>());
    let has_cells =
        |measure: &Measure| measure.cells.iter().any(|cell| columns.contains(&cell.executor));
    for measure in &row.measures {
        let theirs = beside.iter().enumerate().filter_map(|(place, theirs)| {
            let theirs = theirs.as_ref()?.measures.iter().find(|other| other.id == measure.id)?;
            has_cells(theirs).then_some((place, theirs))
        });
        let theirs: Vec<(usize, &Measure)> = theirs.collect();
        if has_cells(measure) || !theirs.is_empty() {
            table.add_row(line(measure.title.clone(), measure, columns));
        }
        for (place, theirs) in theirs {
            table.add_row(line(format!("  on machine {}", place + 2), theirs, columns));
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
        cell.map_or_else(|| NONE.to_owned(), |cell| figure(measure, cell))
    };
    std::iter::once(title).chain(columns.iter().map(text)).collect()
}

/// A figure; below it its interval, what it says of the claim, and what others published.
fn figure(measure: &Measure, cell: &MeasureCell) -> String {
    let mut lines = vec![cell.text.clone()];
    if let Some(estimate) = &cell.estimate {
        let ends = interval(measure.unit, estimate).map_or_else(String::new, |ends| ends + ", ");
        lines.push(format!("{ends}n = {}", format::count(estimate.n as u64)));
        // Without a claim there is nothing that a single figure says.
        lines.extend(cell.verdict.filter(|word| *word != Word::Compared).map(in_words));
    }
    if let Some(published) = &cell.published {
        let ratio = published.ratio.map(|ratio| format!("here {}", format::ratio(ratio)));
        // In one line they would leave the heading no place.
        let comma = if ratio.is_some() { "," } else { "" };
        lines.push(format!("published {}{comma}", published.text));
        lines.extend(ratio);
    }
    lines.join("\n")
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
        let name = name(place, others);
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

/// Which of the machines were disturbed while they measured.
fn disturbances(comparison: &Comparison, others: &[Comparison]) -> String {
    let all = std::iter::once(comparison).chain(others).enumerate();
    let disturbed = all.filter_map(|(place, measured)| {
        let seen = measured.disturbance.filter(|seen| seen.disturbed)?;
        let name = if others.is_empty() { "The machine".to_owned() } else { name(place, others) };
        Some(format!(
            "{name} was disturbed: other programs used up to {:.0} % of its processors \
             meanwhile.\n",
            seen.outside_share * 100.0
        ))
    });
    disturbed.collect()
}

/// How a machine is called: by its number where there are several.
fn name(place: usize, others: &[Comparison]) -> String {
    match (others.is_empty(), place) {
        (true, _) => "Machine".to_owned(),
        (false, 0) => "Machine 1 (this one)".to_owned(),
        (false, _) => format!("Machine {}", place + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::comparison::sample::{other, own};

    #[test]
    fn a_cell_has_its_spread_its_verdict_and_what_others_published() {
        let own = own();
        let measure = &own.rows[0].measures[0];
        let lines = figure(measure, &measure.cells[0]);
        let expected = [
            "9.58 KiB",
            "9.39–9.87 KiB, n = 5",
            "overstated 855×",
            "published 9.60 KiB,",
            "here 1.00×",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
        let text = text(&own, &[]);
        let how = format!("  {}: {}", measure.title, &measure.how[..30]);
        assert!(expected.iter().all(|line| text.contains(line)) && text.contains(&how), "{text}");
    }

    #[test]
    fn every_line_fits_and_nothing_is_coloured() {
        for text in [text(&own(), &[]), text(&own(), &[other()])] {
            let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
            assert!(widest.chars().count() <= usize::from(WIDTH), "{widest}");
            assert!(!text.contains('\u{1b}'));
        }
    }

    #[test]
    fn each_machine_that_was_disturbed_is_named() {
        let (mut own, mut other) = (own(), other());
        std::mem::swap(&mut own.disturbance, &mut other.disturbance);
        let said = "Machine 2 was disturbed: other programs used up to 12 % of its processors";
        let text = text(&own, &[other]);
        assert!(text.contains(said) && text.matches("was disturbed").count() == 1, "{text}");
    }
}
