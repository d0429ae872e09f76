//! What is done for the history between experiments, so that no body is disturbed by it.

use super::queue::Lab;
use std::time::{Duration, Instant};

/// How long an experiment that waits may be kept waiting by this.
const WAIT_MAX: Duration = Duration::from_secs(2);

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
