//! What single workloads promise beyond their contract: sizes, and what is merely seen.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::about::param_values;
use filature_core::api::Picture;
use filature_core::{Executor, Prepared, workloads};
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Instant;
use tokio::runtime::Builder;

/// The clock that the tests bring: nanoseconds since the first reading.
fn clock() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

fn prepared(id: &str, params: &'static [(&str, &str)]) -> Box<dyn Prepared> {
    workloads::find(id).unwrap().prepare(&param_values(params)).unwrap()
}

/// The outcome of one execution on the runtime that has one thread.
fn on_one_thread(prepared: &dyn Prepared) -> Value {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let future = prepared.tasks(clock);
    let timed = runtime.block_on(async { tokio::spawn(future).await.unwrap() });
    assert!(timed.correct, "{}", timed.outcome);
    timed.outcome
}

/// The outcomes of one execution on threads and one on tasks.
fn on_both(id: &str, params: &'static [(&str, &str)]) -> [Value; 2] {
    let prepared = prepared(id, params);
    let timed = prepared.threads(clock);
    assert!(timed.correct, "{}", timed.outcome);
    [timed.outcome, on_one_thread(prepared.as_ref())]
}

fn numbers(value: &Value) -> Vec<u64> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn no_outcome_is_larger_than_8_kilobytes_whatever_its_parameters_are() {
    let largest: [(&str, &'static [(&str, &str)]); 5] = [
        (
            "interleave",
            &[
                ("background_counts", "100"),
                ("background_ms", "0"),
                ("main_counts", "100"),
                ("main_ms", "0"),
            ],
        ),
        ("collect", &[("units", "200"), ("step_ms", "0")]),
        ("fire-and-forget", &[("period_ms", "1"), ("work_ms", "1500")]),
        ("gauge", &[("units", "5"), ("step_ms", "150"), ("period_ms", "1")]),
        ("blocking", &[("tickers", "2"), ("ticks", "200"), ("period_ms", "1")]),
    ];
    for (id, params) in largest {
        for outcome in on_both(id, params) {
            let bytes = outcome.to_string().len();
            assert!(bytes <= 8 * 1024, "{id}: {bytes} bytes");
        }
    }
}

#[test]
fn the_spawn_loop_is_a_part_of_the_execution_and_is_told_apart_from_it() {
    let prepared = prepared("fan-out", &[("units", "100"), ("work", "meet")]);
    let timed = prepared.threads(clock);
    let loop_ns = prepared.readings(&timed.outcome)["spawn_loop_ns"];
    assert!(timed.correct && loop_ns > 0.0, "{}", timed.outcome);
    assert!(loop_ns <= timed.wall_ns as f64, "{loop_ns} of {}", timed.wall_ns);
    let facts = prepared.facts(&timed.outcome);
    let fact = facts.iter().find(|fact| fact.label == "in the spawn loop").unwrap();
    assert!(fact.value.ends_with(" per unit"), "{}", fact.value);
    // An outcome that was stored before anybody looked still reads, and says nothing of it.
    let former = serde_json::json!({"joined": 100, "sum": 4_950});
    assert!(prepared.accepts(&former));
    assert!(prepared.facts(&former).iter().all(|fact| fact.label != "in the spawn loop"));
}

#[test]
fn tasks_are_spawned_by_a_worker_or_by_a_thread_that_is_none() {
    for from in [&[("from", "worker")], &[("from", "outside")]] {
        let prepared = prepared("fan-out", from);
        let outcome = on_one_thread(prepared.as_ref());
        assert!(prepared.readings(&outcome)["spawn_loop_ns"] > 0.0);
    }
}

#[test]
fn the_token_makes_one_hop_for_each_place_of_the_ring_in_each_round() {
    let ring: &'static [(&str, &str)] = &[("units", "7"), ("rounds", "5")];
    for outcome in on_both("ping-pong", ring) {
        assert_eq!(outcome["token"], 5 * (7 + 1));
    }
    assert_eq!(prepared("ping-pong", ring).units(), 7);
    let parked = prepared("ping-pong", &[("units", "7"), ("rounds", "5"), ("over", "park")]);
    let notified = prepared("ping-pong", &[("units", "7"), ("rounds", "5"), ("over", "notify")]);
    assert_eq!(parked.threads(clock).outcome["token"], 40);
    assert_eq!(on_one_thread(notified.as_ref())["token"], 40);
    // One unit is the game of two that it always was.
    assert_eq!(on_both("ping-pong", &[("rounds", "3")]).map(|o| o["token"].clone()), [6, 6]);
}

#[test]
fn a_gauge_keeps_readings_in_order_the_first_of_all_units_and_the_last_of_none() {
    for outcome in on_both("gauge", &[("units", "7"), ("step_ms", "80")]) {
        let readings: Vec<[u64; 2]> = serde_json::from_value(outcome["readings"].clone()).unwrap();
        assert!(readings.len() <= 256);
        assert!(outcome["taken"].as_u64().unwrap() >= readings.len() as u64);
        assert!(readings.is_sorted_by_key(|[at_us, _]| *at_us), "{readings:?}");
        assert_eq!((readings[0][1], readings.last().unwrap()[1]), (7, 0));
    }
}

#[test]
fn results_are_seen_in_the_order_of_their_completion() {
    for outcome in on_both("collect", &[("units", "3"), ("step_ms", "150")]) {
        assert_eq!(numbers(&outcome["joined"]), [0, 1, 4]);
        assert_eq!(numbers(&outcome["as_completed"]), [4, 1, 0]);
        assert!(numbers(&outcome["at_us"]).is_sorted());
    }
}

#[test]
fn a_unit_that_is_forgotten_beats_until_it_is_ended() {
    for outcome in on_both("fire-and-forget", &[("period_ms", "2"), ("work_ms", "300")]) {
        assert!(outcome["beats"].as_u64().unwrap() >= 1, "{outcome}");
        assert_eq!(outcome["running_at_the_end"], 1);
        assert_eq!(outcome["running_afterwards"], 0);
    }
    // The article's numbers, a thousand times faster: main is done before the first beat.
    for outcome in on_both("fire-and-forget", &[("period_ms", "60000"), ("work_ms", "10")]) {
        assert_eq!(outcome["beats"], 0);
    }
}

#[test]
fn a_thread_is_told_to_end_and_a_task_is_cut_off() {
    let [thread, task] = on_both("fire-and-forget", &[]);
    assert_eq!((&thread["cut_off"], &task["cut_off"]), (&false.into(), &true.into()));
}

#[test]
fn a_timeout_alone_ends_nothing_and_the_ways_to_end_a_unit_do() {
    for outcome in on_both("timeout", &[]) {
        assert_eq!(outcome["timed_out"], 5);
        assert_eq!(outcome["still_running"], 5);
    }
    for how in [&[("how", "abort")], &[("how", "cancellation-token")]] {
        let outcome = on_one_thread(prepared("timeout", how).as_ref());
        assert_eq!((&outcome["timed_out"], &outcome["still_running"]), (&5.into(), &0.into()));
    }
    let with_flag = prepared("timeout", &[("how", "flag")]).threads(clock);
    assert_eq!(with_flag.outcome["still_running"], 0);
    assert!(with_flag.correct);
}

#[test]
fn what_still_runs_after_a_timeout_is_told_in_words() {
    let prepared = prepared("timeout", &[]);
    let facts = prepared.facts(&prepared.expected());
    let fact = facts.iter().find(|fact| fact.label == "still running after the timeout").unwrap();
    assert_eq!(fact.value, "5 of 5");
}

#[test]
fn a_task_that_blocks_makes_the_others_on_its_thread_late() {
    let late_ms = |outcome: &Value| outcome["latest_us"].as_u64().unwrap() / 1_000;
    let blocking: &'static [(&str, &str)] = &[
        ("tickers", "2"),
        ("ticks", "20"),
        ("period_ms", "10"),
        ("blockers", "1"),
        ("block_ms", "150"),
    ];
    for how in ["spin", "thread-sleep"] {
        let mut values = param_values(blocking);
        values.insert("how".to_owned(), how.into());
        let prepared = workloads::find("blocking").unwrap().prepare(&values).unwrap();
        let outcome = on_one_thread(prepared.as_ref());
        assert!(late_ms(&outcome) >= 100, "{how}: {outcome}");
    }
}

#[test]
fn a_permit_that_is_taken_before_the_spawn_limits_how_many_units_exist() {
    let early = &[("units", "40"), ("permits", "3"), ("acquire", "before-spawn")];
    for outcome in on_both("semaphore", early) {
        assert_eq!(outcome["most_existing"], 3);
    }
    let late = &[("units", "40"), ("permits", "3"), ("hold_ms", "20")];
    for outcome in on_both("semaphore", late) {
        assert_eq!(outcome["most_inside"], 3);
        assert!(outcome["most_existing"].as_u64().unwrap() > 3, "{outcome}");
    }
}

#[test]
fn pictures_of_outcomes_show_what_was_seen() {
    let picture = |id: &str| {
        let prepared = prepared(id, &[]);
        let facts = prepared.facts(&on_one_thread(prepared.as_ref()));
        facts.into_iter().find_map(|fact| fact.picture).unwrap()
    };
    let Picture::Lanes { lanes, .. } = picture("interleave") else { panic!("not lanes") };
    let marks: Vec<usize> = lanes.iter().map(|lane| lane.marks.len()).collect();
    assert_eq!(marks, [9, 4]);
    for id in ["gauge", "blocking"] {
        let Picture::Curves { curves, .. } = picture(id) else { panic!("{id}: not curves") };
        assert!(curves[0].points.len() > 1, "{id}");
    }
}

#[test]
fn what_cannot_be_done_on_an_executor_is_refused_with_the_reason() {
    use Executor::{BrowserLoop, BrowserWorkers, Threads, TokioCurrent};
    let refused = [
        ("fan-out", "from", "outside", Threads, "for Tokio only"),
        ("fan-out", "from", "outside", BrowserLoop, "for Tokio only"),
        ("panic", "fault", "panic", BrowserWorkers, "the whole instance"),
        ("panic", "fault", "abort", Threads, "for Tokio only"),
        ("timeout", "how", "abort", Threads, "for tasks only"),
        ("timeout", "how", "flag", TokioCurrent, "for threads only"),
        ("ping-pong", "over", "park", TokioCurrent, "for threads only"),
        ("blocking", "how", "thread-sleep", BrowserLoop, "event loop"),
        ("blocking", "how", "spawn-blocking", BrowserLoop, "for Tokio only"),
        ("cpu-bound", "how", "rayon", BrowserWorkers, "for native executors only"),
    ];
    for (id, param, choice, executor, why) in refused {
        let workload = workloads::find(id).unwrap();
        let values = [(param.to_owned(), Value::from(choice))].into_iter().collect();
        let prepared = workload.prepare(&values).unwrap();
        let obstacle = workload.obstacle(executor, prepared.values()).unwrap();
        assert!(obstacle.contains(why), "{id} on {executor}: {obstacle}");
    }
}
