//! The one thread that writes. Changes that wait together share a transaction, and
//! with it one flush of the disk; each is answered after the commit.

use super::StoreError;
use super::change::Change;
use super::keep::{self, Keep, Removed};
use super::schema;
use crate::machine::priority::step_back;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};

/// The most changes in one transaction.
const BATCH_MAX: usize = 128;

/// The most changes that may wait; whoever brings one more waits as well.
const WAITING_MAX: usize = 1_024;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

enum Job {
    /// To write something.
    Write(Write),
    /// To remove some of what is too much.
    Trim { keep: Keep, answer: Answer<Removed> },
    /// To write nothing more.
    Close { answer: Answer<()> },
}

struct Write {
    change: Change,
    answer: Answer<()>,
}

/// Hands changes to the thread. The thread ends when it is told to, or when the last of these
/// is gone.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub(super) async fn write(&self, change: Change) -> Result<(), StoreError> {
        self.ask(|answer| Job::Write(Write { change, answer })).await
    }

    /// Removes some of what is more than is kept.
    pub(super) async fn trim(&self, keep: Keep) -> Result<Removed, StoreError> {
        self.ask(|answer| Job::Trim { keep, answer }).await
    }

    /// Returns when all is in the file and the file is closed.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.ask(|answer| Job::Close { answer }).await
    }

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let gone = || StoreError { disk_full: false, message: "the writer is gone".to_owned() };
        self.jobs.send(job(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Starts the thread, which writes to `file`.
pub(super) fn start(connection: Connection, file: PathBuf) -> Result<Writer, String> {
    let (jobs, waiting) = mpsc::channel::<Job>(WAITING_MAX);
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || work(connection, &file, waiting))
        .map_err(|error| format!("cannot start the thread that writes the history: {error}"))?;
    Ok(Writer { jobs })
}

fn work(mut connection: Connection, file: &Path, mut waiting: mpsc::Receiver<Job>) {
    step_back();
    let mut next = None;
    while let Some(job) = next.take().or_else(|| waiting.blocking_recv()) {
        match job {
            Job::Write(first) => {
                let mut batch = vec![first];
                while batch.len() < BATCH_MAX
                    && let Ok(job) = waiting.try_recv()
                {
                    match job {
                        Job::Write(write) => batch.push(write),
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                commit(&mut connection, file, batch);
            }
            Job::Trim { keep, answer } => {
                let removed = keep::step(&mut connection, file, &keep, jiff::Timestamp::now());
                let _ = answer.send(removed.map_err(|error| explain(file, error)));
            }
            Job::Close { answer } => {
                let closed = keep::checkpoint(&connection)
                    .and_then(|()| connection.close().map_err(|(_, error)| error));
                let _ = answer.send(closed.map_err(StoreError::from));
                return;
            }
        }
    }
}

/// Makes all changes of a batch in one transaction and answers each. One that fails
/// is undone alone; if the commit fails, all of them have failed.
fn commit(connection: &mut Connection, file: &Path, batch: Vec<Write>) {
    let (changes, answers): (Vec<Change>, Vec<_>) =
        batch.into_iter().map(|write| (write.change, write.answer)).unzip();
    let results = apply(connection, file, &changes)
        .unwrap_or_else(|error| vec![Err(explain(file, error)); changes.len()]);
    for (answer, result) in answers.into_iter().zip(results) {
        // Whoever asked may have gone meanwhile; the change stands.
        let _ = answer.send(result);
    }
}

/// The error as others see it. If it says that the file is damaged, the next start looks at it.
fn explain(file: &Path, error: rusqlite::Error) -> StoreError {
    schema::note_damage(file, &error);
    error.into()
}

fn apply(
    connection: &mut Connection,
    file: &Path,
    changes: &[Change],
) -> Result<Vec<Result<(), StoreError>>, rusqlite::Error> {
    let mut transaction = connection.transaction()?;
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        let savepoint = transaction.savepoint()?;
        let result = change.apply(&savepoint);
        match &result {
            Ok(()) => savepoint.commit()?,
            // Dropping a savepoint undoes it.
            Err(_) => drop(savepoint),
        }
        results.push(result.map_err(|error| explain(file, error)));
    }
    transaction.commit()?;
    Ok(results)
}
