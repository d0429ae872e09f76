//! Verdicts: samples in, words out.
#![cfg(feature = "statistics")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::api::{Cell, CellState, ExperimentRequest, Sample, Spec, Summary};
use filature_core::{experiment, verdict, workloads};
use proptest::prelude::*;
use serde_json::json;

fn spec(request: serde_json::Value) -> Spec {
    let request: ExperimentRequest = serde_json::from_value(request).unwrap();
    experiment::check(&request, 2).unwrap()
}

fn sample(wall_ns: u64) -> Sample {
    serde_json::from_value(json!({ "wall_ns": wall_ns })).unwrap()
}

/// The cells of `spec`, done with these wall times each.
fn measured(spec: &Spec, walls: &[Vec<u64>]) -> Vec<Cell> {
    let mut cells = experiment::cells(spec);
    for (cell, walls) in cells.iter_mut().zip(walls) {
        cell.samples = walls.iter().copied().map(sample).collect();
        cell.summary = Summary::of(&cell.samples, cell.params["units"].as_u64().unwrap());
        cell.state = CellState::Done;
    }
    cells
}

#[test]
fn a_summary_has_the_distribution_of_every_reading_over_the_samples_that_have_it() {
    let with = |name: &str, value: f64| Sample {
        readings: [(name.to_owned(), value)].into(),
        ..sample(5)
    };
    let samples = [with("a_ns", 1.0), with("a_ns", 2.0), with("a_ns", 9.0), with("b_ns", 7.0)];
    let readings = Summary::of(&samples, 1).unwrap().readings;
    let figures = |name: &str| (readings[name].n, readings[name].median, readings[name].max);
    assert_eq!((figures("a_ns"), figures("b_ns")), ((3, 2.0, 9.0), (1, 7.0, 7.0)));
    assert!(Summary::of(&[sample(5)], 1).unwrap().readings.is_empty());
}

fn sentences(spec: &Spec, walls: &[Vec<u64>]) -> Vec<String> {
    let about = workloads::find("fan-out").unwrap().about();
    let verdicts = verdict::verdicts(about, spec, &measured(spec, walls));
    verdicts.into_iter().map(|verdict| verdict.sentence).collect()
}

fn around(center: u64) -> Vec<u64> {
    (0..10).map(|step| center + center * step / 1_000).collect()
}

#[test]
fn the_fastest_is_named_with_its_time_and_the_others_with_ratio_and_interval() {
    let spec = spec(json!({"workload": "fan-out", "params": {"units": 10_000},
        "executors": ["threads", "tokio-multi"]}));
    assert_eq!(
        sentences(&spec, &[around(690_000_000), around(5_000_000)]),
        ["Tokio (multi) spawned and joined 10\u{202f}000 units in 5.02 ms; \
          OS threads took 138× (137–139×) as long."]
    );
}

#[test]
fn a_difference_within_noise_is_called_that() {
    let spec = spec(json!({"workload": "fan-out", "executors": ["tokio-multi", "tokio-current"]}));
    let sentence = sentences(&spec, &[around(1_000_000), around(1_000_100)]).remove(0);
    assert!(sentence.ends_with("Tokio (current) showed no difference beyond noise."), "{sentence}");
}

#[test]
fn three_samples_each_are_too_few_to_be_sure_however_far_apart() {
    let spec = spec(json!({"workload": "fan-out", "executors": ["threads", "tokio-multi"]}));
    let sentence = sentences(&spec, &[vec![900, 910, 920], vec![100, 101, 102]]).remove(0);
    assert!(sentence.ends_with("as long, by too few samples to be sure."), "{sentence}");
}

#[test]
fn five_samples_each_are_enough_where_they_lie_far_apart() {
    let spec = spec(json!({"workload": "fan-out", "executors": ["threads", "tokio-multi"]}));
    let walls = [vec![900, 910, 920, 930, 940], vec![100, 101, 102, 103, 104]];
    let sentence = sentences(&spec, &walls).remove(0);
    assert!(sentence.ends_with("OS threads took 9.0× (8.8–9.3×) as long."), "{sentence}");
}

#[test]
fn one_executor_alone_has_a_figure_but_no_comparison() {
    let spec = spec(json!({"workload": "fan-out", "executors": ["threads"]}));
    let sentence = sentences(&spec, &[around(1_000_000)]).remove(0);
    assert_eq!(sentence, "OS threads spawned and joined 1\u{202f}000 units in 1.00 ms.");
}

#[test]
fn each_value_of_a_sweep_has_its_own_verdict_and_unfinished_cells_have_none() {
    let spec = spec(json!({"workload": "fan-out", "executors": ["threads", "tokio-multi"],
        "sweep": {"param": "units", "values": [10, 100]}}));
    let walls = [around(500_000), around(100_000), around(5_000_000), around(200_000)];
    let mut cells = measured(&spec, &walls);
    cells[2].state = CellState::Refused;
    let about = workloads::find("fan-out").unwrap().about();
    let verdicts = verdict::verdicts(about, &spec, &cells);
    let compared: Vec<(Option<u64>, usize)> =
        verdicts.iter().map(|v| (v.sweep_value, v.comparisons.len())).collect();
    assert_eq!(compared, [(Some(10), 1), (Some(100), 0)]);
}

proptest! {
    #[test]
    fn beyond_noise_is_said_only_where_interval_and_rank_test_agree(
        a in prop::collection::vec(1_000_u64..2_000, 2..20),
        b in prop::collection::vec(1_000_u64..2_000, 2..20),
    ) {
        let spec = spec(json!({"workload": "fan-out", "executors": ["threads", "tokio-multi"]}));
        let about = workloads::find("fan-out").unwrap().about();
        let verdicts = verdict::verdicts(about, &spec, &measured(&spec, &[a, b]));
        let comparison = verdicts[0].comparisons[0];
        prop_assert!(comparison.ratio >= 1.0);
        prop_assert!(comparison.ratio_low <= comparison.ratio && comparison.ratio <= comparison.ratio_high);
        if comparison.beyond_noise {
            prop_assert!(comparison.p_value < 0.05 && comparison.ratio_low > 1.0);
        }
        let said = verdicts[0].sentence.contains("showed no difference beyond noise");
        prop_assert_eq!(said, comparison.enough_samples && !comparison.beyond_noise);
    }
}
