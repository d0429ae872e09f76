//! Opening the database file: refuses what cannot be trusted, brings an older schema up
//! to date, marks what a former server left unfinished.

use super::change;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// The database's name in the data folder.
pub(super) const FILE: &str = "filature.sqlite";

const REFUSED: &str = "Filature does not touch it";

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

/// The connection that writes, to a database that is whole and of this schema.
pub(super) fn open(file: &Path) -> Result<Connection, String> {
    let explain = |error: rusqlite::Error| {
        let shown = file.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                format!("{shown} is damaged or no SQLite database ({error}); {REFUSED}")
            }
            Some(ErrorCode::DiskFull) => format!("the disk of {shown} is full: {error}"),
            _ => format!("cannot use the history {shown}: {error}"),
        }
    };
    let mut connection = Connection::open(file).map_err(explain)?;
    // Until the file is known to be ours, not even closing it may change it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(explain)?;
    trust(&connection, file, explain)?;
    prepare(&mut connection).map_err(|error| match error {
        Prepare::Sqlite(error) => explain(error),
        Prepare::Migration(error) => {
            format!("cannot bring the history {} up to date: {error}", file.display())
        }
    })?;
    Ok(connection)
}

/// Reads only: is the file whole, and of a schema that this program knows?
fn trust(
    connection: &Connection,
    file: &Path,
    explain: impl Fn(rusqlite::Error) -> String,
) -> Result<(), String> {
    let shown = file.display();
    let check: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(&explain)?;
    if check != "ok" {
        return Err(format!("{shown} is damaged ({check}); {REFUSED}"));
    }
    let migrated = connection.table_exists(None, "refinery_schema_history").map_err(&explain)?;
    let found: i64 = if migrated {
        let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
        connection.query_row(newest, [], |row| row.get(0)).map_err(&explain)?
    } else {
        let tables = "SELECT count(*) FROM sqlite_schema";
        let foreign: i64 = connection.query_row(tables, [], |row| row.get(0)).map_err(&explain)?;
        if foreign > 0 {
            return Err(format!("{shown} is a database of another program; {REFUSED}"));
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
        return Err(format!(
            "{shown} was written by a newer Filature (its schema is {found}, this program knows \
             up to {known}); {REFUSED}"
        ));
    }
    Ok(())
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
