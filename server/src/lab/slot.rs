//! Who waits for the measuring slot, and who is in it. Only this file knows the order:
//! clients take turns, and each client's own experiments keep the order in which it asked.

use crate::client::Client;
use crate::store::StoreError;
use filature_core::api::State;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// In all.
    pub all: usize,
    /// Of one client.
    pub client: usize,
}

/// Why an experiment was not taken.
#[derive(Clone, Debug)]
pub enum Refused {
    /// So many wait already as are allowed.
    Full {
        /// Whether it is the client's own that fill its share of the queue.
        own: bool,
        /// The limit.
        limit: usize,
        /// When there may be a place again, as far as can be foretold.
        retry_after: Duration,
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
    /// How many clients they belong to.
    pub clients: usize,
    /// The one that is being measured.
    pub running: Option<String>,
}

/// The place of one that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// Who asked for it.
    pub client: Client,
    /// How many are measured before it.
    pub position: usize,
    /// How long that takes, as far as can be foretold.
    pub wait: Duration,
    /// How long it will be in the slot itself, as far as can be foretold.
    pub expected: Duration,
}

/// The queue and the slot.
#[derive(Default)]
pub struct Slot {
    /// The clients that wait, the one whose turn is next first, each with what it waits for.
    turns: VecDeque<(Client, VecDeque<Waiting>)>,
    /// Accepted, and being stored before they wait: how many of each client.
    entering: HashMap<Client, usize>,
    running: Option<Arc<Running>>,
    closed: bool,
}

struct Waiting {
    id: String,
    since: Instant,
    /// How long it will be in the slot, as far as can be foretold.
    expected: Duration,
}

/// The experiment in the slot.
pub struct Running {
    /// Its id.
    pub id: String,
    /// Who asked for it.
    pub client: Client,
    /// How long it has waited.
    pub waited: Duration,
    /// Since when it is there.
    pub since: Instant,
    /// When it will be over, as far as can be foretold.
    ends: Mutex<Instant>,
    /// Tells it to end before its time.
    pub stop: Stop,
    /// Cancelled when it has left the slot.
    pub over: CancellationToken,
}

impl Running {
    /// Notes how long it will still be in the slot, as far as can be foretold now.
    pub fn foresee(&self, left: Duration) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + left;
    }

    /// How long it will still be in the slot, as far as can be foretold.
    fn left(&self) -> Duration {
        let ends = *self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.saturating_duration_since(Instant::now())
    }
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
    pub fn admit(&mut self, client: &Client, room: Room) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closing);
        }
        if self.queued_of(client) >= room.client {
            // Its next turn comes when all others that wait have had theirs.
            let own = self.places().into_iter().find(|place| place.client == *client);
            let retry_after = own.map_or(Duration::ZERO, |place| place.wait);
            return Err(Refused::Full { own: true, limit: room.client, retry_after });
        }
        if self.queued() >= room.all {
            let retry_after =
                self.running.as_ref().map_or(Duration::ZERO, |running| running.left());
            return Err(Refused::Full { own: false, limit: room.all, retry_after });
        }
        *self.entering.entry(client.clone()).or_default() += 1;
        Ok(())
    }

    /// The same for a part of a comparison, for which there is always a place: only one
    /// comparison is under way, and it has one part at a time. Otherwise whoever fills the
    /// queue could keep all comparisons from going on.
    ///
    /// # Errors
    /// [`Refused::Closing`].
    pub fn admit_part(&mut self, client: &Client) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closing);
        }
        *self.entering.entry(client.clone()).or_default() += 1;
        Ok(())
    }

    /// Gives back the place of an experiment that could not be stored.
    pub fn give_up(&mut self, client: &Client) {
        if let Some(entering) = self.entering.get_mut(client) {
            *entering -= 1;
            if *entering == 0 {
                self.entering.remove(client);
            }
        }
    }

    /// Lets an admitted experiment wait; `false` if the queue was closed meanwhile.
    pub fn enter(&mut self, client: &Client, id: &str, expected: Duration) -> bool {
        self.insert(client, id, expected, VecDeque::push_back)
    }

    /// The same for a part of a comparison: it waits before all else that its client has asked
    /// for.
    pub fn enter_part(&mut self, client: &Client, id: &str, expected: Duration) -> bool {
        self.insert(client, id, expected, VecDeque::push_front)
    }

    fn insert(
        &mut self,
        client: &Client,
        id: &str,
        expected: Duration,
        push: fn(&mut VecDeque<Waiting>, Waiting),
    ) -> bool {
        self.give_up(client);
        if self.closed {
            return false;
        }
        let waiting = Waiting { id: id.to_owned(), since: Instant::now(), expected };
        match self.turns.iter_mut().find(|(other, _)| other == client) {
            Some((_, own)) => push(own, waiting),
            None => self.turns.push_back((client.clone(), [waiting].into())),
        }
        true
    }

    /// Moves the experiment whose turn it is into the slot. Its client's next turn comes
    /// after those of all others that wait.
    pub fn take(&mut self) -> Option<Arc<Running>> {
        let (client, mut own) = self.turns.pop_front()?;
        let Waiting { id, since: asked, expected } = own.pop_front()?;
        if !own.is_empty() {
            self.turns.push_back((client.clone(), own));
        }
        let running = Arc::new(Running {
            id,
            client,
            waited: asked.elapsed(),
            since: Instant::now(),
            ends: Mutex::new(Instant::now() + expected),
            stop: Stop::default(),
            over: CancellationToken::new(),
        });
        self.running = Some(Arc::clone(&running));
        Some(running)
    }

    /// Frees the slot.
    pub fn leave(&mut self) {
        self.running = None;
    }

    /// Finds an experiment; one that waits is taken out of the queue.
    pub fn withdraw(&mut self, id: &str) -> Option<Found> {
        for (turn, (_, own)) in self.turns.iter_mut().enumerate() {
            if let Some(place) = own.iter().position(|waiting| waiting.id == id) {
                own.remove(place);
                if own.is_empty() {
                    self.turns.remove(turn);
                }
                return Some(Found::Waiting);
            }
        }
        let running = self.running.as_ref().filter(|running| running.id == id)?;
        Some(Found::Running(Arc::clone(running)))
    }

    /// Takes all that wait out of the queue, and returns their ids, the next one first.
    pub fn withdraw_all(&mut self) -> Vec<String> {
        let waiting = self.places().into_iter().map(|place| place.id).collect();
        self.turns.clear();
        waiting
    }

    /// Takes nothing more, interrupts what runs, and returns what waited.
    pub fn close(&mut self) -> Vec<String> {
        self.closed = true;
        if let Some(running) = &self.running {
            running.stop.tell(State::Interrupted);
        }
        self.withdraw_all()
    }

    /// Whether nothing more is taken.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The place of one that waits; `None` if it does not.
    pub fn place(&self, id: &str) -> Option<Place> {
        self.places().into_iter().find(|place| place.id == id)
    }

    /// The places of all that wait, the next one first.
    pub fn places(&self) -> Vec<Place> {
        let mut position = usize::from(self.running.is_some());
        let mut wait = self.running.as_ref().map_or(Duration::ZERO, |running| running.left());
        let mut places = Vec::new();
        let rounds = self.turns.iter().map(|(_, own)| own.len()).max().unwrap_or(0);
        for round in 0..rounds {
            for (client, own) in &self.turns {
                let Some(waiting) = own.get(round) else { continue };
                let (id, client, expected) = (waiting.id.clone(), client.clone(), waiting.expected);
                places.push(Place { id, client, position, wait, expected });
                position += 1;
                wait += expected;
            }
        }
        places
    }

    /// What happens in the slot.
    pub fn status(&self) -> Status {
        Status {
            queued: self.queued(),
            clients: self.turns.len(),
            running: self.running.as_ref().map(|running| running.id.clone()),
        }
    }

    fn queued(&self) -> usize {
        let waiting: usize = self.turns.iter().map(|(_, own)| own.len()).sum();
        waiting + self.entering.values().sum::<usize>()
    }

    fn queued_of(&self, client: &Client) -> usize {
        let own = self.turns.iter().find(|(other, _)| other == client);
        own.map_or(0, |(_, own)| own.len()) + self.entering.get(client).copied().unwrap_or(0)
    }
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;
