//! Every workload on the browser's event loop, in a dedicated worker, as the page runs it.
#![cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::api::Sample;
use filature_core::measure::{CLOCK_STEPS, Kind};
use filature_core::params::ParamKind;
use filature_core::time::{Duration, sleep, timeout};
use filature_core::{Executor, ParamValues, task, workloads};
use filature_engine::clock;
use filature_engine::event_loop::measure;
use filature_engine::measure::{Event, Plan};
use serde_json::{Value, json};
use std::rc::Rc;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Measures `workload` once after one warm-up; returns the events and how it ended.
async fn measured(workload: &str, params: Value) -> (Vec<Event>, Result<Value, String>) {
    let params = serde_json::from_value(params).unwrap();
    let plan = Plan { workload: workload.to_owned(), params, warmups: 1, samples: 2 };
    let mut events = Vec::new();
    let end = measure(&plan, &mut |event| events.push(event.clone())).await;
    (events, end)
}

/// The figures of the samples that count.
fn samples(events: &[Event]) -> Vec<Sample> {
    let counting = events.iter().filter_map(|event| match event {
        Event::Sample { kind: Kind::Sample, sample } => Some(sample.clone()),
        _ => None,
    });
    counting.collect()
}

#[wasm_bindgen_test]
async fn every_workload_with_every_choice_returns_the_outcome_that_its_contract_promises() {
    for workload in workloads::ALL {
        let id = workload.id();
        let mut variants = vec![ParamValues::new()];
        for spec in workload.params() {
            if let ParamKind::Choice { options, .. } = &spec.kind {
                variants.extend(options.iter().map(|option| {
                    ParamValues::from_iter([(spec.name.clone(), json!(option.value))])
                }));
            }
        }
        for params in variants {
            let prepared = workload.prepare(&params).unwrap();
            if workload.obstacle(Executor::BrowserLoop, prepared.values()).is_some() {
                continue;
            }
            let outcome = measured(id, json!(params)).await.1.unwrap();
            assert!(prepared.accepts(&outcome), "{id} with {params:?}: {outcome}");
        }
    }
}

#[wasm_bindgen_test]
async fn the_outcome_has_what_the_last_execution_saw() {
    let (_, end) = measured("collect", json!({"units": 3, "step_ms": 20})).await;
    // The slowest came first, and last.
    assert_eq!(end.unwrap()["as_completed"], json!([4, 1, 0]));
}

#[wasm_bindgen_test]
async fn an_aborted_task_ends_at_its_await_and_drops_all_it_has() {
    let held = Rc::new(());
    let holds = Rc::clone(&held);
    let handle = task::spawn(async move {
        let _holds = holds;
        sleep(Duration::from_secs(3_600)).await;
    });
    let quick = task::spawn(async { 7 });
    let spared = task::spawn(async {
        sleep(Duration::from_millis(1)).await;
        8
    });
    sleep(Duration::from_millis(1)).await;
    assert_eq!(Rc::strong_count(&held), 2);
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert_eq!(Rc::strong_count(&held), 1);
    // Too late: it has its result.
    quick.abort();
    assert_eq!(quick.await.unwrap(), 7);
    assert_eq!(spared.await.unwrap(), 8);
}

#[wasm_bindgen_test]
async fn a_timeout_drops_what_takes_longer_and_returns_what_does_not() {
    let brief = timeout(Duration::from_secs(3_600), async { 7 });
    assert_eq!(brief.await.unwrap(), 7);
    let held = Rc::new(());
    let holds = Rc::clone(&held);
    let long = timeout(Duration::from_millis(5), async move {
        let _holds = holds;
        sleep(Duration::from_secs(3_600)).await;
    });
    assert!(long.await.is_err());
    assert_eq!(Rc::strong_count(&held), 1);
}

#[wasm_bindgen_test]
async fn warm_ups_come_before_samples_and_are_told_apart() {
    let (events, _) = measured("fan-out", json!({"units": 10})).await;
    let kinds: Vec<Kind> = events
        .iter()
        .map(|event| match event {
            Event::Sample { kind, .. } => *kind,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, [Kind::WarmUp, Kind::Sample, Kind::Sample]);
}

#[wasm_bindgen_test]
async fn an_execution_too_short_for_the_clock_is_batched_and_a_long_one_is_not() {
    let shortest_ns = clock::resolution_ns() * CLOCK_STEPS;
    let (events, _) = measured("fan-out", json!({"units": 1})).await;
    for Sample { wall_ns, batch, .. } in samples(&events) {
        assert!(batch > 1);
        // One more, since the figure of one execution was rounded down.
        assert!((wall_ns + 1) * u64::from(batch) >= shortest_ns, "{batch} × {wall_ns} ns");
    }
    let long = json!({"units": 1, "work": "sleep", "duration_ms": 50});
    let (events, _) = measured("fan-out", long).await;
    assert!(samples(&events).iter().all(|sample| sample.batch == 1));
}

#[wasm_bindgen_test]
async fn sleeping_units_really_sleep_and_at_the_same_time() {
    let params = json!({"units": 100, "work": "sleep", "duration_ms": 50});
    let (events, _) = measured("fan-out", params).await;
    for sample in samples(&events) {
        // The clock's own steps may hide one at each end.
        assert!(sample.wall_ns >= 49_000_000, "{} ns", sample.wall_ns);
        assert!(sample.wall_ns < 100 * 50_000_000, "one after the other: {} ns", sample.wall_ns);
    }
}

#[wasm_bindgen_test]
async fn increments_are_made_one_by_one_and_not_folded_into_one_addition() {
    for lock in ["mutex", "async-mutex", "atomic", "sharded"] {
        let (workers, increments) = (4, 1_000_000);
        let params = json!({"workers": workers, "increments": increments, "lock": lock});
        let (events, _) = measured("counter", params).await;
        for sample in samples(&events) {
            let each_ns = sample.wall_ns as f64 / f64::from(workers * increments);
            console_log!("{lock}: {each_ns:.2} ns per increment");
            // One processor cycle. Folded, an increment takes a tenth of this and less.
            assert!(each_ns > 0.3, "{lock}: {each_ns} ns per increment");
        }
    }
}

#[wasm_bindgen_test]
async fn what_is_not_valid_fails_with_the_reason_in_words() {
    let reason = |end: Result<Value, String>| end.unwrap_err();
    let (events, end) = measured("fan-out", json!({"units": 0})).await;
    assert_eq!(events, []);
    assert_eq!(reason(end), "`units` is 0; it must be from 1 to 1000000 units");
    let (_, end) = measured("fan-out", json!({"unit": 1})).await;
    assert!(reason(end).contains("there is no param \"unit\""));
    let (_, end) = measured("knitting", json!({})).await;
    assert_eq!(reason(end), "there is no workload \"knitting\"");
}
