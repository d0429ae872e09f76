//! What can be read.

use crate::client::Client;
use filature_core::api::{Cell, Disturbance, Experiment, ExperimentLine, Sample, Spec, State};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Which experiments a page shows.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only those accepted before this one.
    pub before: Option<i64>,
    /// Only those of this workload.
    pub workload: Option<String>,
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this comparison; without it, those that belong to none.
    pub comparison: Option<String>,
    /// Only those that this client asked for.
    pub owner: Option<Client>,
    /// At most so many.
    pub limit: u32,
}

/// One page of the history, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The lines of this page.
    pub lines: Vec<ExperimentLine>,
    /// What [`Filter::before`] must be for the next page; `None` on the last.
    pub next: Option<i64>,
}

/// Something of the history that belongs to a client.
#[derive(Clone, Copy, Debug)]
pub enum Owned {
    /// An experiment.
    Experiment,
    /// A comparison.
    Comparison,
}

/// Who asked for something. The inner `None` is for what is everybody's, since nobody noted
/// who asked for it.
pub(super) fn owner(
    connection: &Connection,
    owned: Owned,
    id: &str,
) -> Result<Option<Option<Client>>, rusqlite::Error> {
    let query = match owned {
        Owned::Experiment => "SELECT owner FROM experiments WHERE id = ?1",
        Owned::Comparison => "SELECT owner FROM comparisons WHERE id = ?1",
    };
    let owner =
        |row: &Row<'_>| Ok(row.get::<_, Option<String>>(0)?.map(|name| Client::named(&name)));
    connection.prepare_cached(query)?.query_row([id], owner).optional()
}

/// Whether an experiment has a cell of this index; `None` where there is no such experiment.
pub(super) fn has_cell(
    connection: &Connection,
    id: &str,
    cell: usize,
) -> Result<Option<bool>, rusqlite::Error> {
    let query = "SELECT EXISTS (SELECT 1 FROM cells WHERE experiment = seq AND cell = ?2)
         FROM experiments WHERE id = ?1";
    // None has an index below zero.
    let cell = i64::try_from(cell).unwrap_or(-1);
    connection.prepare_cached(query)?.query_row(params![id, cell], |row| row.get(0)).optional()
}

pub(super) fn experiment(
    connection: &mut Connection,
    id: &str,
) -> Result<Option<Experiment>, rusqlite::Error> {
    // One snapshot for all three tables.
    let snapshot = connection.transaction()?;
    let found = snapshot
        .prepare_cached(
            "SELECT seq, id, state, reason, spec, machine, created_at, started_at, finished_at,
             outside_share, disturbed FROM experiments WHERE id = ?1",
        )?
        .query_row([id], |row| Ok((row.get::<_, i64>(0)?, head(row)?)))
        .optional()?;
    let Some((seq, mut experiment)) = found else {
        return Ok(None);
    };
    experiment.cells = snapshot
        .prepare_cached(
            "SELECT cell, executor, params, state, reason, refusal, memory, outcome, browser,
             spawn_costs, observed FROM cells WHERE experiment = ?1 ORDER BY cell",
        )?
        .query_map([seq], cell)?
        .collect::<Result<_, _>>()?;
    let mut select = snapshot.prepare_cached(
        "SELECT cell, wall_ns, cpu_user_ns, cpu_system_ns, switches_voluntary,
         switches_involuntary, batch, readings FROM samples WHERE experiment = ?1 ORDER BY cell, place",
    )?;
    let mut rows = select.query([seq])?;
    while let Some(row) = rows.next()? {
        if let Some(cell) = experiment.cells.get_mut(row.get::<_, usize>(0)?) {
            cell.samples.push(sample(row)?);
        }
    }
    Ok(Some(experiment))
}

fn head(row: &Row<'_>) -> Result<Experiment, rusqlite::Error> {
    let outside_share: Option<f64> = row.get(9)?;
    let disturbed: Option<bool> = row.get(10)?;
    Ok(Experiment {
        id: row.get(1)?,
        state: word(row, 2)?,
        position: None,
        wait_s: None,
        expected_s: None,
        reason: row.get(3)?,
        spec: json(row, 4)?,
        machine: json(row, 5)?,
        created_at: row.get(6)?,
        started_at: row.get(7)?,
        finished_at: row.get(8)?,
        disturbance: outside_share
            .zip(disturbed)
            .map(|(outside_share, disturbed)| Disturbance { outside_share, disturbed }),
        cells: Vec::new(),
        verdicts: Vec::new(),
    })
}

fn cell(row: &Row<'_>) -> Result<Cell, rusqlite::Error> {
    Ok(Cell {
        index: row.get(0)?,
        executor: word(row, 1)?,
        params: json(row, 2)?,
        state: word(row, 3)?,
        reason: row.get(4)?,
        refusal: optional_json(row, 5)?,
        samples: Vec::new(),
        summary: None,
        memory: optional_json(row, 6)?,
        outcome: optional_json(row, 7)?,
        facts: Vec::new(),
        browser: optional_json(row, 8)?,
        spawn_costs: optional_json(row, 9)?,
        observed: optional_json(row, 10)?,
    })
}

fn sample(row: &Row<'_>) -> Result<Sample, rusqlite::Error> {
    Ok(Sample {
        wall_ns: row.get(1)?,
        cpu_user_ns: row.get(2)?,
        cpu_system_ns: row.get(3)?,
        switches_voluntary: row.get(4)?,
        switches_involuntary: row.get(5)?,
        batch: row.get(6)?,
        readings: optional_json(row, 7)?.unwrap_or_default(),
    })
}

/// Of the last experiments that were measured to their end: what was asked for, and how long
/// it took. The oldest comes first. What cannot be read, as the spec of a workload that is no
/// more, teaches nothing and is left out.
pub(super) fn times(
    connection: &Connection,
    limit: u32,
) -> Result<Vec<(Spec, Duration)>, rusqlite::Error> {
    let mut select = connection.prepare_cached(
        "SELECT spec, (julianday(finished_at) - julianday(started_at)) * 86400.0
         FROM experiments INDEXED BY experiments_done WHERE state = 'done' AND NOT EXISTS
         (SELECT 1 FROM cells WHERE experiment = seq AND cells.state <> 'done')
         ORDER BY seq DESC LIMIT ?1",
    )?;
    let mut rows = select.query([limit])?;
    let mut times: Vec<(Spec, Duration)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (Ok(spec), Ok(Some(seconds))) = (json(row, 0), row.get::<_, Option<f64>>(1)) else {
            continue;
        };
        // A clock that was set back meanwhile makes no time negative.
        let took = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        times.push((spec, took));
    }
    times.reverse();
    Ok(times)
}

/// Only the conditions that there are: then an index has the lines in their order.
fn page_query(filter: &Filter) -> String {
    let conditions: String = [
        (filter.before.is_some(), " AND seq < ?1"),
        (filter.workload.is_some(), " AND workload = ?2"),
        (filter.state.is_some(), " AND state = ?3"),
        (filter.owner.is_some(), " AND owner = ?5"),
    ]
    .into_iter()
    .filter_map(|(is_there, condition)| is_there.then_some(condition))
    .collect();
    format!(
        "SELECT seq, id, state, spec, created_at, finished_at, verdict FROM experiments
         WHERE comparison IS ?4{conditions} ORDER BY seq DESC LIMIT ?6"
    )
}

/// What cannot be read, as a line that was damaged by hand, is left out: the others of its page
/// are none the worse for it.
pub(super) fn page(connection: &mut Connection, filter: &Filter) -> Result<Page, rusqlite::Error> {
    let mut select = connection.prepare_cached(&page_query(filter))?;
    let mut rows = select.query(params![
        filter.before,
        filter.workload,
        filter.state.map(State::id),
        filter.comparison,
        filter.owner.as_ref().map(Client::name),
        // One line more than asked for tells whether there is a next page.
        i64::from(filter.limit) + 1
    ])?;
    let mut page = Page { lines: Vec::new(), next: None };
    let mut last = None;
    for _ in 0..filter.limit {
        let Some(row) = rows.next()? else { return Ok(page) };
        let seq: i64 = row.get(0)?;
        last = Some(seq);
        match line(row) {
            Ok(line) => page.lines.push(line),
            Err(error) => tracing::warn!(seq, %error, "an experiment of the list cannot be read"),
        }
    }
    let is_more = rows.next()?.is_some();
    page.next = last.filter(|_| is_more);
    Ok(page)
}

fn line(row: &Row<'_>) -> Result<ExperimentLine, rusqlite::Error> {
    Ok(ExperimentLine {
        id: row.get(1)?,
        state: word(row, 2)?,
        spec: json(row, 3)?,
        created_at: row.get(4)?,
        finished_at: row.get(5)?,
        verdict: row.get(6)?,
    })
}

pub(super) fn json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

fn optional_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(|text| serde_json::from_str(text).map_err(|error| unreadable(column, error)))
        .transpose()
}

/// An enum that is stored as its name in JSON.
pub(super) fn word<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, rusqlite::Error> {
    let text: String = row.get(column)?;
    serde_json::from_value(Value::String(text)).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    /// How SQLite finds what a query asks for.
    fn plan(connection: &Connection, query: &str) -> String {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let mut rows = explain.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan += &row.get::<_, String>("detail").unwrap();
            plan.push('\n');
        }
        plan
    }

    #[test]
    fn whatever_a_page_shows_an_index_has_it_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, _, _) = schema::open(&folder.path().join(schema::FILE)).unwrap();
        for filters in 0..16_u32 {
            let has = |bit: u32| filters & (1 << bit) != 0;
            let filter = Filter {
                before: has(0).then_some(7),
                workload: has(1).then(|| "counter".to_owned()),
                state: has(2).then_some(State::Done),
                comparison: None,
                owner: has(3).then(|| Client::of_session("a")),
                limit: 9,
            };
            let plan = plan(&connection, &page_query(&filter));
            assert!(plan.starts_with("SEARCH experiments USING INDEX"), "{filter:?}: {plan}");
            // Nothing is sorted, and nothing is looked at that is not shown.
            assert_eq!(plan.lines().count(), 1, "{filter:?}: {plan}");
            let used = plan.matches("=?").count() + plan.matches("seq<?").count();
            assert_eq!(used, 1 + filters.count_ones() as usize, "{filter:?}: {plan}");
        }
    }
}
