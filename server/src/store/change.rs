//! What can be written.

use super::comparison::{self, ComparisonChange};
use crate::client::Client;
use crate::lab::run::CellEnd;
use filature_core::api::{BrowserCard, Disturbance, Experiment, Sample, State};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ToSql, params};
use serde::Serialize;

/// One change of the history.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new experiment with its cells, all without samples.
    Create {
        /// The experiment.
        experiment: Box<Experiment>,
        /// Who asked for it.
        owner: Client,
        /// What it is for, where a comparison asked for it.
        membership: Option<Membership>,
    },
    /// Its first cell begins.
    Started {
        /// The experiment's id.
        id: String,
        /// When: RFC 3339, UTC.
        at: String,
    },
    /// A cell is being measured.
    CellStarted {
        /// The experiment's id.
        id: String,
        /// The cell's index.
        cell: usize,
        /// The browser that measures it, for browser executors.
        browser: Option<BrowserCard>,
    },
    /// New samples of a cell.
    Samples {
        /// The experiment's id.
        id: String,
        /// The cell's index.
        cell: usize,
        /// How many samples of that cell came before.
        first: usize,
        /// The new ones.
        samples: Vec<Sample>,
    },
    /// A cell has ended.
    CellEnded {
        /// The experiment's id.
        id: String,
        /// The cell's index.
        cell: usize,
        /// How.
        end: CellEnd,
    },
    /// An experiment has ended. Cells still open end as `open_cells` says.
    Finished(Box<Finish>),
    /// Removes an experiment with all that belongs to it.
    Deleted {
        /// The experiment's id.
        id: String,
    },
    /// Something about a comparison.
    Comparison(ComparisonChange),
}

/// What an experiment is for, where a comparison asked for it.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The comparison's id.
    pub comparison: String,
    /// The key of its part there.
    pub part: String,
}

/// How an experiment ended.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The experiment's id.
    pub id: String,
    /// A final state.
    pub state: State,
    /// Why, for a state that has a reason.
    pub reason: Option<String>,
    /// When: RFC 3339, UTC.
    pub at: String,
    /// How much of the machine other programs used meanwhile.
    pub disturbance: Option<Disturbance>,
    /// The first verdict's sentence, for the list.
    pub verdict: Option<String>,
}

impl Change {
    pub(super) fn apply(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        match self {
            Self::Create { experiment, owner, membership } => {
                create(connection, experiment, owner, membership.as_ref())
            }
            Self::Started { id, at } => one(connection.prepare_cached(
                "UPDATE experiments SET state = 'running', started_at = ?2 WHERE id = ?1",
            )?
            .execute(params![id, at])?),
            Self::CellStarted { id, cell, browser } => one(connection.prepare_cached(
                "UPDATE cells SET state = 'running', browser = ?3 WHERE cell = ?2 AND
                 experiment = (SELECT seq FROM experiments WHERE id = ?1)",
            )?
            .execute(params![id, cell, browser.as_ref().map(Json)])?),
            Self::Samples { id, cell, first, samples } => {
                insert_samples(connection, id, *cell, *first, samples)
            }
            Self::CellEnded { id, cell, end } => one(connection.prepare_cached(
                "UPDATE cells SET state = ?3, reason = ?4, refusal = ?5, memory = ?6, outcome = ?7,
                 spawn_costs = ?8, observed = ?9 WHERE cell = ?2 AND experiment = (SELECT seq FROM experiments WHERE id = ?1)",
            )?
            .execute(params![
                id,
                cell,
                end.state.id(),
                end.reason,
                end.refusal.as_ref().map(Json),
                end.memory.as_ref().map(Json),
                end.outcome.as_ref().map(Json),
                end.spawn_costs.as_ref().map(Json),
                end.observed.as_ref().map(Json),
            ])?),
            Self::Finished(finish) => finished(connection, finish),
            Self::Deleted { id } => {
                connection
                    .prepare_cached("DELETE FROM experiments WHERE id = ?1")?
                    .execute([id])?;
                Ok(())
            }
            Self::Comparison(change) => change.apply(connection),
        }
    }
}

/// A change of something that is not there is an error, and never half of one.
pub(super) fn one(rows: usize) -> Result<(), rusqlite::Error> {
    if rows == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(rows)) }
}

fn create(
    connection: &Connection,
    experiment: &Experiment,
    owner: &Client,
    membership: Option<&Membership>,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "INSERT INTO experiments (id, workload, state, spec, machine, created_at, comparison,
             part, owner) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            experiment.id,
            experiment.spec.workload,
            experiment.state.id(),
            Json(&experiment.spec),
            Json(&experiment.machine),
            experiment.created_at,
            membership.map(|membership| &membership.comparison),
            membership.map(|membership| &membership.part),
            owner.name(),
        ])?;
    let seq = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached(
        "INSERT INTO cells (experiment, cell, executor, params, state) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for cell in &experiment.cells {
        let params = Json(&cell.params);
        insert.execute(params![seq, cell.index, cell.executor.id(), params, cell.state.id()])?;
    }
    Ok(())
}

fn insert_samples(
    connection: &Connection,
    id: &str,
    cell: usize,
    first: usize,
    samples: &[Sample],
) -> Result<(), rusqlite::Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO samples (experiment, cell, place, wall_ns, cpu_user_ns, cpu_system_ns,
         switches_voluntary, switches_involuntary, batch, readings)
         VALUES ((SELECT seq FROM experiments WHERE id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (offset, sample) in samples.iter().enumerate() {
        insert.execute(params![
            id,
            cell,
            first + offset,
            sample.wall_ns,
            sample.cpu_user_ns,
            sample.cpu_system_ns,
            sample.switches_voluntary,
            sample.switches_involuntary,
            sample.batch,
            (!sample.readings.is_empty()).then_some(Json(&sample.readings)),
        ])?;
    }
    Ok(())
}

fn finished(connection: &Connection, finish: &Finish) -> Result<(), rusqlite::Error> {
    let rows = connection
        .prepare_cached(
            "UPDATE experiments SET state = ?2, reason = ?3, finished_at = ?4, outside_share = ?5,
             disturbed = ?6, verdict = ?7 WHERE id = ?1",
        )?
        .execute(params![
            finish.id,
            finish.state.id(),
            finish.reason,
            finish.at,
            finish.disturbance.map(|d| d.outside_share),
            finish.disturbance.map(|d| d.disturbed),
            finish.verdict,
        ])?;
    one(rows)?;
    // Nothing of a finished experiment may look as if it still went on.
    let open = match finish.state {
        State::Cancelled => "cancelled",
        State::Interrupted => "interrupted",
        _ => "failed",
    };
    connection
        .prepare_cached(
            "UPDATE cells SET state = ?2, reason = ?3 WHERE state IN ('pending', 'running') AND
             experiment = (SELECT seq FROM experiments WHERE id = ?1)",
        )?
        .execute(params![finish.id, open, finish.reason])?;
    Ok(())
}

/// Marks what a server that is gone left queued or running.
pub(super) fn interrupt_unfinished(connection: &Connection) -> Result<(), rusqlite::Error> {
    const REASON: &str = "the server stopped before it was finished; it can be run again";
    let now = crate::lab::names::now();
    connection.execute(
        "UPDATE cells SET state = 'interrupted', reason = ?1 WHERE state IN ('pending', 'running')
         AND experiment IN (SELECT seq FROM experiments INDEXED BY experiments_unfinished
         WHERE state IN ('queued', 'running'))",
        [REASON],
    )?;
    connection.execute(
        "UPDATE experiments SET state = 'interrupted', reason = ?1, finished_at = ?2
         WHERE state IN ('queued', 'running')",
        [REASON, &now],
    )?;
    comparison::interrupt_unfinished(connection, REASON, &now)
}

/// Stores a value as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}
