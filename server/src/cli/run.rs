//! `filature run`: measures an experiment in this process's children and prints it.

use super::progress::Collector;
use super::{Failure, Run, print, print_json, table};
use crate::lab::{assemble, run::native_cells};
use crate::{csv, machine};
use filature_core::api::{Cell, CellState, Experiment, ExperimentRequest, Spec, State, Sweep};
use filature_core::params::FieldError;
use filature_core::{ParamValues, experiment, workloads};
use jiff::Timestamp;
use serde_json::Value;
use std::process::ExitCode;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a program that was interrupted by Ctrl-C.
const INTERRUPTED: u8 = 130;

pub(super) fn run(options: &Run) -> Result<ExitCode, Failure> {
    let request = request(options).map_err(|line| Failure::BadInput(vec![line]))?;
    let spec = experiment::check(&request, machine::cores()).map_err(|errors| {
        Failure::BadInput(errors.into_iter().map(|FieldError { detail, .. }| detail).collect())
    })?;
    if let Some(executor) = spec.executors.iter().find(|executor| !executor.is_native()) {
        let line = format!("{executor} needs a page: start `filature serve` and open it");
        return Err(Failure::BadInput(vec![line]));
    }
    // One thread is enough to watch the children, and takes the least from them.
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no Tokio runtime: {error}")))?;
    let experiment = runtime.block_on(measure(&spec))?;
    if options.json {
        print_json(&experiment)?;
    } else if options.csv {
        print(&csv::export(&experiment))?;
    } else {
        let workload = workloads::find(&spec.workload).expect("a checked spec names a workload");
        print(&table::text(&experiment, workload.about()))?;
    }
    Ok(exit_code(&experiment))
}

fn exit_code(experiment: &Experiment) -> ExitCode {
    if experiment.state == State::Cancelled {
        ExitCode::from(INTERRUPTED)
    } else if experiment.cells.iter().any(|cell| cell.state == CellState::Failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn request(options: &Run) -> Result<ExperimentRequest, String> {
    let mut params = ParamValues::new();
    for setting in &options.params {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| format!("--set is {setting:?}; it must be of the form PARAM=VALUE"))?;
        if params.insert(name.to_owned(), value_of(value)).is_some() {
            return Err(format!("--set names {name:?} twice"));
        }
    }
    let executors = (!options.executors.is_empty()).then(|| options.executors.clone());
    Ok(ExperimentRequest {
        workload: options.workload.clone(),
        params,
        executors,
        sweep: options.sweep.as_deref().map(sweep).transpose()?,
        samples: options.samples,
        warmups: options.warmups,
        tokio_workers: options.tokio_workers,
        cores: options.cores,
        time_limit_s: options.time_limit_s,
        observe: options.observe,
        label: options.label.clone(),
    })
}

/// What is written like a number is one; all else is a text.
fn value_of(text: &str) -> Value {
    let number = serde_json::from_str(text).ok().filter(Value::is_number);
    number.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn sweep(text: &str) -> Result<Sweep, String> {
    let (param, values) = text
        .split_once('=')
        .ok_or_else(|| format!("--sweep is {text:?}; it must be of the form PARAM=1,2,3"))?;
    let number = |value: &str| {
        let reason =
            format!("--sweep gives {param:?} the value {value:?}; it must be a whole number");
        value.trim().parse().map_err(|_| reason)
    };
    let values = values.split(',').map(number).collect::<Result<_, String>>()?;
    Ok(Sweep { param: param.to_owned(), values })
}

async fn measure(spec: &Spec) -> Result<Experiment, Failure> {
    let created_at = now();
    let cells = experiment::cells(spec);
    let cancel = CancellationToken::new();
    let interrupted = cancel.clone();
    // Listened to before the first child starts: an early Ctrl-C would just end the program.
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| Failure::Failed(format!("cannot listen to Ctrl-C: {error}")))?;
    tokio::spawn(async move {
        interrupts.recv().await;
        interrupted.cancel();
    });
    let mut collector = Collector::new(spec, cells.clone());
    let measured = native_cells(spec, &cells, &mut collector, &cancel).await;
    collector.clear();
    let disturbance = measured.map_err(Failure::Failed)?;
    let mut cells = collector.cells;
    assemble::summarize(spec, &mut cells);
    assemble::tell_facts(spec, &mut cells);
    Ok(Experiment {
        id: "cli".to_owned(),
        state: state(&cells),
        position: None,
        reason: None,
        spec: spec.clone(),
        machine: machine::card().clone(),
        started_at: Some(created_at.clone()),
        created_at,
        finished_at: Some(now()),
        disturbance: Some(disturbance),
        verdicts: assemble::verdicts(spec, &cells),
        cells,
    })
}

/// The state of an experiment whose cells have all ended.
fn state(cells: &[Cell]) -> State {
    let any = |state: CellState| cells.iter().any(|cell| cell.state == state);
    if any(CellState::Cancelled) {
        State::Cancelled
    } else if any(CellState::Failed) && !any(CellState::Done) {
        State::Failed
    } else {
        State::Done
    }
}

/// The time, as RFC 3339 in UTC.
fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
