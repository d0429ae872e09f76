//! The one thread that writes. Changes that wait together share a transaction, and
//! with it one flush of the disk; each is answered after the commit.

use super::StoreError;
use super::change::Change;
use rusqlite::Connection;
use tokio::sync::oneshot;

/// The most changes in one transaction.
const BATCH_MAX: usize = 128;

/// The most changes that may wait; whoever brings one more waits as well.
const WAITING_MAX: usize = 1_024;

struct Job {
    change: Change,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

/// Hands changes to the thread. The thread ends when the last of these is gone.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: tokio::sync::mpsc::Sender<Job>,
}

impl Writer {
    pub(super) async fn write(&self, change: Change) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let gone = || StoreError { disk_full: false, message: "the writer is gone".to_owned() };
        self.jobs.send(Job { change, answer }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Starts the thread.
pub(super) fn start(mut connection: Connection) -> Result<Writer, String> {
    let (jobs, mut waiting) = tokio::sync::mpsc::channel::<Job>(WAITING_MAX);
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut batch = vec![first];
                while batch.len() < BATCH_MAX
                    && let Ok(job) = waiting.try_recv()
                {
                    batch.push(job);
                }
                commit(&mut connection, batch);
            }
        })
        .map_err(|error| format!("cannot start the thread that writes the history: {error}"))?;
    Ok(Writer { jobs })
}

/// Makes all changes of a batch in one transaction and answers each. One that fails
/// is undone alone; if the commit fails, all of them have failed.
fn commit(connection: &mut Connection, batch: Vec<Job>) {
    let (changes, answers): (Vec<Change>, Vec<_>) =
        batch.into_iter().map(|job| (job.change, job.answer)).unzip();
    let results =
        apply(connection, &changes).unwrap_or_else(|error| vec![Err(error.into()); changes.len()]);
    for (answer, result) in answers.into_iter().zip(results) {
        // Whoever asked may have gone meanwhile; the change stands.
        let _ = answer.send(result);
    }
}

fn apply(
    connection: &mut Connection,
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
        results.push(result.map_err(StoreError::from));
    }
    transaction.commit()?;
    Ok(results)
}
