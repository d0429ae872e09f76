//! Who waits for the measuring slot, and who is in it. Only this file knows the order.

use crate::store::StoreError;
use filature_core::api::State;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// Why an experiment was not taken.
#[derive(Clone, Debug)]
pub enum Refused {
    /// So many wait already as are allowed.
    Full {
        /// The limit.
        queue_max: usize,
    },
    /// The server is about to stop.
    Closing,
    /// It could not be stored.
    Store(StoreError),
}

/// What happens in the slot, for `/healthz` and `/metrics`.
#[derive(Clone, Debug)]
pub struct Status {
    /// How many experiments wait.
    pub queued: usize,
    /// The one that is being measured.
    pub running: Option<String>,
}

/// The queue and the slot.
#[derive(Default)]
pub struct Slot {
    waiting: VecDeque<String>,
    /// Accepted, and being stored before they wait.
    entering: usize,
    running: Option<Arc<Running>>,
    closed: bool,
}

/// The experiment in the slot.
pub struct Running {
    /// Its id.
    pub id: String,
    /// Tells it to end before its time.
    pub stop: Stop,
    /// Cancelled when it has left the slot.
    pub over: CancellationToken,
}

/// How an experiment is told to end before its time.
#[derive(Default)]
pub struct Stop {
    state: OnceLock<State>,
    /// Cancelled when it has been told.
    pub token: CancellationToken,
}

impl Stop {
    /// The state in which it is to end, once it has been told.
    pub fn state(&self) -> Option<State> {
        self.state.get().copied()
    }

    /// Tells it; whoever comes first decides what its end is called.
    pub fn tell(&self, state: State) {
        let _ = self.state.set(state);
        self.token.cancel();
    }
}

/// Where an experiment was found.
pub enum Found {
    /// It waited, and no longer does.
    Waiting,
    /// It is in the slot.
    Running(Arc<Running>),
}

impl Slot {
    /// Keeps a place for an experiment that is about to be stored.
    ///
    /// # Errors
    /// Why there is none.
    pub fn admit(&mut self, queue_max: usize) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closing);
        }
        if self.queued() >= queue_max {
            return Err(Refused::Full { queue_max });
        }
        self.entering += 1;
        Ok(())
    }

    /// Gives back the place of an experiment that could not be stored.
    pub fn give_up(&mut self) {
        self.entering -= 1;
    }

    /// Lets an admitted experiment wait; `false` if the queue was closed meanwhile.
    pub fn enter(&mut self, id: &str) -> bool {
        self.entering -= 1;
        if !self.closed {
            self.waiting.push_back(id.to_owned());
        }
        !self.closed
    }

    /// Moves the experiment whose turn it is into the slot.
    pub fn take(&mut self) -> Option<Arc<Running>> {
        let id = self.waiting.pop_front()?;
        let running =
            Arc::new(Running { id, stop: Stop::default(), over: CancellationToken::new() });
        self.running = Some(Arc::clone(&running));
        Some(running)
    }

    /// Frees the slot.
    pub fn leave(&mut self) {
        self.running = None;
    }

    /// Finds an experiment; one that waits is taken out of the queue.
    pub fn withdraw(&mut self, id: &str) -> Option<Found> {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting == id) {
            self.waiting.remove(place);
            return Some(Found::Waiting);
        }
        let running = self.running.as_ref().filter(|running| running.id == id)?;
        Some(Found::Running(Arc::clone(running)))
    }

    /// Takes nothing more, interrupts what runs, and returns what waited.
    pub fn close(&mut self) -> VecDeque<String> {
        self.closed = true;
        if let Some(running) = &self.running {
            running.stop.tell(State::Interrupted);
        }
        std::mem::take(&mut self.waiting)
    }

    /// Whether nothing more is taken.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many experiments are measured before this one; `None` if it does not wait.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.positions().find(|(waiting, _)| *waiting == id).map(|(_, position)| position)
    }

    /// Those who wait, in order, each with how many are measured before it.
    pub fn positions(&self) -> impl Iterator<Item = (&str, usize)> {
        let before = usize::from(self.running.is_some());
        self.waiting.iter().enumerate().map(move |(place, id)| (id.as_str(), place + before))
    }

    /// What happens in the slot.
    pub fn status(&self) -> Status {
        Status {
            queued: self.queued(),
            running: self.running.as_ref().map(|running| running.id.clone()),
        }
    }

    fn queued(&self) -> usize {
        self.waiting.len() + self.entering
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(ids: &[&str]) -> Slot {
        let mut slot = Slot::default();
        for id in ids {
            slot.admit(10).unwrap();
            assert!(slot.enter(id));
        }
        slot
    }

    #[test]
    fn who_comes_first_is_measured_first() {
        let mut slot = slot(&["a", "b", "c"]);
        assert_eq!(slot.position("c"), Some(2));
        assert_eq!(slot.take().unwrap().id, "a");
        assert_eq!((slot.position("a"), slot.position("b")), (None, Some(1)));
        slot.leave();
        assert_eq!(slot.position("b"), Some(0));
    }

    #[test]
    fn those_being_stored_count_against_the_limit() {
        let mut slot = slot(&["a"]);
        slot.admit(2).unwrap();
        assert!(matches!(slot.admit(2), Err(Refused::Full { queue_max: 2 })));
        slot.give_up();
        slot.admit(2).unwrap();
    }

    #[test]
    fn one_that_is_withdrawn_lets_the_others_move_up() {
        let mut slot = slot(&["a", "b", "c"]);
        let running = slot.take().unwrap();
        assert!(matches!(slot.withdraw("b"), Some(Found::Waiting)));
        assert_eq!(slot.position("c"), Some(1));
        assert!(slot.withdraw("b").is_none());
        assert!(matches!(slot.withdraw("a"), Some(Found::Running(_))));
        assert!(running.stop.state().is_none(), "finding it does not stop it");
    }

    #[test]
    fn closing_interrupts_what_runs_and_admits_nobody() {
        let mut slot = slot(&["a", "b"]);
        let running = slot.take().unwrap();
        slot.admit(10).unwrap();
        assert_eq!(slot.close(), ["b"]);
        assert_eq!(running.stop.state(), Some(State::Interrupted));
        running.stop.tell(State::Cancelled);
        assert_eq!(running.stop.state(), Some(State::Interrupted), "the first one counts");
        assert!(!slot.enter("c") && slot.take().is_none());
        assert!(matches!(slot.admit(10), Err(Refused::Closing)));
    }
}
