//! A queue that can be waited for, with one place where its first is served.

use super::slot::{Found, Running, Slot};
use filature_core::api::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A [`Slot`] that several tasks share.
#[derive(Default)]
pub struct Line {
    slot: Mutex<Slot>,
    changed: Notify,
}

/// What became of one that was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It neither waits nor runs.
    Nothing,
    /// It waited; its end is still to be stored.
    Waiting,
    /// It ran, and has ended.
    Running,
}

impl Line {
    /// The queue, for one step.
    pub fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes who serves: something waits, or the queue was closed.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// Waits for the one whose turn it is; `None` once the queue is closed.
    pub async fn next(&self) -> Option<Arc<Running>> {
        loop {
            {
                let mut slot = self.lock();
                if slot.is_closed() {
                    return None;
                }
                if let Some(running) = slot.take() {
                    return Some(running);
                }
            }
            self.changed.notified().await;
        }
    }

    /// Frees the place of one that has ended.
    pub fn leave(&self, running: &Running) {
        self.lock().leave();
        running.over.cancel();
    }

    /// Takes one out of the queue, or ends it where it runs and waits for that.
    pub async fn cancel(&self, id: &str) -> Cancelled {
        let found = self.lock().withdraw(id);
        match found {
            None => Cancelled::Nothing,
            Some(Found::Waiting) => Cancelled::Waiting,
            Some(Found::Running(running)) => {
                running.stop.tell(State::Cancelled);
                running.over.cancelled().await;
                Cancelled::Running
            }
        }
    }

    /// Takes nothing more, interrupts what runs, and returns the ids of what waited.
    pub fn close(&self) -> Vec<String> {
        let waiting = self.lock().close();
        self.wake();
        waiting
    }
}
