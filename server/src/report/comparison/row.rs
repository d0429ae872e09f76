//! One row of the table in full: its question, the verdicts, every measure on every
//! executor, and a chart.

use super::words::{badge, body_name, interval, without_figure};
use super::{View, chart, how, letter};
use filature_core::Executor;
use filature_core::api::{
    CellState, Claim, Comparison, Measure, MeasureCell, Row, RowVerdict, State,
};
use filature_core::format;
use maud::{Markup, html};

/// A row of the table as a section, with the same row of the other tables beside it.
pub(super) fn row(view: View, row: &Row) -> Markup {
    let title = format!("row-{}-title", row.id);
    let columns = columns(view, row);
    html! {
        section.row id={ "row-" (row.id) } aria-labelledby=(title) {
            h2 id=(title) { (row.title) }
            p.question { (row.question) }
            @for verdict in &row.verdicts { (sentence(verdict, view.own.state)) }
            div.scroll tabindex="0" role="region" aria-label={ (row.title) ": the figures" } { table class={ "columns-" (columns.len()) } {
                thead {
                    tr {
                        td {}
                        @for executor in &columns {
                            th scope="col" {
                                span class={ "mark s-" (executor.id()) } aria-hidden="true" {}
                                (executor.title())
                            }
                        }
                    }
                    (claims(row, &columns))
                }
                @for measure in &row.measures { (lines(view, row, measure, &columns)) }
            } }
            (chart::charts(row))
        }
    }
}

fn sentence(verdict: &RowVerdict, state: State) -> Markup {
    html! {
        p.sentence {
            @if let Some(body) = verdict.body { strong { (body_name(body)) } " " }
            (badge(verdict.word, state)) " "
            (verdict.sentence)
        }
    }
}

/// The executors of a row over all tables, in the usual order.
fn columns(view: View, row: &Row) -> Vec<Executor> {
    let same = view.others.iter().filter_map(|other| same_row(other, row));
    let cells: Vec<&MeasureCell> = std::iter::once(row)
        .chain(same)
        .flat_map(|row| row.measures.iter().flat_map(|measure| &measure.cells))
        .collect();
    let is_there = |executor: &Executor| cells.iter().any(|cell| cell.executor == *executor);
    Executor::ALL.into_iter().filter(is_there).collect()
}

fn same_row<'a>(other: &'a Comparison, row: &Row) -> Option<&'a Row> {
    other.rows.iter().find(|known| known.id == row.id)
}

/// What the articles say, above the executors that are held against it: a browser is another
/// machine.
fn claims(row: &Row, columns: &[Executor]) -> Markup {
    let of = |executor: Executor| {
        let is_held = move |claim: &&Claim| claim.body == executor.body() && executor.is_native();
        row.claims.iter().filter(is_held)
    };
    html! {
        @if !row.claims.is_empty() {
            tr.claims {
                th scope="row" { "claimed" }
                @for executor in columns {
                    td {
                        @for claim in of(*executor) {
                            span title=(claim.reading) { (claim.text) }
                        }
                    }
                }
            }
        }
    }
}

/// One measure: its heading, how it is measured, and a line of figures for each table.
fn lines(view: View, row: &Row, measure: &Measure, columns: &[Executor]) -> Markup {
    let others = view.others.iter().enumerate().filter_map(|(place, other)| {
        let known = same_row(other, row)?.measures.iter().find(|it| it.id == measure.id)?;
        Some((place, other, known))
    });
    let width = columns.len() + 1;
    html! {
        tbody {
            tr.heading {
                th scope="rowgroup" colspan=(width) { (measure.title) }
            }
            tr.how { td colspan=(width) { (how::how(view, row, measure)) } }
            tr.measured {
                th scope="row" { (if view.others.is_empty() { "measured" } else { "A" }) }
                @for executor in columns {
                    @match cell_of(measure, *executor) {
                        Some(cell) => {
                            td id={ "cell-" (row.id) "-" (measure.id) "-" (executor.id()) } {
                                (figure(measure, cell, view.own.state))
                            }
                        },
                        None => td {},
                    }
                }
            }
            @for (place, other, known) in others {
                tr.other {
                    th scope="row" title=(super::in_short(&other.machine)) { (letter(place)) }
                    @for executor in columns {
                        td {
                            @if let Some(cell) = cell_of(known, *executor) {
                                (figure(known, cell, other.state))
                            }
                        }
                    }
                }
            }
            (published(measure, columns))
            (notes(measure, width))
        }
    }
}

fn cell_of(measure: &Measure, executor: Executor) -> Option<&MeasureCell> {
    measure.cells.iter().find(|cell| cell.executor == executor)
}

fn figure(measure: &Measure, cell: &MeasureCell, state: State) -> Markup {
    let Some(estimate) = &cell.estimate else {
        let class = if cell.state == CellState::Failed { "none failed" } else { "none" };
        return html! { span class=(class) { (without_figure(cell.state)) } };
    };
    html! {
        span.value { (cell.text) }
        span.spread {
            @if let Some(interval) = interval(measure.unit, estimate) {
                span { (interval) } " "
            }
            span { "n = " (format::count(estimate.n as u64)) }
        }
        @if let Some(word) = cell.verdict { (badge(word, state)) }
    }
}

/// What others published of the same, with the ratio to what was measured here.
fn published(measure: &Measure, columns: &[Executor]) -> Markup {
    let known = |executor: &Executor| cell_of(measure, *executor)?.published.as_ref();
    html! {
        @if columns.iter().any(|executor| known(executor).is_some()) {
            tr.published {
                th scope="row" { "published" }
                @for executor in columns {
                    td {
                        @if let Some(published) = known(executor) {
                            span.text { (published.text) }
                            @if let Some(ratio) = published.ratio {
                                span.spread { "here " (format::ratio(ratio)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Why there is no figure, or what has to be known beside it; said once where several
/// executors share it.
fn notes(measure: &Measure, width: usize) -> Markup {
    let mut notes: Vec<(&str, Vec<&'static str>)> = Vec::new();
    for cell in &measure.cells {
        let Some(note) = cell.note.as_deref() else { continue };
        match notes.iter_mut().find(|(known, _)| *known == note) {
            Some((_, of)) => of.push(cell.executor.title()),
            None => notes.push((note, vec![cell.executor.title()])),
        }
    }
    html! {
        @if !notes.is_empty() {
            tr.notes { td colspan=(width) {
                @for (note, of) in notes { p { strong { (of.join(", ")) ": " } (note) } }
            } }
        }
    }
}
