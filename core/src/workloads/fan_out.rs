//! Fan-out: start many units at once, then wait for all of them.
//!
//! The contract: the body spawns `units` units one after another, keeps every
//! handle, and joins them in the order in which they were spawned. It spawns them
//! `from` where it runs, or in one call that a thread outside of the runtime's
//! workers makes. Each unit does its `work` and returns its own number, counted from
//! zero; units that `meet` return only after the last of them has begun, so that all
//! are alive at once. The outcome is how many were joined and the sum of what they
//! returned; how long the spawn loop took, without the joining, is seen.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep};
use crate::{choices, params, task, thread, work::spin};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Barrier};

pub const ABOUT: About = About {
    id: "fan-out",
    title: "Spawn and join",
    group: Group::SpawnAndJoin,
    summary: "Starts many units at once and waits for all of them: what does it cost to create \
              a thread, and what to create a task?",
    look_at: "Compare the time per unit: creating a thread goes through the kernel, creating a \
              task is little more than an allocation. How long the spawn loop alone took is \
              told below, since units run and end while others are still being spawned. Then set \
              the work to sleep: ten thousand tasks wait together in little more time than one.",
    operation: "units",
    did: "spawned and joined",
    presets: &[
        Preset { name: "ten thousand sleepers", params: &[("units", "10000"), ("work", "sleep")] },
        Preset {
            name: "one sleeper",
            params: &[("units", "1"), ("work", "sleep"), ("duration_ms", "2000")],
        },
        Preset { name: "ten thousand that do nothing", params: &[("units", "10000")] },
        Preset { name: "all alive at once", params: &[("units", "10000"), ("work", "meet")] },
        Preset { name: "at scale", params: &[("units", "100000")] },
    ],
    picture: &["v#---^^^", " v###   ", "  v###  ", "   ###  "],
    cpu_bound: &[("units", "4"), ("work", "spin"), ("spins", "5000000")],
    only: None,
};

choices! {
    /// What each unit does.
    pub enum Work {
        /// Nothing: what is left is the cost of spawning and joining.
        None = "none",
        /// Sleep for a while, as a unit that waits for a network would.
        Sleep = "sleep",
        /// Compute for a while.
        Spin = "spin",
        /// Wait at a barrier until all units have begun: none ends before the last one is
        /// there, so that all of them are alive at once by construction and not by timing.
        Meet = "meet",
    }
}

choices! {
    /// From where the units are spawned.
    pub enum Spawner {
        /// From where the body runs. In Tokio that is a worker of the runtime, which puts
        /// new tasks into a queue of its own.
        Worker = "worker",
        /// From a thread that is no worker, such as one of `spawn_blocking`: every task goes
        /// through the one queue that all workers share, under its lock, and wakes a worker.
        Outside = "outside" only TOKIO:
            "only its workers have queues of their own, so elsewhere there is no difference",
    }
}

params! {
    /// How many units are spawned before the first one is joined.
    units: u64 = integer(1_000).range(1, 1_000_000).unit("units"),
    /// What each unit does before it returns.
    work: Work = choice(Work::None),
    /// How long each unit sleeps.
    duration_ms: u64 = integer(100).range(0, 10_000).unit("ms").when("work", Work::Sleep),
    /// How many steps of computation each unit makes; a step takes one to two nanoseconds.
    spins: u64 = integer(1_000).range(0, 10_000_000).unit("steps").when("work", Work::Spin),
    /// From where the units are spawned.
    from: Spawner = choice(Spawner::Worker),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many units were joined.
    pub joined: u64,
    /// The sum of the numbers that they returned.
    pub sum: u64,
    /// From just before the first spawn until just after the last one, in nanoseconds. Where
    /// there are several threads, units that were spawned first run and end meanwhile.
    #[serde(default)]
    pub spawn_loop_ns: Seen<u64>,
}

pub fn expected(params: &Params) -> Outcome {
    let sum = params.units * (params.units - 1) / 2;
    Outcome { joined: params.units, sum, spawn_loop_ns: Seen::default() }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [joined, units] = [outcome.joined, params.units].map(format::count);
    let mut facts = vec![
        Fact::new("units joined", format!("{joined} of {units}")),
        Fact::new("sum of what they returned", format::count(outcome.sum)),
    ];
    // Nothing was seen by a version that did not look, or on a clock that is too coarse.
    let loop_ns = Some(outcome.spawn_loop_ns.0 as f64).filter(|ns| *ns > 0.0);
    facts.extend(loop_ns.map(|ns| {
        let [whole, each] = [ns, ns / params.units as f64].map(format::duration_ns);
        Fact::new("in the spawn loop", format!("{whole}, {each} per unit"))
    }));
    facts
}

pub fn readings(_: &Params, outcome: &Outcome) -> Vec<(&'static str, f64)> {
    vec![("spawn_loop_ns", outcome.spawn_loop_ns.0 as f64)]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let Params { units, work, duration_ms, spins, .. } = *params;
    let duration = Duration::from_millis(duration_ms);
    let all = Arc::new(Barrier::new(units as usize));
    let mut handles = Vec::with_capacity(units as usize);
    let start = Instant::now();
    for unit in 0..units {
        handles.push(match work {
            Work::None => thread::spawn(move || unit),
            Work::Sleep => thread::spawn(move || {
                thread::sleep(duration);
                unit
            }),
            Work::Spin => thread::spawn(move || {
                spin(spins, unit);
                unit
            }),
            Work::Meet => {
                let all = Arc::clone(&all);
                thread::spawn(move || {
                    all.wait();
                    unit
                })
            }
        });
    }
    let spawn_loop_ns = start.elapsed().as_nanos() as u64;

    let mut outcome = Outcome { joined: 0, sum: 0, spawn_loop_ns: Seen(spawn_loop_ns) };
    for handle in handles {
        outcome.sum += handle.join().expect("no unit panics");
        outcome.joined += 1;
    }
    outcome
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { units, work, duration_ms, spins, from } = *params;
    let duration = Duration::from_millis(duration_ms);
    let all = Arc::new(tokio::sync::Barrier::new(units as usize));
    let spawn_all = move || {
        let mut handles = Vec::with_capacity(units as usize);
        let start = Instant::now();
        for unit in 0..units {
            handles.push(match work {
                Work::None => task::spawn(async move { unit }),
                Work::Sleep => task::spawn(async move {
                    sleep(duration).await;
                    unit
                }),
                Work::Spin => task::spawn(async move {
                    spin(spins, unit);
                    unit
                }),
                Work::Meet => {
                    let all = Arc::clone(&all);
                    task::spawn(async move {
                        all.wait().await;
                        unit
                    })
                }
            });
        }
        (handles, start.elapsed().as_nanos() as u64)
    };
    let (handles, spawn_loop_ns) = match from {
        Spawner::Worker => spawn_all(),
        Spawner::Outside => task::spawn_blocking(spawn_all).await.expect("spawning does not panic"),
    };

    let mut outcome = Outcome { joined: 0, sum: 0, spawn_loop_ns: Seen(spawn_loop_ns) };
    for handle in handles {
        outcome.sum += handle.await.expect("no unit panics");
        outcome.joined += 1;
    }
    outcome
}
