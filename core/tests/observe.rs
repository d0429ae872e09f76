//! What an observed execution tells of its units.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::api::Observed;
use filature_core::{Prepared, observe, workloads};
use serde_json::json;
use std::sync::{LazyLock, Mutex};
use std::time::Instant;
use tokio::runtime::Builder;

const SLEEP_NS: u64 = 20_000_000;

fn clock() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

/// Units that do this `work`; those that sleep, for [`SLEEP_NS`].
fn units_that(work: &str, units: u64) -> Box<dyn Prepared> {
    let params = json!({"units": units, "work": work, "duration_ms": SLEEP_NS / 1_000_000});
    workloads::find("fan-out").unwrap().prepare(params.as_object().unwrap()).unwrap()
}

/// Observes the body on threads, then on Tokio. All units of the process are observed, so
/// only one test does this at a time.
fn observed(work: &str, units: u64) -> [Observed; 2] {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap();
    let prepared = units_that(work, units);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let on_threads = || prepared.threads(clock);
    let in_tasks =
        || runtime.block_on(async { tokio::spawn(prepared.tasks(clock)).await.unwrap() });
    [
        observe::observed(on_threads, |timed| timed.wall_ns).1,
        observe::observed(in_tasks, |timed| timed.wall_ns).1,
    ]
}

#[test]
fn every_unit_is_seen_to_be_spawned_to_begin_and_to_end_in_this_order() {
    for observed in observed("sleep", 7) {
        assert_eq!((observed.units, observed.spans.len()), (7, 7));
        for span in &observed.spans {
            assert!(span.spawned_ns <= span.began_ns, "{span:?}");
            assert!(span.began_ns + SLEEP_NS <= span.ended_ns, "{span:?}");
        }
        assert!(observed.spans.is_sorted_by_key(|span| span.spawned_ns));
        let alive = observed.begin_to_end_ns.unwrap();
        assert!(SLEEP_NS <= alive.p50 && alive.p50 <= alive.max && alive.max <= observed.wall_ns);
        let delay = observed.spawn_to_begin_ns.unwrap();
        assert!(delay.p50 <= delay.p90 && delay.p90 <= delay.p99 && delay.p99 <= delay.max);
    }
}

#[test]
fn many_units_are_counted_and_the_first_of_them_reported_one_by_one() {
    for observed in observed("sleep", 300) {
        assert_eq!((observed.units, observed.spans.len()), (300, 200));
    }
}

#[test]
fn units_that_meet_have_all_begun_before_the_first_of_them_ends() {
    for observed in observed("meet", 50) {
        let last_began = observed.spans.iter().map(|span| span.began_ns).max().unwrap();
        let first_ended = observed.spans.iter().map(|span| span.ended_ns).min().unwrap();
        assert_eq!(observed.units, 50);
        assert!(last_began <= first_ended, "{last_began} after {first_ended}");
    }
}
