//! What is opened, and what is left alone.

use super::*;
use tempfile::tempdir;

#[test]
fn a_new_history_is_made_and_opened_again() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    drop(open(&file).unwrap());
    let connection = open(&file).unwrap();
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM experiments", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
    assert_eq!(
        connection.pragma_query_value(None, "synchronous", |r| r.get::<_, i64>(0)).unwrap(),
        2
    );
}

#[test]
fn what_is_not_a_history_is_left_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    std::fs::write(&file, b"garbage ".repeat(1_000)).unwrap();
    assert!(open(&file).unwrap_err().contains("no SQLite database"));
    assert_eq!(std::fs::read(&file).unwrap(), b"garbage ".repeat(1_000));

    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(open(&file).unwrap_err().contains("another program"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_newer_schema_is_left_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join(FILE);
    let connection = open(&file).unwrap();
    let newest = "(SELECT MAX(version) FROM refinery_schema_history)";
    let raise = format!("UPDATE refinery_schema_history SET version = 99 WHERE version = {newest}");
    connection.execute(&raise, []).unwrap();
    drop(connection);
    let before = std::fs::read(&file).unwrap();
    assert!(open(&file).unwrap_err().contains("newer Filature"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn one_folder_is_used_by_one_server() {
    let folder = tempdir().unwrap();
    let held = lock(folder.path()).unwrap();
    assert!(lock(folder.path()).unwrap_err().contains("another filature"));
    drop(held);
    lock(folder.path()).unwrap();
}
