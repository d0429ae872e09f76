//! A limit that binds is a result with its name, whoever has set it: nothing crashes.

use filature_core::Executor;
use filature_core::api::Comparison;
use filature_tests::server::send;
use filature_tests::{binary, text};
use nix::sys::signal::Signal;
use nix::unistd::Uid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The only cell of a run in which `units` threads meet, from a shell that sets a limit first.
/// As root one is spared most limits: then it is run as nobody.
fn cell(limit: &str, units: u64, as_nobody: bool) -> Value {
    let run = format!(
        "{limit} && exec {} run fan-out --set units={units} --set work=meet --executor threads \
         --samples 1 --warmups 0 --json",
        binary().display()
    );
    let mut command = if as_nobody && Uid::effective().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    let output = command.args(["-c", &run]).output().unwrap();
    let experiment: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    experiment["cells"][0].clone()
}

fn assert_refused(cell: &Value, limit: &str, value: u64) {
    assert_eq!(cell["state"], "refused", "{cell}");
    let refusal = &cell["refusal"];
    assert_eq!(refusal["limit"]["name"], limit, "{refusal}");
    assert_eq!(refusal["limit"]["value"], value, "{refusal}");
    assert!(refusal["limit"]["how_to_raise"].as_str().unwrap().contains("ulimit"), "{refusal}");
    assert!(refusal["available_units"].as_u64().unwrap() < 5_000, "{refusal}");
    assert!(cell["reason"].as_str().unwrap().contains(limit), "{cell}");
}

#[test]
fn a_limit_on_addresses_is_named() {
    let kib = 2_000_000;
    assert_refused(&cell(&format!("ulimit -v {kib}"), 5_000, false), "RLIMIT_AS", kib * 1024);
}

#[test]
fn a_limit_on_processes_is_named() {
    assert_refused(&cell("ulimit -p 60", 5_000, true), "RLIMIT_NPROC", 60);
}

#[test]
fn threads_that_fit_under_a_limit_all_live() {
    let cell = cell("ulimit -v 2000000", 50, false);
    assert_eq!(
        (&cell["state"], &cell["outcome"]["joined"]),
        (&"done".into(), &50.into()),
        "{cell}"
    );
}

#[test]
fn a_comparison_names_the_limit_that_binds() {
    let table = format!("ulimit -v 2000000 && exec {} table --quick --json", binary().display());
    let mut process = Command::new("sh")
        .args(["-c", &table])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A part is over when the next one has its line.
    let mut progress = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(progress.any(|line| line.contains("As many threads as fit")));
    assert!(progress.next().unwrap().contains("Very many tasks"));
    send(process.id(), Signal::SIGINT);
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));

    let table: Comparison = serde_json::from_slice(&output.stdout).unwrap();
    let row = table.rows.iter().find(|row| row.id == "how-many").unwrap();
    let cell = row.measures[0].cells.iter().find(|cell| cell.executor == Executor::Threads);
    let cell = cell.unwrap();
    // 2 GB of addresses hold fewer than a thousand stacks of 2 MiB.
    assert!(cell.estimate.is_none_or(|lived| lived.value < 1_000.0), "{cell:#?}");
    assert!(cell.note.as_ref().unwrap().contains("RLIMIT_AS"), "{cell:#?}");
}
