//! How an experiment ends, by how its cells ended and by what the disk takes; and what is done
//! while there is none.

use super::*;
use CellState::{Cancelled, Done, Failed, Interrupted, Refused};
use clap::Parser;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

fn ended(stop: Option<State>, cells: &[CellState]) -> State {
    outcome(stop, cells).0
}

#[test]
fn one_cell_that_was_measured_makes_it_done() {
    assert_eq!(ended(None, &[Failed, Done, Refused]), State::Done);
    assert_eq!(ended(None, &[Done, Interrupted]), State::Done);
}

#[test]
fn a_refusal_is_a_result() {
    assert_eq!(ended(None, &[Refused, Refused]), State::Done);
    assert_eq!(ended(None, &[Refused, Failed]), State::Failed);
}

#[test]
fn it_failed_where_nothing_could_be_measured() {
    assert_eq!(outcome(None, &[Failed, Failed]).0, State::Failed);
    assert!(outcome(None, &[Failed]).1.is_some());
    assert_eq!(ended(None, &[Interrupted]), State::Interrupted);
}

#[test]
fn being_told_to_stop_counts_only_while_there_is_something_to_stop() {
    assert_eq!(ended(Some(State::Cancelled), &[Done, Cancelled]), State::Cancelled);
    assert_eq!(ended(Some(State::Interrupted), &[Done, Interrupted]), State::Interrupted);
    assert_eq!(ended(Some(State::Cancelled), &[Done, Done]), State::Done);
}

#[derive(Parser)]
struct Told {
    #[command(flatten)]
    settings: Settings,
}

/// A lab that measures nothing, with a history that goes with the test.
fn idle_lab(keep: &str) -> (TempDir, Arc<Lab>) {
    let folder = tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap().keeping(keep.parse().unwrap());
    let settings = Told::parse_from(["serve"]).settings;
    (folder, Lab::new(store, Arc::new(Bus::new("epoch".to_owned())), &settings))
}

fn spec() -> Spec {
    let request = serde_json::json!({"workload": "fan-out", "executors": ["threads"]});
    experiment::check(&serde_json::from_value(request).unwrap(), 2).unwrap()
}

/// Has the history refuse what ends an experiment, as a full disk does, until the trigger `full`
/// is dropped.
fn full_disk(data: &TempDir) -> Connection {
    let connection = Connection::open(data.path().join("filature.sqlite")).unwrap();
    let full = "CREATE TRIGGER full BEFORE UPDATE ON experiments
                BEGIN SELECT raise(ABORT, 'no room'); END";
    connection.execute_batch(full).unwrap();
    connection
}

#[tokio::test]
async fn one_that_is_cancelled_while_the_disk_is_full_ends_when_there_is_room_again() {
    let (folder, lab) = idle_lab("10GB");
    let id = lab.submit(spec(), Client::of_session("a"), None).await.unwrap().id;
    let disk = full_disk(&folder);
    let (cancelling, told) = (Arc::clone(&lab), id.clone());
    let mut cancelled = tokio::spawn(async move { cancelling.cancel(&told).await });
    let early = tokio::time::timeout(Duration::from_millis(200), &mut cancelled).await;
    assert!(early.is_err(), "it gave up");
    disk.execute_batch("DROP TRIGGER full").unwrap();
    assert!(cancelled.await.unwrap());
    assert_eq!(lab.store.state(&id).await.unwrap(), Some(State::Cancelled));
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_a_full_disk() {
    let (folder, lab) = idle_lab("10GB");
    let id = lab.submit(spec(), Client::of_session("a"), None).await.unwrap().id;
    let _disk = full_disk(&folder);
    lab.close().await;
    assert_eq!(lab.store.state(&id).await.unwrap(), Some(State::Queued), "the next start's");
}

// The hours pass as soon as nobody does anything.
#[tokio::test(start_paused = true)]
async fn what_grows_too_old_goes_while_nothing_is_measured() {
    let (_folder, lab) = idle_lab("90d");
    let old = fresh(spec());
    let id = old.id.clone();
    let (experiment, owner) = (Box::new(old), Client::of_session("a"));
    lab.store.write(Change::Create { experiment, owner, membership: None }).await.unwrap();
    let (at, state, reason) = ("2020-01-01T00:00:00.000Z".to_owned(), State::Cancelled, None);
    let finish = Finish { id: id.clone(), state, reason, at, disturbance: None, verdict: None };
    lab.store.write(Change::Finished(Box::new(finish))).await.unwrap();
    let idle = Arc::clone(&lab);
    tokio::spawn(async move { idle.next_experiment().await.is_none() });
    let start = Instant::now();
    while lab.store.state(&id).await.unwrap().is_some() {
        assert!(start.elapsed() < Duration::from_secs(30), "it is still there");
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
