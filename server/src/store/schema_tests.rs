//! What is opened, and what is left alone.

use super::*;
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
    let unchecked = crate::store::Store::open(folder.path()).unwrap();
    unchecked.close().await;
    drop(unchecked);
    assert_eq!(open(&file).unwrap().1, Check::Due, "it was closed before it was checked");
    let checked = crate::store::Store::open(folder.path()).unwrap();
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

#[test]
fn one_folder_is_used_by_one_server() {
    let folder = tempdir().unwrap();
    let held = lock(folder.path()).unwrap();
    assert!(lock(folder.path()).unwrap_err().contains("another filature"));
    drop(held);
    lock(folder.path()).unwrap();
}
