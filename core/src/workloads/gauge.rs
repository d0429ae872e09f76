//! Gauge: a monitoring unit reads how many others are active.
//!
//! The contract: the body spawns `units` units and one monitor. Each unit counts itself in
//! and waits until the monitor has taken its first reading, which is so one of all units;
//! then unit `i`, counted from zero, sleeps for `i % 5 + 1` times `step_ms` and counts
//! itself out. The monitor goes on reading, every `period_ms`. When the body has joined all
//! units it tells the monitor, which takes one more reading and returns. The outcome is the
//! highest reading, the last one, and how many units were joined; the readings in between
//! are only seen.

use crate::about::{About, Group, Preset};
use crate::api::{AxisLabel, Curve, Fact, Picture, Scale};
use crate::params::integer;
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep};
use crate::{params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

pub const ABOUT: About = About {
    id: "gauge",
    title: "Watch the active units",
    group: Group::LimitAndCancel,
    summary: "A monitor reads every so often how many units are active: what does it see, and \
              what does it miss?",
    look_at: "The curve falls in five steps and ends at zero. It can only show what lasts longer \
              than the pause between two readings: with the article's numbers the monitor reads \
              every 5 seconds what is over after 5. And the article's listing does not compile: \
              `tokio::sync::atomic` does not exist, the atomics are in `std::sync`.",
    operation: "units",
    did: "watched",
    presets: &[
        Preset { name: "as in the article", params: &[("step_ms", "1000"), ("period_ms", "5000")] },
        Preset { name: "seen too rarely", params: &[("period_ms", "20")] },
        Preset { name: "at scale", params: &[("units", "10000"), ("step_ms", "20")] },
    ],
    picture: &["v---------^", " ######    ", " ########  ", "#o-o-o-o-o#"],
    cpu_bound: &[],
    only: None,
};

params! {
    /// How many units are watched.
    units: u64 = integer(20).range(1, 100_000).unit("units"),
    /// How long the shortest unit sleeps; the longest sleeps five times as long.
    step_ms: u64 = integer(4).range(0, 1_000).unit("ms"),
    /// How long the monitor sleeps between two readings.
    period_ms: u64 = integer(1).range(1, 5_000).unit("ms"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The highest reading.
    pub highest: u64,
    /// The last reading.
    pub last: u64,
    /// How many units were joined.
    pub joined: u64,
    /// How many readings were taken.
    pub taken: Seen<u64>,
    /// Some of the readings, the last one among them: when, in microseconds, and how many.
    pub readings: Seen<Vec<[u64; 2]>>,
}

/// What the monitor reads.
struct Readings {
    start: Instant,
    highest: u64,
    taken: u64,
    kept: Vec<[u64; 2]>,
}

impl Readings {
    const KEPT_MAX: usize = 256;

    fn new() -> Self {
        Self { start: Instant::now(), highest: 0, taken: 0, kept: Vec::new() }
    }

    fn take(&mut self, active: u64) {
        self.highest = self.highest.max(active);
        self.taken += 1;
        if self.kept.len() == Self::KEPT_MAX {
            // Every second one has to do.
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
        self.kept.push([self.start.elapsed().as_micros() as u64, active]);
    }

    fn outcome(self, joined: u64) -> Outcome {
        let last = self.kept.last().map_or(0, |[_, active]| *active);
        let (taken, readings) = (Seen(self.taken), Seen(self.kept));
        Outcome { highest: self.highest, last, joined, taken, readings }
    }
}

impl Params {
    /// How long a unit sleeps.
    fn duration(&self, unit: u64) -> Duration {
        Duration::from_millis(self.step_ms * (unit % 5 + 1))
    }
}

pub fn expected(params: &Params) -> Outcome {
    let (taken, readings) = Default::default();
    Outcome { highest: params.units, last: 0, joined: params.units, taken, readings }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let axis = |title: &str, unit: &str| AxisLabel {
        title: title.to_owned(),
        unit: unit.to_owned(),
        scale: Scale::Linear,
    };
    let points = outcome.readings.0.iter().map(|[at, active]| [*at as f64 / 1e3, *active as f64]);
    let curve = Curve { name: "active units".to_owned(), points: points.collect() };
    let (x, y) = (axis("time", "ms"), axis("active units", "units"));
    vec![
        Fact::new("active units over time", format!("{} readings", outcome.taken.0))
            .with(Picture::Curves { x, y, curves: vec![curve] }),
        Fact::new("active at most", format!("{} of {}", outcome.highest, params.units)),
        Fact::new("active at the end", outcome.last.to_string()),
        Fact::new("joined", format!("{} of {}", outcome.joined, params.units)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units + 1
}

pub fn threads(params: &Params) -> Outcome {
    let period = Duration::from_millis(params.period_ms);
    let active = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let all = Arc::new(Barrier::new(params.units as usize + 1));

    let mut handles = Vec::new();
    for unit in 0..params.units {
        let (active, all, duration) = (active.clone(), all.clone(), params.duration(unit));
        handles.push(thread::spawn(move || {
            active.fetch_add(1, SeqCst);
            all.wait();
            // Here the monitor takes its first reading.
            all.wait();
            thread::sleep(duration);
            active.fetch_sub(1, SeqCst);
        }));
    }
    let all_done = done.clone();
    let monitor = thread::spawn(move || {
        all.wait();
        let mut readings = Readings::new();
        readings.take(active.load(SeqCst));
        all.wait();
        while !all_done.load(SeqCst) {
            thread::sleep(period);
            readings.take(active.load(SeqCst));
        }
        readings.take(active.load(SeqCst));
        readings
    });

    let mut joined = 0;
    for handle in handles {
        handle.join().expect("no unit panics");
        joined += 1;
    }
    done.store(true, SeqCst);
    monitor.join().expect("it does not panic").outcome(joined)
}

pub async fn tasks(params: &Params) -> Outcome {
    let period = Duration::from_millis(params.period_ms);
    let active = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let all = Arc::new(tokio::sync::Barrier::new(params.units as usize + 1));

    let mut handles = Vec::new();
    for unit in 0..params.units {
        let (active, all, duration) = (active.clone(), all.clone(), params.duration(unit));
        handles.push(task::spawn(async move {
            active.fetch_add(1, SeqCst);
            all.wait().await;
            // Here the monitor takes its first reading.
            all.wait().await;
            sleep(duration).await;
            active.fetch_sub(1, SeqCst);
        }));
    }
    let all_done = done.clone();
    let monitor = task::spawn(async move {
        all.wait().await;
        let mut readings = Readings::new();
        readings.take(active.load(SeqCst));
        all.wait().await;
        while !all_done.load(SeqCst) {
            sleep(period).await;
            readings.take(active.load(SeqCst));
        }
        readings.take(active.load(SeqCst));
        readings
    });

    let mut joined = 0;
    for handle in handles {
        handle.await.expect("no unit panics");
        joined += 1;
    }
    done.store(true, SeqCst);
    monitor.await.expect("it does not panic").outcome(joined)
}
