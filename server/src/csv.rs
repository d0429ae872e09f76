//! An experiment as CSV (RFC 4180, but with plain line feeds): one row per sample.

use filature_core::api::{Cell, Experiment, Sample};
use serde_json::Value;
use std::collections::BTreeSet;

/// The columns before those of the parameters.
const BEFORE: [&str; 4] = ["experiment", "cell", "workload", "executor"];

/// The columns after those of the parameters; the readings come last, one column for each.
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
    let samples = experiment.cells.iter().flat_map(|cell| &cell.samples);
    let readings: BTreeSet<&str> =
        samples.flat_map(|sample| sample.readings.keys()).map(String::as_str).collect();
    let mut text = String::new();
    let head = BEFORE.into_iter().chain(params.iter().copied()).chain(AFTER);
    let head = head.chain(readings.iter().copied());
    push_row(&mut text, head.map(str::to_owned));
    for cell in &experiment.cells {
        let about = about(experiment, cell, &params);
        let mut push = |sample: Option<(usize, &Sample)>| {
            let read = |name: &&str| sample.and_then(|(_, sample)| sample.readings.get(*name));
            let read =
                readings.iter().map(|name| read(name).map_or_else(String::new, f64::to_string));
            push_row(&mut text, about.iter().cloned().chain(figures(cell, sample)).chain(read));
        };
        if cell.samples.is_empty() {
            push(None);
        }
        for sample in cell.samples.iter().enumerate() {
            push(Some(sample));
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
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
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
            wait_s: None,
            expected_s: None,
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
    fn every_reading_has_a_column_after_all_others() {
        let mut experiment = experiment();
        let samples = &mut experiment.cells[0].samples;
        samples[0].readings = [("b_ns".to_owned(), 2.5)].into();
        samples[1].readings = [("a_ns".to_owned(), 1e9)].into();
        let text = export(&experiment);
        let ends: Vec<&str> = text
            .lines()
            .map(|line| line.split_once(",batch,").map_or(line, |(_, end)| end))
            .collect();
        assert_eq!(ends[0], "state,a_ns,b_ns");
        assert!(ends[1].ends_with(",done,,2.5"), "{}", ends[1]);
        assert!(ends[2].ends_with(",done,1000000000,"), "{}", ends[2]);
        assert!(ends[3].ends_with(",refused,,"), "{}", ends[3]);
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
