//! The articles' table with what was measured beside each claim: the whole comparison at
//! one glance, each row a link to its details.

use super::View;
use super::words::{badge, body_name, without_figure};
use filature_core::api::{MeasureCell, Row};
use filature_core::{Body, Executor};
use maud::{Markup, html};

/// What stands for each body here; the row itself shows all executors.
const SHOWN: [(Body, Executor); 2] =
    [(Body::Threads, Executor::Threads), (Body::Tasks, Executor::TokioMulti)];

/// The rows that hold claims, and links to the others.
pub(super) fn glance(view: View) -> Markup {
    let (claimed, others): (Vec<&Row>, Vec<&Row>) =
        view.own.rows.iter().partition(|row| !row.claims.is_empty());
    html! {
        section.glance aria-label="At a glance" {
            @if !claimed.is_empty() {
                div.scroll tabindex="0" role="region" aria-label="Claims and measures" { table {
                    thead {
                        tr {
                            td {}
                            @for (body, _) in SHOWN {
                                th scope="colgroup" colspan="2" { (body_name(body)) }
                            }
                        }
                        tr {
                            td {}
                            @for _ in SHOWN {
                                th scope="col" { "claimed" }
                                th scope="col" { "measured" }
                            }
                        }
                    }
                    tbody { @for row in claimed { (line(view, row)) } }
                } }
            }
            @if !others.is_empty() {
                p.further {
                    "Measured without a claim: "
                    @for (place, row) in others.iter().enumerate() {
                        @if place > 0 { ", " }
                        a href={ "#row-" (row.id) } { (row.title) }
                    }
                    "."
                }
            }
        }
    }
}

fn line(view: View, row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" { a href={ "#row-" (row.id) } { (row.title) } }
            @for (body, executor) in SHOWN {
                td.claimed { (claimed(row, body).unwrap_or("–")) }
                td.figure {
                    @match shown(row, executor) {
                        Some(cell) if cell.estimate.is_some() => span.value { (cell.text) },
                        Some(cell) => span.none { (without_figure(cell.state)) },
                        None => span.none { "–" },
                    }
                    @if let Some(verdict) = row.verdicts.iter().find(|it| it.body == Some(body)) {
                        (badge(verdict.word, view.own.state))
                    }
                }
            }
        }
    }
}

fn claimed(row: &Row, body: Body) -> Option<&str> {
    row.claims.iter().find(|claim| claim.body == body).map(|claim| claim.text.as_str())
}

/// The cell of this executor in the first measure that the claim is held against and that
/// has a figure; without one, in the first of them.
fn shown(row: &Row, executor: Executor) -> Option<&MeasureCell> {
    let held = || {
        let claimed = row.measures.iter().filter(|measure| measure.is_claimed);
        claimed.flat_map(|measure| &measure.cells).filter(|cell| cell.executor == executor)
    };
    held().find(|cell| cell.estimate.is_some()).or_else(|| held().next())
}
