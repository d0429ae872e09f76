//! Collecting results: several units take different times, and each returns something.
//!
//! The contract: the body spawns `units` units. Unit `i`, counted from zero, sleeps for a
//! multiple of `step_ms` (`i` times where the durations are rising, `units - 1 - i` times
//! where they are falling), sends its result `i * i` on a channel, and returns it too. The
//! body takes every result from the channel, as they come, and then joins all handles, in
//! the order in which it spawned them. The outcome is the results in the order of joining,
//! which is always that of spawning, and how many came over the channel and what their sum
//! is; the order in which they came is only seen.

use crate::about::{About, Group, Preset};
use crate::api::{Fact, Lane, Mark, Picture};
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep};
use crate::{choices, params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::mpsc::channel;
use tokio::sync::mpsc::unbounded_channel;

pub const ABOUT: About = About {
    id: "collect",
    title: "Collect results",
    group: Group::SpawnAndJoin,
    summary: "Several units take different times and return something: in which order are the \
              results at hand?",
    look_at: "Joined one after the other, results have the order of spawning, whatever finished \
              first: a slow first unit holds up all that are ready. Over a channel (or Tokio's \
              JoinSet) they come as they finish. In the article the durations rise, so both \
              orders are the same and the difference cannot be seen; let them fall.",
    operation: "results",
    did: "collected",
    presets: &[
        Preset {
            name: "as in the article",
            params: &[("durations", "rising"), ("step_ms", "100")],
        },
        Preset { name: "all at the same time", params: &[("units", "64"), ("step_ms", "0")] },
    ],
    picture: &["vvv---^^^^", " #######^ ", "  #####^  ", "   ##^    "],
    cpu_bound: &[],
    only: None,
};

choices! {
    /// How long each unit takes.
    pub enum Durations {
        /// The first one is the fastest, as in the article.
        Rising = "rising",
        /// The first one is the slowest.
        Falling = "falling",
    }
}

params! {
    /// How many units are spawned.
    units: u64 = integer(5).range(1, 200).unit("units"),
    /// Which of the units are slow.
    durations: Durations = choice(Durations::Falling),
    /// By how much the next unit is slower, or faster.
    step_ms: u64 = integer(4).range(0, 1_000).unit("ms"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The results in the order in which the handles were joined.
    pub joined: Vec<u64>,
    /// How many results came over the channel.
    pub arrived: u64,
    /// The sum of those.
    pub arrived_sum: u64,
    /// The results in the order in which they came over the channel.
    pub as_completed: Seen<Vec<u64>>,
    /// When each of those came.
    pub at_us: Seen<Vec<u64>>,
}

impl Outcome {
    const EMPTY: Self = Self {
        joined: Vec::new(),
        arrived: 0,
        arrived_sum: 0,
        as_completed: Seen(Vec::new()),
        at_us: Seen(Vec::new()),
    };

    /// Takes in what came over the channel.
    fn arrive(&mut self, result: u64, after: Duration) {
        self.arrived += 1;
        self.arrived_sum += result;
        self.as_completed.0.push(result);
        self.at_us.0.push(after.as_micros() as u64);
    }
}

impl Params {
    /// How long a unit sleeps.
    fn duration(&self, unit: u64) -> Duration {
        let steps = match self.durations {
            Durations::Rising => unit,
            Durations::Falling => self.units - 1 - unit,
        };
        Duration::from_millis(self.step_ms * steps)
    }
}

pub fn expected(params: &Params) -> Outcome {
    let joined: Vec<u64> = (0..params.units).map(|unit| unit * unit).collect();
    Outcome { arrived: params.units, arrived_sum: joined.iter().sum(), joined, ..Outcome::EMPTY }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    const SHOWN: usize = 12;
    let listed = |results: &[u64]| {
        let shown: Vec<String> = results.iter().take(SHOWN).map(u64::to_string).collect();
        shown.join(", ") + if results.len() > SHOWN { ", …" } else { "" }
    };
    let arrivals = || outcome.as_completed.0.iter().zip(&outcome.at_us.0);
    let marks = arrivals()
        .map(|(result, at)| Mark { at: *at as f64 / 1e3, text: result.to_string() })
        .collect();
    let lanes = vec![Lane { name: "results".to_owned(), marks }];
    let ms =
        |at: Option<&u64>| at.map_or_else(String::new, |at| format!("{:.1} ms", *at as f64 / 1e3));
    let first_spawned = arrivals().find(|(result, _)| **result == 0).map(|(_, at)| at);
    vec![
        Fact::new("results", format!("{} of {}", outcome.arrived, params.units)),
        Fact::new("joined in the order of spawning", listed(&outcome.joined)),
        Fact::new("as they were completed", listed(&outcome.as_completed.0))
            .with(Picture::Lanes { unit: "ms".to_owned(), lanes }),
        Fact::new("first result, as they were completed", ms(outcome.at_us.0.first())),
        Fact::new("first result that joining in order could return", ms(first_spawned)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let start = Instant::now();
    let (sender, results) = channel();
    let mut handles = Vec::new();
    for unit in 0..params.units {
        let (sender, duration) = (sender.clone(), params.duration(unit));
        handles.push(thread::spawn(move || {
            thread::sleep(duration);
            let result = unit * unit;
            sender.send(result).expect("the body receives to the end");
            result
        }));
    }
    // Otherwise the channel would never end.
    drop(sender);

    let mut outcome = Outcome::EMPTY;
    for result in results {
        outcome.arrive(result, start.elapsed());
    }
    for handle in handles {
        outcome.joined.push(handle.join().expect("no unit panics"));
    }
    outcome
}

pub async fn tasks(params: &Params) -> Outcome {
    let start = Instant::now();
    let (sender, mut results) = unbounded_channel();
    let mut handles = Vec::new();
    for unit in 0..params.units {
        let (sender, duration) = (sender.clone(), params.duration(unit));
        handles.push(task::spawn(async move {
            sleep(duration).await;
            let result = unit * unit;
            sender.send(result).expect("the body receives to the end");
            result
        }));
    }
    // Otherwise the channel would never end.
    drop(sender);

    let mut outcome = Outcome::EMPTY;
    while let Some(result) = results.recv().await {
        outcome.arrive(result, start.elapsed());
    }
    for handle in handles {
        outcome.joined.push(handle.await.expect("no unit panics"));
    }
    outcome
}
