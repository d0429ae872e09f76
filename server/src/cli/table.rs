//! An experiment as a table for a terminal, with what can be said of it in words.

use crate::facts::{self, Told};
use comfy_table::{CellAlignment, LineStyle, Table, presets};
use filature_core::About;
use filature_core::api::{Cell, CellState, Experiment};
use filature_core::format;
use filature_core::verdict::swept_value;

/// Stands where there is no figure.
const NONE: &str = "–";

/// The table, the verdicts, and the reasons of the cells that have one.
pub(super) fn text(experiment: &Experiment, about: &About) -> String {
    let mut text = table(experiment, about);
    text.push('\n');
    let paragraphs = [
        verdicts(experiment),
        facts(experiment),
        observed(experiment),
        reasons(experiment),
        pinning(experiment),
        disturbance(experiment),
    ];
    for paragraph in paragraphs {
        if !paragraph.is_empty() {
            text.push('\n');
            text.push_str(&paragraph);
        }
    }
    text
}

fn table(experiment: &Experiment, about: &About) -> String {
    let swept = experiment.spec.sweep.as_ref().map(|sweep| sweep.param.clone());
    let operation = about.operation.trim_end_matches('s');
    let mut head = vec!["executor".to_owned()];
    head.extend(swept);
    head.extend(["n", "median", "95 % interval", "MAD"].map(str::to_owned));
    head.push(format!("per {operation}"));
    head.extend(["throughput", "CPU", "memory/unit", "state"].map(str::to_owned));

    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    let last = head.len() - 1;
    table.set_header(head);
    for cell in &experiment.cells {
        table.add_row(row(experiment, cell));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        if place != 0 && place != last {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn row(experiment: &Experiment, cell: &Cell) -> Vec<String> {
    let mut row = vec![cell.executor.to_string()];
    row.extend(swept_value(&experiment.spec, cell).map(format::count));
    row.push(cell.samples.len().to_string());
    match &cell.summary {
        None => row.extend([NONE; 6].map(str::to_owned)),
        Some(summary) => {
            let wall = &summary.wall_ns;
            let duration = format::duration_ns;
            row.push(duration(wall.median));
            let interval = [wall.median_low, wall.median_high].map(duration).join(" – ");
            // One sample says nothing of how far the next would lie from it.
            let spread = if wall.n > 1 {
                [interval, duration(wall.mad)]
            } else {
                [NONE; 2].map(str::to_owned)
            };
            row.extend(spread);
            row.push(duration(summary.wall_per_operation_ns));
            row.push(format::per_second(summary.throughput_per_s));
            row.push(summary.cpu_ns.map_or_else(|| NONE.to_owned(), |cpu| duration(cpu.median)));
        }
    }
    let memory = cell.memory.and_then(|memory| memory.bytes_per_unit);
    row.push(memory.map_or_else(|| NONE.to_owned(), format::bytes));
    row.push(cell.state.id().to_owned());
    row
}

fn verdicts(experiment: &Experiment) -> String {
    let sweep = experiment.spec.sweep.as_ref();
    let line = |verdict: &filature_core::api::Verdict| match (sweep, verdict.sweep_value) {
        (Some(sweep), Some(value)) => {
            format!("{} {}: {}\n", sweep.param, format::count(value), verdict.sentence)
        }
        _ => format!("{}\n", verdict.sentence),
    };
    experiment.verdicts.iter().map(line).collect()
}

/// What the outcomes say, a line for each fact and swept value.
fn facts(experiment: &Experiment) -> String {
    let line = |told: Told| {
        let at = told.swept.map_or_else(String::new, |v| format!(" at {}", format::count(v)));
        format!("{}{at}: {}\n", told.label, told.value)
    };
    facts::told(experiment).into_iter().map(line).collect()
}

/// What the observed executions found out.
fn observed(experiment: &Experiment) -> String {
    let line = |cell: &Cell| {
        let (executor, at) = (cell.executor, at(experiment, cell));
        Some(format!("{executor}{at} observed: {}\n", facts::observed(cell)?))
    };
    experiment.cells.iter().filter_map(line).collect()
}

/// The swept value of a cell, for a line that is about one cell.
fn at(experiment: &Experiment, cell: &Cell) -> String {
    let swept = swept_value(&experiment.spec, cell);
    swept.map_or_else(String::new, |value| format!(" at {}", format::count(value)))
}

fn reasons(experiment: &Experiment) -> String {
    let of_interest = |cell: &&Cell| !matches!(cell.state, CellState::Done | CellState::Cancelled);
    let line = |cell: &Cell| {
        let (swept, state) = (at(experiment, cell), cell.state.id());
        Some(format!("{}{swept} {state}: {}\n", cell.executor, cell.reason.as_ref()?))
    };
    experiment.cells.iter().filter(of_interest).filter_map(line).collect()
}

fn pinning(experiment: &Experiment) -> String {
    let line = |cores: u32| format!("Pinned to cores: {cores} of {}.\n", experiment.machine.cores);
    experiment.spec.cores.map_or_else(String::new, line)
}

fn disturbance(experiment: &Experiment) -> String {
    match &experiment.disturbance {
        Some(found) if found.disturbed => format!(
            "Disturbed: other programs used {:.0} % of the processors meanwhile.\n",
            found.outside_share * 100.0
        ),
        _ => String::new(),
    }
}
