//! What takes more than its budget ends with the budget and the setting in its reason; what
//! does not is measured as ever.

use filature_tests::binary;
use filature_tests::server::Server;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A server with one budget of its own.
fn server(arguments: &[&str]) -> (TempDir, Server) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), arguments);
    (data, server)
}

fn reason(cell: &Value) -> &str {
    cell["reason"].as_str().unwrap_or_default()
}

fn states(experiment: &Value) -> Vec<&str> {
    let cells = experiment["cells"].as_array().unwrap();
    cells.iter().map(|cell| cell["state"].as_str().unwrap()).collect()
}

fn assert_well(server: &Server) {
    assert_eq!(server.get("/healthz").status(), 200);
    assert_eq!(server.children(), [0; 0], "a child is left");
    let again = json!({"workload": "fan-out", "params": {"units": 5}, "samples": 1});
    assert_eq!(server.finished(&server.submit(&again))["state"], "done");
}

#[test]
fn time_that_is_used_up_ends_what_is_left_and_keeps_what_was_measured() {
    let (_data, server) = server(&["--time-budget-s", "4"]);
    let id = server.submit(&json!({"workload": "fan-out", "executors": ["tokio-current"],
        "params": {"units": 1, "work": "sleep"}, "samples": 20, "warmups": 0,
        "sweep": {"param": "duration_ms", "values": [1, 800, 2]}}));
    let experiment = server.finished(&id);
    assert_eq!(experiment["state"], "done", "{experiment:#}");
    assert_eq!(states(&experiment), ["done", "failed", "failed"]);
    let [whole, cut_short, never] = [0, 1, 2].map(|place| &experiment["cells"][place]);
    assert_eq!(whole["samples"].as_array().unwrap().len(), 20);
    let taken = cut_short["samples"].as_array().unwrap();
    assert!((1..20).contains(&taken.len()), "{cut_short:#}");
    assert!(cut_short["summary"]["wall_ns"]["median"].as_f64().unwrap() >= 8e8);
    assert!(never["samples"].as_array().unwrap().is_empty());
    for cell in [cut_short, never] {
        let reason = reason(cell);
        assert!(reason.contains("budget of 4 s") && reason.contains("--time-budget-s"), "{reason}");
    }
    assert_well(&server);
}

#[test]
fn the_time_budget_holds_for_a_browser_too() {
    let (_data, server) = server(&["--time-budget-s", "1"]);
    let id = server.submit(&json!({"workload": "fan-out", "samples": 1,
        "executors": ["browser-loop", "browser-workers"]}));
    let experiment = server.finished(&id);
    assert_eq!(states(&experiment), ["failed", "failed"]);
    for cell in experiment["cells"].as_array().unwrap() {
        assert!(reason(cell).contains("--time-budget-s"), "{cell:#}");
    }
}

#[test]
fn a_cell_beyond_the_memory_budget_ends_and_the_others_are_measured() {
    let (_data, server) = server(&["--memory-budget-mib", "64"]);
    let id = server.submit(&json!({"workload": "fan-out", "params": {"work": "sleep"},
        "executors": ["threads", "tokio-current"], "samples": 3, "warmups": 0,
        "sweep": {"param": "units", "values": [10, 1_000_000, 20]}}));
    let experiment = server.finished(&id);
    assert_eq!(experiment["state"], "done", "{experiment:#}");
    let expected = ["done", "done", "refused", "failed", "done", "done"];
    assert_eq!(states(&experiment), expected, "{experiment:#}");
    let reason = reason(&experiment["cells"][3]);
    assert!(reason.contains("memory budget of 64.0 MiB"), "{reason}");
    assert!(reason.contains("--memory-budget-mib"), "{reason}");
    assert_well(&server);
}

#[test]
fn more_units_than_the_budget_are_refused_with_its_setting() {
    let (_data, server) = server(&["--unit-budget", "100"]);
    let id = server.submit(&json!({"workload": "fan-out", "samples": 1,
        "executors": ["threads", "tokio-multi"],
        "sweep": {"param": "units", "values": [100, 101]}}));
    let experiment = server.finished(&id);
    assert_eq!(states(&experiment), ["done", "done", "refused", "refused"]);
    for cell in &experiment["cells"].as_array().unwrap()[2..] {
        let refusal = &cell["refusal"];
        assert_eq!(
            (&refusal["needed_units"], &refusal["available_units"]),
            (&101.into(), &100.into())
        );
        assert_eq!(refusal["limit"]["value"], 100);
        assert!(refusal["limit"]["how_to_raise"].as_str().unwrap().contains("--unit-budget"));
        assert!(reason(cell).contains("--unit-budget"), "{cell:#}");
    }
    assert_well(&server);
}

#[test]
fn a_process_that_grows_faster_than_anybody_looks_meets_the_limit_of_the_kernel() {
    let mut child = Command::new(binary())
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(stdout).lines();
    let job = json!({"workload": "fan-out", "executor": "tokio-current", "tokio_workers": 1,
        "params": {"units": 1_000_000, "work": "sleep"}, "memory_budget_bytes": 64 << 20});
    writeln!(stdin, "{job}").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"reply":"ready"}"#);
    writeln!(stdin, r#"{{"turn":"sample"}}"#).unwrap();
    assert!(lines.next().is_none(), "a million tasks fit in 64 MiB");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(6));
    let said = filature_tests::text(&output.stderr);
    assert!(said.contains("memory allocation of "), "{said}");
}

#[test]
fn the_machine_publishes_the_budgets_with_their_settings() {
    let (_data, server) = server(&["--time-budget-s", "77", "--queue-max", "5"]);
    let machine = server.json("/api/v1/machine");
    let budgets = machine["budgets"].as_array().unwrap();
    let of = |name: &str| budgets.iter().find(|budget| budget["name"] == name).unwrap();
    assert_eq!((&of("time")["value"], &of("time")["unit"]), (&77.into(), &"s".into()));
    assert_eq!(of("queue")["value"], 5);
    let memory_mib = of("memory")["value"].as_u64().unwrap();
    let machine_mib = machine["memory_bytes"].as_u64().unwrap() >> 20;
    assert!((1..=machine_mib / 4 * 3 + 1).contains(&memory_mib), "{memory_mib} of {machine_mib}");
    let help = Command::new(binary()).args(["serve", "--help"]).output().unwrap();
    for budget in budgets {
        let flag = budget["flag"].as_str().unwrap();
        assert!(filature_tests::text(&help.stdout).contains(&format!("{flag} <")), "{budget}");
        assert!(!budget["about"].as_str().unwrap().is_empty());
    }
}
