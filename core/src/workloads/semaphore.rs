//! Semaphore: many units, of which only so many may be inside at once.
//!
//! The contract: the body spawns `units` units and joins them. Each needs one of `permits`
//! permits to go inside, which it takes itself or finds taken for it, as `acquire` says.
//! Inside it counts itself, sleeps for `hold_ms`, counts itself out and gives the permit
//! back. The first ones wait inside for one another until the place is full, as far as
//! there are units to fill it, so that the most ever inside is always seen. The outcome is
//! how many units were inside at once at most, and how many were inside at all; how many
//! units existed at once is only seen.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, sleep};
use crate::{choices, params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex};

pub const ABOUT: About = About {
    id: "semaphore",
    title: "Limit with a semaphore",
    group: Group::LimitAndCancel,
    summary: "A hundred units, but only ten may work at once: what does a semaphore limit, and \
              what does it not?",
    look_at: "Never more are inside than there are permits. But look at how many units exist: \
              in the article each task takes its permit itself, so all hundred tasks are \
              created at once and ninety wait, while it speaks of limiting the number of tasks. \
              Take the permit before you spawn, and no more units exist than may work.",
    operation: "units",
    did: "let in",
    presets: &[
        Preset { name: "as in the article", params: &[("hold_ms", "100")] },
        Preset { name: "permit first, then spawn", params: &[("acquire", "before-spawn")] },
        Preset { name: "one at a time", params: &[("permits", "1"), ("units", "20")] },
        Preset {
            name: "at scale",
            params: &[("units", "10000"), ("permits", "1000"), ("acquire", "before-spawn")],
        },
    ],
    picture: &["#ooo#      ", "#ooo#      ", "#---ooo#   ", "#------ooo#"],
    cpu_bound: &[],
    only: None,
};

choices! {
    /// Who takes the permit of a unit.
    pub enum Acquire {
        /// The unit, as its first step: so all units exist, and most of them wait.
        InTheUnit = "in-the-unit",
        /// The body, which waits for one before it spawns the unit.
        BeforeSpawn = "before-spawn",
    }
}

params! {
    /// How many units want to go inside.
    units: u64 = integer(100).range(1, 100_000).unit("units"),
    /// How many may be inside at once.
    permits: u64 = integer(10).range(1, 10_000).unit("permits"),
    /// How long each stays inside.
    hold_ms: u64 = integer(1).range(0, 1_000).unit("ms"),
    /// Who takes the permit.
    acquire: Acquire = choice(Acquire::InTheUnit),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many units were inside at once at most.
    pub most_inside: u64,
    /// How many were inside at all.
    pub were_inside: u64,
    /// How many units existed at once at most.
    pub most_existing: Seen<u64>,
}

/// How many are there now, and how many were at most.
#[derive(Default)]
struct Count {
    now: AtomicU64,
    most: AtomicU64,
}

impl Count {
    fn enter(&self) {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, SeqCst);
    }
}

/// What is counted of all units.
#[derive(Default)]
struct Counts {
    existing: Count,
    inside: Count,
    were_inside: AtomicU64,
}

impl Counts {
    /// Counts a unit in; returns how many had been inside before.
    fn enter(&self) -> u64 {
        self.inside.enter();
        self.were_inside.fetch_add(1, SeqCst)
    }

    /// Counts a unit out; what it still has to do is to give its permit back.
    fn leave(&self) {
        self.inside.leave();
        self.existing.leave();
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            most_inside: self.inside.most.load(SeqCst),
            were_inside: self.were_inside.load(SeqCst),
            most_existing: Seen(self.existing.most.load(SeqCst)),
        }
    }
}

/// What the standard library lacks: a counting semaphore.
struct Semaphore {
    free: Mutex<u64>,
    freed: Condvar,
}

/// The right to be inside, given back when it is dropped.
struct Permit(Arc<Semaphore>);

impl Semaphore {
    fn acquire(self: &Arc<Self>) -> Permit {
        let free = self.free.lock().expect("no holder panics");
        let mut free = self.freed.wait_while(free, |free| *free == 0).expect("no holder panics");
        *free -= 1;
        Permit(Arc::clone(self))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.0.free.lock().expect("no holder panics") += 1;
        self.0.freed.notify_one();
    }
}

impl Params {
    /// How many units fill the place.
    fn full(&self) -> u64 {
        self.permits.min(self.units)
    }
}

pub fn expected(params: &Params) -> Outcome {
    Outcome {
        most_inside: params.full(),
        were_inside: params.units,
        most_existing: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let Params { units, permits, .. } = params;
    vec![
        Fact::new(
            "inside at once, at most",
            format!("{} with {permits} permits", outcome.most_inside),
        ),
        Fact::new("were inside", format!("{} of {units}", outcome.were_inside)),
        Fact::new("units that existed at once, at most", outcome.most_existing.0.to_string()),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let hold = Duration::from_millis(params.hold_ms);
    let semaphore = Arc::new(Semaphore { free: Mutex::new(params.permits), freed: Condvar::new() });
    let (counts, full) = (Arc::new(Counts::default()), params.full());
    let meeting = Arc::new(Barrier::new(full as usize));
    let mut handles = Vec::new();
    for _ in 0..params.units {
        let early = match params.acquire {
            Acquire::BeforeSpawn => Some(semaphore.acquire()),
            Acquire::InTheUnit => None,
        };
        counts.existing.enter();
        let (semaphore, counts, meeting) = (semaphore.clone(), counts.clone(), meeting.clone());
        handles.push(thread::spawn(move || {
            let _permit = early.unwrap_or_else(|| semaphore.acquire());
            if counts.enter() < full {
                meeting.wait();
            }
            thread::sleep(hold);
            counts.leave();
        }));
    }
    for handle in handles {
        handle.join().expect("no unit panics");
    }
    counts.outcome()
}

pub async fn tasks(params: &Params) -> Outcome {
    let hold = Duration::from_millis(params.hold_ms);
    let semaphore = Arc::new(tokio::sync::Semaphore::new(params.permits as usize));
    let (counts, full) = (Arc::new(Counts::default()), params.full());
    let meeting = Arc::new(tokio::sync::Barrier::new(full as usize));
    let mut handles = Vec::new();
    for _ in 0..params.units {
        let early = match params.acquire {
            Acquire::BeforeSpawn => Some(semaphore.clone().acquire_owned().await),
            Acquire::InTheUnit => None,
        };
        counts.existing.enter();
        let (semaphore, counts, meeting) = (semaphore.clone(), counts.clone(), meeting.clone());
        handles.push(task::spawn(async move {
            let permit = match early {
                Some(permit) => permit,
                None => semaphore.acquire_owned().await,
            };
            let _permit = permit.expect("the semaphore is never closed");
            if counts.enter() < full {
                meeting.wait().await;
            }
            sleep(hold).await;
            counts.leave();
        }));
    }
    for handle in handles {
        handle.await.expect("no unit panics");
    }
    counts.outcome()
}
