//! Ping-pong: units hand one token back and forth, or around a ring.
//!
//! The contract: the body spawns `units` units and is itself one more place in the ring. It
//! adds 1 to the token and hands it to the first unit; each unit adds 1 and hands it to the
//! next, and the last one hands it back to the body, for `rounds` rounds of `units` + 1 hops.
//! With one unit, that is back and forth. Each waits whenever it does not have the token.
//! What they hand it over with is `over`; a channel holds one token and there is one from
//! each place to the next. The outcome is the token: one for each hop.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::Instant;
use crate::{choices, params, task, thread};
use serde::{Deserialize, Serialize};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::mpsc::sync_channel;
use tokio::sync::{Notify, mpsc};

pub const ABOUT: About = About {
    id: "ping-pong",
    title: "Ping-pong",
    group: Group::Communicate,
    summary: "Units hand one token back and forth, so that only one of them can run at a \
              time: what does it cost to switch from one to the other?",
    look_at: "The time per hop is the article's \"context switch\", with all that it takes to \
              wake the other side. For threads most of that is the kernel and, on several \
              cores, waking an idle one. On one Tokio worker the task that was woken is simply \
              polled next, so that a hop is little more than a function call; the article's \
              figures for both depend on the machine.",
    operation: "hops",
    did: "made",
    presets: &[
        Preset { name: "park and unpark", params: &[("over", "park")] },
        Preset { name: "notify", params: &[("over", "notify")] },
        Preset { name: "a ring of a hundred", params: &[("units", "100"), ("rounds", "20")] },
        Preset { name: "at scale", params: &[("rounds", "20000")] },
    ],
    picture: &["#v--#v--#v--", "--#^--#^--#^"],
    cpu_bound: &[],
    only: None,
};

choices! {
    /// What the token is handed over with.
    pub enum Over {
        /// A bounded channel from each place to the next: the same for threads and tasks.
        Channel = "channel",
        /// `thread::park` and `unpark`: no more than a thread needs to sleep and to be woken.
        Park = "park" only THREADS: "a task that parked its thread would stop all tasks on it",
        /// `tokio::sync::Notify`: what parking is to threads.
        Notify = "notify" only TASKS: "its waiting is an await, and a thread has none",
    }
}

params! {
    /// How many units there are besides the body: with more than one, the token goes around a
    /// ring, and comes to nobody who had it a moment ago.
    units: u64 = integer(1).range(1, 1_000).unit("units"),
    /// How often the token goes around.
    rounds: u64 = integer(500).range(1, 1_000_000).unit("rounds"),
    /// What the token is handed over with.
    over: Over = choice(Over::Channel),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The token at the end.
    pub token: u64,
    /// From just before the body hands the token over for the first time until just after
    /// it came back for the last time, in nanoseconds: neither spawning nor joining.
    #[serde(default)]
    pub hops_ns: Seen<u64>,
}

/// The token where no channel carries it, and a word for each place of the ring that it is
/// there; the first place is the body's.
struct Token {
    value: AtomicU64,
    arrived: Box<[Notify]>,
}

pub fn expected(params: &Params) -> Outcome {
    Outcome { token: operations(params), hops_ns: Seen::default() }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [hops, expected] = [outcome.token, operations(params)].map(format::count);
    vec![Fact::new("hops of the token", format!("{hops} of {expected}"))]
}

pub fn readings(_: &Params, outcome: &Outcome) -> Vec<(&'static str, f64)> {
    vec![("hops_ns", outcome.hops_ns.0 as f64)]
}

pub fn operations(params: &Params) -> u64 {
    params.rounds * (params.units + 1)
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    match params.over {
        Over::Channel => threads_over_channels(params),
        Over::Park => threads_over_park(params),
        Over::Notify => unreachable!("this choice is for tasks only"),
    }
}

fn threads_over_channels(params: &Params) -> Outcome {
    let (there, mut returns) = sync_channel::<u64>(1);
    let mut units = Vec::with_capacity(params.units as usize);
    for _ in 0..params.units {
        let (next, arrives_there) = sync_channel::<u64>(1);
        let arrives = mem::replace(&mut returns, arrives_there);
        units.push(thread::spawn(move || {
            for token in arrives {
                next.send(token + 1).expect("the next one receives to the end");
            }
        }));
    }
    let start = Instant::now();
    let mut token = 0;
    for _ in 0..params.rounds {
        there.send(token + 1).expect("the first unit receives to the end");
        token = returns.recv().expect("the last unit answers");
    }
    let hops_ns = start.elapsed().as_nanos() as u64;
    drop(there);
    for unit in units {
        unit.join().expect("no unit panics");
    }
    Outcome { token, hops_ns: Seen(hops_ns) }
}

fn threads_over_park(params: &Params) -> Outcome {
    /// A thread can be woken for no reason, so it looks whether the token is there.
    fn await_token(token: &AtomicU64, value: u64) {
        while token.load(Acquire) != value {
            thread::park();
        }
    }
    let (rounds, ring) = (params.rounds, params.units + 1);
    let token = Arc::new(AtomicU64::new(0));
    let mut units = Vec::with_capacity(params.units as usize);
    // From the last one to the first: each has to know the thread that it wakes.
    let mut next = thread::current();
    for place in (1..ring).rev() {
        let (who, is_unit) = sync_channel(1);
        let own_token = Arc::clone(&token);
        units.push(thread::spawn(move || {
            who.send(thread::current()).expect("the body receives it");
            for round in 0..rounds {
                await_token(&own_token, round * ring + place);
                own_token.store(round * ring + place + 1, Release);
                next.unpark();
            }
        }));
        next = is_unit.recv().expect("the unit sends it");
    }
    let start = Instant::now();
    for round in 0..rounds {
        token.store(round * ring + 1, Release);
        next.unpark();
        await_token(&token, (round + 1) * ring);
    }
    let hops_ns = start.elapsed().as_nanos() as u64;
    for unit in units {
        unit.join().expect("no unit panics");
    }
    Outcome { token: token.load(Acquire), hops_ns: Seen(hops_ns) }
}

pub async fn tasks(params: &Params) -> Outcome {
    match params.over {
        Over::Channel => tasks_over_channels(params).await,
        Over::Notify => tasks_over_notify(params).await,
        Over::Park => unreachable!("this choice is for threads only"),
    }
}

async fn tasks_over_channels(params: &Params) -> Outcome {
    let (there, mut returns) = mpsc::channel::<u64>(1);
    let mut units = Vec::with_capacity(params.units as usize);
    for _ in 0..params.units {
        let (next, arrives_there) = mpsc::channel::<u64>(1);
        let mut arrives = mem::replace(&mut returns, arrives_there);
        units.push(task::spawn(async move {
            while let Some(token) = arrives.recv().await {
                next.send(token + 1).await.expect("the next one receives to the end");
            }
        }));
    }
    let start = Instant::now();
    let mut token = 0;
    for _ in 0..params.rounds {
        there.send(token + 1).await.expect("the first unit receives to the end");
        token = returns.recv().await.expect("the last unit answers");
    }
    let hops_ns = start.elapsed().as_nanos() as u64;
    drop(there);
    for unit in units {
        unit.await.expect("no unit panics");
    }
    Outcome { token, hops_ns: Seen(hops_ns) }
}

async fn tasks_over_notify(params: &Params) -> Outcome {
    let (rounds, ring) = (params.rounds, params.units as usize + 1);
    let arrived = (0..ring).map(|_| Notify::new()).collect();
    let token = Arc::new(Token { value: AtomicU64::new(0), arrived });
    let mut units = Vec::with_capacity(params.units as usize);
    for place in 1..ring {
        let token = Arc::clone(&token);
        units.push(task::spawn(async move {
            let next = (place + 1) % ring;
            for _ in 0..rounds {
                token.arrived[place].notified().await;
                token.value.fetch_add(1, Release);
                token.arrived[next].notify_one();
            }
        }));
    }
    let start = Instant::now();
    for _ in 0..rounds {
        token.value.fetch_add(1, Release);
        token.arrived[1].notify_one();
        token.arrived[0].notified().await;
    }
    let hops_ns = start.elapsed().as_nanos() as u64;
    for unit in units {
        unit.await.expect("no unit panics");
    }
    Outcome { token: token.value.load(Acquire), hops_ns: Seen(hops_ns) }
}
