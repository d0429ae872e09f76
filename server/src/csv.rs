//! An experiment as CSV (RFC 4180, but with plain line feeds): one row per sample.

use filature_core::api::{Cell, Experiment, Sample};
use serde_json::Value;

/// The columns before those of the parameters.
const BEFORE: [&str; 4] = ["experiment", "cell", "workload", "executor"];

/// The columns after those of the parameters.
const AFTER: [&str; 8] = [
    "sample",
    "wall_ns",
    "cpu_user_ns",
    "cpu_system_ns",
    "switches_voluntary",
    "switches_involuntary",
    "batch",
    "state",
];

/// The whole experiment. A cell without samples, such as a refused one, has one row
/// whose figures are empty, so that it is not lost.
pub fn export(experiment: &Experiment) -> String {
    let params: Vec<&str> = experiment.spec.params.keys().map(String::as_str).collect();
    let mut text = String::new();
    let head = BEFORE.into_iter().chain(params.iter().copied()).chain(AFTER);
    push_row(&mut text, head.map(str::to_owned));
    for cell in &experiment.cells {
        let about = about(experiment, cell, &params);
        if cell.samples.is_empty() {
            push_row(&mut text, about.iter().cloned().chain(figures(cell, None)));
        }
        for sample in cell.samples.iter().enumerate() {
            push_row(&mut text, about.iter().cloned().chain(figures(cell, Some(sample))));
        }
    }
    text
}

fn about(experiment: &Experiment, cell: &Cell, params: &[&str]) -> Vec<String> {
    let fixed = [
        field(&experiment.id),
        cell.index.to_string(),
        field(&experiment.spec.workload),
        cell.executor.id().to_owned(),
    ];
    let values = params.iter().map(|name| match cell.params.get(*name) {
        Some(Value::String(text)) => field(text),
        Some(value) => field(&value.to_string()),
        None => String::new(),
    });
    fixed.into_iter().chain(values).collect()
}

fn figures(cell: &Cell, sample: Option<(usize, &Sample)>) -> [String; AFTER.len()] {
    let figure = |read: fn(&Sample) -> Option<u64>| {
        sample.and_then(|(_, sample)| read(sample)).map_or_else(String::new, |n| n.to_string())
    };
    [
        sample.map_or_else(String::new, |(place, _)| place.to_string()),
        figure(|sample| Some(sample.wall_ns)),
        figure(|sample| sample.cpu_user_ns),
        figure(|sample| sample.cpu_system_ns),
        figure(|sample| sample.switches_voluntary),
        figure(|sample| sample.switches_involuntary),
        figure(|sample| Some(u64::from(sample.batch))),
        cell.state.id().to_owned(),
    ]
}

fn push_row(text: &mut String, fields: impl Iterator<Item = String>) {
    let fields: Vec<String> = fields.collect();
    text.push_str(&fields.join(","));
    text.push('\n');
}

/// A text as one field. A spreadsheet runs what begins like a formula, even between
/// quotes: an apostrophe before it makes it a text.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if formula { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine;
    use filature_core::api::{CellState, ExperimentRequest, State};
    use filature_core::{experiment, workloads};
    use serde_json::json;

    fn experiment() -> Experiment {
        let request: ExperimentRequest = serde_json::from_value(json!({"workload": "counter",
            "executors": ["threads", "tokio-current"], "sweep": {"param": "workers", "values": [2]}}))
        .unwrap();
        let spec = experiment::check(&request, 2).unwrap();
        let mut cells = experiment::cells(&spec);
        cells[0].state = CellState::Done;
        cells[0].samples = vec![
            serde_json::from_value(json!({"wall_ns": 5, "cpu_user_ns": 7})).unwrap(),
            serde_json::from_value(json!({"wall_ns": 6, "batch": 3})).unwrap(),
        ];
        cells[1].state = CellState::Refused;
        Experiment {
            id: "=1+1".to_owned(),
            state: State::Done,
            position: None,
            reason: None,
            spec,
            machine: machine::card().clone(),
            created_at: String::new(),
            started_at: None,
            finished_at: None,
            disturbance: None,
            cells,
            verdicts: Vec::new(),
        }
    }

    #[test]
    fn there_is_a_row_per_sample_and_one_for_a_cell_without() {
        let expected = "\
experiment,cell,workload,executor,hold_spins,increments,lock,workers,sample,wall_ns,\
cpu_user_ns,cpu_system_ns,switches_voluntary,switches_involuntary,batch,state
'=1+1,0,counter,threads,0,100000,mutex,2,0,5,7,,,,1,done
'=1+1,0,counter,threads,0,100000,mutex,2,1,6,,,,,3,done
'=1+1,1,counter,tokio-current,0,100000,mutex,2,,,,,,,,refused
";
        assert_eq!(export(&experiment()), expected);
    }

    #[test]
    fn a_text_stays_one_field_and_is_never_a_formula() {
        assert_eq!(field("plain"), "plain");
        assert_eq!(field("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(field("-1,5"), "\"'-1,5\"");
    }

    #[test]
    fn no_param_is_named_like_a_column() {
        for spec in workloads::ALL.iter().flat_map(|workload| workload.params()) {
            let name = spec.name.as_str();
            assert!(!BEFORE.contains(&name) && !AFTER.contains(&name), "{name}");
        }
    }
}
