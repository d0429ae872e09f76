//! A long history: opened, listed and read in no time, kept within its limits, and set aside
//! where it is damaged.

use filature_tests::history::{database, fill};
use filature_tests::server::{PATIENCE, Server};
use filature_tests::visitor::Visitor;
use filature_tests::{binary, is_nightly, text};
use nix::sys::signal::Signal;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A history with one finished experiment of two cells with five samples each, closed in an
/// orderly way. Returns the cookie of who asked for it.
fn one_experiment(data: &Path) -> String {
    let mut server = Server::start_in(data, &[]);
    let visitor = Visitor::new(&server);
    let asked = visitor.submit(&json!({"workload": "fan-out", "params": {"units": 10},
        "executors": ["threads", "tokio-multi"], "samples": 5, "warmups": 0}));
    assert_eq!(server.finished(asked["id"].as_str().unwrap())["state"], "done");
    let cookie = visitor.cookie().to_owned();
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
    cookie
}

/// What a server on `data` says on stderr when it does not start.
fn refused(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn no_more_is_kept_than_was_asked_for_and_nothing_of_what_went_is_served() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &["--keep", "2"]);
    let small = json!({"workload": "fan-out", "params": {"units": 5}, "samples": 1});
    let ids: Vec<String> = (0..4)
        .map(|_| {
            let id = server.submit(&small);
            server.finished(&id);
            // Asked for, so that the answer is one that is kept.
            server.experiment(&id);
            id
        })
        .collect();
    let status = |id: &str| server.get(&format!("/api/v1/experiments/{id}")).status().as_u16();
    // What is too much goes when the last one has left the slot.
    let start = Instant::now();
    while status(&ids[1]) == 200 {
        assert!(start.elapsed() < PATIENCE, "it is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
    let found: Vec<u16> = ids.iter().map(|id| status(id)).collect();
    assert_eq!(found, [404, 404, 200, 200]);
    server.kill();

    let server = Server::start_in(data.path(), &["--keep", "1"]);
    let gone = |id: &str| server.get(&format!("/api/v1/experiments/{id}")).status() == 404;
    let start = Instant::now();
    while !gone(&ids[2]) {
        assert!(start.elapsed() < PATIENCE, "it is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!gone(&ids[3]));
}

#[test]
fn an_experiment_that_cannot_be_read_is_left_out_of_the_list_and_can_be_deleted() {
    let data = tempfile::tempdir().unwrap();
    let cookie = one_experiment(data.path());
    let history = Connection::open(database(data.path())).unwrap();
    let id: String = history.query_row("SELECT id FROM experiments", [], |row| row.get(0)).unwrap();
    history.execute("UPDATE experiments SET spec = '{'", []).unwrap();
    drop(history);
    let server = Server::start_in(data.path(), &[]);
    let other = server.submit(&json!({"workload": "fan-out", "params": {"units": 5}}));
    let listed = server.json("/api/v1/experiments");
    let listed: Vec<&Value> = listed["experiments"].as_array().unwrap().iter().collect();
    assert!(listed.len() == 1 && listed[0]["id"] == json!(other), "{listed:?}");
    let own = Visitor::again(&server, &cookie);
    let delete = || own.ask("DELETE", &format!("/api/v1/experiments/{id}"), None).status();
    assert_eq!([delete(), delete()], [204, 404]);
}

#[test]
fn what_is_no_limit_is_an_error_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    for (keep, said) in
        [("much", "5000"), ("0", "at least 1"), ("5,6", "second limit"), ("1KB", "10MB")]
    {
        let (code, message) = refused(data.path(), &["--keep", keep]);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains("--keep") && message.contains(said), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_damaged_history_is_set_aside_and_the_server_starts_with_a_new_one() {
    let data = tempfile::tempdir().unwrap();
    one_experiment(data.path());
    let file = database(data.path());
    let damaged = "this is no database any more ".repeat(200);
    fs::write(&file, &damaged).unwrap();
    let mut process = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("listening"), "{line}");
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    let lines = text(&output.stderr);
    let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let said = lines.find(|line| line["level"] == "ERROR").unwrap();
    let said = said["message"].as_str().unwrap();
    assert!(lines.all(|line| line.is_object()));
    assert!(said.contains("is damaged") && said.contains("To restore a backup"), "{said}");
    let aside = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().path());
    let aside = aside.into_iter().find(|path| {
        path.to_str().is_some_and(|path| path.contains(".damaged-") && path.ends_with('Z'))
    });
    let aside = aside.unwrap();
    assert!(said.contains(aside.to_str().unwrap()), "{said}");
    assert_eq!(fs::read(aside).unwrap(), damaged.as_bytes());

    let server = Server::start_in(data.path(), &[]);
    let page = server.json("/api/v1/experiments");
    assert!(page["experiments"].as_array().unwrap().is_empty());
}

#[test]
fn a_history_of_a_newer_filature_and_a_foreign_database_are_left_as_they_are() {
    let data = tempfile::tempdir().unwrap();
    one_experiment(data.path());
    let file = database(data.path());
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "UPDATE refinery_schema_history SET version = 99 WHERE version =
             (SELECT max(version) FROM refinery_schema_history);
             PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;",
        )
        .unwrap();
    drop(connection);
    let before = fs::read(&file).unwrap();
    let (code, message) = refused(data.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("newer Filature") && message.contains("99"), "{message}");
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(&file).unwrap();
    let (code, message) = refused(data.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("another program"), "{message}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn an_experiment_that_cannot_be_read_ends_no_start() {
    let data = tempfile::tempdir().unwrap();
    one_experiment(data.path());
    let unreadable = "UPDATE experiments SET spec = '{}'";
    Connection::open(database(data.path())).unwrap().execute(unreadable, []).unwrap();
    let server = Server::start_in(data.path(), &[]);
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 5}, "samples": 1}));
    assert_eq!(server.finished(&id)["state"], "done");
}

/// How long `ask` takes, 99 times out of 100, by so many times.
fn p99(count: usize, ask: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let start = Instant::now();
            ask();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[(times.len() * 99).div_ceil(100) - 1]
}

/// The token of the teacher in a class.
const TOKEN: &str = "the-token-of-this-class";

/// What is asked for of a long history, and how many lines there are.
const LISTS: [(&str, usize); 7] = [
    ("limit=50", 50),
    ("limit=50&workload=pipeline", 50),
    ("limit=50&workload=counter", 0),
    ("limit=5&state=cancelled", 5),
    ("limit=50&state=failed", 0),
    ("limit=5&state=cancelled&workload=pipeline", 5),
    ("limit=50&state=cancelled&workload=fan-out", 0),
];

/// The whole of it in the nightly run; else a hundredth, and nothing is timed.
#[test]
fn a_long_history_is_opened_listed_and_read_in_no_time() {
    let (copies, times) = if is_nightly() { (100_000, 200) } else { (1_000, 5) };
    let data = tempfile::tempdir().unwrap();
    let cookie = one_experiment(data.path());
    fill(data.path(), copies);
    let (mut slowest_start, mut worst) = (Duration::ZERO, Duration::ZERO);
    let class: &[&str] = &["--admin-token", TOKEN];
    for (end, arguments) in [("an orderly end", &[] as &[&str]), ("a kill", class)] {
        let start = Instant::now();
        let server = Server::start_in(data.path(), arguments);
        let start = start.elapsed();
        eprintln!("start after {end}: {start:?}");
        slowest_start = slowest_start.max(start);
        // Who has asked for most of it, who is allowed to see all of it, and who has never been
        // there, and is shown nothing where others see their own.
        let own = Visitor::again(&server, &cookie);
        let [mut teacher, stranger] = [(); 2].map(|()| Visitor::new(&server));
        if !arguments.is_empty() {
            teacher.become_teacher(TOKEN);
        }
        for (who, visitor) in [("own", &own), ("teacher", &teacher), ("stranger", &stranger)] {
            let sees_none = who == "stranger" && !arguments.is_empty();
            for (query, most) in LISTS {
                let expected = if sees_none { 0 } else { most };
                let time = p99(times, || {
                    let path = format!("/api/v1/experiments?{query}");
                    let page: Value = visitor.ask("GET", &path, None).json().unwrap();
                    let lines = page["experiments"].as_array().unwrap();
                    assert_eq!(lines.len(), expected, "{who}: {query}");
                });
                eprintln!("{who}: {query}: p99 {time:?}");
                worst = worst.max(time);
            }
        }
        let ids = some_ids(data.path());
        let next = Cell::new(0);
        let time = p99(times, || {
            let experiment = server.experiment(&ids[next.replace(next.get() + 1)]);
            assert_eq!(experiment["cells"][1]["samples"].as_array().unwrap().len(), 5);
        });
        eprintln!("one of {}: p99 {time:?}", ids.len());
        worst = worst.max(time);
        server.kill();
    }
    if is_nightly() {
        assert!(slowest_start <= Duration::from_secs(1), "{slowest_start:?}");
        assert!(worst <= Duration::from_millis(50), "{worst:?}");
    }
}

/// The ids of 200 experiments from all over the history.
fn some_ids(data: &Path) -> Vec<String> {
    let connection = Connection::open(database(data)).unwrap();
    let mut select = connection
        .prepare("SELECT id FROM experiments WHERE seq % 5 = 2 ORDER BY id LIMIT 200")
        .unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}
