//! What the estimate of an experiment's time promises.

use super::*;
use filature_core::api::ExperimentRequest;
use filature_core::experiment;
use proptest::prelude::*;
use serde_json::json;

const BUDGET: Duration = Duration::from_secs(900);

fn spec(workload: &str, units: u64, samples: u32) -> Spec {
    let request: ExperimentRequest = serde_json::from_value(json!({"workload": workload,
        "executors": ["threads", "tokio-multi"], "params": {"units": units}, "samples": samples}))
    .unwrap();
    experiment::check(&request, 2).unwrap()
}

fn fan_out(units: u64, samples: u32) -> Spec {
    spec("fan-out", units, samples)
}

#[test]
fn a_workload_never_seen_takes_longer_the_more_there_is_to_do() {
    let estimator = Estimator::new(BUDGET);
    let short = estimator.expect(&fan_out(10, 1));
    let long = estimator.expect(&fan_out(10, 100));
    assert!(short > Duration::ZERO && short < Duration::from_secs(1), "{short:?}");
    assert!(long > short * 10, "{long:?}");
}

#[test]
fn what_was_measured_before_takes_as_long_again() {
    let estimator = Estimator::new(BUDGET);
    let slow = Duration::from_secs(40);
    estimator.note(&fan_out(1_000_000, 19), slow);
    for _ in 0..20 {
        estimator.note(&fan_out(10, 19), Duration::from_secs(1));
    }
    let same = estimator.expect(&fan_out(1_000_000, 19));
    assert!(same.abs_diff(slow) < Duration::from_millis(1), "{same:?}");
    let twice = estimator.expect(&fan_out(1_000_000, 39));
    assert!(twice.abs_diff(slow * 2) < Duration::from_millis(200), "{twice:?}");
    // Other params: by the median of the workload, which one slow experiment does not move.
    let other = estimator.expect(&fan_out(20, 19));
    assert!(other.abs_diff(Duration::from_secs(1)) < Duration::from_millis(1), "{other:?}");
}

#[test]
fn the_pace_of_an_experiment_corrects_what_was_expected_of_it() {
    let estimator = Estimator::new(BUDGET);
    let spec = fan_out(10, 49);
    estimator.note(&spec, Duration::from_secs(10));
    let rest = |elapsed_s, samples| {
        estimator.rest(&spec, Duration::from_secs(elapsed_s), samples).as_secs_f64()
    };
    assert!((rest(0, 0) - 10.0).abs() < 0.01);
    assert!((rest(5, 50) - 5.0).abs() < 0.1);
    // Four times slower than expected: half of it is known, and soon nearly all.
    assert!((rest(20, 50) - 10.0).abs() < 0.1);
    assert!((rest(36, 90) - 3.6).abs() < 0.1);
    assert!(rest(40, 100) < 0.01);
}

proptest! {
    #[test]
    fn no_estimate_is_nothing_or_above_the_budget(
        noted in proptest::collection::vec((1_u64..1_000_000, 1_u32..1_000, 0_u64..u64::MAX), 0..40),
        units in 1_u64..1_000_000,
        samples in 1_u32..1_000,
        elapsed_ms in 0_u64..10_000_000,
        taken in 0_u32..u32::MAX,
    ) {
        let estimator = Estimator::new(BUDGET);
        for (units, samples, took_ns) in noted {
            estimator.note(&fan_out(units, samples), Duration::from_nanos(took_ns));
        }
        let spec = fan_out(units, samples);
        let whole = estimator.expect(&spec);
        prop_assert!(whole > Duration::ZERO && whole <= BUDGET, "{whole:?}");
        let elapsed = Duration::from_millis(elapsed_ms);
        let rest = estimator.rest(&spec, elapsed, taken);
        prop_assert!(rest <= BUDGET.saturating_sub(elapsed), "{rest:?}");
    }

    #[test]
    fn after_the_same_experiment_the_estimate_is_what_it_took(
        samples in 1_u32..1_000,
        took_ms in 200_u64..900_000,
    ) {
        let estimator = Estimator::new(BUDGET);
        let took = Duration::from_millis(took_ms);
        estimator.note(&fan_out(100, samples), took);
        let expected = estimator.expect(&fan_out(100, samples));
        prop_assert!(expected.abs_diff(took) < Duration::from_millis(1), "{expected:?}");
    }

    #[test]
    fn more_samples_never_take_less(samples in 1_u32..999, more in 1_u32..500) {
        let estimator = Estimator::new(BUDGET);
        estimator.note(&fan_out(100, 10), Duration::from_secs(3));
        let most = (samples + more).min(1_000);
        prop_assert!(
            estimator.expect(&fan_out(7, samples)) <= estimator.expect(&fan_out(7, most))
        );
    }
}
