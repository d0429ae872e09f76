//! The comparison of threads with tasks: every experiment of its plan can be asked for, the
//! table follows from the experiments, and words follow from intervals.
#![cfg(feature = "statistics")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::api::{
    CellState, Comparison, ComparisonRequest, Depth, Experiment, Limit, MachineCard, Memory,
    Occupation, Question, Refusal, Row, Sample, State, Summary, Word,
};
use filature_core::comparison::{self, Ceilings, Planned};
use filature_core::executor::Body;
use filature_core::{Executor, experiment, workloads};
use std::sync::LazyLock;

const USUAL: Ceilings = Ceilings { cores: 2, threads: 16_286, tasks: 20_000_000 };

fn plan(depth: Depth, browser: bool) -> Vec<Planned> {
    comparison::plan(ComparisonRequest { depth, browser }, USUAL)
}

/// A part of a quick comparison.
fn part(key: &str) -> Planned {
    plan(Depth::Quick, false).into_iter().find(|part| part.key == key).unwrap()
}

fn machine() -> MachineCard {
    MachineCard {
        cpu: "A | processor".to_owned(),
        cores: 2,
        kernel: "Linux 6.18".to_owned(),
        memory_bytes: 24_000_000_000,
        rustc: "rustc 1.95".to_owned(),
        tokio: "1.54.1".to_owned(),
        filature: "0.1.0".to_owned(),
        build: "release".to_owned(),
    }
}

/// What a machine might have measured: a thread takes 10 000 bytes in the process and 16 KiB
/// of kernel stack, a task 450 bytes; an execution of threads takes 50 µs for each unit or
/// hop, one of tasks 500 ns.
fn measured(planned: &Planned) -> Experiment {
    let spec = experiment::check(&planned.request, USUAL.cores).unwrap();
    let mut cells = experiment::cells(&spec);
    for cell in &mut cells {
        let workload = workloads::find(&spec.workload).unwrap();
        let prepared = workload.prepare(&cell.params).unwrap();
        let is_threads = cell.executor.body() == Body::Threads;
        let (operation_ns, unit_bytes) = if is_threads { (50_000, 10_000) } else { (500, 450) };
        let (units, operations) = (prepared.units(), prepared.operations());
        if is_threads && units > USUAL.threads {
            cell.state = CellState::Refused;
            cell.reason = Some("too many".to_owned());
            let limit = Limit {
                name: "vm.max_map_count".to_owned(),
                value: 65_530,
                threads: USUAL.threads,
                how_to_raise: "sysctl".to_owned(),
            };
            let available_units = USUAL.threads;
            cell.refusal = Some(Refusal { needed_units: units, available_units, limit });
            continue;
        }
        cell.state = CellState::Done;
        cell.samples = (0..u64::from(spec.samples))
            .map(|place| sample(operations, operation_ns, place))
            .collect();
        cell.summary = Summary::of(&cell.samples, operations);
        let peak_bytes = 1_000_000 + units * unit_bytes;
        cell.memory = Some(Memory {
            kernel_stack_bytes: Some(500_000 + if is_threads { units * 16_384 } else { 0 }),
            ..Memory::new(1_000_000, peak_bytes, units)
        });
    }
    Experiment {
        id: format!("id-{}", planned.key),
        state: State::Done,
        position: None,
        wait_s: None,
        expected_s: None,
        reason: None,
        spec,
        machine: machine(),
        created_at: "2026-11-26T12:00:00.000Z".to_owned(),
        started_at: None,
        finished_at: None,
        disturbance: None,
        cells,
        verdicts: Vec::new(),
    }
}

fn sample(operations: u64, operation_ns: u64, place: u64) -> Sample {
    let mut sample: Sample = serde_json::from_value(serde_json::json!({
        "wall_ns": operations * operation_ns + place,
        "cpu_user_ns": operations * operation_ns, "cpu_system_ns": 0, "switches_voluntary": operations,
    }))
    .unwrap();
    let spawn_loop = (operations * operation_ns / 2 + place) as f64;
    let server = (operations * operation_ns * 3 / 4) as f64;
    let hops = (operations * operation_ns + place) as f64;
    let readings = [("spawn_loop_ns", spawn_loop), ("server_cpu_ns", server), ("hops_ns", hops)];
    sample.readings = readings.map(|(name, value)| (name.to_owned(), value)).into();
    for name in ["latency_p50_ns", "latency_p99_ns", "latency_p99_9_ns", "sent_late"] {
        sample.readings.insert(name.to_owned(), operation_ns as f64);
    }
    sample
}

/// The table of a quick comparison without browsers: its intervals are drawn only once.
fn quick_table() -> Vec<Row> {
    static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| table(&plan(Depth::Quick, false)));
    TABLE.clone()
}

fn table(plan: &[Planned]) -> Vec<Row> {
    let experiments: Vec<(&str, Experiment)> =
        plan.iter().map(|planned| (planned.key, measured(planned))).collect();
    let borrowed: Vec<(&str, &Experiment)> =
        experiments.iter().map(|(key, experiment)| (*key, experiment)).collect();
    comparison::rows(&borrowed)
}

fn comparison_of(rows: Vec<Row>) -> Comparison {
    Comparison {
        id: "c".to_owned(),
        state: State::Done,
        reason: None,
        request: ComparisonRequest::default(),
        machine: machine(),
        created_at: "2026-11-26T12:00:00.000Z".to_owned(),
        finished_at: None,
        imported_at: None,
        disturbance: None,
        parts: Vec::new(),
        answers: comparison::answers(&rows),
        rows,
    }
}

fn value(rows: &[Row], row: &str, measure: &str, executor: Executor) -> f64 {
    let row = rows.iter().find(|candidate| candidate.id == row).unwrap();
    let measure = row.measures.iter().find(|candidate| candidate.id == measure).unwrap();
    let cell = measure.cells.iter().find(|cell| cell.executor == executor).unwrap();
    cell.estimate.unwrap_or_else(|| panic!("{cell:?}")).value
}

#[test]
fn every_experiment_of_a_plan_can_be_asked_for_whatever_the_machine_holds() {
    for depth in [Depth::Quick, Depth::Full] {
        for (cores, threads, tasks) in [(1, 1, 1), (2, 16_286, 20_000_000), (512, 5_000_000, 5_000)]
        {
            let request = ComparisonRequest { depth, browser: true };
            let plan = comparison::plan(request, Ceilings { cores, threads, tasks });
            for Planned { key, request, .. } in &plan {
                let checked = experiment::check(request, cores);
                assert!(checked.is_ok(), "{key} on {cores} cores: {checked:?}");
            }
            let mut keys: Vec<_> = plan.iter().map(|planned| planned.key).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), plan.len(), "each part has a key of its own");
        }
    }
}

#[test]
fn the_estimates_keep_to_what_is_promised() {
    let seconds = |depth| plan(depth, false).iter().map(|p| p.estimate_s).sum::<u32>();
    assert!(seconds(Depth::Quick) <= 60 && seconds(Depth::Full) <= 360);
}

#[test]
fn every_native_cell_of_a_finished_table_has_a_figure_and_its_evidence() {
    let rows = quick_table();
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let all = ["creation", "memory", "hand-off", "how-many", "sleepers", "serving", "computing"];
    assert_eq!(ids, all);
    // What no kernel told and nobody observed has no figure, and says why.
    let untold = ["page-tables", "slab", "reserved", "delay", "delay-p99"];
    for row in &rows {
        for measure in &row.measures {
            assert!(!measure.how.is_empty() && !measure.details.is_empty(), "{}", measure.id);
            for cell in &measure.cells {
                let has_figure = !untold.contains(&measure.id.as_str());
                assert_eq!(cell.estimate.is_some(), has_figure, "{} {cell:?}", measure.id);
                assert!(has_figure || cell.note.is_some(), "{} {cell:?}", measure.id);
                assert!(!cell.evidence.is_empty(), "{} {cell:?}", measure.id);
            }
        }
    }
}

#[test]
fn memory_is_a_slope_whatever_the_process_has_anyway() {
    let rows = quick_table();
    assert!((value(&rows, "memory", "resident", Executor::Threads) - 10_000.0).abs() < 1e-6);
    assert!((value(&rows, "memory", "all", Executor::Threads) - 26_384.0).abs() < 1e-6);
    assert!((value(&rows, "memory", "all", Executor::TokioMulti) - 450.0).abs() < 1e-6);
}

#[test]
fn the_spawn_loop_and_the_server_are_counted_apart() {
    let rows = quick_table();
    let at = |row, measure| value(&rows, row, measure, Executor::TokioMulti);
    assert!((at("creation", "spawn-loop") - 250.0).abs() < 0.1);
    assert!((at("creation", "spawn-and-join") - 500.0).abs() < 0.1);
    assert!((at("serving", "cpu-100") - 375.0).abs() < 0.1);
    assert!((at("hand-off", "switches") - 1.0).abs() < 1e-6);
}

#[test]
fn claims_are_judged_by_what_was_measured() {
    let rows = quick_table();
    let words = |id: &str| -> Vec<Word> {
        let row = rows.iter().find(|row| row.id == id).unwrap();
        row.verdicts.iter().map(|verdict| verdict.word).collect()
    };
    // 26 384 bytes against 8 MB, 450 against 2 KB.
    let [Word::Overstated { factor: threads }, Word::Overstated { factor: tasks }] =
        words("memory")[..]
    else {
        panic!("{:?}", words("memory"))
    };
    assert!((threads - 8e6 / 26_384.0).abs() < 1e-6 && (tasks - 2_000.0 / 450.0).abs() < 1e-6);
    // 16 286 against about 1000, 200 000 against more than 100 000.
    assert!(matches!(words("how-many")[..], [Word::Understated { .. }, Word::Confirmed]));
    // 25 µs in the loop are too few for about 100 µs, 50 to spawn and join are not.
    assert_eq!(words("creation")[0], Word::Depends);
    assert_eq!(words("computing"), [Word::Compared]);
}

#[test]
fn the_limit_on_threads_is_named_with_its_value_and_how_to_raise_it() {
    let rows = quick_table();
    assert!((value(&rows, "how-many", "alive", Executor::Threads) - 16_286.0).abs() < 1e-9);
    let row = rows.iter().find(|row| row.id == "how-many").unwrap();
    let note = row.measures[0].cells[0].note.clone().unwrap();
    assert!(note.contains("vm.max_map_count") && note.contains("sysctl"), "{note}");
}

#[test]
fn a_search_that_fails_asks_for_fewer_and_ends() {
    let planned = part("many-threads");
    let mut failed = measured(&planned);
    let asked = failed.spec.params["units"].as_u64().unwrap();
    failed.cells[0].state = CellState::Failed;
    let mut seconds = u64::from(failed.spec.time_limit_s);
    let mut units = |attempt, ended: &Experiment| {
        let again = comparison::again("many-threads", attempt, ended)?;
        let spec = experiment::check(&again, 2).unwrap();
        seconds += u64::from(spec.time_limit_s);
        spec.params["units"].as_u64()
    };
    failed.cells[0].reason = Some("its process was killed by signal 11 (SIGSEGV)".to_owned());
    assert_eq!((units(1, &failed), units(2, &failed)), (Some(asked / 2), Some(asked / 2)));
    failed.cells[0].reason = Some("it took more than 6 s to execute the body once".to_owned());
    assert_eq!((units(3, &failed), units(4, &failed)), (Some(asked / 4), Some(asked / 4)));
    assert_eq!(units(5, &failed), None, "not without end");
    assert_eq!(units(1, &measured(&planned)), None, "it has worked");
    assert!(seconds <= 10, "the search may take {seconds} s");
    assert_eq!(comparison::again("sleepers", 1, &failed), None, "only the search");
}

#[test]
fn what_nobody_tried_to_exceed_is_at_least_so_much_and_never_too_little() {
    let mut tried = part("many-tasks");
    tried.request.params.insert("units".to_owned(), 50_000.into());
    let (lived, refused) = (measured(&tried), measured(&part("limit-threads")));
    let rows = comparison::rows(&[("many-tasks", &lived), ("limit-threads", &refused)]);
    let cell = &rows[3].measures[0].cells[1];
    assert_eq!((cell.text.as_str(), cell.verdict), ("50\u{202f}000", Some(Word::Depends)));
    assert!(cell.note.as_ref().unwrap().starts_with("at least so many"), "{cell:?}");
    assert_eq!(rows[3].verdicts[1].word, Word::Depends);
}

#[test]
fn threads_that_were_not_all_alive_make_no_figure_of_memory() {
    let planned = part("memory-threads");
    let mut slow = measured(&planned);
    for cell in &mut slow.cells {
        let memory = cell.memory.as_mut().unwrap();
        memory.threads_peak = Some(memory.units / 2);
    }
    let rows = comparison::rows(&[("memory-threads", &slow)]);
    let cell = &rows[1].measures[1].cells[0];
    assert_eq!(cell.estimate, None);
    assert!(cell.note.as_ref().unwrap().contains("too slow"), "{cell:?}");
}

#[test]
fn the_last_attempt_that_lived_counts() {
    let planned = part("many-threads");
    let mut failed = measured(&planned);
    failed.cells[0].state = CellState::Failed;
    failed.cells[0].reason = Some("killed".to_owned());
    let rows = comparison::rows(&[("many-threads", &failed)]);
    let cell = |rows: &[Row]| rows[3].measures[0].cells[0].clone();
    assert_eq!(cell(&rows).note.as_deref(), Some("killed"));
    let lived = measured(&planned);
    let rows = comparison::rows(&[("many-threads", &lived), ("many-threads", &failed)]);
    assert_eq!(cell(&rows).text, "16\u{202f}286");
    let refused = measured(&part("limit-threads"));
    let rows = comparison::rows(&[("many-threads", &failed), ("limit-threads", &refused)]);
    let note = cell(&rows).note.unwrap();
    assert!(note.starts_with("killed. vm.max_map_count of 65"), "{note}");
}

#[test]
fn browsers_have_columns_only_where_they_were_asked() {
    let of_browsers = |rows: &[Row]| {
        let cells = rows.iter().flat_map(|row| &row.measures).flat_map(|m| &m.cells);
        cells.filter(|cell| !cell.executor.is_native()).cloned().collect::<Vec<_>>()
    };
    assert!(of_browsers(&quick_table()).is_empty());
    let cells = of_browsers(&table(&plan(Depth::Quick, true)));
    assert_eq!(cells.len(), 7, "four parts, all but one on both");
    assert!(cells.iter().all(|cell| cell.estimate.is_some() && cell.verdict.is_none()));
}

fn advice(units: u64, lifetime_ms: u64, work: Occupation) -> (String, usize) {
    let comparison = comparison_of(quick_table());
    let advice = comparison::advise(&comparison, &Question { units, lifetime_ms, work });
    for cites in advice.reasons.iter().filter_map(|reason| reason.cites.as_ref()) {
        value(&comparison.rows, &cites.row, &cites.measure, cites.executor);
    }
    (advice.answer, advice.reasons.len())
}

#[test]
fn few_long_lived_units_may_be_threads() {
    let (answer, reasons) = advice(100, 60_000, Occupation::Waiting);
    assert!(answer.starts_with("Threads are fine for you"), "{answer}");
    assert_eq!(reasons, 3, "their number, their memory, starting them");
    let (answer, _) = advice(100, 60_000, Occupation::Blocking);
    assert!(answer.starts_with("Threads are fine for you"), "{answer}");
}

#[test]
fn many_or_short_lived_units_that_wait_should_be_tasks() {
    for (units, lifetime_ms) in [(100_000, 60_000), (5_000, 1), (1_000, 0)] {
        let (answer, reasons) = advice(units, lifetime_ms, Occupation::Waiting);
        assert!(answer.starts_with("Tasks"), "{units} for {lifetime_ms} ms: {answer}");
        assert_eq!(reasons, 4, "and what they take as tasks");
    }
    let (answer, _) = advice(100_000, 60_000, Occupation::Blocking);
    assert!(answer.contains("spawn_blocking"), "{answer}");
}

#[test]
fn a_computation_gets_what_was_faster() {
    let (answer, reasons) = advice(64, 1_000, Occupation::Computing);
    assert!(answer.starts_with("Tasks on several workers computed faster here"), "{answer}");
    assert_eq!(reasons, 3);
}

#[test]
fn without_figures_there_is_no_advice() {
    let empty = comparison_of(comparison::rows(&[]));
    for work in [Occupation::Waiting, Occupation::Blocking, Occupation::Computing] {
        let advice = comparison::advise(&empty, &Question { units: 1, lifetime_ms: 1, work });
        assert!(advice.answer.contains("no figures"), "{}", advice.answer);
    }
}

#[test]
fn the_exports_have_every_row_and_cell_and_mark_foreign_text_off() {
    let comparison = comparison_of(quick_table());
    let markdown = comparison::markdown(&comparison);
    let csv = comparison::csv(&comparison);
    for row in &comparison.rows {
        assert!(markdown.contains(&format!("\n## {}", row.title)), "{}", row.title);
        for measure in &row.measures {
            assert!(markdown.contains(&measure.title), "{}", measure.title);
            for cell in &measure.cells {
                let start = format!("{},{},{},", row.id, measure.id, cell.executor.id());
                assert_eq!(csv.lines().filter(|line| line.starts_with(&start)).count(), 1);
            }
        }
    }
    assert!(markdown.contains("A \\| processor"), "a bar would end a column");
}

#[test]
fn a_table_survives_its_json() {
    let comparison = comparison_of(quick_table());
    let json = serde_json::to_string(&comparison).unwrap();
    let read: Comparison = serde_json::from_str(&json).unwrap();
    // A figure may be read as its neighbour in the last of 53 bits; what is told of it not.
    assert_eq!(comparison::markdown(&read), comparison::markdown(&comparison));
    assert_eq!(read.answers, comparison.answers);
}
