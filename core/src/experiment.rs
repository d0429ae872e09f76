//! From a request to a checked [`Spec`], and from a spec to its cells.

use crate::api::{Cell, CellState, ExperimentRequest, Spec, Sweep, limits};
use crate::executor::Executor;
use crate::params::{FieldError, ParamKind, ParamSpec, ParamValues};
use crate::workload::Workload;
use crate::workloads;
use serde_json::json;
use std::ops::RangeInclusive;

/// Checks a request and fills in every default; `cores` is how many there are to be used,
/// which is also the default for the workers of `tokio-multi`.
///
/// # Errors
/// One [`FieldError`] per field that is wrong; each names the field, the value and
/// what is allowed.
pub fn check(request: &ExperimentRequest, cores: u32) -> Result<Spec, Vec<FieldError>> {
    let Some(workload) = workloads::find(&request.workload) else {
        let known: Vec<&str> = workloads::ALL.iter().map(|w| w.id()).collect();
        return Err(vec![FieldError::new(
            "/workload",
            format!(
                "there is no workload \"{}\"; known are {}",
                cut(&request.workload),
                known.join(", ")
            ),
        )]);
    };
    let mut errors = Vec::new();
    let specs = workload.params();
    let params = crate::params::check(&specs, &request.params).unwrap_or_else(|wrong| {
        errors.extend(wrong);
        ParamValues::new()
    });
    let executors = executors(request, &mut errors);
    if let Some(sweep) = &request.sweep {
        check_sweep(sweep, workload, &specs, &mut errors);
    }
    let samples = in_range(
        ("samples", request.samples),
        limits::SAMPLES_DEFAULT,
        1..=limits::SAMPLES_MAX,
        &mut errors,
    );
    let warmups = in_range(
        ("warmups", request.warmups),
        limits::WARMUPS_DEFAULT,
        0..=limits::WARMUPS_MAX,
        &mut errors,
    );
    let all_cores = cores.clamp(1, limits::CORES_MAX);
    let cores = request
        .cores
        .map(|_| in_range(("cores", request.cores), all_cores, 1..=all_cores, &mut errors));
    let time_limit_s = in_range(
        ("time_limit_s", request.time_limit_s),
        limits::TIME_LIMIT_S_MAX,
        1..=limits::TIME_LIMIT_S_MAX,
        &mut errors,
    );
    let tokio_workers = in_range(
        ("tokio_workers", request.tokio_workers),
        cores.unwrap_or(all_cores).clamp(1, limits::TOKIO_WORKERS_MAX),
        1..=limits::TOKIO_WORKERS_MAX,
        &mut errors,
    );
    let label = request.label.clone();
    if let Some(length) =
        label.as_ref().map(|l| l.chars().count()).filter(|n| *n > limits::LABEL_MAX)
    {
        let most = limits::LABEL_MAX;
        errors.push(FieldError::new(
            "/label",
            format!("`label` has {length} characters; at most {most} are allowed"),
        ));
    }
    if let Some(found) = label.iter().flat_map(|label| label.chars()).find(|c| is_control(*c)) {
        let found = found.escape_default();
        let detail = format!("`label` has the control character {found}, which no label needs");
        errors.push(FieldError::new("/label", detail));
    }
    let cells = executors.len() * request.sweep.as_ref().map_or(1, |sweep| sweep.values.len());
    if cells > limits::CELLS_MAX {
        errors.push(FieldError::new(
            "/sweep/values",
            format!(
                "executors times values of the sweep make {cells} cells; at most {} are allowed",
                limits::CELLS_MAX
            ),
        ));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let sweep = request.sweep.clone();
    let workload = request.workload.clone();
    let observe = request.observe;
    Ok(Spec {
        workload,
        params,
        executors,
        sweep,
        samples,
        warmups,
        tokio_workers,
        cores,
        time_limit_s,
        observe,
        label,
    })
}

fn executors(request: &ExperimentRequest, errors: &mut Vec<FieldError>) -> Vec<Executor> {
    let Some(names) = &request.executors else {
        return Executor::ALL.into_iter().filter(|executor| executor.is_native()).collect();
    };
    if names.is_empty() {
        errors.push(FieldError::new(
            "/executors",
            "`executors` is empty; name at least one, or leave it out for all native ones",
        ));
    }
    let mut executors = Vec::new();
    for (place, name) in names.iter().enumerate().take(limits::CELLS_MAX) {
        let pointer = format!("/executors/{place}");
        match name.parse() {
            Ok(executor) if executors.contains(&executor) => {
                errors.push(FieldError::new(pointer, format!("\"{executor}\" is named twice")));
            }
            Ok(executor) => executors.push(executor),
            Err(detail) => errors.push(FieldError::new(pointer, detail)),
        }
    }
    executors
}

fn check_sweep(
    sweep: &Sweep,
    workload: &dyn Workload,
    specs: &[ParamSpec],
    errors: &mut Vec<FieldError>,
) {
    let name = cut(&sweep.param);
    let numeric = |spec: &&ParamSpec| matches!(spec.kind, ParamKind::Integer { .. });
    let Some(spec) = specs.iter().find(|spec| spec.name == sweep.param) else {
        let known: Vec<&str> = specs.iter().filter(numeric).map(|s| s.name.as_str()).collect();
        let id = workload.id();
        errors.push(FieldError::new(
            "/sweep/param",
            format!("{id} has no param \"{name}\"; these can be swept: {}", known.join(", ")),
        ));
        return;
    };
    if !numeric(&spec) {
        errors.push(FieldError::new(
            "/sweep/param",
            format!("`{name}` is not a number; only whole numbers can be swept"),
        ));
        return;
    }
    let (count, most) = (sweep.values.len(), limits::SWEEP_MAX);
    if !(1..=most).contains(&count) {
        errors.push(FieldError::new(
            "/sweep/values",
            format!("the sweep has {count} values; it must have from 1 to {most}"),
        ));
    }
    for (place, value) in sweep.values.iter().enumerate().take(most) {
        let pointer = format!("/sweep/values/{place}");
        if let Err(detail) = spec.check(&json!(value)) {
            errors.push(FieldError::new(pointer, detail));
        } else if sweep.values[..place].contains(value) {
            errors.push(FieldError::new(pointer, format!("{value} is named twice")));
        }
    }
}

fn in_range(
    (name, given): (&str, Option<u32>),
    default: u32,
    range: RangeInclusive<u32>,
    errors: &mut Vec<FieldError>,
) -> u32 {
    let value = given.unwrap_or(default);
    if !range.contains(&value) {
        let (min, max) = range.into_inner();
        errors.push(FieldError::new(
            format!("/{name}"),
            format!("`{name}` is {value}; it must be from {min} to {max}"),
        ));
    }
    value
}

/// Whether a character says how others are shown: a terminal obeys some of them, and those
/// for the direction of text make it look like another one.
pub fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A client's text for an error message: short, whatever was sent.
fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The cells of a checked spec, all pending: every executor for the first value of
/// the sweep, then for the next.
pub fn cells(spec: &Spec) -> Vec<Cell> {
    let settings: Vec<ParamValues> = match &spec.sweep {
        None => vec![spec.params.clone()],
        Some(sweep) => sweep
            .values
            .iter()
            .map(|value| {
                let mut params = spec.params.clone();
                params.insert(sweep.param.clone(), json!(value));
                params
            })
            .collect(),
    };
    let pairs = settings
        .iter()
        .flat_map(|params| spec.executors.iter().map(move |executor| (params.clone(), *executor)));
    pairs
        .enumerate()
        .map(|(index, (params, executor))| Cell {
            index,
            executor,
            params,
            state: CellState::Pending,
            reason: None,
            refusal: None,
            samples: Vec::new(),
            summary: None,
            memory: None,
            outcome: None,
            facts: Vec::new(),
            observed: None,
            browser: None,
            spawn_costs: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: serde_json::Value) -> ExperimentRequest {
        serde_json::from_value(json).unwrap()
    }

    fn errors(json: serde_json::Value) -> Vec<(String, String)> {
        let errors = check(&request(json), 2).unwrap_err();
        errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
    }

    #[test]
    fn a_workload_alone_is_a_complete_request() {
        let spec = check(&request(json!({"workload": "fan-out"})), 2).unwrap();
        assert_eq!(spec.params["units"], 1_000);
        assert_eq!(
            spec.executors,
            [Executor::Threads, Executor::TokioMulti, Executor::TokioCurrent]
        );
        assert_eq!((spec.samples, spec.warmups, spec.tokio_workers), (10, 1, 2));
        assert_eq!((spec.cores, spec.time_limit_s), (None, 120));
    }

    #[test]
    fn fewer_cores_are_fewer_workers_unless_their_number_is_given() {
        let spec = |json| check(&request(json), 4).unwrap();
        let pinned = spec(json!({"workload": "fan-out", "cores": 1, "time_limit_s": 5}));
        assert_eq!((pinned.cores, pinned.tokio_workers, pinned.time_limit_s), (Some(1), 1, 5));
        let crowded = spec(json!({"workload": "fan-out", "cores": 2, "tokio_workers": 8}));
        assert_eq!((crowded.cores, crowded.tokio_workers), (Some(2), 8));
    }

    #[test]
    fn cores_that_are_not_there_and_endless_executions_are_errors() {
        let found = errors(json!({"workload": "fan-out", "cores": 3, "time_limit_s": 121}));
        let expected = [
            ("/cores", "`cores` is 3; it must be from 1 to 2"),
            ("/time_limit_s", "`time_limit_s` is 121; it must be from 1 to 120"),
        ];
        assert_eq!(found, expected.map(|(at, detail)| (at.to_owned(), detail.to_owned())));
        let found = errors(json!({"workload": "fan-out", "cores": 0, "time_limit_s": 0}));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_sweep_expands_to_cells_grouped_by_value() {
        let spec = check(
            &request(json!({"workload": "fan-out", "executors": ["threads", "tokio-current"],
                "sweep": {"param": "units", "values": [10, 100]}})),
            2,
        );
        let cells = cells(&spec.unwrap());
        let seen: Vec<(usize, Executor, u64)> = cells
            .iter()
            .map(|c| (c.index, c.executor, c.params["units"].as_u64().unwrap()))
            .collect();
        assert_eq!(
            seen,
            [
                (0, Executor::Threads, 10),
                (1, Executor::TokioCurrent, 10),
                (2, Executor::Threads, 100),
                (3, Executor::TokioCurrent, 100)
            ]
        );
    }

    #[test]
    fn errors_name_the_field_the_value_and_what_is_allowed() {
        let found = errors(json!({"workload": "fan-out", "params": {"units": 0, "speed": 1},
            "executors": ["threads", "fibers"], "samples": 0}));
        let expected = [
            ("/params/units", "`units` is 0; it must be from 1 to 1000000 units"),
            (
                "/params/speed",
                "there is no param \"speed\"; known are units, work, duration_ms, spins, from",
            ),
            (
                "/executors/1",
                "there is no executor \"fibers\"; known are threads, tokio-multi, tokio-current, browser-loop, browser-workers",
            ),
            ("/samples", "`samples` is 0; it must be from 1 to 1000"),
        ];
        for (pointer, detail) in expected {
            assert!(found.contains(&(pointer.to_owned(), detail.to_owned())), "{found:?}");
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn only_known_whole_numbers_are_swept_and_not_too_many() {
        let sweep = |param: &str, values: Vec<u64>| {
            errors(json!({"workload": "fan-out", "sweep": {"param": param, "values": values}}))
                .remove(0)
                .0
        };
        assert_eq!(sweep("work", vec![1]), "/sweep/param");
        assert_eq!(sweep("speed", vec![1]), "/sweep/param");
        assert_eq!(sweep("units", vec![]), "/sweep/values");
        assert_eq!(sweep("units", (1..=33).collect()), "/sweep/values");
        assert_eq!(sweep("units", vec![1, 2, 1]), "/sweep/values/2");
        assert_eq!(sweep("units", vec![1, 9_999_999]), "/sweep/values/1");
    }
}
