//! A shared counter: several units add to one number at the same time.
//!
//! The contract: the body spawns `workers` units, which meet at a barrier so that
//! none has a head start. Each then adds 1 to the counter `increments` times, under
//! the protection that `lock` names, holding it for `hold_spins` steps of work. When
//! all are joined, the outcome is the counter's value.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::params::{choice, integer};
use crate::{choices, params, task, thread, work::spin};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst, compiler_fence};
use std::sync::{Arc, Barrier, Mutex};

pub const ABOUT: About = About {
    id: "counter",
    title: "Shared counter",
    group: Group::Share,
    summary: "Several units add to one number at the same time: what does it cost to share, and \
              what does the choice of lock change?",
    look_at: "Sharing is what costs, not adding: the same increments take a fraction of the time \
              once every unit has a shard of its own. An async mutex pays for being able to wait \
              across an await, which this critical section never does.",
    operation: "increments",
    did: "made",
    presets: &[
        Preset { name: "as in the article", params: &[("workers", "10"), ("increments", "1")] },
        Preset { name: "no lock at all", params: &[("lock", "atomic")] },
        Preset { name: "one shard each", params: &[("lock", "sharded")] },
        Preset {
            name: "work inside the lock",
            params: &[("increments", "1000"), ("hold_spins", "1000")],
        },
    ],
    picture: &["o-o--o-o--", "-o--o--o-o", "--oo-oo-o-"],
    cpu_bound: &[
        ("workers", "2"),
        ("increments", "10000"),
        ("lock", "sharded"),
        ("hold_spins", "1000"),
    ],
    only: None,
};

choices! {
    /// What protects the counter.
    pub enum Lock {
        /// `std::sync::Mutex`: a unit that finds it taken is put to sleep by the kernel.
        /// Right in tasks too, as long as it is never held across an `.await`.
        Mutex = "mutex",
        /// `tokio::sync::Mutex`: a task that finds it taken yields to other tasks.
        AsyncMutex = "async-mutex" only TASKS:
            "waiting for it is an await, and a thread has nothing to await with",
        /// One atomic number: the processor's own add instruction, and no lock at all.
        Atomic = "atomic",
        /// One atomic number per unit, each on cache lines of its own, summed at the end.
        Sharded = "sharded",
    }
}

params! {
    /// How many units add to the counter at the same time.
    workers: u64 = integer(4).range(1, 1_024).unit("units"),
    /// How many times each unit adds 1.
    increments: u64 = integer(100_000).range(1, 10_000_000).unit("increments"),
    /// What protects the counter.
    lock: Lock = choice(Lock::Mutex),
    /// How many steps of work go with each increment: inside the lock where there is one,
    /// before the add where there is none. A step takes one to two nanoseconds.
    hold_spins: u64 = integer(0).range(0, 100_000).unit("steps"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What the counter read when every unit had been joined.
    pub total: u64,
}

/// The counter, once per protection; a run uses one of them.
struct Shared {
    mutex: OwnLines<Mutex<u64>>,
    async_mutex: OwnLines<tokio::sync::Mutex<u64>>,
    atomic: OwnLines<AtomicU64>,
    shards: Vec<OwnLines<AtomicU64>>,
}

/// A value that shares cache lines with no other (and does not lie across two of them):
/// 128 bytes, since processors fetch lines in pairs.
#[derive(Default)]
#[repr(align(128))]
struct OwnLines<T>(T);

impl Shared {
    fn new(workers: u64) -> Self {
        Self {
            mutex: OwnLines::default(),
            async_mutex: OwnLines::default(),
            atomic: OwnLines::default(),
            shards: (0..workers).map(|_| OwnLines::default()).collect(),
        }
    }

    /// The counter's value, once every unit has been joined.
    fn total(&self) -> u64 {
        let sharded: u64 = self.shards.iter().map(|shard| shard.0.load(Relaxed)).sum();
        let locked = *self.mutex.0.lock().expect("no holder panics");
        let async_locked = *self.async_mutex.0.try_lock().expect("all units are joined");
        sharded + locked + async_locked + self.atomic.0.load(Relaxed)
    }
}

/// Adds 1 `increments` times, taking the lock for each. A function of its own, so that
/// its values are in registers and not in a task's state, where each costs a load.
#[inline(never)]
fn add_under_lock(counter: &Mutex<u64>, increments: u64, hold_spins: u64) {
    for _ in 0..increments {
        let mut count = counter.lock().expect("no holder panics");
        spin(hold_spins, *count);
        *count += 1;
        drop(count);
        // Costs nothing, and keeps a compiler that sees no second thread (as in
        // WebAssembly) from adding it all at once.
        compiler_fence(SeqCst);
    }
}

/// Adds 1 `increments` times; the black box keeps a compiler that sees no second
/// thread (as in WebAssembly) from adding it all at once.
fn add_one_by_one(counter: &AtomicU64, increments: u64, hold_spins: u64) {
    for _ in 0..increments {
        spin(hold_spins, 0);
        black_box(counter).fetch_add(1, Relaxed);
    }
}

pub fn expected(params: &Params) -> Outcome {
    Outcome { total: params.workers * params.increments }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [total, made] = [outcome.total, params.workers * params.increments].map(format::count);
    vec![Fact::new("counter at the end", format!("{total} after {made} increments"))]
}

pub fn operations(params: &Params) -> u64 {
    params.workers * params.increments
}

pub fn units(params: &Params) -> u64 {
    params.workers
}

pub fn threads(params: &Params) -> Outcome {
    let Params { workers, increments, lock, hold_spins } = *params;
    let shared = Arc::new(Shared::new(workers));
    let start = Arc::new(Barrier::new(workers as usize));
    let mut handles = Vec::new();
    for worker in 0..workers as usize {
        let (shared, start) = (Arc::clone(&shared), Arc::clone(&start));
        handles.push(thread::spawn(move || {
            start.wait();
            match lock {
                Lock::Mutex => add_under_lock(&shared.mutex.0, increments, hold_spins),
                Lock::AsyncMutex => unreachable!("this choice is for tasks only"),
                Lock::Atomic => add_one_by_one(&shared.atomic.0, increments, hold_spins),
                Lock::Sharded => add_one_by_one(&shared.shards[worker].0, increments, hold_spins),
            }
        }));
    }
    for handle in handles {
        handle.join().expect("no unit panics");
    }
    Outcome { total: shared.total() }
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { workers, increments, lock, hold_spins } = *params;
    let shared = Arc::new(Shared::new(workers));
    let start = Arc::new(tokio::sync::Barrier::new(workers as usize));
    let mut handles = Vec::new();
    for worker in 0..workers as usize {
        let (shared, start) = (Arc::clone(&shared), Arc::clone(&start));
        handles.push(task::spawn(async move {
            start.wait().await;
            match lock {
                Lock::Mutex => add_under_lock(&shared.mutex.0, increments, hold_spins),
                Lock::AsyncMutex => {
                    for _ in 0..increments {
                        let mut count = shared.async_mutex.0.lock().await;
                        spin(hold_spins, *count);
                        *count += 1;
                    }
                }
                Lock::Atomic => add_one_by_one(&shared.atomic.0, increments, hold_spins),
                Lock::Sharded => add_one_by_one(&shared.shards[worker].0, increments, hold_spins),
            }
        }));
    }
    for handle in handles {
        handle.await.expect("no unit panics");
    }
    Outcome { total: shared.total() }
}
