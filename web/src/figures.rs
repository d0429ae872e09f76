//! The table of all figures: a row per figure with its method, a column per executor.

use crate::charts::why;
use crate::dom::{El, classed, el, slot};
use crate::explain::{self, Term, term};
use crate::figure::scrolling;
use crate::form::mark;
use crate::list::Listed;
use crate::machine::titled;
use crate::outline::{Outline, cells_at};
use crate::signal::Live;
use crate::state::App;
use filature_core::api::{AgainstFastest, Cell, Experiment, Summary};
use filature_core::format;
use filature_core::stats::Distribution;

/// What stands where there is no figure.
const NOTHING: &str = "–";

/// The table of the experiment that is shown, for one value of its sweep.
pub fn figures(app: App, outline: Outline, value: Live<Option<u64>>) -> El {
    let table = move || {
        outline.with(|experiment| {
            let experiment = experiment.as_ref()?;
            let info = app.workload_by_id(&experiment.spec.workload);
            let operation = info.map_or_else(String::new, |info| info.operation.clone());
            Some(figures_table(experiment, value.get(), &operation))
        })
    };
    titled("figures", "figures-title", "Figures").child(slot(table))
}

/// The table itself.
pub fn figures_table(experiment: &Experiment, value: Option<u64>, operation: &str) -> El {
    let cells = cells_at(experiment, value);
    let comparisons = experiment.verdicts.iter().find(|v| v.sweep_value == value);
    let comparisons = comparisons.map_or(&[][..], |verdict| &verdict.comparisons);
    let corner = classed("span", "visually-hidden").child("Figure");
    let mut head = el("tr").child(el("th").attr("scope", "col").child(corner));
    for cell in &cells {
        let name = el("th").attr("scope", "col").child(mark(cell.executor));
        head = head.child(name.child(cell.executor.title()));
    }
    let mut body = el("tbody");
    for row in rows(&cells, comparisons) {
        let name = el("th").attr("scope", "row").child(term(row.term));
        let figures: Vec<El> = row.figures.into_iter().map(|text| el("td").child(text)).listed();
        body = body.child(el("tr").child(name).child(figures));
    }
    let at = match (&experiment.spec.sweep, value) {
        (Some(sweep), Some(value)) => {
            format!("At {} {}. ", format::count(value), sweep.param.replace('_', " "))
        }
        _ => String::new(),
    };
    let operations = match operation {
        "" => String::new(),
        operation => format!(" Operations are {operation}."),
    };
    let caption = format!("{at}Each figure's name tells its method.{operations}");
    let table = el("table").id("figures-table").child(el("caption").child(caption));
    let table = table.child(el("thead").child(head)).child(body).child(reasons(&cells));
    scrolling("Table of figures").child(table)
}

/// Below the table: why a cell has no figures, one line each.
fn reasons(cells: &[&Cell]) -> El {
    let mut foot = el("tfoot");
    for cell in cells.iter().filter(|cell| cell.summary.is_none()) {
        let why = why(cell);
        if !why.is_empty() {
            let columns = (cells.len() + 1).to_string();
            let name = format!("{}, {}: ", cell.executor.title(), cell.state.id());
            let text = el("td").attr("colspan", &columns).child(mark(cell.executor));
            foot = foot.child(el("tr").child(text.child(el("strong").child(name)).child(why)));
        }
    }
    foot
}

/// A row: a figure's name and its value for each cell.
pub struct Row {
    /// The figure and its method.
    pub term: Term,
    /// Its values as text.
    pub figures: Vec<String>,
}

/// All rows that hold at least one figure.
pub fn rows(cells: &[&Cell], comparisons: &[AgainstFastest]) -> Vec<Row> {
    let row = |term: Term, figure: &dyn Fn(&Cell) -> Option<String>| {
        let figures: Vec<Option<String>> = cells.iter().map(|cell| figure(cell)).listed();
        figures.iter().any(Option::is_some).then(|| Row {
            term,
            figures: figures.into_iter().map(|text| text.unwrap_or(NOTHING.to_owned())).listed(),
        })
    };
    let wall = |part: fn(&Distribution) -> String| {
        move |cell: &Cell| cell.summary.as_ref().map(|summary| part(&summary.wall_ns))
    };
    let of = |part: fn(&Summary) -> Option<String>| {
        move |cell: &Cell| cell.summary.as_ref().and_then(part)
    };
    let rows = [
        row(explain::MEDIAN, &wall(|d| format::duration_ns(d.median))),
        row(explain::INTERVAL, &wall(|d| span(d.median_low, d.median_high))),
        row(explain::RATIO, &|cell| against_fastest(cell, comparisons)),
        row(explain::MAD, &wall(|d| format::duration_ns(d.mad))),
        row(explain::P10, &wall(|d| format::duration_ns(d.p10))),
        row(explain::P90, &wall(|d| format::duration_ns(d.p90))),
        row(explain::RANGE, &wall(|d| span(d.min, d.max))),
        row(explain::PER_OPERATION, &of(|s| Some(format::duration_ns(s.wall_per_operation_ns)))),
        row(explain::THROUGHPUT, &of(|s| Some(format::per_second(s.throughput_per_s)))),
        row(explain::CPU, &of(|s| s.cpu_ns.map(|d| format::duration_ns(d.median)))),
        row(explain::VOLUNTARY, &of(|s| s.switches_voluntary.map(|d| whole(d.median)))),
        row(explain::INVOLUNTARY, &of(|s| s.switches_involuntary.map(|d| whole(d.median)))),
        row(explain::BYTES, &|cell| cell.memory?.bytes_per_unit.map(format::bytes)),
        row(explain::PEAK, &|cell| Some(format::bytes(cell.memory?.peak_bytes as f64))),
        row(explain::BASELINE, &|cell| Some(format::bytes(cell.memory?.baseline_bytes as f64))),
        row(explain::NEW_WORKER, &|cell| {
            Some(format::duration_ns(cell.spawn_costs?.new_worker_ns as f64))
        }),
        row(explain::WARM_WORKER, &|cell| {
            Some(format::duration_ns(cell.spawn_costs?.warm_worker_ns as f64))
        }),
        row(explain::TO_BEGIN, &|cell| {
            let delay = cell.observed.as_ref()?.spawn_to_begin_ns?;
            let [p50, p99] = [delay.p50, delay.p99].map(|ns| format::duration_ns(ns as f64));
            Some(format!("{p50}, p99 {p99}"))
        }),
        row(explain::OBSERVED, &|cell| {
            let observed = cell.observed.as_ref()?.wall_ns as f64;
            Some(format!(
                "{} the median",
                format::ratio(observed / cell.summary.as_ref()?.wall_ns.median)
            ))
        }),
        row(explain::SAMPLES, &|cell| Some(state_or_count(cell))),
        row(explain::BATCH, &|cell| {
            let batch = cell.samples.first()?.batch;
            (batch > 1).then(|| format!("{} executions", format::count(batch.into())))
        }),
    ];
    rows.into_iter().flatten().listed()
}

fn state_or_count(cell: &Cell) -> String {
    match (&cell.summary, cell.state.id()) {
        (Some(summary), "done") => summary.wall_ns.n.to_string(),
        (Some(summary), state) => format!("{}, {state}", summary.wall_ns.n),
        (None, state) => state.to_owned(),
    }
}

fn against_fastest(cell: &Cell, comparisons: &[AgainstFastest]) -> Option<String> {
    let first = comparisons.first()?;
    if first.fastest == cell.executor {
        return Some("fastest".to_owned());
    }
    let comparison = comparisons.iter().find(|c| c.other == cell.executor)?;
    let text = format!(
        "{} ({}–{})",
        format::ratio(comparison.ratio),
        format::ratio(comparison.ratio_low).trim_end_matches('×'),
        format::ratio(comparison.ratio_high).trim_end_matches('×'),
    );
    Some(match (comparison.enough_samples, comparison.beyond_noise) {
        (false, _) => format!("{text}\ntoo few samples"),
        (true, true) => text,
        (true, false) => format!("{text}\nwithin noise"),
    })
}

fn whole(value: f64) -> String {
    format::count(value.round() as u64)
}

/// Two durations, with the unit once where it is the same.
fn span(low: f64, high: f64) -> String {
    let (low, high) = (format::duration_ns(low), format::duration_ns(high));
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number}–{high}"),
        // On two lines, since five columns have to fit beside the source.
        _ => format!("{low} –\n{high}"),
    }
}
