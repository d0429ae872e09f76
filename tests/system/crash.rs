//! Children without a lab, and bad disks: what ends, ends in order. Kills of the server are in
//! `kills.rs`.

use filature_tests::server::{Server, send};
use filature_tests::{binary, text};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The one SQLite file in a data directory.
pub(super) fn database(data: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "sqlite" || e == "db")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// A child in the middle of an execution that sleeps for so long.
fn sleeping_child(duration_ms: u64) -> (Child, ChildStdin, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new(binary())
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(stdout).lines();
    let params = json!({"units": 1, "work": "sleep", "duration_ms": duration_ms});
    let job =
        json!({"workload": "fan-out", "params": params, "executor": "threads", "tokio_workers": 1});
    writeln!(stdin, "{job}").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"reply":"ready"}"#);
    writeln!(stdin, r#"{{"turn":"sample"}}"#).unwrap();
    let tasks = format!("/proc/{}/task", child.id());
    while std::fs::read_dir(&tasks).unwrap().count() < 2 {
        std::thread::yield_now();
    }
    (child, stdin, lines)
}

#[test]
fn a_child_ends_with_its_stdin_in_the_middle_of_an_execution() {
    let (mut child, stdin, mut lines) = sleeping_child(10_000);
    drop(stdin);
    assert!(lines.next().is_none(), "it slept on to the end");
    child.wait().unwrap();
}

#[test]
fn a_late_signal_of_stdin_ends_no_child() {
    let (mut child, stdin, mut lines) = sleeping_child(300);
    for _ in 0..20 {
        send(child.id(), Signal::SIGIO);
    }
    let reply: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(reply["correct"], true);
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_unwritable_data_directory_is_a_clear_error_at_start() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("not-a-directory");
    std::fs::write(&file, "").unwrap();
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(file.join("below"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.contains("not-a-directory"), "{message}");
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn a_port_in_use_is_a_clear_error_at_start() {
    let server = Server::start();
    let data = tempfile::tempdir().unwrap();
    let output = Command::new(binary())
        .args(["serve", "--listen", server.address(), "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(message.contains(&server.port().to_string()), "{message}");
}
