//! The charts of a row: its measures on one axis, with the claims and published figures
//! that they are held against. One chart for each unit that the row's figures have.

use super::words::written;
use filature_charts::{Axis, ForestEstimate, ForestGroup, Frame, forest};
use filature_core::api::{Claim, Measure, MeasureCell, Row, Unit};
use maud::{Markup, PreEscaped, html};

/// The width of a chart on a desk, and on a phone or a narrow sheet. Both are there, and the
/// style sheet shows the one that fits: a chart that is scaled has text of another size.
const WIDTHS: [(&str, f64); 2] = [("wide-chart", 800.0), ("narrow-chart", 344.0)];
/// A single figure needs no chart.
const LEAST: usize = 2;
/// A chart of more figures than this is longer than a screen: it waits to be opened.
const OPEN_MOST: usize = 20;

/// All charts of a row.
pub(super) fn charts(row: &Row) -> Markup {
    let mut units: Vec<Unit> = Vec::new();
    for measure in &row.measures {
        if !units.contains(&measure.unit) {
            units.push(measure.unit);
        }
    }
    html! { @for unit in units { (chart(row, unit)) } }
}

fn chart(row: &Row, unit: Unit) -> Markup {
    let of_unit = row.measures.iter().filter(|measure| measure.unit == unit);
    let measures: Vec<(&Measure, Vec<ForestEstimate>)> = of_unit
        .map(|measure| (measure, estimates(row, measure)))
        .filter(|(_, estimates)| !estimates.is_empty())
        .collect();
    let groups: Vec<ForestGroup> = measures
        .iter()
        .map(|(measure, estimates)| ForestGroup { title: &measure.title, estimates })
        .collect();
    let drawn = || groups.iter().flat_map(|group| group.estimates);
    if drawn().count() < LEAST {
        return html! {};
    }
    let axis = Axis { title: title_of(unit), format: written(unit) };
    let caption =
        caption(drawn().any(|it| it.claim.is_some()), drawn().any(|it| it.published.is_some()));
    let figure = html! {
        figure {
            @for (class, width) in WIDTHS {
                div class=(class) {
                    (PreEscaped(forest(&frame(row, &caption, width), &axis, &groups).svg))
                }
            }
            figcaption { (caption) }
        }
    };
    if drawn().count() <= OPEN_MOST {
        return figure;
    }
    let title = axis.title;
    html! {
        details id={ "chart-" (row.id) "-" (title.to_lowercase()) } {
            summary { span.tag { "Chart" } " " (drawn().count()) " figures: " (title.to_lowercase()) }
            (figure)
        }
    }
}

fn frame<'a>(row: &'a Row, description: &'a str, width: f64) -> Frame<'a> {
    Frame { width, title: &row.title, description, standalone: false }
}

fn caption(has_claims: bool, has_published: bool) -> String {
    let mut text = String::from("Each mark is a figure with its interval.");
    if has_claims {
        text.push_str(" The grey band is what the articles claim.");
    }
    if has_published {
        text.push_str(" An open diamond is what others published.");
    }
    text
}

fn title_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Ns => "Time",
        Unit::Bytes => "Memory",
        Unit::Units => "Threads or tasks",
        Unit::Number => "Number",
    }
}

fn estimates<'a>(row: &Row, measure: &Measure) -> Vec<ForestEstimate<'a>> {
    let of = |cell: &MeasureCell| {
        let estimate = cell.estimate?;
        Some(ForestEstimate {
            id: cell.executor.id(),
            title: cell.executor.title(),
            value: estimate.value,
            low: estimate.low,
            high: estimate.high,
            claim: claim(row, measure, cell),
            published: cell.published.as_ref().map(|published| published.value),
        })
    };
    measure.cells.iter().filter_map(of).collect()
}

/// The range in which a figure confirms the claim; browsers are not held against it.
fn claim(row: &Row, measure: &Measure, cell: &MeasureCell) -> Option<(f64, f64)> {
    let (body, is_held) = (cell.executor.body(), cell.executor.is_native() && measure.is_claimed);
    let own = |claim: &&Claim| claim.body == body && claim.unit == measure.unit;
    let claim = row.claims.iter().find(own).filter(|_| is_held)?;
    let low = claim.low.map_or(f64::NEG_INFINITY, |low| low / claim.tolerance);
    let high = claim.high.map_or(f64::INFINITY, |high| high * claim.tolerance);
    Some((low, high))
}
