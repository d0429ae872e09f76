//! Fan-out: start many units at once, then wait for all of them.
//!
//! The contract: the body spawns `units` units one after another, keeps every
//! handle, and joins them in the order in which they were spawned. Each unit does
//! its `work` and returns its own number, counted from zero; the outcome is how
//! many were joined and the sum of what they returned.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::params::{choice, integer};
use crate::time::{Duration, sleep};
use crate::{choices, params, task, thread, work::spin};
use serde::{Deserialize, Serialize};

pub const ABOUT: About = About {
    id: "fan-out",
    title: "Spawn and join",
    group: Group::SpawnAndJoin,
    summary: "Starts many units at once and waits for all of them: what does it cost to create \
              a thread, and what to create a task?",
    look_at: "Compare the time per unit: creating a thread goes through the kernel, creating a \
              task is little more than an allocation. Then set the work to sleep: ten thousand \
              tasks wait together in little more time than one.",
    operation: "units",
    did: "spawned and joined",
    presets: &[
        Preset { name: "ten thousand sleepers", params: &[("units", "10000"), ("work", "sleep")] },
        Preset {
            name: "one sleeper",
            params: &[("units", "1"), ("work", "sleep"), ("duration_ms", "2000")],
        },
        Preset { name: "ten thousand that do nothing", params: &[("units", "10000")] },
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
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many units were joined.
    pub joined: u64,
    /// The sum of the numbers that they returned.
    pub sum: u64,
}

pub fn expected(params: &Params) -> Outcome {
    Outcome { joined: params.units, sum: params.units * (params.units - 1) / 2 }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [joined, units] = [outcome.joined, params.units].map(format::count);
    vec![
        Fact::new("units joined", format!("{joined} of {units}")),
        Fact::new("sum of what they returned", format::count(outcome.sum)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let duration = Duration::from_millis(params.duration_ms);
    let spins = params.spins;
    let mut handles = Vec::with_capacity(params.units as usize);
    for unit in 0..params.units {
        handles.push(match params.work {
            Work::None => thread::spawn(move || unit),
            Work::Sleep => thread::spawn(move || {
                thread::sleep(duration);
                unit
            }),
            Work::Spin => thread::spawn(move || {
                spin(spins, unit);
                unit
            }),
        });
    }

    let mut outcome = Outcome { joined: 0, sum: 0 };
    for handle in handles {
        outcome.sum += handle.join().expect("no unit panics");
        outcome.joined += 1;
    }
    outcome
}

pub async fn tasks(params: &Params) -> Outcome {
    let duration = Duration::from_millis(params.duration_ms);
    let spins = params.spins;
    let mut handles = Vec::with_capacity(params.units as usize);
    for unit in 0..params.units {
        handles.push(match params.work {
            Work::None => task::spawn(async move { unit }),
            Work::Sleep => task::spawn(async move {
                sleep(duration).await;
                unit
            }),
            Work::Spin => task::spawn(async move {
                spin(spins, unit);
                unit
            }),
        });
    }

    let mut outcome = Outcome { joined: 0, sum: 0 };
    for handle in handles {
        outcome.sum += handle.await.expect("no unit panics");
        outcome.joined += 1;
    }
    outcome
}
