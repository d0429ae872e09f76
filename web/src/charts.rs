//! The charts of an experiment: every sample of each executor, and medians over the
//! swept parameter.

use crate::commands::plain;
use crate::dom::{El, classed, el, slot};
use crate::explain;
use crate::fields::label_of;
use crate::figure::{Drawing, figure};
use crate::form::mark;
use crate::list::Listed;
use crate::outline::{Outline, cells_at};
use crate::pin;
use crate::signal::{Live, memo};
use crate::state::App;
use filature_charts::{Axis, Chart, Frame, LinePoint, LineSeries, StripSeries};
use filature_core::api::{Cell, CellState, Experiment, Sweep, WorkloadInfo};
use filature_core::{Executor, format, stats};
use std::rc::Rc;

/// All charts of the experiment that is shown. `value` is the swept value whose samples
/// are shown.
pub fn charts(app: App, outline: Outline, value: Live<Option<u64>>) -> El {
    let sweep = memo(move || outline.with(|experiment| experiment.as_ref()?.spec.sweep.clone()));
    let sweep_figure = move || {
        sweep.get().map(|sweep| {
            let interval = explain::explained("95 % interval", explain::INTERVAL.meaning);
            let caption = el("figcaption")
                .child(format!("Median time over {}, with its", sweep.param.replace('_', " ")))
                .child(interval);
            figure("sweep-chart", caption, Rc::new(move |drawing| sweep_chart(app, drawing)))
        })
    };
    let pick = move || sweep.get().map(|sweep| value_picker(&sweep, value));
    let caption = el("figcaption")
        .child("Every")
        .child(explain::explained("sample", explain::SAMPLES.meaning))
        .child("a dot, the")
        .child(explain::explained("median", explain::MEDIAN.meaning))
        .child("marked")
        .child(slot(pick));
    let samples = move |drawing| samples_chart(app, drawing, value.get());
    classed("div", "charts")
        .child(slot(sweep_figure))
        .child(figure("chart", caption, Rc::new(samples)))
        .child(unmeasured(outline))
}

/// One button per swept value: whose samples and figures are shown. The last comes first.
fn value_picker(sweep: &Sweep, value: Live<Option<u64>>) -> El {
    if value.get_untracked().is_none_or(|now| !sweep.values.contains(&now)) {
        value.set(sweep.values.last().copied());
    }
    let label = format!("Show the samples for one value of {}", sweep.param);
    let group = classed("span", "chips").attr("role", "group").attr("aria-label", &label);
    sweep.values.iter().fold(group, |group, one| {
        let one = *one;
        let pressed = move || Some((value.get() == Some(one)).to_string());
        let chip = classed("button", "chip").attr("type", "button").child(format::count(one));
        group.child(
            chip.live_attr("aria-pressed", pressed).on("click", move |_| value.set(Some(one))),
        )
    })
}

/// Cells without figures: what happened to each, in words.
fn unmeasured(outline: Outline) -> El {
    slot(move || {
        outline.with(|experiment| {
            let experiment = experiment.as_ref()?;
            let told: Vec<El> =
                experiment.cells.iter().filter_map(|cell| told(experiment, cell)).listed();
            (!told.is_empty()).then(|| classed("ul", "unmeasured").child(told))
        })
    })
}

fn told(experiment: &Experiment, cell: &Cell) -> Option<El> {
    use CellState::{Cancelled, Failed, Interrupted, Refused};
    if !matches!(cell.state, Refused | Failed | Interrupted | Cancelled) {
        return None;
    }
    let at = experiment.spec.sweep.as_ref().and_then(|sweep| {
        let value = cell.params.get(&sweep.param)?;
        Some(format!(" at {} {}", plain(value), sweep.param.replace('_', " ")))
    });
    let what = format!("{}{} {}. ", cell.executor.title(), at.unwrap_or_default(), cell.state.id());
    Some(el("li").child(mark(cell.executor)).child(el("strong").child(what)).child(why(cell)))
}

/// Why a cell has no figures: its reason, and the way out where a limit binds.
pub fn why(cell: &Cell) -> String {
    let reason = cell.reason.clone().map(|reason| crate::fields::unticked(&sentence(&reason)));
    let Some(refusal) = &cell.refusal else { return reason.unwrap_or_default() };
    let limit = &refusal.limit;
    reason.unwrap_or_else(|| {
        format!(
            "It needs {} threads, and this machine can hold {} right now: {} is {}. {}",
            format::count(refusal.needed_units),
            format::count(refusal.available_units),
            limit.name,
            format::count(limit.value),
            sentence(&limit.how_to_raise),
        )
    })
}

/// Text as a sentence: a capital first, a full stop last.
pub fn sentence(text: &str) -> String {
    let mut sentence = text.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !sentence.is_empty() && !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

fn samples_chart(app: App, drawing: Drawing, value: Option<u64>) -> Chart {
    app.experiment.with(|experiment| {
        let (Some(experiment), info) =
            (experiment.as_ref(), shown_workload(app, experiment.as_ref()))
        else {
            return strip(drawing, "", &[]);
        };
        let cells = cells_at(experiment, value);
        let values: Vec<Vec<f64>> = cells
            .iter()
            .map(|cell| cell.samples.iter().map(|sample| sample.wall_ns as f64).listed())
            .listed();
        let series: Vec<StripSeries> = cells
            .iter()
            .zip(&values)
            .map(|(cell, values)| StripSeries {
                id: cell.executor.id(),
                title: cell.executor.title(),
                values,
                median: stats::median(values),
                interval: cell
                    .summary
                    .as_ref()
                    .map(|s| (s.wall_ns.median_low, s.wall_ns.median_high)),
                pinned: pin::median(app, experiment, cell.executor, value),
            })
            .listed();
        strip(drawing, &title_of(experiment, info.as_deref(), value), &series)
    })
}

fn strip(drawing: Drawing, title: &str, series: &[StripSeries]) -> Chart {
    let described =
        "Every sample of each executor, with its median and the interval of the median.";
    let frame = Frame {
        width: drawing.width,
        title,
        description: described,
        standalone: drawing.standalone,
    };
    let axis = Axis { title: "Wall-clock time of one execution", format: format::duration_ns };
    filature_charts::strip(&frame, &axis, series)
}

fn sweep_chart(app: App, drawing: Drawing) -> Chart {
    app.experiment.with(|experiment| {
        let info = shown_workload(app, experiment.as_ref());
        let spec = experiment.as_ref().map(|e| &e.spec);
        let param =
            spec.and_then(|s| s.sweep.as_ref()).map(|s| s.param.clone()).unwrap_or_default();
        let points: Vec<(Executor, Vec<LinePoint>)> = spec
            .map_or_else(Vec::new, |spec| spec.executors.clone())
            .into_iter()
            .map(|executor| (executor, line(experiment.as_ref(), executor, &param)))
            .listed();
        let series: Vec<LineSeries> = points
            .iter()
            .map(|(executor, points)| LineSeries {
                id: executor.id(),
                title: executor.title(),
                points,
            })
            .listed();
        let named = info.as_ref().and_then(|info| info.params.iter().find(|s| s.name == param));
        let x_title = named.map_or_else(|| param.clone(), label_of);
        let title =
            experiment.as_ref().map(|e| title_of(e, info.as_deref(), None)).unwrap_or_default();
        let described =
            "The median time of each executor over the swept parameter, with 95 % intervals.";
        let frame = Frame {
            width: drawing.width,
            title: &title,
            description: described,
            standalone: drawing.standalone,
        };
        let x = Axis { title: &x_title, format: |value| format::count(value.round() as u64) };
        let y = Axis { title: "Wall-clock time of one execution", format: format::duration_ns };
        filature_charts::lines(&frame, &x, &y, &series)
    })
}

fn line(experiment: Option<&Experiment>, executor: Executor, param: &str) -> Vec<LinePoint> {
    let cells = experiment.iter().flat_map(|e| &e.cells).filter(|cell| cell.executor == executor);
    cells
        .filter_map(|cell| {
            let x = cell.params.get(param)?.as_f64()?;
            let known = cell
                .summary
                .as_ref()
                .map(|s| (s.wall_ns.median, s.wall_ns.median_low, s.wall_ns.median_high));
            let (y, low, high) = known.or_else(|| {
                let walls: Vec<f64> = cell.samples.iter().map(|s| s.wall_ns as f64).listed();
                stats::median(&walls).map(|median| (median, median, median))
            })?;
            Some(LinePoint { x, y, low, high })
        })
        .listed()
}

fn shown_workload(app: App, experiment: Option<&Experiment>) -> Option<Rc<WorkloadInfo>> {
    app.workload_by_id(&experiment?.spec.workload)
}

fn title_of(experiment: &Experiment, info: Option<&WorkloadInfo>, value: Option<u64>) -> String {
    let name = info.map_or(experiment.spec.workload.as_str(), |info| info.title.as_str());
    let swept = experiment.spec.sweep.as_ref().zip(value);
    match swept {
        Some((sweep, value)) => {
            format!("{name}, {} {}", format::count(value), sweep.param.replace('_', " "))
        }
        None => name.to_owned(),
    }
}
