//! The room of a chat: who is there, with a bounded queue for each. The same for threads and
//! tasks, whose queues differ only in who is woken.

use super::talk::WELCOME;
use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;

/// A message that is in many queues at once.
pub type Line = Arc<[u8]>;

/// The queue of a client, at the end where messages go in. To put one in never waits.
pub trait Queue {
    /// Puts a message in.
    ///
    /// # Errors
    /// Why it did not take it.
    fn offer(&self, line: Line) -> Result<(), Lost>;
}

/// Why a message is lost to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It reads too slowly: its queue is full.
    Lagged,
    /// Nothing more can be written to it.
    Gone,
}

impl Queue for SyncSender<Line> {
    fn offer(&self, line: Line) -> Result<(), Lost> {
        self.try_send(line).map_err(|error| match error {
            TrySendError::Full(_) => Lost::Lagged,
            TrySendError::Disconnected(_) => Lost::Gone,
        })
    }
}

impl Queue for mpsc::Sender<Line> {
    fn offer(&self, line: Line) -> Result<(), Lost> {
        self.try_send(line).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Lost::Lagged,
            mpsc::error::TrySendError::Closed(_) => Lost::Gone,
        })
    }
}

/// Who is there. The lock is a blocking one for tasks too: nothing is awaited under it.
pub struct Room<Q> {
    /// How many messages each queue holds.
    pub capacity: usize,
    /// How long a client may take to read what is written to it.
    pub patience: Duration,
    members: Mutex<Members<Q>>,
}

struct Members<Q> {
    /// How many have joined so far; also the number of the next.
    joined: u64,
    seats: BTreeMap<u64, Seat<Q>>,
    said: u64,
}

struct Seat<Q> {
    queue: Q,
    served: Served,
}

/// What a client did not get while it was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Who it was: clients are numbered as they come, from 0.
    pub member: u64,
    /// Messages for which its queue was full.
    pub lagged: u64,
    /// Messages that could not be written to it any more.
    pub dropped: u64,
}

impl<Q: Queue> Room<Q> {
    /// An empty one.
    pub fn new(capacity: usize, patience: Duration) -> Self {
        let members = Members { joined: 0, seats: BTreeMap::new(), said: 0 };
        Self { capacity, patience, members: Mutex::new(members) }
    }

    fn lock(&self) -> MutexGuard<'_, Members<Q>> {
        self.members.lock().expect("nobody panics in the room")
    }

    /// Takes a client in, whose first message is the welcome; returns its number.
    pub fn join(&self, queue: Q) -> u64 {
        let mut members = self.lock();
        let member = members.joined;
        members.joined += 1;
        let mut seat = Seat { queue, served: Served { member, ..Served::default() } };
        seat.offer(&Line::from(WELCOME));
        members.seats.insert(member, seat);
        member
    }

    /// Offers a message to everybody else.
    pub fn say(&self, member: u64, line: &[u8]) {
        let line = Line::from(line);
        let mut members = self.lock();
        members.said += 1;
        for (_, seat) in members.seats.iter_mut().filter(|(other, _)| **other != member) {
            seat.offer(&line);
        }
    }

    /// Takes a client out, which closes its queue and so ends the unit that writes.
    pub fn leave(&self, member: u64) -> Served {
        let left = self.lock().seats.remove(&member);
        left.map_or_else(Served::default, |seat| seat.served)
    }

    /// How many messages were said so far.
    pub fn said(&self) -> u64 {
        self.lock().said
    }

    /// How many clients are there.
    pub fn present(&self) -> u64 {
        self.lock().seats.len() as u64
    }
}

impl<Q: Queue> Seat<Q> {
    fn offer(&mut self, line: &Line) {
        match self.queue.offer(Arc::clone(line)) {
            Ok(()) => {}
            Err(Lost::Lagged) => self.served.lagged += 1,
            Err(Lost::Gone) => self.served.dropped += 1,
        }
    }
}
