//! The command line as a process: output, progress, errors, exit codes.

use filature_core::workloads;
use filature_tests::server::{PATIENCE, children_of, send};
use filature_tests::{binary, filature, text};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

#[test]
fn run_prints_a_table_and_a_verdict_and_nothing_fancy_when_piped() {
    let output = filature(&["run", "fan-out", "--set", "units=50", "--samples", "4"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    let said = ["spawned and joined 50 units", "units joined: 50 of 50"];
    for word in ["threads", "tokio-multi", "tokio-current", "median"].into_iter().chain(said) {
        assert!(table.contains(word), "{word} is missing from\n{table}");
    }
    assert!(!table.contains('\u{1b}') && !text(&output.stderr).contains('\u{1b}'));
}

#[test]
fn run_as_json_is_an_experiment() {
    let output = filature(&[
        "run",
        "counter",
        "--set",
        "increments=100",
        "--set",
        "lock=atomic",
        "--executor",
        "threads,tokio-current",
        "--sweep",
        "workers=1,2",
        "--samples",
        "3",
        "--json",
    ]);
    let experiment: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(experiment["state"], "done");
    let totals: Vec<u64> = experiment["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["outcome"]["total"].as_u64().unwrap())
        .collect();
    assert_eq!(totals, [100, 100, 200, 200]);
    assert_eq!(experiment["verdicts"].as_array().unwrap().len(), 2);
}

#[test]
fn run_as_csv_has_a_row_per_sample() {
    let output = filature(&["run", "pipeline", "--set", "items=50", "--samples", "2", "--csv"]);
    let csv = text(&output.stdout);
    assert_eq!(csv.lines().count(), 1 + 3 * 2, "{csv}");
    assert!(csv.lines().next().unwrap().contains("wall_ns"), "{csv}");
}

#[test]
fn bad_input_is_exit_code_2_with_one_line_that_names_what_is_wrong() {
    let wrong: [(&[&str], &[&str]); 14] = [
        (&["run", "nope"], &["nope", "fan-out"]),
        (&["run", "fan-out", "--set", "units=0"], &["units", "0", "1000000"]),
        (&["run", "fan-out", "--set", "units=many"], &["units", "many"]),
        (&["run", "fan-out", "--set", "speed=1"], &["speed", "units"]),
        (&["run", "fan-out", "--set", "units"], &["units", "="]),
        (&["run", "fan-out", "--executor", "fibers"], &["fibers", "tokio-multi"]),
        (&["run", "fan-out", "--executor", "browser-loop"], &["browser-loop", "page"]),
        (&["run", "fan-out", "--sweep", "work=1"], &["work"]),
        (&["run", "fan-out", "--samples", "0"], &["samples", "0", "1000"]),
        (&["run", "fan-out", "--samples", "many"], &["--samples", "many"]),
        (&["run", "fan-out", "--cores", "0"], &["cores", "from 1 to"]),
        (&["run", "fan-out", "--time-limit-s", "500"], &["time_limit_s", "500", "120"]),
        (&["run"], &["WORKLOAD"]),
        (&["dance"], &["dance"]),
    ];
    for (arguments, named) in wrong {
        let output = filature(arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert_eq!(message.trim_end().lines().count(), 1, "{arguments:?}: {message}");
        for word in named {
            assert!(message.contains(word), "{arguments:?}: {word} is not in {message}");
        }
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_refused_cell_is_a_result_with_its_reason() {
    let output = filature(&[
        "run",
        "fan-out",
        "--set",
        "units=1000000",
        "--executor",
        "threads",
        "--samples",
        "1",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let table = text(&output.stdout);
    assert!(table.contains("refused") && table.contains("threads"), "{table}");
}

#[test]
fn a_cell_runs_on_as_many_cores_as_it_is_given_and_for_no_longer() {
    let run = |arguments: &[&str]| {
        let all = [&["run", "fan-out", "--samples", "1", "--warmups", "0"], arguments].concat();
        filature(&all)
    };
    let pinned = run(&["--set", "units=20", "--cores", "1"]);
    assert_eq!(pinned.status.code(), Some(0));
    let table = text(&pinned.stdout);
    assert!(table.contains("Pinned to cores: 1 of"), "{table}");

    let sleeping = ["--set", "units=1", "--set", "work=sleep", "--set", "duration_ms=10000"];
    let short = ["--executor", "tokio-current", "--time-limit-s", "1"];
    let too_long = run(&[sleeping.as_slice(), &short].concat());
    assert_eq!(too_long.status.code(), Some(1));
    let table = text(&too_long.stdout);
    assert!(table.contains("more than 1 s to execute the body once"), "{table}");
}

#[test]
fn list_names_every_workload_with_its_params_and_limits() {
    let listed = text(&filature(&["list"]).stdout);
    for workload in workloads::ALL {
        assert!(listed.contains(workload.id()), "{}", workload.id());
    }
    for word in ["capacity", "65536", "async-mutex"] {
        assert!(listed.replace(['\u{202f}', '_'], "").contains(word), "{word}:\n{listed}");
    }
    let json: Value = serde_json::from_str(&text(&filature(&["list", "--json"]).stdout)).unwrap();
    assert_eq!(json[0]["id"], "fan-out");
}

#[test]
fn machine_says_what_limits_the_threads() {
    let json: Value =
        serde_json::from_str(&text(&filature(&["machine", "--json"]).stdout)).unwrap();
    assert!(json["thread_limits"][0]["threads"].as_u64().unwrap() > 0);
    assert!(!text(&filature(&["machine"]).stdout).is_empty());
}

#[test]
fn help_shows_the_commands_and_hides_the_worker() {
    let help = text(&filature(&["--help"]).stdout);
    for command in ["serve", "run", "table", "list", "machine"] {
        assert!(help.contains(command), "{command}");
    }
    assert!(!help.contains("worker "), "{help}");
}

#[test]
fn an_interrupt_ends_a_run_with_the_samples_so_far_and_no_child() {
    let mut process = Command::new(binary())
        .args(["run", "fan-out", "--set", "units=1", "--set", "work=sleep"])
        .args(["--executor", "tokio-current", "--samples", "1000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let child = loop {
        let found = children_of(process.id());
        if let Some(child) = found.first() {
            break *child;
        }
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    };
    send(process.id(), Signal::SIGINT);
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(!filature_tests::server::is_alive(child));
    let mut table = String::new();
    process.stdout.take().unwrap().read_to_string(&mut table).unwrap();
    assert!(table.contains("cancelled"), "{table}");
}

#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let mut process = Command::new(binary())
        .arg("list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
}
