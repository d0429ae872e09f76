//! What goes, what stays, and how it is asked for.

use super::super::{Change, Finish, Membership, Store};
use super::*;
use crate::store::{ComparisonChange, schema, tests};
use filature_core::api::{ComparisonRequest, State};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use tempfile::{TempDir, tempdir};

#[test]
fn limits_are_read_in_any_combination() {
    let keep = |text: &str| text.parse::<Keep>().unwrap();
    let all = keep("5000, 90d,2GB");
    assert_eq!((all.count, all.bytes), (Some(5_000), Some(2_000_000_000)));
    assert_eq!(all.age, Some(Duration::from_secs(90 * 86_400)));
    assert_eq!(keep("12h").age, Some(Duration::from_secs(12 * 3_600)));
    assert_eq!(keep("64mib"), Keep { bytes: Some(64 << 20), ..Keep::default() });
}

#[test]
fn what_is_no_limit_is_quoted_with_what_would_be() {
    let wrong = |text: &str| text.parse::<Keep>().unwrap_err();
    for text in ["", "5000,", "much", "-1", "1.5GB", "90days", "99999999999999999999"] {
        assert!(wrong(text).contains("number of experiments such as 5000"), "{text}");
    }
    assert!(wrong("0").contains("at least 1"));
    assert!(wrong("0d").contains("from 1h to 36500d"));
    assert!(wrong("1KB").contains("from 10MB"));
    assert!(wrong("5,6").contains("second limit"));
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in ".{0,40}", number: u64, unit in "[a-zA-Z]{0,4}") {
        let _ = text.parse::<Keep>();
        let _ = format!("{number}{unit}").parse::<Keep>();
    }
}

async fn create(store: &Store, id: &str, comparison: Option<&str>) {
    let membership = comparison
        .map(|comparison| Membership { comparison: comparison.to_owned(), part: id.to_owned() });
    store.write(tests::create(tests::experiment(id, "fan-out"), membership)).await.unwrap();
}

async fn finish(store: &Store, id: &str, at: &str) {
    let (id, at) = (id.to_owned(), at.to_owned());
    let (state, reason) = (State::Done, None);
    let finish = Finish { id, state, reason, at, disturbance: None, verdict: None };
    store.write(Change::Finished(Box::new(finish))).await.unwrap();
}

fn opened(folder: &TempDir, keep: &str) -> Store {
    Store::open(folder.path()).unwrap().keeping(keep.parse().unwrap())
}

/// Removes all that is too much.
async fn trim(store: &Store) {
    while store.trim().await.unwrap() {}
}

async fn left(store: &Store, ids: &[&str]) -> Vec<String> {
    let mut left = Vec::new();
    for id in ids {
        left.extend(store.experiment(id).await.unwrap().map(|experiment| experiment.id));
    }
    left
}

#[tokio::test]
async fn the_oldest_finished_ones_go_first_and_those_under_way_never() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "2");
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    store.when_removed(move |removed| heard.lock().unwrap().extend(removed.experiments.clone()));
    for id in ["queued", "running", "a", "b", "c", "d"] {
        create(&store, id, None).await;
    }
    let at = "2026-11-22T12:00:00.000Z".to_owned();
    store.write(Change::Started { id: "running".to_owned(), at }).await.unwrap();
    // They end in an order of their own.
    for (id, minute) in [("c", 1), ("a", 2), ("d", 3), ("b", 4)] {
        finish(&store, id, &format!("2026-11-22T12:{minute:02}:00.000Z")).await;
    }
    trim(&store).await;
    let all = ["queued", "running", "a", "b", "c", "d"];
    assert_eq!(left(&store, &all).await, ["queued", "running", "b", "d"]);
    let mut told = told.lock().unwrap().clone();
    told.sort();
    assert_eq!(told, ["a", "c"]);
}

#[tokio::test]
async fn a_step_removes_no_more_samples_than_can_be_at_once() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "1");
    for (id, minute) in [("a", 1), ("b", 2), ("c", 3)] {
        create(&store, id, None).await;
        let all = (1..=SAMPLES_AT_ONCE * 2 / 3).map(tests::sample).collect();
        store.write(tests::samples(id, 0, all)).await.unwrap();
        finish(&store, id, &format!("2026-11-22T12:{minute:02}:00.000Z")).await;
    }
    assert!(store.trim().await.unwrap());
    assert_eq!(left(&store, &["a", "b", "c"]).await, ["b", "c"]);
    trim(&store).await;
    assert_eq!(left(&store, &["a", "b", "c"]).await, ["c"]);
}

#[tokio::test]
async fn what_is_too_old_goes_and_what_a_comparison_still_needs_stays() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "30d");
    let mut comparison = crate::comparison::fresh(ComparisonRequest::default());
    comparison.id = "open".to_owned();
    let create_it = ComparisonChange::Create(Box::new(comparison.clone()), tests::owner());
    store.write(Change::Comparison(create_it)).await.unwrap();
    create(&store, "needed", Some("open")).await;
    create(&store, "old", None).await;
    create(&store, "new", None).await;
    for id in ["needed", "old"] {
        finish(&store, id, "2020-01-01T00:00:00.000Z").await;
    }
    finish(&store, "new", &crate::lab::names::now()).await;
    trim(&store).await;
    assert_eq!(left(&store, &["needed", "old", "new"]).await, ["needed", "new"]);

    comparison.state = State::Done;
    comparison.finished_at = Some(crate::lab::names::now());
    let end = ComparisonChange::Finished(Box::new(comparison.clone()));
    store.write(Change::Comparison(end)).await.unwrap();
    trim(&store).await;
    assert_eq!(left(&store, &["needed", "new"]).await, ["new"]);
    assert!(store.comparison("open").await.unwrap().is_some(), "it outlives its experiments");

    comparison.finished_at = Some("2020-01-01T00:00:00.000Z".to_owned());
    let end = ComparisonChange::Finished(Box::new(comparison));
    store.write(Change::Comparison(end)).await.unwrap();
    trim(&store).await;
    assert!(store.comparison("open").await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_that_is_too_large_becomes_smaller() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "10MB");
    for number in 0..200 {
        let id = format!("e{number:03}");
        create(&store, &id, None).await;
        let at = format!("2026-11-22T12:00:00.{number:03}Z");
        let verdict = Some("long ".repeat(20_000));
        let (id, state, reason) = (id, State::Done, None);
        let finish = Finish { id, state, reason, at, disturbance: None, verdict };
        store.write(Change::Finished(Box::new(finish))).await.unwrap();
    }
    let file = folder.path().join(schema::FILE);
    let bytes = || size(&file) + journal_bytes(&file);
    assert!(bytes() > 15_000_000, "{}", bytes());
    trim(&store).await;
    assert!((5_000_000..=10_000_000).contains(&bytes()), "{}", bytes());
    assert_eq!(left(&store, &["e000", "e199"]).await, ["e199"]);
}

#[tokio::test]
async fn what_ended_before_it_began_goes_first() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "3");
    for id in ["a", "b", "waited", "waited-too"] {
        create(&store, id, None).await;
    }
    for (id, minute) in [("a", 1), ("b", 2)] {
        let at = "2026-11-22T12:00:00.000Z".to_owned();
        store.write(Change::Started { id: id.to_owned(), at }).await.unwrap();
        finish(&store, id, &format!("2026-11-22T12:{minute:02}:00.000Z")).await;
    }
    for (id, minute) in [("waited", 3), ("waited-too", 4)] {
        finish(&store, id, &format!("2026-11-22T12:{minute:02}:00.000Z")).await;
    }
    trim(&store).await;
    let all = ["a", "b", "waited", "waited-too"];
    assert_eq!(left(&store, &all).await, ["a", "b", "waited-too"]);
    let fewer = store.keeping("1".parse().unwrap());
    trim(&fewer).await;
    assert_eq!(left(&fewer, &all).await, ["b"]);
}

#[tokio::test]
async fn what_a_table_is_made_from_stays_and_does_not_count() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "1");
    let mut comparison = crate::comparison::fresh(ComparisonRequest::default());
    comparison.id = "broken".to_owned();
    let create_it = ComparisonChange::Create(Box::new(comparison), tests::owner());
    store.write(Change::Comparison(create_it)).await.unwrap();
    for (id, comparison) in [("p", Some("broken")), ("q", Some("broken")), ("x", None), ("y", None)]
    {
        create(&store, id, comparison).await;
        finish(&store, id, "2026-11-22T12:00:00.000Z").await;
    }
    finish(&store, "y", "2026-11-22T12:01:00.000Z").await;
    let (id, reason) = ("broken".to_owned(), "the disk is full".to_owned());
    let at = "2026-11-22T12:02:00.000Z".to_owned();
    let failed = ComparisonChange::Failed { id: id.clone(), reason, at };
    store.write(Change::Comparison(failed)).await.unwrap();
    trim(&store).await;
    assert_eq!(left(&store, &["p", "q", "x", "y"]).await, ["p", "q", "y"]);
    assert_eq!(store.members(&id).await.unwrap().len(), 2);
    // They go with it.
    let store = store.keeping("1h".parse().unwrap());
    trim(&store).await;
    assert!(store.comparison(&id).await.unwrap().is_none());
    assert_eq!(left(&store, &["p", "q", "y"]).await, [""; 0]);
}

#[tokio::test]
async fn where_there_is_too_little_room_tables_of_other_machines_go_before_experiments() {
    let folder = tempdir().unwrap();
    let store = opened(&folder, "10MB");
    for id in ["a", "b", "c", "d"] {
        create(&store, id, None).await;
        let (id, state, verdict) = (id.to_owned(), State::Done, Some("long ".repeat(300_000)));
        let at = "2026-11-22T12:00:00.000Z".to_owned();
        let finish = Finish { id, state, reason: None, at, disturbance: None, verdict };
        store.write(Change::Finished(Box::new(finish))).await.unwrap();
    }
    for id in ["foreign", "foreign-too"] {
        let mut comparison = crate::comparison::fresh(ComparisonRequest::default());
        comparison.id = id.to_owned();
        comparison.state = State::Done;
        comparison.imported_at = Some(crate::lab::names::now());
        // Stored twice: beside the whole, and in it.
        comparison.reason = Some("long ".repeat(300_000));
        let import = ComparisonChange::Import(Box::new(comparison), tests::owner());
        store.write(Change::Comparison(import)).await.unwrap();
    }
    let all = ["a", "b", "c", "d"];
    trim(&store).await;
    assert_eq!(left(&store, &all).await.len(), 4);
    assert!(store.comparison("foreign").await.unwrap().is_none());
    assert!(store.comparison("foreign-too").await.unwrap().is_some());
}
