//! An experiment as one self-contained HTML file: verdict, charts, figures, source and
//! machine, to be kept, printed or handed in. It loads nothing and runs no script.

use crate::facts::{self, Told};
use filature_charts::{Axis, Frame, LinePoint, LineSeries, StripSeries, lines, strip};
use filature_core::about::About;
use filature_core::api::{BrowserCard, Cell, Experiment, MachineCard, Sweep};
use filature_core::verdict::swept_value;
use filature_core::{Executor, Workload, format, source, workloads};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The width of a chart; paper that is narrower shrinks it.
const WIDTH: f64 = 880.0;
/// Stands where there is no figure.
const NONE: &str = "–";
mod code;
pub mod comparison;
mod pictures;

const STYLE: &str = include_str!("report/style.css");

/// The report of an experiment that has ended, or of what there is of it so far.
pub fn html(experiment: &Experiment) -> String {
    let workload = workloads::find(&experiment.spec.workload);
    let about = workload.map(|workload| workload.about());
    let title = about.map_or(experiment.spec.workload.as_str(), |about| about.title);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "Filature " (experiment.machine.filature) };
                title { (title) " · Filature" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head_of(experiment, title, about))
                (verdicts(experiment))
                (charts(experiment, title))
                (figures(experiment, about))
                (facts(experiment))
                @if let Some(workload) = workload { (sources(workload)) }
                (machines(experiment))
            }
        }
    };
    page.into_string()
}

fn head_of(experiment: &Experiment, title: &str, about: Option<&About>) -> Markup {
    let spec = &experiment.spec;
    html! {
        header {
            h1 { (title) }
            @if let Some(label) = &spec.label { p.label { (label) } }
            @if let Some(about) = about { p { (about.summary) } }
            p.params {
                @for (name, value) in &spec.params {
                    code { (name) "=" (plain(value)) } " "
                }
            }
            @if let Some(Sweep { param, values }) = &spec.sweep {
                p { "Swept: " code { (param) } " over " (listed(values)) "." }
            }
            p.muted {
                "Experiment " code { (experiment.id) } ", " (experiment.state.id()) ", asked for at "
                (experiment.created_at) ": " (spec.samples) " samples of each cell after "
                (spec.warmups) " warm-up" @if spec.warmups != 1 { "s" } "."
                @if let Some(cores) = spec.cores { " Native cells pinned to cores: " (cores) "." }
            }
        }
    }
}

fn listed(values: &[u64]) -> String {
    values.iter().map(|value| format::count(*value)).collect::<Vec<_>>().join(", ")
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn verdicts(experiment: &Experiment) -> Markup {
    let disturbance = experiment.disturbance.filter(|disturbance| disturbance.disturbed);
    html! {
        section {
            h2 { "Verdict" }
            @for verdict in &experiment.verdicts {
                p.verdict {
                    @if let (Some(sweep), Some(value)) = (&experiment.spec.sweep, verdict.sweep_value) {
                        strong { (sweep.param) " " (format::count(value)) ": " }
                    }
                    (verdict.sentence)
                }
            }
            @if experiment.verdicts.is_empty() { p { "There is nothing to compare." } }
            @if let Some(disturbance) = disturbance {
                p.warning {
                    "The machine was disturbed: other programs took "
                    (format!("{:.0}", disturbance.outside_share * 100.0)) " % of its processors."
                }
            }
        }
    }
}

fn charts(experiment: &Experiment, title: &str) -> Markup {
    let sweep = experiment.spec.sweep.as_ref();
    let values = sweep.map_or_else(
        || vec![None],
        |sweep| sweep.values.iter().map(|value| Some(*value)).collect(),
    );
    html! {
        section {
            h2 { "Charts" }
            @if let Some(sweep) = sweep { figure { (sweep_chart(experiment, title, sweep)) } }
            @for value in values { figure { (samples_chart(experiment, title, value)) } }
        }
    }
}

fn frame<'a>(title: &'a str, description: &'a str) -> Frame<'a> {
    Frame { width: WIDTH, title, description, standalone: true }
}

fn samples_chart(experiment: &Experiment, title: &str, value: Option<u64>) -> Markup {
    let at = |cell: &&Cell| swept_value(&experiment.spec, cell) == value;
    let cells: Vec<&Cell> = experiment.cells.iter().filter(at).collect();
    let walls: Vec<Vec<f64>> = cells
        .iter()
        .map(|cell| cell.samples.iter().map(|sample| sample.wall_ns as f64).collect())
        .collect();
    let series: Vec<StripSeries> = cells
        .iter()
        .zip(&walls)
        .map(|(cell, values)| StripSeries {
            id: cell.executor.id(),
            title: cell.executor.title(),
            values,
            median: cell.summary.as_ref().map(|summary| summary.wall_ns.median),
            interval: cell.summary.as_ref().map(|s| (s.wall_ns.median_low, s.wall_ns.median_high)),
            pinned: None,
        })
        .collect();
    let sweep = experiment.spec.sweep.as_ref().zip(value);
    let title = sweep.map_or_else(
        || title.to_owned(),
        |(sweep, value)| format!("{title}, {} {}", sweep.param, format::count(value)),
    );
    let frame = frame(&title, "Every sample of each executor, with its median and interval.");
    PreEscaped(strip(&frame, &WALL, &series).svg)
}

/// The vertical axis of a sweep and the horizontal one of samples.
const WALL: Axis<'static> =
    Axis { title: "Wall-clock time of one execution", format: format::duration_ns };

fn sweep_chart(experiment: &Experiment, title: &str, sweep: &Sweep) -> Markup {
    let points: Vec<(Executor, Vec<LinePoint>)> = experiment
        .spec
        .executors
        .iter()
        .map(|executor| (*executor, medians(experiment, *executor)))
        .collect();
    let series: Vec<LineSeries> = points
        .iter()
        .map(|(executor, points)| LineSeries { id: executor.id(), title: executor.title(), points })
        .collect();
    let x = Axis { title: &sweep.param, format: |value| format::count(value.round() as u64) };
    let frame = frame(title, "The median time of each executor, with 95 % intervals.");
    PreEscaped(lines(&frame, &x, &WALL, &series).svg)
}

fn medians(experiment: &Experiment, executor: Executor) -> Vec<LinePoint> {
    let cells = experiment.cells.iter().filter(|cell| cell.executor == executor);
    let points = cells.filter_map(|cell| {
        let wall = cell.summary.as_ref()?.wall_ns;
        let x = swept_value(&experiment.spec, cell)? as f64;
        Some(LinePoint { x, y: wall.median, low: wall.median_low, high: wall.median_high })
    });
    points.collect()
}

fn figures(experiment: &Experiment, about: Option<&About>) -> Markup {
    let operation = about.map_or("operation", |about| about.operation.trim_end_matches('s'));
    let swept = experiment.spec.sweep.as_ref();
    html! {
        section {
            h2 { "Figures" }
            div.wide { table {
                thead { tr {
                    th { "executor" }
                    @if let Some(sweep) = swept { th.number { (sweep.param) } }
                    @for name in ["n", "median", "95 % interval", "MAD"] {
                        th.number { (name) }
                    }
                    th.number { "per " (operation) }
                    @for name in ["throughput", "CPU", "memory/unit"] { th.number { (name) } }
                    th { "state" }
                } }
                tbody { @for cell in &experiment.cells { (figures_row(experiment, cell)) } }
            } }
            @for cell in experiment.cells.iter().filter(|cell| cell.reason.is_some()) {
                p.muted {
                    strong { (cell.executor.title()) ", " (cell.state.id()) ": " }
                    (cell.reason.as_deref().unwrap_or_default())
                }
            }
            @for cell in &experiment.cells {
                @if let Some(observed) = facts::observed(cell) {
                    p.muted { strong { (cell.executor.title()) ", observed: " } (observed) "." }
                }
            }
            p.muted {
                "Median and interval of wall-clock times; the interval is a 95 % bootstrap one. MAD \
                 is the median distance from the median. CPU is user and kernel time of the whole \
                 process. Every outcome was checked against the workload's contract."
            }
        }
    }
}

fn figures_row(experiment: &Experiment, cell: &Cell) -> Markup {
    let none = || NONE.to_owned();
    let duration = format::duration_ns;
    let figures = cell.summary.as_ref().map_or_else(
        || [(); 6].map(|()| none()).to_vec(),
        |summary| {
            let wall = summary.wall_ns;
            vec![
                duration(wall.median),
                format!("{} – {}", duration(wall.median_low), duration(wall.median_high)),
                duration(wall.mad),
                duration(summary.wall_per_operation_ns),
                format::per_second(summary.throughput_per_s),
                summary.cpu_ns.map_or_else(none, |cpu| duration(cpu.median)),
            ]
        },
    );
    let memory = cell.memory.and_then(|memory| memory.bytes_per_unit);
    html! {
        tr {
            th scope="row" { (cell.executor.title()) }
            @if let Some(value) = swept_value(&experiment.spec, cell) {
                td.number { (format::count(value)) }
            }
            td.number { (cell.samples.len()) }
            @for figure in figures { td.number { (figure) } }
            td.number { (memory.map_or_else(none, format::bytes)) }
            td { (cell.state.id()) }
        }
    }
}

fn facts(experiment: &Experiment) -> Markup {
    let told = facts::told(experiment);
    let sweep = experiment.spec.sweep.as_ref();
    html! {
        @if !told.is_empty() {
            section {
                h2 { "What the last execution returned" }
                div.wide { table {
                    thead { tr {
                        @if let Some(sweep) = sweep { th.number { (sweep.param) } }
                        th { "fact" } th { "value" }
                    } }
                    tbody {
                        @for Told { label, swept, value } in told {
                            tr {
                                @if let Some(swept) = swept { td.number { (format::count(swept)) } }
                                th scope="row" { (label) }
                                td { (value) }
                            }
                        }
                    }
                } }
                (pictures::pictures(experiment))
            }
        }
    }
}

fn sources(workload: &dyn Workload) -> Markup {
    let text = workload.source();
    html! {
        section {
            h2 { "The source that ran" }
            @for body in source::bodies(text) {
                pre { code { (code::coloured(text, body.first_line, body.last_line)) } }
            }
        }
    }
}

fn machines(experiment: &Experiment) -> Markup {
    let browser = experiment.cells.iter().find_map(|cell| cell.browser.as_ref());
    html! {
        section {
            h2 { "Measured on" }
            (machine_card(&experiment.machine))
            @if let Some(card) = browser { (browser_card(card)) }
        }
    }
}

fn machine_card(card: &MachineCard) -> Markup {
    definitions(&[
        ("Processor", format!("{}, {} cores", card.cpu, card.cores)),
        ("Memory", format::bytes(card.memory_bytes as f64)),
        ("Kernel", card.kernel.clone()),
        ("Built with", format!("{}, Tokio {}, {} build", card.rustc, card.tokio, card.build)),
        ("Filature", card.filature.clone()),
    ])
}

fn browser_card(card: &BrowserCard) -> Markup {
    let isolated = if card.cross_origin_isolated { "isolated" } else { "not isolated" };
    definitions(&[
        ("Browser", format!("{}, {} cores, {isolated}", card.browser, card.cores)),
        ("Its clock", format!("steps of {}", format::duration_ns(card.clock_resolution_ns as f64))),
    ])
}

fn definitions(all: &[(&str, String)]) -> Markup {
    html! { dl { @for (name, value) in all { dt { (name) } dd { (value) } } } }
}
