//! What holds for every registered workload, on every native executor.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::about::{Step, param_values};
use filature_core::params::ParamKind;
use filature_core::workload::Timed;
use filature_core::{Executor, ParamValues, Prepared, Workload, workloads};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

/// The clock that the tests bring: nanoseconds since the first reading.
fn clock() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

fn on_runtime(runtime: &Runtime, prepared: &dyn Prepared) -> Timed {
    let future = prepared.tasks(clock);
    runtime.block_on(async { tokio::spawn(future).await.unwrap() })
}

fn run(executor: Executor, prepared: &dyn Prepared) -> Timed {
    match executor {
        Executor::Threads => prepared.threads(clock),
        Executor::TokioMulti => {
            let mut runtime = Builder::new_multi_thread();
            on_runtime(&runtime.worker_threads(2).enable_time().build().unwrap(), prepared)
        }
        Executor::TokioCurrent => {
            on_runtime(&Builder::new_current_thread().enable_time().build().unwrap(), prepared)
        }
        Executor::BrowserLoop | Executor::BrowserWorkers => unreachable!("not a native executor"),
    }
}

/// Runs `workload` with `values` on every native executor that can take them.
fn run_everywhere(workload: &dyn Workload, values: &ParamValues) {
    let id = workload.id();
    let prepared = workload.prepare(values).unwrap();
    let native = Executor::ALL.into_iter().filter(|executor| executor.is_native());
    for executor in native {
        if workload.obstacle(executor, prepared.values()).is_some() {
            continue;
        }
        let timed = run(executor, prepared.as_ref());
        let at = format!("{id} on {executor} with {values:?}: {}", timed.outcome);
        assert!(timed.correct, "{at}");
        assert!(prepared.accepts(&timed.outcome), "{at}");
        assert!(!prepared.facts(&timed.outcome).is_empty(), "{at}");
        assert!(!prepared.accepts(&json!({})) && prepared.facts(&json!({})).is_empty(), "{id}");
        assert!(timed.wall_ns > 0, "{id} on {executor} took no time");
    }
}

#[test]
fn every_workload_names_parameters_for_computation_that_its_executors_take() {
    for workload in workloads::ALL {
        let prepared = workload.prepare(&param_values(workload.about().cpu_bound)).unwrap();
        if workload.about().cpu_bound.is_empty() {
            continue;
        }
        for executor in Executor::ALL {
            assert_eq!(workload.obstacle(executor, prepared.values()), None);
        }
    }
}

#[test]
fn every_preset_has_a_name_and_is_taken_by_some_executor() {
    for workload in workloads::ALL {
        for preset in workload.about().presets {
            let at = format!("{}: {}", workload.id(), preset.name);
            let prepared = workload.prepare(&param_values(preset.params)).unwrap();
            let mut executors = Executor::ALL.into_iter();
            assert!(executors.any(|e| workload.obstacle(e, prepared.values()).is_none()), "{at}");
        }
    }
}

#[test]
fn every_picture_has_lanes_of_one_length_in_known_signs() {
    for workload in workloads::ALL {
        let (id, picture) = (workload.id(), workload.about().picture);
        assert!((2..=5).contains(&picture.len()), "{id} has {} lanes", picture.len());
        let length = picture[0].chars().count();
        assert!((8..=16).contains(&length), "{id} has {length} steps");
        for lane in picture {
            assert_eq!(lane.chars().count(), length, "{id}: {lane:?}");
            assert!(lane.chars().all(|sign| Step::of(sign).is_some()), "{id}: {lane:?}");
        }
    }
}

/// Small values for every parameter: whole numbers at most 40 above their minimum, times at
/// most 3 above it, since they are slept, and every choice.
fn small_values(workload: &'static dyn Workload) -> impl Strategy<Value = ParamValues> {
    let fields: Vec<BoxedStrategy<(String, Value)>> = workload
        .params()
        .into_iter()
        .map(|spec| {
            let name = spec.name.clone();
            let value = match spec.kind {
                ParamKind::Integer { min, max, unit, .. } => {
                    let most = min + if unit == "ms" { 3 } else { 40 };
                    (min..=max.min(most)).prop_map(|number| json!(number)).boxed()
                }
                ParamKind::Choice { options, .. } => {
                    prop::sample::select(options).prop_map(|option| json!(option.value)).boxed()
                }
            };
            value.prop_map(move |value| (name.clone(), value)).boxed()
        })
        .collect();
    fields.prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 208, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_workload_keeps_its_contract_on_every_native_executor(
        (id, values) in (0..workloads::ALL.len()).prop_flat_map(|place| {
            let workload = workloads::ALL[place];
            small_values(workload).prop_map(|values| (workload.id(), values))
        })
    ) {
        run_everywhere(workloads::find(id).unwrap(), &values);
    }
}

#[test]
fn every_workload_runs_with_its_defaults() {
    for workload in workloads::ALL {
        run_everywhere(*workload, &ParamValues::new());
    }
}

#[test]
fn ids_are_unique_and_kebab_case() {
    let mut seen = HashSet::new();
    for workload in workloads::ALL {
        let id = workload.id();
        assert!(seen.insert(id), "{id} is there twice");
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{id}");
        assert!(workloads::find(id).is_some());
    }
}

#[test]
fn every_param_has_a_doc_and_a_default_within_its_limits() {
    for workload in workloads::ALL {
        for spec in workload.params() {
            let at = format!("{}/{}", workload.id(), spec.name);
            assert!(spec.doc.ends_with('.'), "{at}: {:?} is not a sentence", spec.doc);
            assert_eq!(spec.check(&spec.default_value()), Ok(()), "{at}");
            if let ParamKind::Integer { unit, .. } = &spec.kind {
                assert!(!unit.is_empty(), "{at} has no unit");
            }
            if let Some(when) = &spec.when {
                let other = workload.params().into_iter().find(|s| s.name == when.param);
                let other = other.unwrap_or_else(|| panic!("{at} depends on {}", when.param));
                assert_eq!(other.check(&json!(when.value)), Ok(()), "{at}");
            }
        }
    }
}

#[test]
fn a_schema_accepts_what_prepare_accepts() {
    for workload in workloads::ALL {
        let specs = workload.params();
        let schema = filature_core::params::schema(&specs);
        assert_eq!(schema["properties"].as_object().unwrap().len(), specs.len());
        let prepared = workload.prepare(&ParamValues::new()).unwrap();
        for spec in &specs {
            let property = &schema["properties"][&spec.name];
            assert_eq!(property["default"], prepared.values()[&spec.name]);
            assert_eq!(property["description"], json!(spec.doc));
        }
    }
}

#[test]
fn an_async_mutex_is_refused_to_threads_with_the_reason() {
    let counter = workloads::find("counter").unwrap();
    let values = json!({"lock": "async-mutex"}).as_object().unwrap().clone();
    let prepared = counter.prepare(&values).unwrap();
    let obstacle = Executor::Threads.obstacle(&counter.params(), prepared.values()).unwrap();
    assert!(obstacle.contains("tasks only"), "{obstacle}");
    let in_browser = Executor::BrowserWorkers.obstacle(&counter.params(), prepared.values());
    assert_eq!(in_browser, Some(obstacle));
    assert_eq!(Executor::TokioMulti.obstacle(&counter.params(), prepared.values()), None);
}

#[test]
fn a_wrong_outcome_is_noticed() {
    // The pipeline's checksum depends on every item and on their order.
    let expected = |items: u64| {
        let values = json!({"items": items}).as_object().unwrap().clone();
        workloads::find("pipeline").unwrap().prepare(&values).unwrap().expected()
    };
    assert_ne!(expected(10), expected(11));
}
