//! Timeout: waiting no longer for units is not the same as ending them.
//!
//! The contract: the body spawns `units` units. Each works in small steps, with a sleep of
//! 1 ms after each, for longer than any timeout: until the body lets it go, which is the
//! last thing that the body does. The body waits for all of them together, for at most
//! `timeout_ms`. What it does then is `how`; where that ends the units, it waits for their
//! ends. Then it counts the units that still run, lets these go, and waits until none runs.
//! The outcome is how many had not finished in time, how many still ran after the timeout
//! had been dealt with, how many of the handles reported a cancelled unit, and how many
//! units ran at the very end.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep, timeout};
use crate::{choices, params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use tokio_util::sync::CancellationToken;

pub const ABOUT: About = About {
    id: "timeout",
    title: "Timeout and cancel",
    group: Group::LimitAndCancel,
    summary: "The body waits for its units only for so long: does a timeout end what it no \
              longer waits for?",
    look_at: "The article wraps the JoinHandle in a timeout and prints \"Timeout : tâche \
              annulée\". No task was cancelled: the timeout drops the handle, and a task whose \
              handle is dropped runs on. To end it, abort it or hand it a token; a thread can \
              only be asked, by a flag that it reads.",
    operation: "units",
    did: "waited for",
    presets: &[
        Preset { name: "as in the article", params: &[("units", "1"), ("timeout_ms", "2000")] },
        Preset { name: "abort", params: &[("how", "abort")] },
        Preset { name: "cancellation token", params: &[("how", "cancellation-token")] },
        Preset { name: "flag", params: &[("how", "flag")] },
        Preset { name: "at scale", params: &[("units", "10000")] },
    ],
    picture: &["v----x     ", " #########x", " #########x"],
    cpu_bound: &[],
    only: None,
};

choices! {
    /// What is done about the units once the time is over.
    pub enum How {
        /// Nothing: the handles are dropped, as in the article.
        DropHandle = "drop-handle",
        /// `JoinHandle::abort`: the unit ends at the `.await` at which it is.
        Abort = "abort" only TASKS:
            "a thread cannot be ended from outside; it may hold a lock or half of a change",
        /// tokio-util's `CancellationToken`: the unit itself waits for its work or the token,
        /// whichever comes first, and can tidy up.
        CancellationToken = "cancellation-token" only TASKS:
            "a thread that sleeps or works cannot wait for a token at the same time",
        /// A flag that the unit reads after each step.
        Flag = "flag" only THREADS: "a task has better: it can be ended at any await",
    }
}

params! {
    /// How many units are waited for.
    units: u64 = integer(5).range(1, 100_000).unit("units"),
    /// How long they are waited for, all together.
    timeout_ms: u64 = integer(10).range(0, 10_000).unit("ms"),
    /// What is done about the units once the time is over.
    how: How = choice(How::DropHandle),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many units had not finished in time.
    pub timed_out: u64,
    /// How many still ran after the timeout had been dealt with.
    pub still_running: u64,
    /// How many handles said that their unit was cancelled.
    pub reported_cancelled: u64,
    /// How many ran at the very end.
    pub running_at_the_end: u64,
    /// How many steps the units made between the timeout and their end.
    pub steps_afterwards: Seen<u64>,
}

/// What the units work with. A unit runs for as long as it has this.
#[derive(Default)]
struct Work {
    steps: AtomicU64,
    /// The units are to end, each in its own way.
    cancelled: AtomicBool,
    /// The body has counted: the units may finish.
    may_finish: AtomicBool,
}

impl Work {
    const STEP: Duration = Duration::from_millis(1);

    fn goes_on(&self) -> bool {
        self.steps.fetch_add(1, SeqCst);
        !self.may_finish.load(SeqCst)
    }

    /// How many units have this, beside the body.
    fn running(self: &Arc<Self>) -> u64 {
        Arc::strong_count(self) as u64 - 1
    }
}

pub fn expected(params: &Params) -> Outcome {
    let only_if = |how| if params.how == how { params.units } else { 0 };
    Outcome {
        timed_out: params.units,
        still_running: only_if(How::DropHandle),
        reported_cancelled: only_if(How::Abort),
        running_at_the_end: 0,
        steps_afterwards: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let of_all = |count: u64| format!("{count} of {}", params.units);
    vec![
        Fact::new("not finished in time", of_all(outcome.timed_out)),
        Fact::new("still running after the timeout", of_all(outcome.still_running)),
        Fact::new("reported as cancelled", of_all(outcome.reported_cancelled)),
        Fact::new("steps made after the timeout", outcome.steps_afterwards.0.to_string()),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let work = Arc::new(Work::default());
    let finished = Arc::new(AtomicU64::new(0));
    let mut handles = Vec::new();
    for _ in 0..params.units {
        let (work, finished, body) = (Arc::clone(&work), Arc::clone(&finished), thread::current());
        handles.push(thread::spawn(move || {
            while work.goes_on() && !work.cancelled.load(SeqCst) {
                thread::sleep(Work::STEP);
            }
            finished.fetch_add(1, SeqCst);
            body.unpark();
        }));
    }

    // The standard library has no join with a timeout.
    let (start, limit) = (Instant::now(), Duration::from_millis(params.timeout_ms));
    while finished.load(SeqCst) < params.units && start.elapsed() < limit {
        thread::park_timeout(limit.saturating_sub(start.elapsed()));
    }
    let timed_out = params.units - finished.load(SeqCst);
    let steps = work.steps.load(SeqCst);
    match params.how {
        How::DropHandle => drop(handles),
        How::Flag => {
            work.cancelled.store(true, SeqCst);
            for handle in handles {
                handle.join().expect("no unit panics");
            }
        }
        How::Abort | How::CancellationToken => unreachable!("these choices are for tasks only"),
    }

    let still_running = work.running();
    work.may_finish.store(true, SeqCst);
    while work.running() > 0 {
        thread::sleep(Work::STEP);
    }
    Outcome {
        timed_out,
        still_running,
        reported_cancelled: 0,
        running_at_the_end: work.running(),
        steps_afterwards: Seen(work.steps.load(SeqCst) - steps),
    }
}

pub async fn tasks(params: &Params) -> Outcome {
    let work = Arc::new(Work::default());
    let token = CancellationToken::new();
    let mut handles = Vec::new();
    for _ in 0..params.units {
        let work = Arc::clone(&work);
        let all_steps = async move {
            while work.goes_on() {
                sleep(Work::STEP).await;
            }
        };
        handles.push(match params.how {
            How::CancellationToken => {
                let token = token.clone();
                task::spawn(async move {
                    token.run_until_cancelled(all_steps).await;
                })
            }
            _ => task::spawn(all_steps),
        });
    }

    let limit = Duration::from_millis(params.timeout_ms);
    let mut finished = 0;
    let in_time = timeout(limit, async {
        for handle in &mut handles {
            handle.await.expect("no unit panics");
            finished += 1;
        }
    });
    let _ = in_time.await;
    let timed_out = params.units - finished;
    let steps = work.steps.load(SeqCst);
    let mut reported_cancelled = 0;
    match params.how {
        How::DropHandle => drop(handles),
        How::Abort => {
            handles.iter().for_each(task::JoinHandle::abort);
            for handle in handles {
                let cancelled = handle.await.is_err_and(|error| error.is_cancelled());
                reported_cancelled += u64::from(cancelled);
            }
        }
        How::CancellationToken => {
            token.cancel();
            for handle in handles {
                handle.await.expect("no unit panics");
            }
        }
        How::Flag => unreachable!("this choice is for threads only"),
    }

    let still_running = work.running();
    work.may_finish.store(true, SeqCst);
    while work.running() > 0 {
        sleep(Work::STEP).await;
    }
    Outcome {
        timed_out,
        still_running,
        reported_cancelled,
        running_at_the_end: work.running(),
        steps_afterwards: Seen(work.steps.load(SeqCst) - steps),
    }
}
