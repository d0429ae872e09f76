//! The events of the lab: one ring for all listeners, each of which reads at its own
//! pace and is told when it has missed something. Nothing is buffered per listener.

mod listener;

pub use listener::{Listener, Topic};

use super::slot::Place;
use crate::client::Client;
use bytes::{Bytes, BytesMut};
use filature_core::api::{CellState, Event, Experiment, Sample, State};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The most events that are kept for those who resume.
pub const RING_EVENTS_MAX: usize = 4_096;

/// The most bytes that these events may take.
pub const RING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Samples of one cell are announced at most once in this time.
const SAMPLES_EVERY: Duration = Duration::from_millis(100);

/// The most bytes that a listener is handed at once.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Publishes events and keeps the last of them.
pub struct Bus {
    /// Tells ids of this process from those of one before it.
    epoch: String,
    inner: Mutex<Inner>,
    end: watch::Sender<u64>,
    /// The places in the queue as they are now: state, and no part of the ring.
    places: watch::Sender<Arc<[Place]>>,
}

#[derive(Default)]
struct Inner {
    ring: Ring,
    held: Coalescer,
    /// Who asked for the experiments that have not ended.
    owners: HashMap<String, Client>,
}

impl Bus {
    /// A bus without events; `epoch` must differ from that of every other one.
    pub fn new(epoch: String) -> Self {
        let inner = Inner::default();
        let places = watch::Sender::new(Arc::default());
        Self { epoch, inner: Mutex::new(inner), end: watch::Sender::new(1), places }
    }

    /// Announces that an experiment of this client waits, with its place.
    pub fn queued(&self, experiment: &Experiment, client: &Client) {
        let event = Event::Experiment {
            experiment: experiment.id.clone(),
            state: State::Queued,
            position: experiment.position,
            wait_s: experiment.wait_s,
        };
        let mut inner = self.lock();
        inner.owners.insert(experiment.id.clone(), client.clone());
        self.publish(&mut inner, &event);
    }

    /// Announces the state of an experiment that no longer waits.
    pub fn experiment(&self, id: &str, state: State) {
        let experiment = id.to_owned();
        let event = Event::Experiment { experiment, state, position: None, wait_s: None };
        let mut inner = self.lock();
        self.publish(&mut inner, &event);
        if state.is_final() {
            // What is still held back was never announced, and is over.
            inner.held.forget(id);
            inner.owners.remove(id);
        }
    }

    /// Takes the places of all that wait. Those who listen are told of theirs, or of that of
    /// the experiment that they asked for, when it has changed.
    pub fn places(&self, places: Vec<Place>) {
        self.places.send_replace(places.into());
    }

    /// Announces that a comparison, now in this state, or one of its parts has changed.
    pub fn comparison(&self, id: &str, state: State) {
        let event = Event::Comparison { comparison: id.to_owned(), state };
        self.publish(&mut self.lock(), &event);
    }

    /// Announces a cell's state, after all samples that it has had.
    pub fn cell(&self, id: &str, cell: usize, state: CellState, reason: Option<String>) {
        let mut inner = self.lock();
        if state.is_final()
            && let Some(batch) = inner.held.close(&(id.to_owned(), cell))
        {
            self.publish(&mut inner, &samples_event(id, cell, batch));
        }
        let event = Event::Cell { experiment: id.to_owned(), cell, state, reason };
        self.publish(&mut inner, &event);
    }

    /// Announces samples of a cell: the first at once, later ones gathered.
    pub fn samples(self: &Arc<Self>, id: &str, cell: usize, first: usize, samples: Vec<Sample>) {
        let key = (id.to_owned(), cell);
        let mut inner = self.lock();
        let Some(batch) = inner.held.push(&key, Batch { first, samples }) else {
            return;
        };
        self.publish(&mut inner, &samples_event(id, cell, batch));
        drop(inner);
        let bus = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SAMPLES_EVERY).await;
                let mut inner = bus.lock();
                let Some(batch) = inner.held.tick(&key) else {
                    return;
                };
                bus.publish(&mut inner, &samples_event(&key.0, key.1, batch));
            }
        });
    }

    /// A listener that begins after the event `last_id`; without one, with what comes next.
    pub fn listen(self: &Arc<Self>, last_id: Option<&str>, topic: Topic) -> Listener {
        let end = self.lock().ring.end;
        let next = match last_id {
            None => Some(end),
            Some(id) => self.seq(id).filter(|seq| *seq < end).map(|seq| seq + 1),
        };
        Listener::new(Arc::clone(self), topic, next)
    }

    fn seq(&self, id: &str) -> Option<u64> {
        let (epoch, seq) = id.split_once('-')?;
        // Only what this bus wrote itself: `+7` and `007` parse as numbers too.
        let seq: u64 = seq.parse().ok()?;
        (epoch == self.epoch && self.id(seq) == id).then_some(seq)
    }

    fn id(&self, seq: u64) -> String {
        format!("{}-{seq}", self.epoch)
    }

    fn publish(&self, inner: &mut Inner, event: &Event) {
        let text = self.frame(inner.ring.end, event);
        let about = event.about().unwrap_or_default().to_owned();
        let owner = inner.owners.get(&about).cloned();
        let for_all = matches!(event, Event::Comparison { .. });
        inner.ring.push(Frame { about, owner, for_all, text });
        self.end.send_replace(inner.ring.end);
    }

    fn frame(&self, seq: u64, event: &Event) -> Bytes {
        format!("id: {}\n{}", self.id(seq), text(event)).into()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn samples_event(id: &str, cell: usize, batch: Batch) -> Event {
    let Batch { first, samples } = batch;
    Event::Samples { experiment: id.to_owned(), cell, first, samples }
}

/// An event in the format of server-sent events, without an id.
fn text(event: &Event) -> String {
    let json = serde_json::to_string(event).expect("an event is plain data");
    format!("event: {}\ndata: {json}\n\n", event.name())
}

struct Frame {
    /// The experiment or comparison: their ids are never the same.
    about: String,
    /// Who asked for it, of an experiment.
    owner: Option<Client>,
    /// Whether it is about what is there for all.
    for_all: bool,
    text: Bytes,
}

/// The last events, numbered from one.
struct Ring {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// The number that the next event will have.
    end: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self { frames: VecDeque::new(), bytes: 0, end: 1 }
    }
}

impl Ring {
    fn start(&self) -> u64 {
        self.end - self.frames.len() as u64
    }

    fn push(&mut self, frame: Frame) {
        self.bytes += frame.text.len();
        self.frames.push_back(frame);
        self.end += 1;
        while self.frames.len() > RING_EVENTS_MAX || self.bytes > RING_BYTES_MAX {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.bytes -= oldest.text.len();
        }
    }

    /// The events from `next` on, and where to go on reading.
    fn read(&self, next: u64, topic: &Topic) -> (Option<Bytes>, u64) {
        let skipped = (next - self.start()) as usize;
        let mut text = BytesMut::new();
        let mut read = next;
        for frame in self.frames.range(skipped..) {
            if text.len() >= READ_BYTES_MAX {
                break;
            }
            read += 1;
            if topic.has(frame) {
                text.extend_from_slice(&frame.text);
            }
        }
        ((!text.is_empty()).then(|| text.freeze()), read)
    }
}

/// Samples of one cell, and how many came before them.
#[derive(Clone, Debug, PartialEq)]
struct Batch {
    first: usize,
    samples: Vec<Sample>,
}

/// Gathers the samples of each cell between two ticks of a timer that its owner keeps.
#[derive(Default)]
struct Coalescer {
    held: HashMap<(String, usize), Batch>,
}

impl Coalescer {
    /// The batch to announce now, after which a timer must tick; or `None`: it is held
    /// until the timer that runs already ticks.
    fn push(&mut self, key: &(String, usize), batch: Batch) -> Option<Batch> {
        if let Some(held) = self.held.get_mut(key) {
            held.samples.extend(batch.samples);
            return None;
        }
        let first = batch.first + batch.samples.len();
        self.held.insert(key.clone(), Batch { first, samples: Vec::new() });
        Some(batch)
    }

    /// What has gathered since the last tick; `None` ends the timer.
    fn tick(&mut self, key: &(String, usize)) -> Option<Batch> {
        let held = self.held.get_mut(key)?;
        if held.samples.is_empty() {
            self.held.remove(key);
            return None;
        }
        let first = held.first + held.samples.len();
        Some(std::mem::replace(held, Batch { first, samples: Vec::new() }))
    }

    /// Lets go of all that an experiment has gathered.
    fn forget(&mut self, id: &str) {
        self.held.retain(|(about, _), _| about != id);
    }

    /// What has gathered, when nothing more will come.
    fn close(&mut self, key: &(String, usize)) -> Option<Batch> {
        self.held.remove(key).filter(|batch| !batch.samples.is_empty())
    }
}

#[cfg(test)]
#[path = "bus_tests.rs"]
mod tests;
