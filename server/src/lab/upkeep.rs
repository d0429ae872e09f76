//! What is done for the history between experiments, so that no body is disturbed by it.

use super::queue::Lab;
use super::slot::Running;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long an experiment that waits may be kept waiting by this.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// How often it is done while nothing is measured: what is kept by age grows too old then too.
const IDLE_TIME: Duration = Duration::from_secs(3_600);

impl Lab {
    /// Looks at every page of a large history that a former server did not close.
    pub(super) async fn check_history(&self) {
        match self.store.check().await {
            Ok(None) => {}
            Ok(Some(wrong)) => tracing::error!(
                "the history is damaged ({wrong}); stop the server and start it again: then it \
                 is set aside, and a new one is made"
            ),
            Err(error) => tracing::error!(%error, "the history could not be checked"),
        }
    }

    /// Waits for the experiment whose turn it is, and meanwhile removes what grows too old;
    /// `None` once the queue is closed.
    pub(super) async fn next_experiment(&self) -> Option<Arc<Running>> {
        loop {
            match timeout(IDLE_TIME, self.line.next()).await {
                Ok(next) => return next,
                Err(_) => self.trim_history().await,
            }
        }
    }

    /// Removes what is more than is kept. If that is much and an experiment waits, the rest of
    /// it is done after that one.
    pub(super) async fn trim_history(&self) {
        let start = Instant::now();
        loop {
            match self.store.trim().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "could not remove the oldest experiments");
                    return;
                }
            }
            let is_long = start.elapsed() > WAIT_MAX;
            if self.is_closed() || is_long && self.status().queued > 0 {
                return;
            }
        }
    }
}
