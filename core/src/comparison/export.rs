//! The table as Markdown, ready to paste, and as CSV, one line for each cell.

use super::judge::{figure, in_words};
use crate::api::{Claim, Comparison, Measure, MeasureCell, Row, Unit, Word};
use crate::executor::Executor;
use std::fmt::Write as _;

/// The table as Markdown, ready to paste.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = format!("# Threads or tasks? Measured on {}\n\n", line(&machine(comparison)));
    for answer in &comparison.answers {
        let _ = writeln!(text, "- {}", line(answer));
    }
    if let Some(disturbance) = comparison.disturbance.filter(|d| d.disturbed) {
        let share = disturbance.outside_share * 100.0;
        let _ = writeln!(
            text,
            "\n**The machine was disturbed:** other programs took up to {share:.0} % of its processors."
        );
    }
    for row in &comparison.rows {
        text.push_str(&markdown_row(row));
    }
    let (at, versions) = (line(&comparison.created_at), line(&versions(comparison)));
    let _ = writeln!(text, "\nMeasured at {at} with Filature: {versions}.");
    text
}

fn markdown_row(row: &Row) -> String {
    let executors = executors(row);
    let mut text = format!("\n## {}\n\n", line(&row.title));
    let heads: Vec<String> =
        executors.iter().map(|executor| claimed_head(row, *executor)).collect();
    let _ = writeln!(text, "| | {} |", heads.join(" | "));
    let _ = writeln!(text, "| --- |{}", " ---: |".repeat(executors.len()));
    for measure in &row.measures {
        let cells: Vec<String> = executors
            .iter()
            .map(|executor| {
                let cell = measure.cells.iter().find(|cell| cell.executor == *executor);
                cell.map_or_else(|| "–".to_owned(), |cell| markdown_cell(measure, cell))
            })
            .collect();
        let _ = writeln!(text, "| {} | {} |", line(&measure.title), cells.join(" | "));
    }
    for verdict in &row.verdicts {
        let _ = writeln!(text, "\n{}", line(&verdict.sentence));
    }
    text
}

/// An executor with what is claimed of it.
fn claimed_head(row: &Row, executor: Executor) -> String {
    let claim = row.claims.iter().find(|claim| claim.body == executor.body());
    match claim.filter(|_| executor.is_native()) {
        Some(claim) => format!("{} (claim: {})", executor.title(), line(&claim.text)),
        None => executor.title().to_owned(),
    }
}

fn markdown_cell(measure: &Measure, cell: &MeasureCell) -> String {
    let Some(estimate) = cell.estimate else {
        return cell.note.as_deref().map_or_else(|| "–".to_owned(), line);
    };
    let mut text = line(&cell.text);
    if estimate.low < estimate.high {
        let [low, high] = [estimate.low, estimate.high].map(|end| figure(end, measure.unit));
        let _ = write!(text, " ({low} – {high})");
    }
    if let Some(verdict) = cell.verdict {
        let _ = write!(text, ", {}", in_words(verdict));
    }
    text
}

/// Foreign text in one line of a Markdown table, where it marks nothing up.
fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '\\' | '#' => {
                line.push('\\');
                line.push(letter);
            }
            letter if letter.is_control() => line.push(' '),
            letter => line.push(letter),
        }
    }
    line
}

fn executors(row: &Row) -> Vec<Executor> {
    let has = |executor: &Executor| {
        row.measures.iter().any(|m| m.cells.iter().any(|cell| cell.executor == *executor))
    };
    Executor::ALL.into_iter().filter(has).collect()
}

fn machine(comparison: &Comparison) -> String {
    format!("{}, {} cores", comparison.machine.cpu, comparison.machine.cores)
}

/// What else tells one machine from another.
fn versions(comparison: &Comparison) -> String {
    let card = &comparison.machine;
    format!(
        "{}, {}, Tokio {}, Filature {} ({})",
        card.kernel, card.rustc, card.tokio, card.filature, card.build
    )
}

/// The columns of [`csv`].
const COLUMNS: &str = "row,measure,executor,unit,value,low,high,n,verdict,factor,claim,published,\
                       published_by,state,note,experiments";

/// The table as CSV: one line for each cell.
pub fn csv(comparison: &Comparison) -> String {
    let mut text = format!("{COLUMNS}\n");
    for row in &comparison.rows {
        for measure in &row.measures {
            for cell in &measure.cells {
                text.push_str(&csv_line(row, measure, cell));
                text.push('\n');
            }
        }
    }
    text
}

fn csv_line(row: &Row, measure: &Measure, cell: &MeasureCell) -> String {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let estimate = cell.estimate;
    let claim = row.claims.iter().find(|claim| is_held_against(claim, cell) && measure.is_claimed);
    let (word, factor) = cell.verdict.map_or_else(Default::default, split);
    let mut experiments: Vec<&str> =
        cell.evidence.iter().map(|evidence| evidence.experiment.as_str()).collect();
    experiments.dedup();
    let fields = [
        row.id.clone(),
        measure.id.clone(),
        cell.executor.id().to_owned(),
        unit(measure).to_owned(),
        number(estimate.map(|e| e.value)),
        number(estimate.map(|e| e.low)),
        number(estimate.map(|e| e.high)),
        estimate.map_or_else(String::new, |e| e.n.to_string()),
        word,
        factor,
        claim.map_or_else(String::new, |claim| claim.text.clone()),
        number(cell.published.as_ref().map(|published| published.value)),
        cell.published.as_ref().map_or_else(String::new, |published| published.source.clone()),
        cell.state.id().to_owned(),
        cell.note.clone().unwrap_or_default(),
        experiments.join(" "),
    ];
    fields.map(|field| quoted(&field)).join(",")
}

fn unit(measure: &Measure) -> &'static str {
    match measure.unit {
        Unit::Ns => "ns",
        Unit::Bytes => "bytes",
        Unit::Units => "units",
        Unit::Number => "number",
    }
}

/// Claims are about native programs.
fn is_held_against(claim: &Claim, cell: &MeasureCell) -> bool {
    cell.executor.is_native() && claim.body == cell.executor.body()
}

/// A word and its factor, in columns of their own.
fn split(word: Word) -> (String, String) {
    let factor = match word {
        Word::Overstated { factor } | Word::Understated { factor } => factor.to_string(),
        _ => String::new(),
    };
    let name = match word {
        Word::Confirmed => "confirmed",
        Word::Overstated { .. } => "overstated",
        Word::Understated { .. } => "understated",
        Word::Depends => "depends",
        Word::Compared => "compared",
        Word::Unknown => "unknown",
    };
    (name.to_owned(), factor)
}

/// A field of CSV (RFC 4180) that no spreadsheet takes for a formula.
fn quoted(field: &str) -> String {
    let is_number = field.parse().is_ok_and(f64::is_finite);
    let is_formula = !is_number && field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let field = if is_formula { format!("'{field}") } else { field.to_owned() };
    if field.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field
}
