//! How much of the history is kept, and what goes where it is more.

use super::schema::beside;
use rusqlite::{Connection, OptionalExtension, Params};
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// The most experiments that are removed at once: others want to write too.
const AT_ONCE: u64 = 64;

/// The most samples that go with them, unless a single experiment has more.
const SAMPLES_AT_ONCE: u64 = 10_000;

/// Free pages that the file may keep, for what comes next.
const FREE_PAGES_MAX: u64 = 256;

/// How many free pages are given back at once.
const PAGES_AT_ONCE: u64 = 1_024;

/// The least size that can be asked for: below, a single experiment could be too much.
const BYTES_MIN: u64 = 10_000_000;

/// The longest age that can be asked for, in days.
const DAYS_MAX: u64 = 36_500;

/// How much of the history is kept; what is `None` has no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// How many experiments.
    pub count: Option<u64>,
    /// For how long after their end.
    pub age: Option<Duration>,
    /// How large the file may become, with its journal.
    pub bytes: Option<u64>,
}

/// What was removed in one step.
#[derive(Clone, Debug, Default)]
pub struct Removed {
    /// The ids of experiments.
    pub experiments: Vec<String>,
    /// The ids of comparisons.
    pub comparisons: Vec<String>,
    /// Whether there is more to do.
    pub more: bool,
}

impl Removed {
    fn is_empty(&self) -> bool {
        self.experiments.is_empty() && self.comparisons.is_empty()
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut keep = Self::default();
        for part in text.split(',').map(str::trim) {
            let twice = match limit(part)? {
                Limit::Count(count) => keep.count.replace(count).is_some(),
                Limit::Age(age) => keep.age.replace(age).is_some(),
                Limit::Bytes(bytes) => keep.bytes.replace(bytes).is_some(),
            };
            if twice {
                return Err(format!("`{part}` is a second limit of the same kind"));
            }
        }
        Ok(keep)
    }
}

enum Limit {
    Count(u64),
    Age(Duration),
    Bytes(u64),
}

fn limit(part: &str) -> Result<Limit, String> {
    let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
    let (digits, unit) = part.split_at(end);
    let unknown = || {
        format!(
            "`{part}` is no limit; it must be a number of experiments such as 5000, an age such \
             as 90d or 12h, or a size such as 2GB or 500MiB"
        )
    };
    let number: u64 = digits.parse().map_err(|_| unknown())?;
    let age = |hours: u64| {
        let most = DAYS_MAX * 24;
        let hours = number.saturating_mul(hours);
        let allowed = (1..=most).contains(&hours);
        let error = || format!("`{part}` is an age; it must be from 1h to {DAYS_MAX}d");
        allowed.then(|| Limit::Age(Duration::from_secs(hours * 3_600))).ok_or_else(error)
    };
    let size = |unit: u64| {
        let bytes = number.saturating_mul(unit);
        let allowed = (BYTES_MIN..=1 << 50).contains(&bytes);
        let error = || format!("`{part}` is a size; it must be from 10MB to 1024TiB");
        allowed.then_some(Limit::Bytes(bytes)).ok_or_else(error)
    };
    match unit.trim().to_ascii_lowercase().as_str() {
        "" if number == 0 => {
            Err("`0` experiments cannot be kept; it must be at least 1".to_owned())
        }
        "" => Ok(Limit::Count(number)),
        "h" => age(1),
        "d" => age(24),
        "w" => age(7 * 24),
        "b" => size(1),
        "kb" => size(1_000),
        "mb" => size(1_000_000),
        "gb" => size(1_000_000_000),
        "tb" => size(1_000_000_000_000),
        "kib" => size(1 << 10),
        "mib" => size(1 << 20),
        "gib" => size(1 << 30),
        "tib" => size(1 << 40),
        _ => Err(unknown()),
    }
}

/// What may go: finished, and not needed for a comparison that is made from its experiments,
/// since its table is not stored.
const MAY_GO: &str = "finished_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comparisons AS own
    WHERE own.id = experiments.comparison AND own.result IS NULL)";

/// How many may go.
const COUNT: &str = "SELECT (SELECT count(*) FROM experiments WHERE finished_at IS NOT NULL) -
    (SELECT count(*) FROM experiments WHERE finished_at IS NOT NULL AND comparison IN
    (SELECT id FROM comparisons WHERE result IS NULL))";

/// When a comparison has ended or came from elsewhere; only of those that may go.
const ENDED: &str = "state NOT IN ('queued', 'running') AND coalesce(imported_at, finished_at)";

/// Removes the oldest of what is too much, as far as it can be done at once, and gives space
/// back. `now` is RFC 3339, UTC.
pub(super) fn step(
    connection: &mut Connection,
    file: &Path,
    keep: &Keep,
    now: jiff::Timestamp,
) -> Result<Removed, rusqlite::Error> {
    let is_large = |most| size(file) + journal_bytes(file) > most;
    if keep.bytes.is_some_and(is_large) {
        // Only then is the file as small as it can be.
        checkpoint(connection)?;
    }
    let transaction = connection.transaction()?;
    let mut removed = Removed::default();
    if let Some(cutoff) = keep.age.and_then(|age| now.checked_sub(age).ok()) {
        // Text of one form sorts like the times that it stands for.
        removed = too_old(&transaction, &format!("{cutoff:.3}"))?;
    }
    if removed.is_empty() {
        removed = too_much(&transaction, &excess(&transaction, file, keep)?)?;
    }
    let mut samples = 0;
    for place in 0..removed.experiments.len() {
        let id = &removed.experiments[place];
        samples += samples_of(&transaction, id)?;
        if place > 0 && samples > SAMPLES_AT_ONCE {
            removed.experiments.truncate(place);
            break;
        }
        transaction.prepare_cached("DELETE FROM experiments WHERE id = ?1")?.execute([id])?;
    }
    for id in &removed.comparisons {
        transaction.prepare_cached("DELETE FROM comparisons WHERE id = ?1")?.execute([id])?;
    }
    transaction.commit()?;
    let freed = give_back(connection, keep)?;
    Ok(Removed { more: !removed.is_empty() || freed, ..removed })
}

fn samples_of(connection: &Connection, id: &str) -> Result<u64, rusqlite::Error> {
    let query = "SELECT count(*) FROM samples WHERE experiment =
         (SELECT seq FROM experiments WHERE id = ?1)";
    connection.prepare_cached(query)?.query_row([id], |row| row.get(0))
}

fn ids(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<String>, rusqlite::Error> {
    connection.prepare_cached(sql)?.query_map(params, |row| row.get(0))?.collect()
}

/// What ended before `cutoff`.
fn too_old(connection: &Connection, cutoff: &str) -> Result<Removed, rusqlite::Error> {
    let experiments = format!(
        "SELECT id FROM experiments WHERE finished_at < ?1 AND {MAY_GO} ORDER BY finished_at
         LIMIT {AT_ONCE}"
    );
    let comparisons =
        format!("SELECT id FROM comparisons WHERE {ENDED} < ?1 ORDER BY seq LIMIT {AT_ONCE}");
    Ok(Removed {
        experiments: ids(connection, &experiments, [cutoff])?,
        comparisons: ids(connection, &comparisons, [cutoff])?,
        more: false,
    })
}

/// What goes of what is too much. That nobody can remove what others measured here by asking
/// for much, the tables of other machines go before it, where there is too little room, and so
/// do experiments that ended before they began.
fn too_much(connection: &Connection, excess: &Excess) -> Result<Removed, rusqlite::Error> {
    let mut removed = Removed::default();
    let mut experiments = excess.by_number;
    if excess.by_size > 0 {
        let foreign =
            "SELECT id FROM comparisons WHERE imported_at IS NOT NULL ORDER BY seq LIMIT 1";
        removed.comparisons = ids(connection, foreign, [])?;
        if removed.comparisons.is_empty() {
            experiments = experiments.max(excess.by_size);
        }
    }
    for which in ["started_at IS NULL", "started_at IS NOT NULL"] {
        let oldest = format!(
            "SELECT id FROM experiments WHERE {which} AND {MAY_GO} ORDER BY finished_at LIMIT ?1"
        );
        let most = experiments.min(AT_ONCE).saturating_sub(removed.experiments.len() as u64);
        removed.experiments.extend(ids(connection, &oldest, [most])?);
    }
    if excess.by_size > 0 && removed.is_empty() {
        // They are what is left, and go last: each stands for many experiments.
        let any =
            format!("SELECT id FROM comparisons WHERE {ENDED} IS NOT NULL ORDER BY seq LIMIT 1");
        removed.comparisons = ids(connection, &any, [])?;
    }
    Ok(removed)
}

/// How many experiments are too many.
#[derive(Default)]
struct Excess {
    /// For their number.
    by_number: u64,
    /// For their size; 0 where there is room.
    by_size: u64,
}

fn excess(connection: &Connection, file: &Path, keep: &Keep) -> Result<Excess, rusqlite::Error> {
    let count =
        |sql: &str| connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, u64>(0));
    let mut excess = Excess::default();
    if let Some(most) = keep.count {
        excess.by_number = count(COUNT)?.saturating_sub(most);
    }
    if let Some(most) = keep.bytes {
        let free = count("PRAGMA freelist_count")?;
        let pages = count("PRAGMA page_count")?.saturating_sub(free);
        let bytes = pages * count("PRAGMA page_size")? + journal_bytes(file);
        if bytes > most {
            // By what an experiment takes on average; the next step sees how much that was.
            let each = (bytes / count(COUNT)?.max(1)).max(1);
            excess.by_size = (bytes - most).div_ceil(each);
        }
    }
    Ok(excess)
}

/// The size of the journal beside the file.
fn journal_bytes(file: &Path) -> u64 {
    size(&beside(file, "-wal"))
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// Makes the file smaller by free pages, where there are many or they make it too large;
/// whether it was done.
fn give_back(connection: &Connection, keep: &Keep) -> Result<bool, rusqlite::Error> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    // A file of an older version gives nothing back, but uses free pages for what comes.
    const INCREMENTAL: u64 = 2;
    let bytes = number("page_count")? * number("page_size")?;
    let allowed = if keep.bytes.is_some_and(|most| bytes > most) { 0 } else { FREE_PAGES_MAX };
    if number("freelist_count")? <= allowed || number("auto_vacuum")? != INCREMENTAL {
        return Ok(false);
    }
    // It frees one page for each row that is asked for.
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(true)
}

/// Moves what is in the journal to the file and empties it, unless somebody reads it now.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), rusqlite::Error> {
    let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(truncate, [], |_| Ok(())).optional().map(drop)
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
