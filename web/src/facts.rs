//! The facts of the outcome: what the body returned, in words and pictures, and that it
//! was checked.

use crate::dom::{El, classed, el, slot};
use crate::figure::{Drawing, figure, scrolling};
use crate::form::mark;
use crate::list::Listed;
use crate::machine::{definition, titled};
use crate::outline::{Outline, cells_at};
use crate::signal::Live;
use filature_charts::{Axis, Chart, CurveSeries, Frame, LaneSeries, Scaling};
use filature_core::api::{AxisLabel, Cell, Curve, Fact, Lane, Picture, Scale};
use filature_core::{Executor, format};
use std::rc::Rc;

/// What stands where an executor has no such fact.
const NONE: &str = "–";

/// What the bodies returned: once where it is the same on all executors, else beside one
/// another; and the pictures of what was seen.
pub fn facts(outline: Outline, value: Live<Option<u64>>) -> El {
    slot(move || {
        outline.with(|experiment| {
            let cells = cells_at(experiment.as_ref()?, value.get());
            let told: Vec<&Cell> = cells.into_iter().filter(|c| c.outcome.is_some()).listed();
            told.first()?;
            let labels = labels(&told);
            let in_words = labels
                .iter()
                .copied()
                .filter(|label| told.iter().any(|cell| !value_of(cell, label).is_empty()));
            let in_words = in_words.listed();
            let differ = in_words.iter().any(|label| !is_alike(&told, label));
            let words = if differ {
                table(&told, &in_words)
            } else {
                in_words.iter().fold(el("dl"), |list, label| {
                    definition(list, *label, value_of(told[0], label).to_owned())
                })
            };
            let section = titled("facts", "facts-title", "Outcome").child(words);
            let section = section.child(classed("p", "help").child(checked(told.len(), differ)));
            Some(
                labels.iter().fold(section, |section, label| section.child(pictures(&told, label))),
            )
        })
    })
}

fn checked(executors: usize, differ: bool) -> String {
    match (executors, differ) {
        (1, _) => "Checked after every sample, on one executor.".to_owned(),
        (several, false) => format!("Checked after every sample, on {several} executors alike."),
        (several, true) => format!(
            "What the contract promises was checked after every sample, on {several} executors \
             alike. The rest is what the last execution on each saw."
        ),
    }
}

/// The labels of all facts, each once, in the order of the first executor that has them.
fn labels<'a>(cells: &[&'a Cell]) -> Vec<&'a str> {
    let mut labels = Vec::new();
    for fact in cells.iter().flat_map(|cell| &cell.facts) {
        if !labels.contains(&fact.label.as_str()) {
            labels.push(fact.label.as_str());
        }
    }
    labels
}

fn fact_of<'a>(cell: &'a Cell, label: &str) -> Option<&'a Fact> {
    cell.facts.iter().find(|fact| fact.label == label)
}

fn value_of<'a>(cell: &'a Cell, label: &str) -> &'a str {
    fact_of(cell, label).map_or("", |fact| &fact.value)
}

fn is_alike(cells: &[&Cell], label: &str) -> bool {
    cells.iter().all(|cell| value_of(cell, label) == value_of(cells[0], label))
}

/// A row for each fact, a column for each executor.
fn table(cells: &[&Cell], labels: &[&str]) -> El {
    let mut head = el("tr").child(el("th").attr("scope", "col").child("Fact"));
    for cell in cells {
        let title = el("th").attr("scope", "col").child(mark(cell.executor));
        head = head.child(title.child(cell.executor.title()));
    }
    let mut body = el("tbody");
    for label in labels {
        let mut row = el("tr").child(el("th").attr("scope", "row").child(*label));
        if is_alike(cells, label) {
            let one = classed("td", "alike").attr("colspan", &cells.len().to_string());
            row = row.child(one.child(value_of(cells[0], label)));
        } else {
            for cell in cells {
                let value = value_of(cell, label);
                row = row.child(el("td").child(if value.is_empty() { NONE } else { value }));
            }
        }
        body = body.child(row);
    }
    let table = el("table").id("facts-table").child(el("thead").child(head)).child(body);
    scrolling("Outcome by executor").child(table)
}

/// The pictures of one fact: one for each executor that has one.
fn pictures(cells: &[&Cell], label: &str) -> Option<El> {
    let all = cells
        .iter()
        .filter_map(|cell| Some((cell.executor, fact_of(cell, label)?.picture.clone()?)));
    let all: Rc<Vec<(Executor, Picture)>> = Rc::new(all.listed());
    if all.is_empty() {
        return None;
    }
    let mut multiples = classed("div", "multiples");
    for (place, (executor, _)) in all.iter().enumerate() {
        let caption = el("figcaption").child(mark(*executor)).child(executor.title());
        let id = format!("{}-{executor}", label.to_ascii_lowercase().replace(' ', "-"));
        let (all, title) = (Rc::clone(&all), format!("{label}, {executor}"));
        let draw = move |drawing| drawn(&all, place, &title, drawing);
        multiples = multiples.child(figure(&id, caption, Rc::new(draw)));
    }
    Some(el("div").child(el("h3").child(label)).child(multiples))
}

/// The picture of one executor, over axes that reach as far as those of all.
fn drawn(all: &[(Executor, Picture)], place: usize, title: &str, drawing: Drawing) -> Chart {
    let (executor, picture) = &all[place];
    let frame = |description| Frame {
        width: drawing.width,
        title,
        description,
        standalone: drawing.standalone,
    };
    match picture {
        Picture::Lanes { unit, lanes } => {
            let frame = frame("What happened to each unit, over time.");
            let until = all.iter().flat_map(|(_, other)| match other {
                Picture::Lanes { lanes, .. } => &lanes[..],
                Picture::Curves { .. } => &[],
            });
            let until = until.flat_map(|lane| &lane.marks).map(|mark| mark.at).fold(0.0, f64::max);
            lanes_chart(&frame, executor.id(), unit, lanes, until)
        }
        Picture::Curves { x, y, curves } => {
            let described = format!("{} over {}.", y.title, x.title.to_ascii_lowercase());
            let others = all.iter().flat_map(|(_, other)| match other {
                Picture::Curves { curves, .. } => &curves[..],
                Picture::Lanes { .. } => &[],
            });
            let others = series(others);
            curves_chart(&frame(&described), executor.id(), (x, y), &series(curves.iter()), &others)
        }
    }
}

fn lanes_chart(frame: &Frame, id: &str, unit: &str, lanes: &[Lane], until: f64) -> Chart {
    let marks: Vec<Vec<(f64, &str)>> = lanes
        .iter()
        .map(|lane| lane.marks.iter().map(|mark| (mark.at, mark.text.as_str())).listed())
        .listed();
    let series: Vec<LaneSeries> = lanes
        .iter()
        .zip(&marks)
        .map(|(lane, marks)| LaneSeries { title: &lane.name, marks })
        .listed();
    let title = with_unit("Time", unit);
    let axis = Axis { title: &title, format: format::number };
    filature_charts::lanes(frame, id, &axis, until, &series)
}

fn series<'a>(curves: impl Iterator<Item = &'a Curve>) -> Vec<CurveSeries<'a>> {
    curves.map(|curve| CurveSeries { title: &curve.name, points: &curve.points }).listed()
}

fn curves_chart(
    frame: &Frame,
    id: &str,
    (x, y): (&AxisLabel, &AxisLabel),
    own: &[CurveSeries],
    others: &[CurveSeries],
) -> Chart {
    let (x_title, y_title) = (with_unit(&x.title, &x.unit), with_unit(&y.title, &y.unit));
    // Three digits are too few for a nine more.
    let of_x =
        if x.scale == Scale::Percentile { |value: f64| value.to_string() } else { format::number };
    let x_axis = Axis { title: &x_title, format: of_x };
    let y_axis = Axis { title: &y_title, format: format::number };
    let (x, y) = ((&x_axis, scaling(x.scale)), (&y_axis, scaling(y.scale)));
    filature_charts::curves(frame, id, x, y, own, others)
}

fn with_unit(title: &str, unit: &str) -> String {
    if unit.is_empty() { title.to_owned() } else { format!("{title} ({unit})") }
}

fn scaling(scale: Scale) -> Scaling {
    match scale {
        Scale::Linear => Scaling::Linear,
        Scale::Log => Scaling::Log,
        Scale::Percentile => Scaling::Percentile,
    }
}
