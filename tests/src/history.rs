//! Long histories without the years that they take: written straight into the database.

use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};

/// The database in a data folder.
pub fn database(data: &Path) -> PathBuf {
    data.join("filature.sqlite")
}

/// Adds so many copies of the only experiment in the history, which has ended: each with an id
/// of its own, every tenth of another workload, every hundredth cancelled, every third of other
/// people, and one minute apart from the next. The original stays the newest.
///
/// # Panics
/// Where the history cannot be written, or has not exactly one experiment.
pub fn fill(data: &Path, copies: u32) {
    let mut connection = Connection::open(database(data)).expect("a database");
    let transaction = connection.transaction().expect("nobody else writes");
    let original: i64 = transaction
        .query_row("SELECT seq FROM experiments", [], |row| row.get(0))
        .expect("an experiment");
    let newest = i64::from(copies) + original;
    let move_up = |table: &str, column: &str| {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
        transaction.execute(&sql, [original, newest]).expect("an experiment that moves");
    };
    transaction.execute_batch("PRAGMA defer_foreign_keys = ON").expect("a pragma");
    move_up("experiments", "seq");
    move_up("cells", "experiment");
    move_up("samples", "experiment");
    let numbers = "WITH RECURSIVE copy (n) AS
        (SELECT 0 UNION ALL SELECT n + 1 FROM copy WHERE n + 1 < ?2)";
    let time = |column: &str| {
        format!("strftime('%Y-%m-%dT%H:%M:%fZ', julianday(original.{column}) - (?2 - n) / 1440.0)")
    };
    let (created, started, finished) =
        (time("created_at"), time("started_at"), time("finished_at"));
    let experiments = format!(
        "{numbers} INSERT INTO experiments (seq, id, workload, state, spec, machine, created_at,
         started_at, finished_at, outside_share, disturbed, verdict, owner)
         SELECT ?3 + n, lower(hex(randomblob(8))), iif(n % 10 = 0, 'pipeline', workload),
         iif(n % 100 = 0, 'cancelled', state), spec, machine, {created}, {started}, {finished},
         outside_share, disturbed, verdict, iif(n % 3 = 0, 'client-' || n % 40, owner)
         FROM copy, experiments AS original WHERE original.seq = ?1 ORDER BY n"
    );
    let cells = format!(
        "{numbers} INSERT INTO cells (experiment, cell, executor, params, state, memory, outcome)
         SELECT ?3 + n, cell, executor, params, state, memory, outcome
         FROM copy, cells WHERE experiment = ?1 ORDER BY n, cell"
    );
    let samples = format!(
        "{numbers} INSERT INTO samples (experiment, cell, place, wall_ns, cpu_user_ns,
         cpu_system_ns, switches_voluntary, switches_involuntary, batch, readings)
         SELECT ?3 + n, cell, place, wall_ns + n % 1000, cpu_user_ns, cpu_system_ns,
         switches_voluntary, switches_involuntary, batch, readings
         FROM copy, samples WHERE experiment = ?1 ORDER BY n, cell, place"
    );
    for sql in [experiments, cells, samples] {
        transaction.execute(&sql, params![newest, copies, original]).expect("copies");
    }
    transaction.commit().expect("a disk with room");
}
