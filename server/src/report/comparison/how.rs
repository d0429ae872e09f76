//! How one measure is made: the long text, what others published, and where the raw
//! samples are.

use super::View;
use filature_core::api::{Evidence, Measure, MeasureCell, Published, Row, Unit};
use filature_core::comparison::judge::figure;
use filature_core::format;
use maud::{Markup, html};

/// The panel of a measure; closed, it is one sentence.
pub(super) fn how(view: View, row: &Row, measure: &Measure) -> Markup {
    html! {
        details id={ "how-" (row.id) "-" (measure.id) } {
            summary { span.tag { "How" } " " (measure.how) }
            div.method {
                @for paragraph in &measure.details { p { (paragraph) } }
                @if measure.is_claimed {
                    @for claim in &row.claims {
                        p { "The claim of " strong { (claim.text) } ": " (claim.reading) }
                    }
                }
                @for (published, cells) in publications(measure) {
                    p { (publication(published, &cells)) }
                }
                (samples(view, measure))
            }
        }
    }
}

/// The published figures, each with the cells that it is held against.
fn publications(measure: &Measure) -> Vec<(&Published, Vec<&MeasureCell>)> {
    let mut all: Vec<(&Published, Vec<&MeasureCell>)> = Vec::new();
    for cell in &measure.cells {
        let Some(published) = &cell.published else { continue };
        let is_same =
            |known: &Published| known.url == published.url && known.text == published.text;
        match all.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, cells)) => cells.push(cell),
            None => all.push((published, vec![cell])),
        }
    }
    all
}

fn publication(published: &Published, cells: &[&MeasureCell]) -> Markup {
    let ratios = cells.iter().filter_map(|cell| Some((cell, cell.published.as_ref()?.ratio?)));
    html! {
        "Published: " strong { (published.text) } ", " (link(&published.url, &published.source))
        ", on " (published.machine) "."
        @for (cell, ratio) in ratios {
            " " (cell.executor.title()) " here: " (cell.text) ", " (format::ratio(ratio)) " of it."
        }
    }
}

/// A link to another site. A table from another machine could name an address that is
/// something else, which then stays text.
fn link(url: &str, text: &str) -> Markup {
    html! {
        @if url.starts_with("https://") || url.starts_with("http://") {
            a href=(url) rel="noopener noreferrer" { (text) }
        } @else {
            (text) @if !url.is_empty() { " (" (url) ")" }
        }
    }
}

/// The values that the figure of each executor is the median of and, where they can be
/// opened, the experiments that they come from.
fn samples(view: View, measure: &Measure) -> Markup {
    let is_linked = view.links_to_evidence();
    let is_told =
        |cell: &&MeasureCell| !cell.samples.is_empty() || is_linked && !cell.evidence.is_empty();
    let told: Vec<&MeasureCell> = measure.cells.iter().filter(is_told).collect();
    let intro = match (told.iter().any(|cell| !cell.samples.is_empty()), is_linked) {
        (true, true) => {
            "The samples; all that was measured, with the source that ran, is in the experiment \
             beside them:"
        }
        (true, false) => "The samples:",
        (false, _) => "All that was measured, with the source that ran:",
    };
    html! {
        @if !told.is_empty() {
            p { (intro) }
            ul.evidence {
                @for cell in told {
                    li {
                        (cell.executor.title()) ": " (values(cell, measure.unit))
                        @if is_linked {
                            @for (place, alike) in of_one_experiment(cell).enumerate() {
                                @if place > 0 || !cell.samples.is_empty() { "; " }
                                (experiment(alike))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn values(cell: &MeasureCell, unit: Unit) -> String {
    let values: Vec<String> = cell.samples.iter().map(|value| figure(*value, unit)).collect();
    values.join(", ")
}

fn of_one_experiment(cell: &MeasureCell) -> impl Iterator<Item = &[Evidence]> {
    cell.evidence.chunk_by(|one, next| one.experiment == next.experiment)
}

fn experiment(cells: &[Evidence]) -> Markup {
    let id = &cells[0].experiment;
    let numbers: Vec<String> = cells.iter().map(|one| (one.cell + 1).to_string()).collect();
    let noun = if cells.len() == 1 { "cell" } else { "cells" };
    html! {
        a href={ "/e/" (id) } { "experiment " (id) }
        ", " (noun) " " (numbers.join(", "))
    }
}
