//! What the history promises.

use super::*;
use crate::lab::run::CellEnd;
use filature_core::api::{
    BrowserSpawnCosts, CellState, ComparisonRequest, ExperimentRequest, Observed, Sample, Span,
    State,
};
use serde_json::json;
use tempfile::{TempDir, tempdir};

pub(super) fn experiment(id: &str, workload: &str) -> Experiment {
    let request: ExperimentRequest = serde_json::from_value(json!({"workload": workload})).unwrap();
    let spec = filature_core::experiment::check(&request, 2).unwrap();
    Experiment {
        id: id.to_owned(),
        state: State::Queued,
        position: None,
        wait_s: None,
        expected_s: None,
        reason: None,
        cells: filature_core::experiment::cells(&spec),
        spec,
        machine: crate::machine::card().clone(),
        created_at: "2026-11-22T12:00:00.000Z".to_owned(),
        started_at: None,
        finished_at: None,
        disturbance: None,
        verdicts: Vec::new(),
    }
}

/// The first page of everything that belongs to no comparison.
fn everything() -> Filter {
    Filter { before: None, workload: None, state: None, comparison: None, owner: None, limit: 9 }
}

pub(super) fn owner() -> Client {
    Client::of_session("owner")
}

pub(super) fn create(experiment: Experiment, membership: Option<Membership>) -> Change {
    Change::Create { experiment: Box::new(experiment), owner: owner(), membership }
}

pub(super) fn sample(wall_ns: u64) -> Sample {
    Sample {
        wall_ns,
        cpu_user_ns: Some(wall_ns * 2),
        cpu_system_ns: None,
        switches_voluntary: Some(0),
        switches_involuntary: None,
        batch: 3,
        // A number that a hasty reader takes for its neighbour.
        readings: [("spawn_loop_ns".to_owned(), 457.709_795_555_555_5)].into(),
    }
}

/// The end of a cell that was measured.
fn done(outcome: Option<serde_json::Value>) -> CellEnd {
    let state = CellState::Done;
    let (reason, refusal, memory, observed, spawn_costs) = (None, None, None, None, None);
    CellEnd { state, reason, refusal, memory, outcome, observed, spawn_costs }
}

pub(super) fn samples(id: &str, first: usize, samples: Vec<Sample>) -> Change {
    Change::Samples { id: id.to_owned(), cell: 1, first, samples }
}

/// A history in a folder that goes with the test.
async fn created(ids: &[&str]) -> (TempDir, Store) {
    let folder = tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for id in ids {
        store.write(create(experiment(id, "counter"), None)).await.unwrap();
    }
    (folder, store)
}

#[tokio::test]
async fn an_experiment_comes_back_as_it_was_stored() {
    let (_folder, store) = created(&["a"]).await;
    assert_eq!(store.experiment("a").await.unwrap(), Some(experiment("a", "counter")));
    assert_eq!(store.experiment("b").await.unwrap(), None);
}

#[tokio::test]
async fn samples_keep_their_order_and_every_figure() {
    let (_folder, store) = created(&["a"]).await;
    store.write(samples("a", 0, vec![sample(3), sample(1)])).await.unwrap();
    store.write(samples("a", 2, vec![sample(2)])).await.unwrap();
    let costs = BrowserSpawnCosts { new_worker_ns: 9_000_000, warm_worker_ns: 20_000 };
    let span = Span { spawned_ns: 1, began_ns: 2, ended_ns: 3 };
    let (spawn_to_begin_ns, begin_to_end_ns) = (None, None);
    let observed =
        Observed { wall_ns: 9, units: 1, spawn_to_begin_ns, begin_to_end_ns, spans: vec![span] };
    let mut end = done(Some(json!({"total": 8})));
    (end.observed, end.spawn_costs) = (Some(Box::new(observed.clone())), Some(costs));
    store.write(Change::CellEnded { id: "a".to_owned(), cell: 1, end }).await.unwrap();
    let cell = store.experiment("a").await.unwrap().unwrap().cells.remove(1);
    assert_eq!(cell.samples, [sample(3), sample(1), sample(2)]);
    assert_eq!((cell.state, cell.outcome), (CellState::Done, Some(json!({"total": 8}))));
    assert_eq!((cell.observed, cell.spawn_costs), (Some(observed), Some(costs)));
}

#[tokio::test]
async fn a_change_that_fails_is_undone_alone() {
    let (_folder, store) = created(&["a"]).await;
    let (good, twice, nobody) = tokio::join!(
        store.write(samples("a", 0, vec![sample(1)])),
        store.write(samples("a", 0, vec![sample(7), sample(8)])),
        store.write(samples("nobody", 0, vec![sample(9)])),
    );
    assert!(good.is_ok() && twice.is_err() && nobody.is_err());
    let cells = store.experiment("a").await.unwrap().unwrap().cells;
    assert_eq!(cells[1].samples, [sample(1)]);
}

#[tokio::test]
async fn the_history_is_read_page_by_page_newest_first() {
    let (_folder, store) = created(&["a", "b", "c"]).await;
    store.write(create(experiment("d", "pipeline"), None)).await.unwrap();
    let filter = |before| Filter { before, limit: 2, ..everything() };
    let ids = |page: &Page| page.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>();
    let first = store.page(filter(None)).await.unwrap();
    assert_eq!(ids(&first), ["d", "c"]);
    let second = store.page(filter(first.next)).await.unwrap();
    assert_eq!((ids(&second), second.next), (vec!["b".to_owned(), "a".to_owned()], None));

    let of_workload = Filter { workload: Some("pipeline".to_owned()), ..filter(None) };
    assert_eq!(ids(&store.page(of_workload).await.unwrap()), ["d"]);
    let done = Filter { state: Some(State::Done), ..filter(None) };
    assert!(store.page(done).await.unwrap().lines.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_left_out_of_its_page_alone() {
    let (folder, store) = created(&["a", "b", "c"]).await;
    let file = rusqlite::Connection::open(folder.path().join(schema::FILE)).unwrap();
    file.execute("UPDATE experiments SET spec = '{' WHERE id = 'b'", []).unwrap();
    let filter = |before| Filter { before, limit: 2, ..everything() };
    let ids = |page: &Page| page.lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>();
    let first = store.page(filter(None)).await.unwrap();
    assert_eq!(ids(&first), ["c"]);
    let second = store.page(filter(first.next)).await.unwrap();
    assert_eq!((ids(&second), second.next), (vec!["a".to_owned()], None));
}

#[tokio::test]
async fn the_times_of_what_was_measured_are_told_oldest_first() {
    let (folder, store) = created(&["a", "b", "c", "half", "odd"]).await;
    for (id, seconds, state) in [
        ("c", 2, State::Done),
        ("a", 5, State::Done),
        ("b", 9, State::Cancelled),
        ("half", 7, State::Done),
        ("odd", 8, State::Done),
    ] {
        // One cell of `half` has none of its own end, and fails with the experiment's.
        let cells = experiment(id, "counter").cells.len() - usize::from(id == "half");
        for cell in 0..cells {
            let id = id.to_owned();
            store.write(Change::CellEnded { id, cell, end: done(None) }).await.unwrap();
        }
        let at = "2026-11-22T12:00:59.500Z".to_owned();
        store.write(Change::Started { id: id.to_owned(), at }).await.unwrap();
        let at = format!("2026-11-22T12:01:{seconds:02}.500Z");
        let (id, reason) = (id.to_owned(), None);
        let finish = Finish { id, state, reason, at, disturbance: None, verdict: None };
        store.write(Change::Finished(Box::new(finish))).await.unwrap();
    }
    let writer = rusqlite::Connection::open(folder.path().join(schema::FILE)).unwrap();
    writer.execute("UPDATE experiments SET spec = '{}' WHERE id = 'odd'", []).unwrap();
    let times = store.times(9).await.unwrap();
    let millis: Vec<u128> =
        times.iter().map(|(_, took)| (took.as_secs_f64() * 1e3).round() as u128).collect();
    assert_eq!(millis, [6_000, 3_000], "of `a`, then of `c`");
    assert_eq!(times[0].0, experiment("a", "counter").spec);
    assert_eq!(store.times(2).await.unwrap().len(), 1, "of `c`: the other one is unreadable");
}

#[tokio::test]
async fn deleting_takes_cells_and_samples_along() {
    let (folder, store) = created(&["a"]).await;
    store.write(samples("a", 0, vec![sample(1)])).await.unwrap();
    store.write(Change::Deleted { id: "a".to_owned() }).await.unwrap();
    assert_eq!(store.experiment("a").await.unwrap(), None);
    let connection = schema::reader(&folder.path().join(schema::FILE)).unwrap();
    let left: i64 = connection
        .query_row(
            "SELECT (SELECT count(*) FROM cells) + (SELECT count(*) FROM samples)",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_a_former_server_left_open_is_interrupted() {
    let (folder, store) = created(&["a", "b"]).await;
    let at = "2026-11-22T12:00:01.000Z".to_owned();
    store.write(Change::Started { id: "a".to_owned(), at }).await.unwrap();
    store.write(samples("a", 0, vec![sample(1)])).await.unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    for id in ["a", "b"] {
        let experiment = store.experiment(id).await.unwrap().unwrap();
        assert_eq!(experiment.state, State::Interrupted);
        assert!(experiment.reason.is_some() && experiment.finished_at.is_some());
        assert!(experiment.cells.iter().all(|cell| cell.state == CellState::Interrupted));
    }
    let cells = store.experiment("a").await.unwrap().unwrap().cells;
    assert_eq!(cells[1].samples, [sample(1)], "what was acknowledged is not lost");
}

fn comparison(id: &str) -> filature_core::api::Comparison {
    let mut comparison = crate::comparison::fresh(ComparisonRequest::default());
    comparison.id = id.to_owned();
    comparison
}

async fn store_comparison(store: &Store, change: ComparisonChange) {
    store.write(Change::Comparison(change)).await.unwrap();
}

/// A history with the comparison `c`, which has asked for the experiment `b`.
async fn compared() -> (TempDir, Store) {
    let (folder, store) = created(&["a"]).await;
    store_comparison(&store, ComparisonChange::Create(Box::new(comparison("c")), owner())).await;
    let membership = Membership { comparison: "c".to_owned(), part: "key".to_owned() };
    let member = experiment("b", "counter");
    store.write(create(member, Some(membership))).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn experiments_of_a_comparison_are_listed_with_it_only() {
    let (_folder, store) = compared().await;
    let ids = async |comparison: Option<&str>| {
        let comparison = comparison.map(str::to_owned);
        let filter = Filter { comparison, ..everything() };
        let lines = store.page(filter).await.unwrap().lines;
        lines.into_iter().map(|line| line.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None).await, ["a"]);
    assert_eq!(ids(Some("c")).await, ["b"]);
    assert_eq!(ids(Some("d")).await, [""; 0]);
    assert_eq!(store.members("c").await.unwrap(), [("key".to_owned(), "b".to_owned())]);
    assert_eq!(store.state("b").await.unwrap(), Some(State::Queued));
}

#[tokio::test]
async fn a_finished_comparison_outlives_its_experiments_but_not_the_other_way_round() {
    let (_folder, store) = compared().await;
    let mut ended = comparison("c");
    ended.state = State::Done;
    ended.answers = vec!["It is so.".to_owned()];
    store_comparison(&store, ComparisonChange::Finished(Box::new(ended.clone()))).await;
    store.write(Change::Deleted { id: "b".to_owned() }).await.unwrap();
    let stored = store.comparison("c").await.unwrap().unwrap();
    assert_eq!((stored.comparison, stored.is_whole), (ended, true));
    let line = store.comparisons(None, 9).await.unwrap().lines.remove(0);
    assert_eq!((line.id.as_str(), line.answer.as_deref()), ("c", Some("It is so.")));

    let (_folder, store) = compared().await;
    store_comparison(&store, ComparisonChange::Deleted { id: "c".to_owned() }).await;
    assert!(store.comparison("c").await.unwrap().is_none());
    assert_eq!(store.experiment("b").await.unwrap(), None);
    assert!(store.experiment("a").await.unwrap().is_some());
}

#[tokio::test]
async fn a_comparison_that_a_former_server_left_open_is_interrupted() {
    let (folder, store) = compared().await;
    let started = ComparisonChange::Started { id: "c".to_owned(), parts: Vec::new() };
    store_comparison(&store, started).await;
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let stored = store.comparison("c").await.unwrap().unwrap();
    assert_eq!((stored.comparison.state, stored.is_whole), (State::Interrupted, false));
    assert!(stored.comparison.reason.is_some() && stored.comparison.finished_at.is_some());
}

#[tokio::test]
async fn the_last_own_comparison_is_the_one_with_something_to_show() {
    let (_folder, store) = created(&[]).await;
    assert_eq!(store.last_own_comparison().await.unwrap(), None);
    for id in ["first", "second", "third"] {
        store_comparison(&store, ComparisonChange::Create(Box::new(comparison(id)), owner())).await;
    }
    let last = async || store.last_own_comparison().await.unwrap().unwrap();
    assert_eq!(last().await, "third", "where all wait, the newest");
    let mut ended = comparison("first");
    ended.state = State::Done;
    store_comparison(&store, ComparisonChange::Finished(Box::new(ended))).await;
    assert_eq!(last().await, "first", "what is measured is worth more than what waits");
    let mut foreign = comparison("foreign");
    (foreign.state, foreign.imported_at) = (State::Done, Some(foreign.created_at.clone()));
    store_comparison(&store, ComparisonChange::Import(Box::new(foreign), owner())).await;
    let mut cancelled = comparison("third");
    cancelled.state = State::Cancelled;
    store_comparison(&store, ComparisonChange::Finished(Box::new(cancelled))).await;
    assert_eq!(last().await, "first", "neither the foreign one nor the one never measured");
    let started = ComparisonChange::Started { id: "second".to_owned(), parts: Vec::new() };
    store_comparison(&store, started).await;
    assert_eq!(last().await, "second");
    let lines = store.comparisons(None, 2).await.unwrap();
    assert_eq!(lines.lines.len(), 2);
    let rest = store.comparisons(lines.next, 9).await.unwrap();
    assert_eq!((rest.lines.len(), rest.next), (2, None));
}

#[tokio::test]
async fn who_asked_for_something_is_known_afterwards() {
    let (_folder, store) = compared().await;
    for (owned, id) in [(Owned::Experiment, "a"), (Owned::Comparison, "c")] {
        assert_eq!(store.owner(owned, id).await.unwrap(), Some(Some(owner())));
        assert_eq!(store.owner(owned, "nothing").await.unwrap(), None);
    }
    let listed = async |owner| {
        store.page(Filter { owner: Some(owner), ..everything() }).await.unwrap().lines.len()
    };
    assert_eq!((listed(owner()).await, listed(Client::of_session("else")).await), (1, 0));
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_any_more_keeps_its_place() {
    let (_folder, store) = created(&["a"]).await;
    let (begun, mut began) = tokio::sync::mpsc::unbounded_channel();
    let mut ends = Vec::new();
    for _ in 0..READERS_MAX {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        ends.push(end);
        let (store, begun) = (store.clone(), begun.clone());
        let reading = tokio::spawn(async move {
            let read = store.read(move |_| {
                begun.send(()).unwrap();
                // Until the other end is dropped.
                let _ = ended.recv();
                Ok(())
            });
            read.await
        });
        began.recv().await.unwrap();
        reading.abort();
        assert!(reading.await.unwrap_err().is_cancelled());
    }
    assert_eq!(store.permits.available_permits(), 0);
    drop(ends);
    assert!(store.experiment("a").await.unwrap().is_some());
    let permits = u32::try_from(READERS_MAX).unwrap();
    let _all = store.permits.acquire_many(permits).await.unwrap();
    assert!(store.readers.idle.lock().unwrap().len() <= READERS_MAX);
}
