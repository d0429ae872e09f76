//! Comparisons: what can be written of them, and what can be read.

use super::change::{Json, one};
use super::read::{json, word};
use crate::client::Client;
use filature_core::api::{Comparison, ComparisonLine, Part, State};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// One change of the comparisons.
#[derive(Clone, Debug)]
pub enum ComparisonChange {
    /// A new one that waits, and who asked for it.
    Create(Box<Comparison>, Client),
    /// Its first experiment is about to be asked for.
    Started {
        /// The comparison's id.
        id: String,
        /// What it will be made of.
        parts: Vec<Part>,
    },
    /// It has ended: the whole of it is kept.
    Finished(Box<Comparison>),
    /// It has ended and nobody could say what it is made of; its experiments stand for it.
    Failed {
        /// The comparison's id.
        id: String,
        /// Why.
        reason: String,
        /// When: RFC 3339, UTC.
        at: String,
    },
    /// One that another machine has measured, as a whole, and who brought it.
    Import(Box<Comparison>, Client),
    /// Removes one with its experiments.
    Deleted {
        /// The comparison's id.
        id: String,
    },
}

/// A comparison as it is stored.
#[derive(Clone, Debug)]
pub struct StoredComparison {
    /// The whole of it, or, while `is_whole` is false, all but what its experiments say.
    pub comparison: Comparison,
    /// Whether rows, answers and the states of its parts are those that were stored.
    pub is_whole: bool,
}

/// One page of the comparisons, newest first.
#[derive(Clone, Debug)]
pub struct ComparisonLines {
    /// The lines of this page.
    pub lines: Vec<ComparisonLine>,
    /// What to ask with for the next page; `None` on the last.
    pub next: Option<i64>,
}

impl ComparisonChange {
    pub(super) fn apply(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        match self {
            Self::Create(comparison, owner) => insert(connection, comparison, owner, false),
            Self::Import(comparison, owner) => insert(connection, comparison, owner, true),
            Self::Started { id, parts } => one(connection
                .prepare_cached(
                    "UPDATE comparisons SET state = 'running', parts = ?2 WHERE id = ?1",
                )?
                .execute(params![id, Json(parts)])?),
            Self::Finished(comparison) => one(connection
                .prepare_cached(
                    "UPDATE comparisons SET state = ?2, reason = ?3, finished_at = ?4, result = ?5
                     WHERE id = ?1",
                )?
                .execute(params![
                    comparison.id,
                    comparison.state.id(),
                    comparison.reason,
                    comparison.finished_at,
                    Json(comparison),
                ])?),
            Self::Failed { id, reason, at } => one(connection
                .prepare_cached(
                    "UPDATE comparisons SET state = 'failed', reason = ?2, finished_at = ?3
                     WHERE id = ?1",
                )?
                .execute(params![id, reason, at])?),
            Self::Deleted { id } => {
                connection
                    .prepare_cached("DELETE FROM experiments WHERE comparison = ?1")?
                    .execute([id])?;
                connection
                    .prepare_cached("DELETE FROM comparisons WHERE id = ?1")?
                    .execute([id])?;
                Ok(())
            }
        }
    }
}

fn insert(
    connection: &Connection,
    comparison: &Comparison,
    owner: &Client,
    is_whole: bool,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "INSERT INTO comparisons (id, state, reason, request, machine, parts, created_at,
             finished_at, imported_at, result, owner)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            comparison.id,
            comparison.state.id(),
            comparison.reason,
            Json(&comparison.request),
            Json(&comparison.machine),
            Json(&comparison.parts),
            comparison.created_at,
            comparison.finished_at,
            comparison.imported_at,
            is_whole.then_some(Json(comparison)),
            owner.name(),
        ])?;
    Ok(())
}

/// Marks what a server that is gone left queued or running.
pub(super) fn interrupt_unfinished(
    connection: &Connection,
    reason: &str,
    at: &str,
) -> Result<(), rusqlite::Error> {
    connection.execute(
        "UPDATE comparisons SET state = 'interrupted', reason = ?1, finished_at = ?2
         WHERE state IN ('queued', 'running')",
        [reason, at],
    )?;
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    id: &str,
) -> Result<Option<StoredComparison>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT id, state, reason, request, machine, parts, created_at, finished_at,
             imported_at, result FROM comparisons WHERE id = ?1",
        )?
        .query_row([id], stored)
        .optional()
}

fn stored(row: &Row<'_>) -> Result<StoredComparison, rusqlite::Error> {
    if row.get_ref(9)?.as_str_or_null()?.is_some() {
        return Ok(StoredComparison { comparison: json(row, 9)?, is_whole: true });
    }
    let comparison = Comparison {
        id: row.get(0)?,
        state: word(row, 1)?,
        reason: row.get(2)?,
        request: json(row, 3)?,
        machine: json(row, 4)?,
        parts: json(row, 5)?,
        created_at: row.get(6)?,
        finished_at: row.get(7)?,
        imported_at: row.get(8)?,
        disturbance: None,
        answers: Vec::new(),
        rows: Vec::new(),
    };
    Ok(StoredComparison { comparison, is_whole: false })
}

/// The experiments of a comparison: the key of the part and the id of each, in the order in
/// which they were asked for.
pub(super) fn members(
    connection: &Connection,
    id: &str,
) -> Result<Vec<(String, String)>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT part, id FROM experiments WHERE comparison = ?1 ORDER BY seq")?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The last comparison of this machine that is worth a look: the one that is measured, or
/// the newest with anything measured, or the one that waits.
pub(super) fn last_own(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT id FROM comparisons AS own WHERE imported_at IS NULL AND
             (state IN ('queued', 'running', 'done') OR EXISTS
               (SELECT 1 FROM experiments WHERE comparison = own.id AND started_at IS NOT NULL))
             ORDER BY state = 'running' DESC, state = 'queued', seq DESC LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()
}

/// How many comparisons of other machines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// In all.
    pub all: usize,
    /// Those that one client has brought.
    pub own: usize,
}

pub(super) fn imported(
    connection: &Connection,
    client: &Client,
) -> Result<Imported, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE owner = ?1) FROM comparisons
             WHERE imported_at IS NOT NULL",
        )?
        .query_row([client.name()], |row| Ok(Imported { all: row.get(0)?, own: row.get(1)? }))
}

pub(super) fn lines(
    connection: &Connection,
    before: Option<i64>,
    limit: u32,
) -> Result<ComparisonLines, rusqlite::Error> {
    // One line more than asked for tells whether there is a next page.
    let mut rows: Vec<(i64, ComparisonLine)> = connection
        .prepare_cached(
            "SELECT seq, id, state, json_extract(request, '$.depth'),
             json_extract(machine, '$.cpu'), created_at, finished_at, imported_at,
             json_extract(result, '$.answers[0]') FROM comparisons
             WHERE ?1 IS NULL OR seq < ?1 ORDER BY seq DESC LIMIT ?2",
        )?
        .query_map(params![before, i64::from(limit) + 1], |row| Ok((row.get(0)?, line(row)?)))?
        .collect::<Result<_, _>>()?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = if more { rows.last().map(|(seq, _)| *seq) } else { None };
    Ok(ComparisonLines { lines: rows.into_iter().map(|(_, line)| line).collect(), next })
}

fn line(row: &Row<'_>) -> Result<ComparisonLine, rusqlite::Error> {
    Ok(ComparisonLine {
        id: row.get(1)?,
        state: word::<State>(row, 2)?,
        depth: word(row, 3)?,
        cpu: row.get(4)?,
        created_at: row.get(5)?,
        finished_at: row.get(6)?,
        imported_at: row.get(7)?,
        answer: row.get(8)?,
    })
}

/// Where an experiment stands; `None` where there is no such experiment.
pub(super) fn state_of(
    connection: &Connection,
    experiment: &str,
) -> Result<Option<State>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT state FROM experiments WHERE id = ?1")?
        .query_row([experiment], |row| word(row, 0))
        .optional()
}
