//! Blocking: some units block, and others only want to tick in time.
//!
//! The contract: the body spawns `tickers` units and then `blockers` units, and joins them
//! all. Each ticker makes `ticks` ticks, the first one `period_ms` after the start of the
//! body and each next one `period_ms` later, and notes by how much each was late; one that
//! is due already is made at once. Each blocker takes `block_ms` in the way that `how`
//! names, once. The outcome is how many ticks were made and how many blockers were done;
//! how late the ticks were is only seen.

use crate::about::{About, Group, Preset};
use crate::api::{AxisLabel, Curve, Fact, Picture, Scale};
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep};
use crate::work::spin;
use crate::{choices, params, task, thread};
use serde::{Deserialize, Serialize};

pub const ABOUT: About = About {
    id: "blocking",
    title: "Blocking inside a task",
    group: Group::Decide,
    summary: "Some units block for a while and others want to tick every millisecond or two: \
              whom does it delay?",
    look_at: "A thread that blocks delays no other. A task that blocks, by a sleep of the \
              standard library or by computing, holds up every task on its worker, and with as \
              many of them as there are workers every task of the runtime. An async sleep or \
              spawn_blocking gives the worker back: the ticks are in time again.",
    operation: "ticks",
    did: "made",
    presets: &[
        Preset { name: "the mistake", params: &[("how", "thread-sleep")] },
        Preset { name: "an async sleep", params: &[("how", "async-sleep")] },
        Preset { name: "spawn_blocking", params: &[("how", "spawn-blocking")] },
        Preset { name: "many blockers", params: &[("blockers", "8")] },
    ],
    picture: &["#########  ", "o-------ooo", "o-------ooo"],
    cpu_bound: &[],
    only: None,
};

choices! {
    /// How the blockers take their time.
    pub enum How {
        /// They compute until the time is over.
        Spin = "spin",
        /// `std::thread::sleep`: right in a thread, a mistake in a task.
        ThreadSleep = "thread-sleep" only SLEEPERS:
            "a browser lets nobody block its event loop in a sleep",
        /// `tokio::time::sleep` and its like: the task waits, and its thread does not.
        AsyncSleep = "async-sleep" only TASKS: "it is an await, and a thread has none",
        /// `tokio::task::spawn_blocking`: the same as `thread-sleep`, on a thread that is
        /// there to be blocked.
        SpawnBlocking = "spawn-blocking" only TOKIO:
            "a thread may block where it is, and a browser's event loop has no other thread",
    }
}

params! {
    /// How many units tick.
    tickers: u64 = integer(4).range(1, 1_000).unit("units"),
    /// How often each of them ticks.
    ticks: u64 = integer(15).range(1, 200).unit("ticks"),
    /// How long it is from one tick to the next.
    period_ms: u64 = integer(2).range(1, 100).unit("ms"),
    /// How many units block.
    blockers: u64 = integer(2).range(0, 100).unit("units"),
    /// How long each of them blocks.
    block_ms: u64 = integer(15).range(0, 1_000).unit("ms"),
    /// How the blockers take their time.
    how: How = choice(How::Spin),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many ticks were made.
    pub ticks: u64,
    /// How many blockers were done.
    pub blocked: u64,
    /// By how much the latest tick was late.
    pub latest_us: Seen<u64>,
    /// By how much half of the ticks were late, or more.
    pub median_us: Seen<u64>,
    /// By how much each tick of one ticker was late: the one with the latest tick.
    pub late_us: Seen<Vec<u64>>,
}

/// Computes until `duration` is over.
fn spin_for(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        spin(1_000, 0);
    }
}

impl Outcome {
    /// What follows from how late each ticker's ticks were.
    fn new(late: Vec<Vec<Duration>>, blocked: u64) -> Self {
        let worst = late.iter().max_by_key(|late| late.iter().max()).cloned();
        let mut all: Vec<Duration> = late.into_iter().flatten().collect();
        all.sort_unstable();
        let us = |late: Option<&Duration>| Seen(late.map_or(0, |late| late.as_micros() as u64));
        let worst_us = worst.iter().flatten().map(|late| late.as_micros() as u64);
        Self {
            ticks: all.len() as u64,
            blocked,
            latest_us: us(all.last()),
            median_us: us(all.get(all.len() / 2)),
            late_us: Seen(worst_us.collect()),
        }
    }
}

pub fn expected(params: &Params) -> Outcome {
    let (latest_us, median_us, late_us) = Default::default();
    let (ticks, blocked) = (operations(params), params.blockers);
    Outcome { ticks, blocked, latest_us, median_us, late_us }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let axis = |title: &str| AxisLabel {
        title: title.to_owned(),
        unit: "ms".to_owned(),
        scale: Scale::Linear,
    };
    let ms = |us: u64| format!("{:.1} ms", us as f64 / 1e3);
    let due = |place: usize| (params.period_ms * (place as u64 + 1)) as f64;
    let late = outcome.late_us.0.iter().enumerate();
    let points = late.map(|(place, late)| [due(place), *late as f64 / 1e3]).collect();
    let curves = vec![Curve { name: "the latest ticker".to_owned(), points }];
    let (x, y) = (axis("tick was due at"), axis("tick was late by"));
    vec![
        Fact::new("latest tick, late by", ms(outcome.latest_us.0)).with(Picture::Curves {
            x,
            y,
            curves,
        }),
        Fact::new("median tick, late by", ms(outcome.median_us.0)),
        Fact::new("ticks made", format!("{} of {}", outcome.ticks, operations(params))),
        Fact::new("blockers done", format!("{} of {}", outcome.blocked, params.blockers)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.tickers * params.ticks
}

pub fn units(params: &Params) -> u64 {
    params.tickers + params.blockers
}

pub fn threads(params: &Params) -> Outcome {
    let Params { ticks, how, .. } = *params;
    let [period, block] = [params.period_ms, params.block_ms].map(Duration::from_millis);
    let start = Instant::now();
    let mut tickers = Vec::new();
    for _ in 0..params.tickers {
        tickers.push(thread::spawn(move || {
            let mut late = Vec::new();
            for tick in 1..=ticks {
                let due = period * tick as u32;
                thread::sleep(due.saturating_sub(start.elapsed()));
                late.push(start.elapsed().saturating_sub(due));
            }
            late
        }));
    }
    let mut blockers = Vec::new();
    for _ in 0..params.blockers {
        blockers.push(thread::spawn(move || match how {
            How::Spin => spin_for(block),
            How::ThreadSleep => thread::sleep(block),
            How::AsyncSleep | How::SpawnBlocking => {
                unreachable!("these choices are for tasks only")
            }
        }));
    }

    let mut blocked = 0;
    for blocker in blockers {
        blocker.join().expect("no unit panics");
        blocked += 1;
    }
    let mut late = Vec::new();
    for ticker in tickers {
        late.push(ticker.join().expect("no unit panics"));
    }
    Outcome::new(late, blocked)
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { ticks, how, .. } = *params;
    let [period, block] = [params.period_ms, params.block_ms].map(Duration::from_millis);
    let start = Instant::now();
    let mut tickers = Vec::new();
    for _ in 0..params.tickers {
        tickers.push(task::spawn(async move {
            let mut late = Vec::new();
            for tick in 1..=ticks {
                let due = period * tick as u32;
                sleep(due.saturating_sub(start.elapsed())).await;
                late.push(start.elapsed().saturating_sub(due));
            }
            late
        }));
    }
    let mut blockers = Vec::new();
    for _ in 0..params.blockers {
        blockers.push(task::spawn(async move {
            match how {
                How::Spin => spin_for(block),
                How::ThreadSleep => thread::sleep(block),
                How::AsyncSleep => sleep(block).await,
                How::SpawnBlocking => {
                    let sleeper = task::spawn_blocking(move || thread::sleep(block));
                    sleeper.await.expect("a sleep does not panic");
                }
            }
        }));
    }

    let mut blocked = 0;
    for blocker in blockers {
        blocker.await.expect("no unit panics");
        blocked += 1;
    }
    let mut late = Vec::new();
    for ticker in tickers {
        late.push(ticker.await.expect("no unit panics"));
    }
    Outcome::new(late, blocked)
}
