//! One who listens: reads the ring at its own pace, and is told of places in the queue.

use super::{Bus, Frame, text};
use crate::client::Client;
use crate::lab::queue::in_seconds;
use crate::lab::slot::Place;
use bytes::Bytes;
use filature_core::api::{Event, State};
use futures_util::FutureExt;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A listener is told of places in the queue at most once in this time.
pub(super) const PLACES_EVERY: Duration = Duration::from_millis(500);

/// What a listener wants to hear of.
#[derive(Clone, Debug)]
pub enum Topic {
    /// One experiment or comparison, whosever it is.
    One(String),
    /// What this client has asked for, and all comparisons.
    Own(Client),
    /// Everything; of the queue, the places of what this client has asked for.
    All(Client),
}

impl Topic {
    pub(super) fn has(&self, frame: &Frame) -> bool {
        match self {
            Self::One(id) => frame.about == *id,
            Self::Own(client) => frame.for_all || frame.owner.as_ref() == Some(client),
            Self::All(_) => true,
        }
    }

    fn has_place(&self, place: &Place) -> bool {
        match self {
            Self::One(id) => place.id == *id,
            Self::Own(client) | Self::All(client) => place.client == *client,
        }
    }
}

/// One who listens.
pub struct Listener {
    bus: Arc<Bus>,
    topic: Topic,
    /// The event to read next; `None` when events were lost before it.
    next: Option<u64>,
    changed: watch::Receiver<u64>,
    places: Places,
}

/// What a listener knows of the queue.
struct Places {
    now: watch::Receiver<Arc<[Place]>>,
    /// What it was told last, by experiment.
    told: HashMap<String, (usize, u64)>,
    /// It is told of no place before this time.
    quiet_until: Option<Instant>,
}

impl Listener {
    /// One that reads on with the event `next`.
    pub(super) fn new(bus: Arc<Bus>, topic: Topic, next: Option<u64>) -> Self {
        let changed = bus.end.subscribe();
        let mut now = bus.places.subscribe();
        // It has not been told of any yet.
        now.mark_changed();
        let places = Places { now, told: HashMap::new(), quiet_until: None };
        Self { bus, topic, next, changed, places }
    }

    /// The id after which this listener reads on; `None` when it has missed something.
    pub fn last_id(&self) -> Option<String> {
        self.next.map(|next| self.bus.id(next - 1))
    }

    /// Waits for events and returns them in the format of server-sent events.
    pub async fn next(&mut self) -> Bytes {
        loop {
            self.changed.borrow_and_update();
            if let Some(text) = self.read() {
                return text;
            }
            let due = match self.places.quiet_until {
                Some(until) => tokio::time::sleep_until(until).right_future(),
                None => self.places.changed().left_future(),
            };
            // The bus lives as long as this listener, so its senders do too.
            tokio::select! {
                _ = self.changed.changed() => continue,
                () = due => {}
            }
            // Either it may be told of places again, or there are new ones.
            if self.places.quiet_until.take().is_none()
                && let Some(text) = self.moved()
            {
                return text;
            }
        }
    }

    fn read(&mut self) -> Option<Bytes> {
        let inner = self.bus.lock();
        let Some(next) = self.next.filter(|next| *next >= inner.ring.start()) else {
            self.next = Some(inner.ring.end);
            return Some(self.bus.frame(inner.ring.end - 1, &Event::Gap));
        };
        let (text, next) = inner.ring.read(next, &self.topic);
        self.next = Some(next);
        text
    }

    /// The places that have changed since it was told of them.
    fn moved(&mut self) -> Option<Bytes> {
        let places = self.places.now.borrow_and_update().clone();
        let mut told = HashMap::new();
        let mut changed = String::new();
        for place in places.iter().filter(|place| self.topic.has_place(place)) {
            let known = (place.position, in_seconds(place.wait));
            if self.places.told.get(&place.id) != Some(&known) {
                changed += &text(&Event::Experiment {
                    experiment: place.id.clone(),
                    state: State::Queued,
                    position: Some(known.0),
                    wait_s: Some(known.1),
                });
            }
            told.insert(place.id.clone(), known);
        }
        self.places.told = told;
        self.places.quiet_until = Some(Instant::now() + PLACES_EVERY);
        (!changed.is_empty()).then(|| changed.into())
    }
}

impl Places {
    async fn changed(&mut self) {
        // The sender lives as long as the bus, and the bus as long as its listeners.
        let _ = self.now.changed().await;
    }
}
