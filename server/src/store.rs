//! The history in SQLite. Writes go through one thread and return when they are on
//! disk; reads have connections of their own and never wait for a write.
//!
//! - `schema`: opens the file, refuses or sets aside what it cannot trust, migrates.
//! - [`keep`]: how much is kept, and what goes first.
//! - [`backup`]: a copy of the whole, also while a server writes.
//! - `writer`: the one thread that writes, many changes in one transaction.
//! - `change`: what can be written.
//! - `read`: what can be read.
//! - `comparison`: both, for comparisons.

pub mod backup;
mod change;
mod comparison;
pub mod keep;
mod read;
mod schema;
mod writer;

pub use change::{Change, Finish, Membership};
pub use comparison::{ComparisonChange, ComparisonLines, Imported, StoredComparison};
pub use keep::Keep;
pub use read::{Filter, Owned, Page};

use crate::client::Client;
use filature_core::api::{Experiment, Spec, State};
use rusqlite::{Connection, ErrorCode};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many reads may run at once, each with a connection of its own.
const READERS_MAX: usize = 4;

/// How many of those who read apart may do so at once.
const READERS_APART_MAX: usize = 2;

/// Why something could not be stored or read.
#[derive(Clone, Debug)]
pub struct StoreError {
    /// Whether the disk is full, which only its owner can mend.
    pub disk_full: bool,
    /// What SQLite said.
    pub message: String,
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let disk_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        Self { disk_full, message: error.to_string() }
    }
}

/// Told of what has been removed since it was too much.
type Forget = Box<dyn Fn(&keep::Removed) + Send + Sync>;

/// The history. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: writer::Writer,
    keep: Keep,
    forget: Arc<OnceLock<Forget>>,
    readers: Arc<Readers>,
    permits: Arc<Semaphore>,
}

struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Whether nobody knows that every page of the file is whole.
    unchecked: AtomicBool,
    // Held for as long as anyone may write: two servers on one history would mark each
    // other's experiments as interrupted.
    _lock: File,
}

impl Store {
    /// Opens or creates the history in the folder `data`, and marks what a former
    /// server left unfinished as interrupted. A damaged one is set aside, and a new one made.
    ///
    /// # Errors
    /// In one sentence, why the history cannot be used. It is then left as it was.
    pub fn open(data: &Path) -> Result<Self, String> {
        let lock = schema::lock(data)?;
        let file = data.join(schema::FILE);
        let (connection, check, told) = schema::open(&file)?;
        if let Some(told) = told {
            tracing::error!("{told}");
        }
        let writer = writer::start(connection, file.clone())?;
        let readers = Readers {
            file,
            unchecked: AtomicBool::new(check == schema::Check::Due),
            idle: Mutex::default(),
            _lock: lock,
        };
        Ok(Self {
            writer,
            keep: Keep::default(),
            forget: Arc::default(),
            readers: Arc::new(readers),
            permits: Arc::new(Semaphore::new(READERS_MAX)),
        })
    }

    /// The same history for somebody whose reads wait for no others' but those of its like.
    pub fn apart(&self) -> Self {
        Self { permits: Arc::new(Semaphore::new(READERS_APART_MAX)), ..self.clone() }
    }

    /// The same history, of which no more than this is kept.
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Has `forget` told of everything that is removed since it is too much. Only the first
    /// one who asks is.
    pub fn when_removed(&self, forget: impl Fn(&keep::Removed) + Send + Sync + 'static) {
        let _ = self.forget.set(Box::new(forget));
    }

    /// Removes some of the oldest of what is more than is kept; whether there is more to do.
    /// Each call takes a moment only, so that others can write in between.
    ///
    /// # Errors
    /// Why it could not be removed.
    pub async fn trim(&self) -> Result<bool, StoreError> {
        let removed = self.writer.trim(self.keep).await?;
        if let Some(forget) = self.forget.get() {
            forget(&removed);
        }
        Ok(removed.more)
    }

    /// Checks a history page by page whose server did not end in an orderly way, and which was
    /// too large for that at the start. What is wrong, for which the next start sets it aside;
    /// `None` where nothing is.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn check(&self) -> Result<Option<String>, StoreError> {
        if !self.readers.unchecked.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let wrong = self.read(|connection| schema::whole(connection)).await?;
        if wrong.is_some() {
            schema::mark_doubted(&self.readers.file);
        }
        self.readers.unchecked.store(wrong.is_some(), Ordering::Relaxed);
        Ok(wrong)
    }

    /// Ends the history in an orderly way: all that was written is in its file. Nothing can be
    /// written afterwards.
    pub async fn close(&self) {
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        match self.writer.close().await {
            Ok(()) if !self.readers.unchecked.load(Ordering::Relaxed) => {
                schema::mark_whole(&self.readers.file);
            }
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "the history was not closed"),
        }
    }

    /// Makes one change; returns when it is on disk.
    ///
    /// # Errors
    /// Why it was not made.
    pub async fn write(&self, change: Change) -> Result<(), StoreError> {
        self.writer.write(change).await
    }

    /// The experiment as it is stored: without figures, without a place in the queue.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn experiment(&self, id: &str) -> Result<Option<Experiment>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| read::experiment(connection, &id)).await
    }

    /// Who asked for an experiment or comparison; `None` where there is none with this id,
    /// and within it where nobody noted who that was.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn owner(
        &self,
        owned: Owned,
        id: &str,
    ) -> Result<Option<Option<Client>>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| read::owner(connection, owned, &id)).await
    }

    /// Whether an experiment has a cell of this index; `None` where there is no such
    /// experiment.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn has_cell(&self, id: &str, cell: usize) -> Result<Option<bool>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| read::has_cell(connection, &id, cell)).await
    }

    /// What was asked for and how long it was in the slot, of the last experiments all of which
    /// was measured, at most `limit` of them, the oldest first.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn times(&self, limit: u32) -> Result<Vec<(Spec, Duration)>, StoreError> {
        self.read(move |connection| read::times(connection, limit)).await
    }

    /// One page of the history, newest first.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn page(&self, filter: Filter) -> Result<Page, StoreError> {
        self.read(move |connection| read::page(connection, &filter)).await
    }

    /// Where an experiment stands; `None` where there is none with this id.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn state(&self, id: &str) -> Result<Option<State>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| comparison::state_of(connection, &id)).await
    }

    /// A comparison as it is stored.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn comparison(&self, id: &str) -> Result<Option<StoredComparison>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| comparison::find(connection, &id)).await
    }

    /// The experiments of a comparison: the key of the part and the id of each, in the order
    /// in which they were asked for.
    ///
    /// # Errors
    /// Why they could not be read.
    pub async fn members(&self, id: &str) -> Result<Vec<(String, String)>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| comparison::members(connection, &id)).await
    }

    /// The id of the last comparison of this machine that runs or has anything to show; of
    /// one that waits only where there is no other.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn last_own_comparison(&self) -> Result<Option<String>, StoreError> {
        self.read(|connection| comparison::last_own(connection)).await
    }

    /// How many comparisons of other machines there are, and how many `client` has brought.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn imported(&self, client: &Client) -> Result<Imported, StoreError> {
        let client = client.clone();
        self.read(move |connection| comparison::imported(connection, &client)).await
    }

    /// One page of the comparisons, newest first: those that came before the one with the
    /// number `before`, at most `limit` of them.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn comparisons(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<ComparisonLines, StoreError> {
        self.read(move |connection| comparison::lines(connection, before, limit)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.expect("it is never closed");
        let readers = Arc::clone(&self.readers);
        let task = tokio::task::spawn_blocking(move || {
            // A read goes on when nobody waits for it any more, and so does its permit: there
            // are never more connections than permits.
            let _permit = permit;
            let idle = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => schema::reader(&readers.file)?,
            };
            let answer = read(&mut connection)
                .inspect_err(|error| schema::note_damage(&readers.file, error))?;
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(answer)
        });
        task.await.unwrap_or_else(|error| {
            Err(StoreError { disk_full: false, message: format!("a read died: {error}") })
        })
    }
}

#[cfg(test)]
mod tests;
