//! Fire and forget: a unit that nobody waits for works in the background.
//!
//! The contract: the body spawns one background unit, which for ever sleeps for
//! `period_ms` and then beats once. The body works (it sleeps) for `work_ms` and never
//! waits for that unit. When its own work is done it counts the units that still run: one.
//! A program would end here, and with it its threads; a runtime would be dropped, and with
//! it its tasks. This body has to account for the unit before it returns, and so ends it:
//! the thread by a sign that it looks for, the task by what a dropped runtime does to it,
//! an abort. The outcome is how many units ran before and after that; the beats are only
//! seen.

use crate::about::{About, Group, Preset};
use crate::api::{Fact, Lane, Mark, Picture};
use crate::params::integer;
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep};
use crate::{params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Condvar, Mutex};

pub const ABOUT: About = About {
    id: "fire-and-forget",
    title: "Fire and forget",
    group: Group::SpawnAndJoin,
    summary: "A unit works in the background, and nobody waits for it: what becomes of it when \
              the rest of the program is done?",
    look_at: "It is still running when the main unit is done: nothing waits for it, and it ends \
              with the process (a thread) or with its runtime (a task), in the middle of \
              whatever it does. The article cleans up every 60 seconds and its server ends \
              after 10: its cleaning never happens once.",
    operation: "executions",
    did: "done",
    presets: &[
        Preset {
            name: "as in the article",
            params: &[("period_ms", "60000"), ("work_ms", "10000")],
        },
        Preset {
            name: "as in the article, a thousand times faster",
            params: &[("period_ms", "60"), ("work_ms", "10")],
        },
    ],
    picture: &["v#########x", " --#--#--#x"],
    cpu_bound: &[],
    only: None,
};

params! {
    /// How long the background unit sleeps before each beat.
    period_ms: u64 = integer(3).range(1, 60_000).unit("ms"),
    /// How long the main unit works.
    work_ms: u64 = integer(20).range(0, 10_000).unit("ms"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many background units ran when the main unit was done.
    pub running_at_the_end: u64,
    /// How many ran after they had been ended.
    pub running_afterwards: u64,
    /// How many beats the background unit had made by then.
    pub beats: Seen<u64>,
    /// When it made them: the first ones.
    pub beats_at_us: Seen<Vec<u64>>,
    /// Whether it was cut off in the middle of its sleep; otherwise it was told, and returned.
    pub cut_off: Seen<bool>,
}

/// What is known of the background unit. It runs for as long as it has this.
struct Background {
    start: Instant,
    beats: Mutex<(u64, Vec<u64>)>,
    end: Mutex<bool>,
    ended: Condvar,
}

impl Background {
    fn new() -> Arc<Self> {
        let (beats, end, ended) = Default::default();
        Arc::new(Self { start: Instant::now(), beats, end, ended })
    }

    fn beat(&self) {
        const TIMES_MAX: usize = 200;
        let mut beats = self.beats.lock().expect("no holder panics");
        beats.0 += 1;
        if beats.1.len() < TIMES_MAX {
            beats.1.push(self.start.elapsed().as_micros() as u64);
        }
    }

    /// Blocks for `period`, or until the unit is told to end: then it returns true.
    fn sleep(&self, period: Duration) -> bool {
        let end = self.end.lock().expect("no holder panics");
        *end || *self.ended.wait_timeout(end, period).expect("no holder panics").0
    }

    fn tell_to_end(&self) {
        *self.end.lock().expect("no holder panics") = true;
        self.ended.notify_one();
    }

    /// How many units have this, beside the body.
    fn running(self: &Arc<Self>) -> u64 {
        Arc::strong_count(self) as u64 - 1
    }

    fn outcome(self: &Arc<Self>, running_at_the_end: u64, cut_off: bool) -> Outcome {
        let (beats, beats_at_us) = self.beats.lock().expect("no holder panics").clone();
        Outcome {
            running_at_the_end,
            running_afterwards: self.running(),
            beats: Seen(beats),
            beats_at_us: Seen(beats_at_us),
            cut_off: Seen(cut_off),
        }
    }
}

pub fn expected(_: &Params) -> Outcome {
    Outcome {
        running_at_the_end: 1,
        running_afterwards: 0,
        beats: Seen::default(),
        beats_at_us: Seen::default(),
        cut_off: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let lane = |name: &str, marks| Lane { name: name.to_owned(), marks };
    let beat = |at: &u64| Mark { at: *at as f64 / 1e3, text: "beat".to_owned() };
    let lanes = vec![
        lane("main", vec![Mark { at: params.work_ms as f64, text: "done".to_owned() }]),
        lane("background", outcome.beats_at_us.0.iter().map(beat).collect()),
    ];
    let end = if outcome.cut_off.0 { "cut off in its sleep" } else { "told to end, and returned" };
    vec![
        Fact::new("beats while main worked", outcome.beats.0.to_string())
            .with(Picture::Lanes { unit: "ms".to_owned(), lanes }),
        Fact::new(
            "still running when main was done",
            format!("{} of 1", outcome.running_at_the_end),
        ),
        Fact::new("its end", end),
        Fact::new("running after that", outcome.running_afterwards.to_string()),
    ]
}

pub fn operations(_: &Params) -> u64 {
    1
}

pub fn units(_: &Params) -> u64 {
    1
}

pub fn threads(params: &Params) -> Outcome {
    let period = Duration::from_millis(params.period_ms);
    let background = Background::new();

    let own = Arc::clone(&background);
    let handle = thread::spawn(move || {
        while !own.sleep(period) {
            own.beat();
        }
    });

    thread::sleep(Duration::from_millis(params.work_ms));

    // A thread cannot be ended from outside: it has to agree.
    let running_at_the_end = background.running();
    background.tell_to_end();
    handle.join().expect("no unit panics");
    background.outcome(running_at_the_end, false)
}

pub async fn tasks(params: &Params) -> Outcome {
    let period = Duration::from_millis(params.period_ms);
    let background = Background::new();

    let own = Arc::clone(&background);
    let handle = task::spawn(async move {
        loop {
            sleep(period).await;
            own.beat();
        }
    });

    sleep(Duration::from_millis(params.work_ms)).await;

    // A task ends at its next await, whether it agrees or not.
    let running_at_the_end = background.running();
    handle.abort();
    let cut_off = handle.await.is_err_and(|error: task::JoinError| error.is_cancelled());
    background.outcome(running_at_the_end, cut_off)
}
