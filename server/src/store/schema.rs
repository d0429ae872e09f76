//! Opening the database file: refuses what is not ours, sets aside what is damaged, brings an
//! older schema up to date, marks what a former server left unfinished.
//!
//! A file is checked page by page at the start where that takes no time, or where there is
//! reason to: see [`Check`]. A large one that was closed in an orderly way is not, unless damage
//! was met in it: then it is checked at the start, whatever time that takes.

use super::change;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database's name in the data folder.
pub(super) const FILE: &str = "filature.sqlite";

const REFUSED: &str = "Filature does not touch it";

/// A file up to this size is always checked as a whole before it is used: that takes well
/// under a second.
const SMALL_BYTES: u64 = 32 * 1024 * 1024;

/// Exists while the history is open, and after that until it is known to be whole.
const UNCHECKED: &str = "filature.unchecked";

/// Exists from when damage was met until a start has looked at every page.
const DOUBTED: &str = "filature.doubted";

/// How well a history is known when it has been opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// It was checked, or has been closed in an orderly way since it was.
    Done,
    /// The last server did not end in an orderly way, and the file is large: it has to be
    /// checked while it is in use already.
    Due,
}

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Makes the data folder if there is none, and takes it for this process.
pub(super) fn lock(data: &Path) -> Result<File, String> {
    let shown = data.display();
    std::fs::create_dir_all(data)
        .map_err(|error| format!("cannot make the data folder {shown}: {error}"))?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("filature.lock"))
        .map_err(|error| format!("cannot write to the data folder {shown}: {error}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another filature uses the data folder {shown}; stop it, or give this one another \
             folder with --data"
        )),
        Err(TryLockError::Error(error)) => {
            Err(format!("cannot lock the data folder {shown}: {error}"))
        }
    }
}

/// Why a history cannot be used.
#[derive(Debug)]
enum Unusable {
    /// It is damaged; what is wrong.
    Damaged(String),
    /// It is whole, or nobody can tell, but cannot be used; why, in one sentence.
    Refused(String),
}

/// The connection that writes, to a database of this schema, and how well that is known to be
/// whole. A damaged one is set aside: then there is also a sentence that says so.
///
/// # Errors
/// In one sentence, why the history cannot be used. It is then left as it was.
pub(super) fn open(file: &Path) -> Result<(Connection, Check, Option<String>), String> {
    match attempt(file) {
        Ok((connection, check)) => Ok((connection, check, None)),
        Err(Unusable::Refused(reason)) => Err(reason),
        Err(Unusable::Damaged(what)) => {
            let aside = set_aside(file)?;
            unmark(file, DOUBTED);
            let told = format!(
                "{} is damaged ({what}); nothing of it is lost: it was renamed to {}, and the \
                 history begins anew. To restore a backup, stop the server, remove {} and its \
                 like with -shm, and copy it to the former name",
                file.display(),
                aside.display(),
                beside(file, "-wal").display()
            );
            match attempt(file) {
                Ok((connection, check)) => Ok((connection, check, Some(told))),
                Err(Unusable::Refused(reason) | Unusable::Damaged(reason)) => Err(reason),
            }
        }
    }
}

fn attempt(file: &Path) -> Result<(Connection, Check), Unusable> {
    let explain = |error: rusqlite::Error| {
        let shown = file.display();
        match error.sqlite_error_code() {
            _ if is_damage(&error) => Unusable::Damaged(error.to_string()),
            Some(ErrorCode::DiskFull) => {
                Unusable::Refused(format!("the disk of {shown} is full: {error}"))
            }
            _ => Unusable::Refused(format!("cannot use the history {shown}: {error}")),
        }
    };
    let mut connection = Connection::open(file).map_err(explain)?;
    // Until the file is known to be ours, not even closing it may change it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(explain)?;
    trust(&connection, file, explain)?;
    let check = check(&connection, file).map_err(explain)??;
    prepare(&mut connection).map_err(|error| match error {
        Prepare::Sqlite(error) => explain(error),
        Prepare::Migration(error) => Unusable::Refused(format!(
            "cannot bring the history {} up to date: {error}",
            file.display()
        )),
    })?;
    mark(file, UNCHECKED).map_err(Unusable::Refused)?;
    Ok((connection, check))
}

/// Reads only: is the file of a schema that this program knows?
fn trust(
    connection: &Connection,
    file: &Path,
    explain: impl Fn(rusqlite::Error) -> Unusable,
) -> Result<(), Unusable> {
    let shown = file.display();
    let migrated = connection.table_exists(None, "refinery_schema_history").map_err(&explain)?;
    let found: i64 = if migrated {
        let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
        connection.query_row(newest, [], |row| row.get(0)).map_err(&explain)?
    } else {
        let tables = "SELECT count(*) FROM sqlite_schema";
        let foreign: i64 = connection.query_row(tables, [], |row| row.get(0)).map_err(&explain)?;
        if foreign > 0 {
            let reason = format!("{shown} is a database of another program; {REFUSED}");
            return Err(Unusable::Refused(reason));
        }
        0
    };
    let known = embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|migration| i64::from(migration.version()))
        .max()
        .unwrap_or(0);
    if found > known {
        return Err(Unusable::Refused(format!(
            "{shown} was written by a newer Filature (its schema is {found}, this program knows \
             up to {known}); {REFUSED}"
        )));
    }
    Ok(())
}

/// Checks the file as a whole, unless it is large and nobody has met damage in it; its length
/// in any case.
fn check(connection: &Connection, file: &Path) -> Result<Result<Check, Unusable>, rusqlite::Error> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let is_doubted = marker(file, DOUBTED).exists();
    if size <= SMALL_BYTES || is_doubted {
        if is_doubted {
            tracing::info!("checking every page of the history, since damage was met in it");
        }
        // Damage of an index is found by the slower check only.
        let pragma = if is_doubted { "integrity_check" } else { "quick_check" };
        let found = wrong(connection, pragma)?;
        if found.is_none() {
            unmark(file, DOUBTED);
        }
        return Ok(found.map_or(Ok(Check::Done), |wrong| Err(Unusable::Damaged(wrong))));
    }
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    let (pages, page_bytes) = (number("page_count")?, number("page_size")?);
    let has_journal = beside(file, "-wal").metadata().is_ok_and(|journal| journal.len() > 0);
    if !has_journal && size < pages * page_bytes {
        let wrong = format!("{pages} pages of {page_bytes} bytes do not fit into {size}");
        return Ok(Err(Unusable::Damaged(wrong)));
    }
    Ok(Ok(if marker(file, UNCHECKED).exists() { Check::Due } else { Check::Done }))
}

/// What is wrong with a database, by every page of it; `None` where nothing is.
pub(super) fn whole(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    wrong(connection, "quick_check")
}

fn wrong(connection: &Connection, pragma: &str) -> Result<Option<String>, rusqlite::Error> {
    let ask = format!("PRAGMA {pragma}(1)");
    let found: String = connection.query_row(&ask, [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// Whether an error says that the file is damaged.
fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Has the next start look at every page, if this error says that the file is damaged.
pub(super) fn note_damage(file: &Path, error: &rusqlite::Error) {
    if is_damage(error) && !marker(file, DOUBTED).exists() {
        tracing::error!("the history is damaged ({error}); the next start sets it aside");
        mark_doubted(file);
    }
}

/// Has the next start look at every page, and set the file aside where one is damaged.
pub(super) fn mark_doubted(file: &Path) {
    if let Err(error) = mark(file, DOUBTED) {
        tracing::error!("the history is damaged, and the next start will not know it: {error}");
    }
}

/// Gives the database and its journal names under which nothing looks for them.
fn set_aside(file: &Path) -> Result<PathBuf, String> {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = |number: u32| match number {
        0 => beside(file, &format!(".damaged-{time}")),
        more => beside(file, &format!(".damaged-{time}-{more}")),
    };
    // Those of the same second keep their names.
    let aside = (0..).map(name).find(|aside| !aside.exists()).expect("numbers do not run out");
    // The journal first: without the file, it would be taken for that of the next one.
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(file, suffix);
        if from.exists() {
            std::fs::rename(&from, beside(&aside, suffix)).map_err(|error| {
                format!("{} is damaged and cannot be set aside: {error}", from.display())
            })?;
        }
    }
    Ok(aside)
}

/// The path of a file that belongs to another one.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn marker(file: &Path, name: &str) -> PathBuf {
    file.with_file_name(name)
}

fn mark(file: &Path, name: &str) -> Result<(), String> {
    let marker = marker(file, name);
    let made = File::options().create(true).truncate(false).write(true).mode(0o600).open(&marker);
    made.map(drop).map_err(|error| format!("cannot write {}: {error}", marker.display()))
}

/// Notes that the file is whole and was closed in an orderly way.
pub(super) fn mark_whole(file: &Path) {
    unmark(file, UNCHECKED);
}

/// Removes a marker. Should that not work, the file is merely checked once more.
fn unmark(file: &Path, name: &str) {
    let _ = std::fs::remove_file(marker(file, name));
}

enum Prepare {
    Sqlite(rusqlite::Error),
    Migration(refinery::Error),
}

impl From<rusqlite::Error> for Prepare {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn prepare(connection: &mut Connection) -> Result<(), Prepare> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    give_space_back(connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    configure(connection)?;
    embedded::migrations::runner().run(connection).map_err(Prepare::Migration)?;
    // Written at every start, so that a disk that takes nothing more is met now and not
    // when the first experiment comes.
    let transaction = connection.transaction()?;
    transaction.execute_batch("CREATE TABLE probe (full INTEGER); DROP TABLE probe;")?;
    change::interrupt_unfinished(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Lets the file become smaller again. One of an older version has to be written anew for
/// that: once, and only where it takes no time.
fn give_space_back(connection: &Connection) -> Result<(), rusqlite::Error> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    if number("auto_vacuum")? != 0 {
        return Ok(());
    }
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    if number("page_count")? * number("page_size")? <= SMALL_BYTES {
        connection.execute_batch("VACUUM")?;
    }
    Ok(())
}

/// A connection that can only read.
pub(super) fn reader(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
