//! `filature run`: measures an experiment in this process's children and prints it.

use super::measure::{INTERRUPTED, block_on, interrupts, measure};
use super::{Failure, Run, print, print_json, table};
use crate::{csv, machine};
use filature_core::api::{CellState, Experiment, ExperimentRequest, State, Sweep};
use filature_core::params::FieldError;
use filature_core::{ParamValues, experiment, workloads};
use serde_json::Value;
use std::process::ExitCode;

pub(super) fn run(options: &Run) -> Result<ExitCode, Failure> {
    let request = request(options).map_err(|line| Failure::BadInput(vec![line]))?;
    let spec = experiment::check(&request, machine::cores()).map_err(|errors| {
        Failure::BadInput(errors.into_iter().map(|FieldError { detail, .. }| detail).collect())
    })?;
    if let Some(executor) = spec.executors.iter().find(|executor| !executor.is_native()) {
        let line = format!("{executor} needs a page: start `filature serve` and open it");
        return Err(Failure::BadInput(vec![line]));
    }
    let experiment = block_on(async {
        let cancel = interrupts()?;
        measure("cli".to_owned(), &spec, "", &cancel).await
    })?;
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
