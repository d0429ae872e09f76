//! The figures of stored experiments. A bootstrap interval takes milliseconds, so the
//! figures of a cell that has ended are computed once and remembered.

use super::assemble;
use filature_core::api::{Cell, Experiment, Summary, Verdict};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many cells' figures are remembered.
const CELLS_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

type Memo = LruCache<(String, usize), Option<Summary>>;

/// Computes figures off the threads that serve.
#[derive(Clone)]
pub struct Figures {
    memo: Arc<Mutex<Memo>>,
}

impl Default for Figures {
    fn default() -> Self {
        Self { memo: Arc::new(Mutex::new(LruCache::new(CELLS_MAX))) }
    }
}

impl Figures {
    /// Fills in the facts and figures of the cells that have ended. The figures of a running cell are
    /// left out: computing them over and over would disturb what is being measured.
    pub async fn summarize(&self, experiment: &mut Experiment) {
        assemble::tell_facts(&experiment.spec, &mut experiment.cells);
        let mut missing = self.recall(experiment);
        if missing.is_empty() {
            return;
        }
        let spec = experiment.spec.clone();
        let task = tokio::task::spawn_blocking(move || {
            assemble::summarize(&spec, &mut missing);
            missing
        });
        let computed = task.await.expect("statistics do not panic");
        let mut memo = self.lock();
        for cell in computed {
            memo.put((experiment.id.clone(), cell.index), cell.summary.clone());
            experiment.cells[cell.index].summary = cell.summary;
        }
    }

    /// Fills in what is remembered, and returns the cells whose figures are not.
    fn recall(&self, experiment: &mut Experiment) -> Vec<Cell> {
        let mut memo = self.lock();
        let mut missing = Vec::new();
        for cell in experiment.cells.iter_mut().filter(|cell| cell.state.is_final()) {
            match memo.get(&(experiment.id.clone(), cell.index)) {
                Some(summary) => cell.summary.clone_from(summary),
                None if cell.samples.is_empty() => {}
                None => missing.push(cell.clone()),
            }
        }
        missing
    }

    fn lock(&self) -> MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The verdicts over the cells that are done.
    pub async fn verdicts(&self, experiment: &mut Experiment) -> Vec<Verdict> {
        self.summarize(experiment).await;
        let (spec, cells) = (experiment.spec.clone(), experiment.cells.clone());
        let task = tokio::task::spawn_blocking(move || assemble::verdicts(&spec, &cells));
        task.await.expect("statistics do not panic")
    }
}
