//! A backup is whole, also of a history that is being written, and replaces nothing unasked.

use filature_tests::history::database;
use filature_tests::server::Server;
use filature_tests::{binary, filature, text};
use rusqlite::Connection;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn backup(data: &Path, file: &Path, further: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.arg("backup").arg(file).arg("--data").arg(data).args(further).output().unwrap()
}

fn wrote(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn a_history_that_is_being_written_is_copied_and_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.sqlite"));
    let server = Server::start_in(&data, &[]);
    let finished = server.submit(&json!({"workload": "fan-out", "params": {"units": 5},
        "samples": 3, "label": "kept"}));
    let experiment = server.finished(&finished);
    let running = server.submit(&json!({"workload": "fan-out", "samples": 1000,
        "executors": ["tokio-current"],
        "params": {"units": 1, "work": "sleep", "duration_ms": 20}}));
    server.wait(&running, |experiment| {
        experiment["cells"][0]["samples"].as_array().is_some_and(|samples| samples.len() > 2)
    });
    let said = wrote(&backup(&data, &copy, &[]));
    assert!(said.contains("2 experiments") && said.contains("copy.sqlite"), "{said}");
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The server goes on, and what it does now is not in the copy.
    server.delete(&format!("/api/v1/experiments/{running}"));
    server.kill();
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.count(), 2, "something is left beside the copy");

    let restored = tempfile::tempdir().unwrap();
    fs::copy(&copy, database(restored.path())).unwrap();
    let server = Server::start_in(restored.path(), &[]);
    assert_eq!(server.experiment(&finished), experiment);
    let interrupted = server.experiment(&running);
    assert_eq!(interrupted["state"], "interrupted");
    assert!(interrupted["cells"][0]["samples"].as_array().unwrap().len() > 2);
}

/// Does what `filature backup` says of restoring, as far as it names files.
fn restore(copy: &Path, said: &str) {
    let (_, steps) = said.split_once("To restore it, stop the server, remove\n").unwrap();
    let (remove, to) = steps.split_once("if they are there, and copy it to\n").unwrap();
    for line in remove.lines() {
        // The second one may not be there.
        let _ = fs::remove_file(line.trim());
    }
    fs::copy(copy, to.trim()).unwrap();
}

#[test]
fn a_copy_is_restored_over_what_a_killed_server_left() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.sqlite"));
    let small = json!({"workload": "fan-out", "params": {"units": 5}, "samples": 3});
    let server = Server::start_in(&data, &[]);
    let kept = server.submit(&small);
    let experiment = server.finished(&kept);
    let said = wrote(&backup(&data, &copy, &[]));
    let later: Vec<String> = (0..5).map(|_| server.submit(&small)).collect();
    later.iter().for_each(|id| drop(server.finished(id)));
    server.kill();
    let journal = data.join("filature.sqlite-wal");
    assert!(journal.metadata().unwrap().len() > 0, "nothing is left that could do harm");

    restore(&copy, &said);
    let server = Server::start_in(&data, &[]);
    assert_eq!(server.experiment(&kept), experiment);
    let page = server.json("/api/v1/experiments");
    assert_eq!(page["experiments"].as_array().unwrap().len(), 1, "{page}");
}

#[test]
fn nothing_is_replaced_unasked_and_never_the_history_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.sqlite"));
    let said = refused(&backup(&data, &copy, &[]));
    assert!(said.contains("no history") && said.contains("--data"), "{said}");
    drop(Server::start_in(&data, &[]));
    fs::write(&copy, "somebody's").unwrap();
    let said = refused(&backup(&data, &copy, &[]));
    assert!(said.contains("copy.sqlite") && said.contains("--force"), "{said}");
    assert_eq!(fs::read(&copy).unwrap(), b"somebody's");
    let said = wrote(&backup(&data, &copy, &["--force"]));
    assert!(said.contains("0 experiments"), "{said}");
    let before = fs::read(database(&data)).unwrap();
    for own in [database(&data), data.join("../data/filature.sqlite")] {
        let said = refused(&backup(&data, &own, &["--force"]));
        assert!(said.contains("the history itself"), "{said}");
    }
    assert_eq!(fs::read(database(&data)).unwrap(), before);
    let said = refused(&backup(&data, &folder.path().join("no/such/folder"), &[]));
    assert!(said.contains("no/such/folder"), "{said}");
}

#[test]
fn a_damaged_history_has_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.sqlite");
    fs::write(database(folder.path()), "this was a history ".repeat(1_000)).unwrap();
    let said = refused(&backup(folder.path(), &copy, &[]));
    assert!(said.contains("not a database"), "{said}");
    assert!(!copy.exists());
    Connection::open(folder.path().join("other"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    fs::rename(folder.path().join("other"), database(folder.path())).unwrap();
    assert!(refused(&backup(folder.path(), &copy, &[])).contains("no history of Filature"));
    assert!(!copy.exists() && fs::read_dir(folder.path()).unwrap().count() <= 3);
}

#[test]
fn the_help_says_what_it_does() {
    let help = filature(&["backup", "--help"]);
    for word in ["FILE", "--data", "--force", "also while a server uses it"] {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
}
