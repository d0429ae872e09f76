//! What is opened, and what is left alone.

use super::*;
use crate::client::Client;
use crate::store::{Change, ComparisonChange, Store};
use filature_core::api::ComparisonRequest;
use tempfile::tempdir;

#[test]
fn a_new_history_is_made_and_opened_again() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    drop(open(&file).unwrap());
    let (connection, _, told) = open(&file).unwrap();
    assert_eq!(told, None);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM experiments", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
    assert_eq!(
        connection.pragma_query_value(None, "synchronous", |r| r.get::<_, i64>(0)).unwrap(),
        2
    );
}

#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(open(&file).unwrap_err().contains("another program"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

/// Opens a damaged history; returns what was set aside.
fn opened_anew(file: &Path) -> PathBuf {
    let (connection, check, told) = open(file).unwrap();
    assert_eq!(check, Check::Done);
    let experiments: u64 =
        connection.query_row("SELECT count(*) FROM experiments", [], |row| row.get(0)).unwrap();
    assert_eq!(experiments, 0);
    let told = told.unwrap();
    let (_, aside) = told.split_once("renamed to ").unwrap();
    PathBuf::from(aside.split_once(", and the history").unwrap().0)
}

#[test]
fn what_is_damaged_is_set_aside_with_its_journal_and_never_overwritten() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    let mut kept = Vec::new();
    for letter in [b'a', b'b', b'c'] {
        let garbage = vec![letter; 8_192];
        std::fs::write(&file, &garbage).unwrap();
        std::fs::write(beside(&file, "-wal"), &garbage[..100]).unwrap();
        kept.push((opened_anew(&file), garbage));
    }
    for (aside, garbage) in kept {
        assert_eq!(std::fs::read(&aside).unwrap(), garbage);
        assert_eq!(std::fs::read(beside(&aside, "-wal")).unwrap(), garbage[..100]);
    }
}

#[test]
fn a_page_that_is_damaged_is_found() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    drop(open(&file).unwrap());
    let mut bytes = std::fs::read(&file).unwrap();
    // The roots of the tables come first.
    bytes[4_096 * 3..4_096 * 6].fill(0xa5);
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(std::fs::read(opened_anew(&file)).unwrap(), bytes);
}

#[test]
fn a_newer_schema_is_left_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    let (connection, _, told) = open(&file).unwrap();
    assert_eq!(told, None);
    let newest = "(SELECT MAX(version) FROM refinery_schema_history)";
    let raise = format!("UPDATE refinery_schema_history SET version = 99 WHERE version = {newest}");
    connection.execute(&raise, []).unwrap();
    drop(connection);
    let before = std::fs::read(&file).unwrap();
    assert!(open(&file).unwrap_err().contains("newer Filature"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

/// A history too large to be checked at every start.
fn large(file: &Path) {
    let (connection, _, _) = open(file).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(40000000));
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
}

#[test]
fn a_large_history_is_checked_only_after_an_end_in_disorder() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    large(&file);
    assert_eq!(open(&file).unwrap().1, Check::Due, "nobody has said that it was closed");
    mark_whole(&file);
    assert_eq!(open(&file).unwrap().1, Check::Done);
    assert_eq!(open(&file).unwrap().1, Check::Due);
}

#[tokio::test]
async fn a_large_history_is_checked_while_it_is_in_use_and_then_known_to_be_whole() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    large(&file);
    let unchecked = Store::open(folder.path()).unwrap();
    unchecked.close().await;
    drop(unchecked);
    assert_eq!(open(&file).unwrap().1, Check::Due, "it was closed before it was checked");
    let checked = Store::open(folder.path()).unwrap();
    assert_eq!(checked.check().await.unwrap(), None);
    checked.close().await;
    drop(checked);
    assert_eq!(open(&file).unwrap().1, Check::Done);
}

#[test]
fn a_large_history_of_which_the_end_is_missing_is_set_aside() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    large(&file);
    mark_whole(&file);
    let short = file.metadata().unwrap().len() - 1_000_000;
    File::options().write(true).open(&file).unwrap().set_len(short).unwrap();
    assert_eq!(opened_anew(&file).metadata().unwrap().len(), short);
}

/// What has to read damaged pages.
const DAMAGED_PART: &str = "substr(x, 19990000, 200000)";

/// Damages pages in the middle of a large history, where nothing looks when it is opened.
fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[20_000_000..20_100_000].fill(0xa5);
    std::fs::write(file, &bytes).unwrap();
}

/// Lets somebody meet damage in a history that was closed in an orderly way; the next start
/// must set it aside.
async fn set_aside_at_the_next_start(meet: impl AsyncFn(&Store, &Path)) {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    large(&file);
    mark_whole(&file);
    damage(&file);
    let store = Store::open(folder.path()).unwrap();
    meet(&store, &file).await;
    store.close().await;
    drop(store);
    opened_anew(&file);
    assert!(!marker(&file, DOUBTED).exists());
}

#[tokio::test]
async fn damage_that_a_read_meets_in_a_large_history_is_set_aside_at_the_next_start() {
    let read = format!("SELECT {DAMAGED_PART} FROM filler");
    set_aside_at_the_next_start(async |store, _| {
        let read = read.clone();
        let read = store.read(move |connection| connection.query_row(&read, [], |_| Ok(())));
        assert!(read.await.is_err());
    })
    .await;
}

#[tokio::test]
async fn damage_that_a_write_meets_in_a_large_history_is_set_aside_at_the_next_start() {
    set_aside_at_the_next_start(async |store, file| {
        let trigger = format!(
            "CREATE TRIGGER meet AFTER INSERT ON comparisons
             BEGIN UPDATE filler SET x = {DAMAGED_PART}; END"
        );
        Connection::open(file).unwrap().execute_batch(&trigger).unwrap();
        let comparison = crate::comparison::fresh(ComparisonRequest::default());
        let owner = Client::of_session("owner");
        let create = ComparisonChange::Create(Box::new(comparison), owner);
        assert!(store.write(Change::Comparison(create)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn damage_that_the_check_of_a_large_history_finds_is_set_aside_at_the_next_start() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    large(&file);
    damage(&file);
    let store = Store::open(folder.path()).unwrap();
    assert!(store.check().await.unwrap().is_some(), "it was not closed in an orderly way");
    // Killed: nothing is closed.
    drop(store);
    opened_anew(&file);
}

#[test]
fn a_doubted_history_that_is_whole_is_used_on() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    large(&file);
    mark_doubted(&file);
    let (_, check, told) = open(&file).unwrap();
    assert_eq!((check, told), (Check::Done, None));
    assert!(!marker(&file, DOUBTED).exists());
}

#[test]
fn one_folder_is_used_by_one_server() {
    let folder = tempdir().unwrap();
    let held = lock(folder.path()).unwrap();
    assert!(lock(folder.path()).unwrap_err().contains("another filature"));
    drop(held);
    lock(folder.path()).unwrap();
}
