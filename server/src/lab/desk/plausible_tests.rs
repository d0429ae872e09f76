//! What a page may post.

use super::*;

fn pointers(samples: serde_json::Value, taken: usize, wanted: usize) -> Vec<String> {
    let samples: Vec<Sample> = serde_json::from_value(samples).unwrap();
    implausible(&samples, taken, wanted).into_iter().map(|error| error.pointer).collect()
}

#[test]
fn samples_of_a_browser_are_wall_clock_times_and_batches() {
    let samples = serde_json::json!([{"wall_ns": 1}, {"wall_ns": 5_000, "batch": 100}]);
    assert!(pointers(samples, 0, 2).is_empty());
}

#[test]
fn samples_that_cannot_be_are_pointed_at() {
    let samples = serde_json::json!([{"wall_ns": 0}, {"wall_ns": WALL_NS_MAX + 1},
        {"wall_ns": 1, "batch": 0}, {"wall_ns": 1, "cpu_user_ns": 1},
        {"wall_ns": 1, "readings": {"spawn_loop_ns": 1.0}}]);
    let expected = [
        "/samples/0/wall_ns",
        "/samples/1/wall_ns",
        "/samples/2/batch",
        "/samples/3/cpu_user_ns",
        "/samples/4/readings",
    ];
    assert_eq!(pointers(samples, 0, 10), expected);
}

#[test]
fn a_cell_takes_no_more_samples_than_were_asked_for() {
    let samples = serde_json::json!([{"wall_ns": 1}, {"wall_ns": 1}]);
    assert!(pointers(samples.clone(), 8, 10).is_empty());
    assert_eq!(pointers(samples, 9, 10), ["/samples"]);
}
