//! Every workload on Web Workers with shared memory, in a dedicated worker, as the page
//! runs it.
#![cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::api::limits::BROWSER_WORKERS_MAX;
use filature_core::api::{BrowserSpawnCosts, Sample};
use filature_core::measure::{CLOCK_STEPS, Kind};
use filature_core::params::ParamKind;
use filature_core::{Executor, ParamValues, workloads};
use filature_engine::clock;
use filature_engine::measure::{Event, Plan};
use filature_engine::workers::{count, measure};
use js_sys::{Reflect, WebAssembly};
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The test runner serves this package's folder.
const WORKER_URL: &str = "/thread-worker.js";

/// Measures `workload` with so many samples after one warm-up; returns them and how it ended.
async fn measured(workload: &str, params: Value, samples: u32) -> (Vec<Sample>, Event) {
    let params = serde_json::from_value(params).unwrap();
    let plan = Plan { workload: workload.to_owned(), params, warmups: 1, samples };
    let (mut taken, mut ends) = (Vec::new(), Vec::new());
    let mut post = |json: &str| match serde_json::from_str(json).unwrap() {
        Event::Sample { kind: Kind::Sample, sample } => taken.push(sample),
        Event::Sample { kind: Kind::WarmUp, .. } => {}
        end => ends.push(end),
    };
    measure(plan, WORKER_URL, &mut post).await;
    let [end] = ends.try_into().unwrap();
    (taken, end)
}

fn done(end: Event) -> (Value, BrowserSpawnCosts) {
    match end {
        Event::Done { outcome, spawn_costs: Some(costs) } => (outcome, costs),
        other => panic!("{other:?}"),
    }
}

/// How large the shared memory has become. It never shrinks, so what is leaked shows here.
fn memory_bytes() -> u64 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let bytes = Reflect::get(&memory.buffer(), &JsValue::from_str("byteLength")).unwrap();
    bytes.as_f64().unwrap() as u64
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
        for mut params in variants {
            if workload.params().iter().any(|spec| spec.name == "units") {
                params.insert("units".to_owned(), json!(20));
            }
            let prepared = workload.prepare(&params).unwrap();
            if workload.obstacle(Executor::BrowserWorkers, prepared.values()).is_some() {
                continue;
            }
            let (samples, end) = measured(id, json!(params), 2).await;
            let outcome = done(end).0;
            assert!(prepared.accepts(&outcome), "{id} with {params:?}: {outcome}");
            assert_eq!(samples.len(), 2);
        }
    }
}

#[wasm_bindgen_test]
async fn the_outcome_has_what_the_last_execution_saw() {
    let (_, end) = measured("collect", json!({"units": 3, "step_ms": 100}), 1).await;
    // The slowest was spawned first, and came last.
    assert_eq!(done(end).0["as_completed"], json!([4, 1, 0]));
}

#[wasm_bindgen_test]
async fn an_execution_too_short_for_the_clock_is_batched_and_a_long_one_is_not() {
    let shortest_ns = clock::resolution_ns() * CLOCK_STEPS;
    let (samples, _) = measured("fan-out", json!({"units": 1}), 20).await;
    for Sample { wall_ns, batch, .. } in &samples {
        // One more, since the figure of one execution was rounded down.
        assert!((wall_ns + 1) * u64::from(*batch) >= shortest_ns, "{batch} × {wall_ns} ns");
    }
    // On a busy machine the first ones may have been long enough.
    assert!(samples.iter().any(|sample| sample.batch > 1), "{samples:?}");
    let long = json!({"units": 1, "work": "sleep", "duration_ms": 50});
    let (samples, _) = measured("fan-out", long, 2).await;
    assert!(samples.iter().all(|sample| sample.batch == 1));
}

#[wasm_bindgen_test]
async fn sleeping_units_really_sleep_and_at_the_same_time() {
    let params = json!({"units": 20, "work": "sleep", "duration_ms": 100});
    let (samples, _) = measured("fan-out", params, 2).await;
    for Sample { wall_ns, .. } in samples {
        // The clock's own steps may hide one at each end.
        assert!(wall_ns >= 99_000_000, "{wall_ns} ns");
        assert!(wall_ns < 20 * 100_000_000, "one after the other: {wall_ns} ns");
    }
}

#[wasm_bindgen_test]
async fn increments_are_made_one_by_one_and_not_folded_into_one_addition() {
    for lock in ["mutex", "atomic", "sharded"] {
        let (workers, increments) = (2, 1_000_000);
        let params = json!({"workers": workers, "increments": increments, "lock": lock});
        let (samples, _) = measured("counter", params, 2).await;
        for sample in samples {
            let each_ns = sample.wall_ns as f64 / f64::from(workers * increments);
            console_log!("{lock}: {each_ns:.2} ns per increment");
            // Folded, two million increments take less than a tenth of this.
            assert!(each_ns > 0.3, "{lock}: {each_ns} ns per increment");
        }
    }
}

#[wasm_bindgen_test]
async fn what_spawning_costs_is_told_with_the_outcome() {
    let (_, end) = measured("counter", json!({"workers": 2, "increments": 1}), 1).await;
    let (_, costs) = done(end);
    console_log!("{costs:?}");
    assert!(costs.new_worker_ns > 0);
    assert!(costs.warm_worker_ns > 0);
}

#[wasm_bindgen_test]
async fn more_units_than_there_can_be_workers_are_refused_with_the_limit() {
    let units = BROWSER_WORKERS_MAX as u64;
    let (samples, end) = measured("fan-out", json!({"units": units}), 1).await;
    assert_eq!(samples, []);
    let Event::Refused { reason, refusal } = end else { panic!("{end:?}") };
    assert!(reason.contains(&format!("{units} units")), "{reason}");
    assert_eq!((refusal.needed_units, refusal.available_units), (units, units - 1));
    assert_eq!((refusal.limit.value, refusal.limit.threads), (units, units - 1));
    // And the engine is as good as before.
    done(measured("fan-out", json!({"units": 2}), 1).await.1);
}

#[wasm_bindgen_test]
async fn how_many_workers_the_browser_holds_is_counted_by_starting_them() {
    let most = count(WORKER_URL).await.unwrap();
    console_log!("{most} workers");
    assert!((2..=BROWSER_WORKERS_MAX).contains(&most), "{most}");
    done(measured("fan-out", json!({"units": 2}), 1).await.1);
}

#[wasm_bindgen_test]
async fn what_is_not_valid_fails_with_the_reason_in_words() {
    let reason = |end: Event| match end {
        Event::Failed { reason } => reason,
        other => panic!("{other:?}"),
    };
    let (_, end) = measured("fan-out", json!({"units": 0}), 1).await;
    assert_eq!(reason(end), "`units` is 0; it must be from 1 to 1000000 units");
    let (_, end) = measured("knitting", json!({}), 1).await;
    assert_eq!(reason(end), "there is no workload \"knitting\"");
    done(measured("fan-out", json!({"units": 2}), 1).await.1);
}

#[wasm_bindgen_test]
async fn a_thousand_runs_of_a_cell_leave_the_memory_as_it_was() {
    let run =
        async || done(measured("counter", json!({"workers": 4, "increments": 10}), 1).await.1);
    for _ in 0..10 {
        run().await;
    }
    let before_bytes = memory_bytes();
    for _ in 0..1_000 {
        run().await;
    }
    assert_eq!(memory_bytes(), before_bytes);
}

#[wasm_bindgen_test]
async fn workers_that_leave_give_their_stacks_back() {
    let run = async |units: u64| done(measured("fan-out", json!({"units": units}), 1).await.1);
    for units in [1, 8, 1, 8] {
        run(units).await;
    }
    let before_bytes = memory_bytes();
    for _ in 0..10 {
        run(1).await;
        run(8).await;
    }
    // Seventy stacks of 256 KiB were taken. The order in which they are given back may leave
    // the allocator with holes that fit no other, but not with that many.
    let grown_bytes = memory_bytes() - before_bytes;
    assert!(grown_bytes <= 1024 * 1024, "{grown_bytes} bytes more");
}
