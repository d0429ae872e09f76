//! `filature table` as a process: what it prints, what it refuses, how it is interrupted.

use filature_core::api::{Comparison, State};
use filature_tests::server::{PATIENCE, Server, children_of, is_alive, send};
use filature_tests::{binary, filature, text};
use nix::sys::signal::Signal;
use serde_json::json;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// Starts the command, interrupts it once it measures, and returns what it wrote.
fn interrupted(arguments: &[&str]) -> Output {
    let process = Command::new(binary())
        .args(["table", "--quick"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let child = loop {
        if let Some(child) = children_of(process.id()).first() {
            break *child;
        }
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    };
    send(process.id(), Signal::SIGINT);
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(!is_alive(child));
    output
}

#[test]
fn an_interrupted_table_is_printed_as_json_and_taken_elsewhere() {
    let output = interrupted(&["--json"]);
    let progress = text(&output.stderr);
    assert!(progress.starts_with("1 of ") && progress.contains("left"), "{progress}");
    assert!(!progress.contains('\u{1b}'));
    let table: Comparison = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(table.state, State::Cancelled);
    assert!(table.parts.len() > 1 && !table.rows.is_empty());
    assert!(table.parts.iter().all(|part| part.state.is_final()));

    let server = Server::start();
    let imported = server.post("/api/v1/comparisons/import", &json!(table));
    assert_eq!(imported.status(), 201, "{}", imported.text().unwrap());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("elsewhere.json");
    let mut elsewhere = table;
    elsewhere.machine.cpu = "Abacus 9000".to_owned();
    std::fs::write(&file, json!(elsewhere).to_string()).unwrap();
    let file = file.to_str().unwrap();
    let beside = text(&interrupted(&["--import", file]).stdout);
    assert!(beside.contains("Machine 2: Abacus 9000"), "{beside}");
    assert!(beside.contains("on machine 2") && beside.contains("interrupted"), "{beside}");

    let report = folder.path().join("report.html");
    let shown = report.to_str().unwrap();
    let output = interrupted(&["--import", file, "--html", shown]);
    assert_eq!(text(&output.stdout).trim(), shown);
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("<html") && report.contains("Abacus 9000"));
}

#[test]
fn bad_input_is_exit_code_2_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (foreign, broken) = (file("foreign.json", "{\"name\": 1}"), file("broken.json", "{"));
    let endless = file("endless.json", &" ".repeat(1024 * 1024 + 1));
    let wrong: [(&[&str], &[&str]); 9] = [
        (&["--slow"], &["--slow"]),
        (&["--json", "--csv"], &["--json", "--csv"]),
        (&["--markdown", "--html", "x.html"], &["--markdown", "--html"]),
        (&["--import"], &["--import"]),
        (&["--import", &foreign, "--json"], &["--import", "--json"]),
        (&["--import", &foreign], &["foreign.json", "id"]),
        (&["--import", &broken], &["broken.json", "line 1"]),
        (&["--import", &endless], &["endless.json", "1048576"]),
        (&["--html", "/nowhere/report.html"], &["/nowhere/report.html", "written"]),
    ];
    for (arguments, named) in wrong {
        let arguments: Vec<&str> = std::iter::once("table").chain(arguments.to_vec()).collect();
        let output = filature(&arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert_eq!(message.trim_end().lines().count(), 1, "{arguments:?}: {message}");
        for word in named {
            assert!(message.contains(word), "{arguments:?}: {word} is not in {message}");
        }
        assert_eq!(text(&output.stdout), "");
    }
    let gone = "/nowhere/table.json";
    let output = filature(&["table", "--import", gone, &foreign]);
    let message = text(&output.stderr);
    assert_eq!((output.status.code(), message.trim_end().lines().count()), (Some(2), 2));
    assert!(message.contains(gone) && message.contains("foreign.json"), "{message}");
}
