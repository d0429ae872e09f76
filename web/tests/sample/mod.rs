//! A catalogue and an experiment to show, made by core itself.

use filature_core::about::{Preset, param_values};
use filature_core::api::{
    AgainstFastest, Cell, CellState, Experiment, ExperimentRequest, MachineCard, PresetInfo,
    Sample, Source, State, Summary, Token, TokenKind, Verdict, WorkloadInfo,
};
use filature_core::{Executor, experiment as spec, params, source as file, workloads};
use serde_json::json;

/// All workloads, as the server describes them.
pub(crate) fn catalogue() -> Vec<WorkloadInfo> {
    workloads::ALL.iter().map(|workload| workload_info(workload.id())).collect()
}

/// One workload of the catalogue.
pub(crate) fn workload(id: &str) -> WorkloadInfo {
    workload_info(id)
}

fn workload_info(id: &str) -> WorkloadInfo {
    let workload = workloads::find(id).unwrap();
    let about = workload.about();
    let specs = workload.params();
    WorkloadInfo {
        id: about.id.into(),
        title: about.title.into(),
        group: about.group,
        summary: about.summary.into(),
        look_at: about.look_at.into(),
        contract: file::contract(workload.source()),
        operation: about.operation.into(),
        params_schema: Some(params::schema(&specs)),
        params: specs,
        presets: about.presets.iter().map(preset).collect(),
        picture: about.picture.iter().map(|lane| (*lane).to_owned()).collect(),
        cpu_bound: param_values(about.cpu_bound),
        executors: Executor::ALL.to_vec(),
        unavailable: about.unavailable(),
        source: Some(Source {
            path: "core/src/workloads/x.rs".into(),
            text: workload.source().into(),
            tokens: Vec::new(),
            bodies: file::bodies(workload.source()),
        }),
    }
}

fn preset(preset: &Preset) -> PresetInfo {
    PresetInfo { name: preset.name.into(), params: param_values(preset.params) }
}

/// Two lines of a source with tokens.
pub(crate) fn source() -> Source {
    let token = |start, end, kind| Token { start, end, kind };
    Source {
        path: "x.rs".into(),
        text: "//! µ\nfn less(a: &T) -> bool { a < 1 }\n".into(),
        tokens: vec![
            token(0, 6, TokenKind::Comment),
            token(7, 9, TokenKind::Keyword),
            token(10, 14, TokenKind::Function),
        ],
        bodies: Vec::new(),
    }
}

/// Samples of these wall-clock times.
pub(crate) fn samples(walls_ns: &[u64]) -> Vec<Sample> {
    walls_ns
        .iter()
        .map(|wall_ns| serde_json::from_value(json!({ "wall_ns": wall_ns })).unwrap())
        .collect()
}

/// A finished experiment: one cell done, one refused.
pub(crate) fn experiment() -> Experiment {
    let mut experiment = asked(&["threads", "tokio-current"]);
    let cells = &mut experiment.cells;
    done(&mut cells[0], &[2_000_000, 3_000_000, 4_000_000]);
    cells[1].state = CellState::Refused;
    cells[1].reason = Some("too many".into());
    experiment.state = State::Done;
    experiment
}

/// A running experiment with a native and a browser cell, both open.
pub(crate) fn with_browser_cell() -> Experiment {
    let mut experiment = asked(&["threads", "browser-loop"]);
    experiment.state = State::Running;
    experiment.cells[0].state = CellState::Running;
    experiment
}

/// A finished experiment in which the browser took twice as long.
pub(crate) fn native_and_browser() -> Experiment {
    let mut experiment = asked(&["threads", "browser-workers"]);
    done(&mut experiment.cells[0], &[1_000_000, 1_000_000]);
    done(&mut experiment.cells[1], &[2_000_000, 2_000_000]);
    experiment.state = State::Done;
    let comparison = AgainstFastest {
        fastest: Executor::Threads,
        other: Executor::BrowserWorkers,
        ratio: 2.0,
        ratio_low: 1.6,
        ratio_high: 2.5,
        p_value: 0.01,
        enough_samples: true,
        beyond_noise: true,
    };
    let sentence = "Threads were faster.".into();
    experiment.verdicts =
        vec![Verdict { sweep_value: None, sentence, comparisons: vec![comparison] }];
    experiment
}

fn done(cell: &mut Cell, walls_ns: &[u64]) {
    cell.samples = samples(walls_ns);
    cell.summary = Summary::of(&cell.samples, 1_000);
    cell.state = CellState::Done;
}

fn asked(executors: &[&str]) -> Experiment {
    let request: ExperimentRequest =
        serde_json::from_value(json!({ "workload": "fan-out", "executors": executors })).unwrap();
    let spec = spec::check(&request, 2).unwrap();
    Experiment {
        id: "an-experiment".into(),
        state: State::Queued,
        position: None,
        wait_s: None,
        expected_s: None,
        reason: None,
        cells: spec::cells(&spec),
        spec,
        machine: MachineCard {
            cpu: "a processor".into(),
            cores: 2,
            kernel: "Linux 6".into(),
            memory_bytes: 1 << 30,
            rustc: "1.95".into(),
            tokio: "1.54".into(),
            filature: "0.1.0".into(),
            build: "release".into(),
        },
        created_at: "2026-11-22T20:00:00Z".into(),
        started_at: None,
        finished_at: None,
        disturbance: None,
        verdicts: Vec::new(),
    }
}
