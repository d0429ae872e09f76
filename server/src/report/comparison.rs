//! The comparison of threads with tasks as HTML: once as a part of the page, and once as a
//! self-contained file. Both are made of the same elements and the same style sheet.

mod chart;
mod glance;
mod how;
mod row;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use words::interval;

use super::machine_card;
use filature_charts::PALETTE;
use filature_core::api::{Comparison, Depth, MachineCard, State};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The marks of the executors.
const MARKS: &str = include_str!("../../../web/marks.css");
/// The look of the table, which the page has too.
const STYLE: &str = include_str!("../../../web/comparison.css");
/// The look of its charts.
const CHARTS: &str = include_str!("../../../web/charts/src/chart.css");
/// The heading of a report.
const TITLE: &str = "Threads or tasks?";

/// What is shown, and for whom.
#[derive(Clone, Copy)]
struct View<'a> {
    /// The table.
    own: &'a Comparison,
    /// Tables of other machines, or of other times, beside it.
    others: &'a [Comparison],
    /// Whether links lead to this server: not in a file, which may be read anywhere.
    has_links: bool,
}

impl View<'_> {
    /// Whether the experiments behind the table can be opened: not those of another machine.
    fn links_to_evidence(self) -> bool {
        self.has_links && self.own.imported_at.is_none()
    }
}

/// A comparison as a self-contained file, with `others` beside it. It loads nothing and runs
/// no script.
pub fn page(comparison: &Comparison, others: &[Comparison]) -> String {
    let view = View { own: comparison, others, has_links: false };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "Filature " (comparison.machine.filature) };
                title { (TITLE) " · Filature" }
                style { (PreEscaped(super::STYLE)) (PreEscaped(colours())) (PreEscaped(CHARTS)) (PreEscaped(MARKS)) (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (TITLE) }
                    p.muted { (asked(comparison)) }
                }
                (table(view))
            }
        }
    };
    page.into_string()
}

/// The same table as a part of the page: classes only, and links to the experiments that
/// it rests on.
pub fn fragment(comparison: &Comparison, others: &[Comparison]) -> String {
    table(View { own: comparison, others, has_links: true }).into_string()
}

/// The colours of the executors, as the page has them.
fn colours() -> String {
    let shades = PALETTE.iter().map(|colour| {
        format!("--executor-{}:light-dark({},{});", colour.id, colour.light, colour.dark)
    });
    format!(":root{{{}}}", shades.collect::<String>())
}

/// When, where and how thoroughly it was measured, in one line.
fn asked(comparison: &Comparison) -> String {
    let depth = match comparison.request.depth {
        Depth::Quick => "Measured quickly",
        Depth::Full => "Measured thoroughly",
    };
    let (machine, at) = (in_short(&comparison.machine), day(&comparison.created_at));
    let ended = match comparison.state {
        State::Done => String::new(),
        state => format!(" It is {}: what was measured until then is shown.", state.id()),
    };
    let from =
        if comparison.imported_at.is_some() { " Imported from another machine." } else { "" };
    format!("{depth} on {machine}, {at}, by Filature {}.{ended}{from}", comparison.machine.filature)
}

/// A machine in few words: processor and cores.
fn in_short(card: &MachineCard) -> String {
    let noun = if card.cores == 1 { "core" } else { "cores" };
    format!("{}, {} {noun}", card.cpu, card.cores)
}

/// The day of an RFC 3339 time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// The letter of a table beside the own one, which is A.
fn letter(place: usize) -> char {
    u8::try_from(place + 1)
        .ok()
        .filter(|place| *place < 26)
        .map_or('…', |at| char::from(b'A' + at))
}

fn table(view: View) -> Markup {
    html! {
        div.comparison {
            @if view.has_links { p.asked { (asked(view.own)) } }
            (notices(view))
            @if !view.others.is_empty() { (beside(view)) }
            (glance::glance(view))
            (answers(view.own))
            @for row in &view.own.rows { (row::row(view, row)) }
            (machines(view))
        }
    }
}

fn answers(comparison: &Comparison) -> Markup {
    html! {
        @if !comparison.answers.is_empty() {
            section.answers aria-label="The answers" {
                @for answer in &comparison.answers { p { (answer) } }
            }
        }
    }
}

/// What speaks against trusting the figures.
fn notices(view: View) -> Markup {
    let named = |place: Option<usize>| match place {
        None => "This table".to_owned(),
        Some(place) => format!("Table {}", letter(place)),
    };
    let all = std::iter::once((None, view.own));
    let all = all.chain(view.others.iter().enumerate().map(|(place, one)| (Some(place), one)));
    html! {
        @for (place, one) in all {
            @if let Some(disturbance) = one.disturbance.filter(|it| it.disturbed) {
                p.notice.disturbed {
                    (named(place)) " was disturbed: other programs used up to "
                    (format!("{:.0}", disturbance.outside_share * 100.0))
                    " % of the machine meanwhile."
                }
            }
            @if one.machine.build == "debug" {
                p.notice.debug {
                    (named(place)) " was measured by a debug build: its figures say little about "
                    "real programs."
                }
            }
            @if let Some(reason) = &one.reason {
                p.notice.stopped { (named(place)) " is " (one.state.id()) ": " (reason) }
            }
        }
    }
}

/// Which machine each letter stands for.
fn beside(view: View) -> Markup {
    let all = std::iter::once(view.own).chain(view.others).enumerate();
    html! {
        section.beside aria-label="The tables side by side" {
            dl {
                @for (place, one) in all {
                    dt { (if place == 0 { 'A' } else { letter(place - 1) }) }
                    dd { (asked(one)) }
                }
            }
        }
    }
}

fn machines(view: View) -> Markup {
    html! {
        section.machines aria-label="Machines" {
            h2 { "Measured on" }
            @if !view.others.is_empty() { h3 { "A" } }
            (machine_card(&view.own.machine))
            @for (place, other) in view.others.iter().enumerate() {
                h3 { (letter(place)) }
                (machine_card(&other.machine))
            }
        }
    }
}
