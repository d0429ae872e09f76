//! The pictures of facts, one for each executor.

use filature_charts::{Axis, CurveSeries, Frame, LaneSeries, Scaling, curves, lanes};
use filature_core::api::{AxisLabel, Cell, Curve, Experiment, Fact, Lane, Picture, Scale};
use filature_core::format;
use filature_core::verdict::swept_value;
use maud::{Markup, PreEscaped, html};

/// The pictures of all cells that have some.
pub(super) fn pictures(experiment: &Experiment) -> Markup {
    html! {
        @for cell in &experiment.cells {
            @for fact in &cell.facts {
                @if let Some(picture) = &fact.picture {
                    figure { (drawn(experiment, cell, fact, picture)) }
                }
            }
        }
    }
}

fn drawn(experiment: &Experiment, cell: &Cell, fact: &Fact, picture: &Picture) -> Markup {
    let at = swept_value(&experiment.spec, cell);
    let at = at.map_or_else(String::new, |value| format!(" at {}", format::count(value)));
    let title = format!("{}, {}{at}", fact.label, cell.executor.title());
    let id = cell.executor.id();
    let chart = match picture {
        Picture::Lanes { unit, lanes } => {
            let frame = super::frame(&title, "What happened to each unit, over time.");
            lanes_chart(&frame, id, unit, lanes)
        }
        Picture::Curves { x, y, curves } => {
            let described = format!("{} over {}.", y.title, x.title);
            curves_chart(&super::frame(&title, &described), id, x, y, curves)
        }
    };
    PreEscaped(chart)
}

fn lanes_chart(frame: &Frame, id: &str, unit: &str, all: &[Lane]) -> String {
    let marks: Vec<Vec<(f64, &str)>> = all
        .iter()
        .map(|lane| lane.marks.iter().map(|mark| (mark.at, mark.text.as_str())).collect())
        .collect();
    let series: Vec<LaneSeries> = all
        .iter()
        .zip(&marks)
        .map(|(lane, marks)| LaneSeries { title: &lane.name, marks })
        .collect();
    let title = with_unit("Time", unit);
    lanes(frame, id, &Axis { title: &title, format: format::number }, 0.0, &series).svg
}

fn curves_chart(frame: &Frame, id: &str, x: &AxisLabel, y: &AxisLabel, all: &[Curve]) -> String {
    let series: Vec<CurveSeries> =
        all.iter().map(|curve| CurveSeries { title: &curve.name, points: &curve.points }).collect();
    let (x_title, y_title) = (with_unit(&x.title, &x.unit), with_unit(&y.title, &y.unit));
    // Three digits are too few for a nine more.
    let of_x =
        if x.scale == Scale::Percentile { |value: f64| value.to_string() } else { format::number };
    let x_axis = Axis { title: &x_title, format: of_x };
    let y_axis = Axis { title: &y_title, format: format::number };
    curves(frame, id, (&x_axis, scaling(x)), (&y_axis, scaling(y)), &series, &[]).svg
}

fn with_unit(title: &str, unit: &str) -> String {
    if unit.is_empty() { title.to_owned() } else { format!("{title} ({unit})") }
}

fn scaling(axis: &AxisLabel) -> Scaling {
    match axis.scale {
        Scale::Linear => Scaling::Linear,
        Scale::Log => Scaling::Log,
        Scale::Percentile => Scaling::Percentile,
    }
}
