//! Pure computation, split into parts: threads or tasks?
//!
//! The contract: `spins` steps of computation are split into `units` parts as equal as can
//! be, each of which depends on its number and yields one number. The parts are computed
//! by what `how` names, and the body waits for all of them. The outcome is how many parts
//! there were and the sum of their numbers.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::parallel::{self, prelude::*};
use crate::params::{choice, integer};
use crate::{choices, params, task, thread, work::spin};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

pub const ABOUT: About = About {
    id: "cpu-bound",
    title: "Threads or tasks for computing?",
    group: Group::Decide,
    summary: "The same computation, split over threads, over tasks, over a pool for blocking \
              work and over rayon: which of them makes it faster?",
    look_at: "Cores make it faster, and nothing else does: threads, Tokio's workers and rayon \
              come out alike, and one thread with tasks takes as long as one without. Tasks are \
              for waiting. While they compute, their worker does nothing else: hand such work \
              to spawn_blocking or to rayon, and the other tasks stay in time.",
    operation: "steps",
    did: "computed",
    presets: &[
        Preset { name: "in one part", params: &[("units", "1")] },
        Preset { name: "rayon", params: &[("how", "rayon")] },
        Preset { name: "spawn_blocking", params: &[("how", "spawn-blocking")] },
        Preset { name: "scoped threads", params: &[("how", "scope")] },
        Preset { name: "at scale", params: &[("spins", "500000000"), ("units", "64")] },
    ],
    picture: &["v--------^^", " #########^", " ######### "],
    cpu_bound: &[("units", "2"), ("spins", "20000000")],
    only: None,
};

choices! {
    /// What computes the parts.
    pub enum How {
        /// A thread or a task for each part.
        Spawn = "spawn",
        /// A thread for each part in a `thread::scope`, so that it may write its number where
        /// the body keeps it.
        Scope = "scope" only THREADS: "a scope blocks until its threads have ended, and a task must not block",
        /// `spawn_blocking` for each part: threads that Tokio keeps for what would block a worker.
        SpawnBlocking = "spawn-blocking" only TOKIO: "it is a part of Tokio's runtime",
        /// rayon: one thread per core, among which the parts are shared out; a task hands them
        /// over and awaits their sum.
        Rayon = "rayon" only NATIVE: "in a browser it has no threads to start",
    }
}

params! {
    /// How many parts there are.
    units: u64 = integer(4).range(1, 1_024).unit("parts"),
    /// How many steps of computation all parts have together; a step takes one to two
    /// nanoseconds.
    spins: u64 = integer(10_000_000).range(0, 1_000_000_000).unit("steps"),
    /// What computes the parts.
    how: How = choice(How::Spawn),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many parts were computed.
    pub parts: u64,
    /// The sum of their numbers; small enough for JavaScript's.
    pub sum: u64,
}

/// One part of the computation.
fn part(units: u64, spins: u64, unit: u64) -> u64 {
    let has_one_more = unit < spins % units;
    let own_spins = spins / units + u64::from(has_one_more);
    u64::from(spin(own_spins, unit) as u32)
}

pub fn expected(params: &Params) -> Outcome {
    let Params { units, spins, .. } = *params;
    Outcome { parts: units, sum: (0..units).map(|unit| part(units, spins, unit)).sum() }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    vec![
        Fact::new("parts computed", format!("{} of {}", outcome.parts, params.units)),
        Fact::new("sum of their numbers", format::count(outcome.sum)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.spins.max(1)
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let Params { units, spins, how } = *params;
    let numbers: Vec<u64> = match how {
        How::Spawn => {
            let spawn = |unit| thread::spawn(move || part(units, spins, unit));
            let handles: Vec<_> = (0..units).map(spawn).collect();
            handles.into_iter().map(|handle| handle.join().expect("no unit panics")).collect()
        }
        How::Scope => {
            let mut numbers = vec![0; units as usize];
            thread::scope(|scope| {
                for (unit, number) in (0..).zip(&mut numbers) {
                    scope.spawn(move || *number = part(units, spins, unit));
                }
            });
            numbers
        }
        How::Rayon => (0..units).into_par_iter().map(|unit| part(units, spins, unit)).collect(),
        How::SpawnBlocking => unreachable!("this choice is for tasks only"),
    };
    Outcome { parts: numbers.len() as u64, sum: numbers.iter().sum() }
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { units, spins, how } = *params;
    let handles: Vec<_> = match how {
        How::Spawn => {
            (0..units).map(|unit| task::spawn(async move { part(units, spins, unit) })).collect()
        }
        How::SpawnBlocking => {
            (0..units).map(|unit| task::spawn_blocking(move || part(units, spins, unit))).collect()
        }
        How::Rayon => return tasks_over_rayon(units, spins).await,
        How::Scope => unreachable!("this choice is for threads only"),
    };
    let mut outcome = Outcome { parts: 0, sum: 0 };
    for handle in handles {
        outcome.sum += handle.await.expect("no unit panics");
        outcome.parts += 1;
    }
    outcome
}

/// Neither rayon's `collect` nor its `sum` may be called in a task, since they block.
async fn tasks_over_rayon(units: u64, spins: u64) -> Outcome {
    let (sender, receiver) = oneshot::channel();
    parallel::spawn(move || {
        let parts = (0..units).into_par_iter().map(|unit| part(units, spins, unit));
        let numbers: Vec<u64> = parts.collect();
        // The body awaits it.
        let _ = sender.send(numbers);
    });
    let numbers = receiver.await.expect("no part panics");
    Outcome { parts: numbers.len() as u64, sum: numbers.iter().sum() }
}
