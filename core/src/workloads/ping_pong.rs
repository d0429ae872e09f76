//! Ping-pong: two units hand one token back and forth.
//!
//! The contract: the body spawns one unit and is itself the other. The body hands over the
//! token, the unit adds 1 to it and hands it back, the body adds 1 and hands it over again,
//! for `rounds` rounds of two hops; each waits whenever it does not have the token. What
//! they hand it over with is `over`; a channel holds one token and there is one for each
//! direction. The outcome is the token: one for each hop.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::params::{choice, integer};
use crate::{choices, params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::mpsc::sync_channel;
use tokio::sync::{Notify, mpsc};

pub const ABOUT: About = About {
    id: "ping-pong",
    title: "Ping-pong",
    group: Group::Communicate,
    summary: "Two units hand one token back and forth, so that only one of them can run at a \
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
        Preset { name: "at scale", params: &[("rounds", "20000")] },
    ],
    picture: &["#v--#v--#v--", "--#^--#^--#^"],
    cpu_bound: &[],
    only: None,
};

choices! {
    /// What the token is handed over with.
    pub enum Over {
        /// A bounded channel in each direction: the same for threads and tasks.
        Channel = "channel",
        /// `thread::park` and `unpark`: no more than a thread needs to sleep and to be woken.
        Park = "park" only THREADS: "a task that parked its thread would stop all tasks on it",
        /// `tokio::sync::Notify`: what parking is to threads.
        Notify = "notify" only TASKS: "its waiting is an await, and a thread has none",
    }
}

params! {
    /// How often the token goes there and back.
    rounds: u64 = integer(500).range(1, 1_000_000).unit("rounds"),
    /// What the token is handed over with.
    over: Over = choice(Over::Channel),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The token at the end.
    pub token: u64,
}

/// The token where no channel carries it: even ones are the body's turn, odd ones the unit's.
#[derive(Default)]
struct Token {
    value: AtomicU64,
    there: Notify,
    back: Notify,
}

pub fn expected(params: &Params) -> Outcome {
    Outcome { token: operations(params) }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [hops, expected] = [outcome.token, operations(params)].map(format::count);
    vec![Fact::new("hops of the token", format!("{hops} of {expected}"))]
}

pub fn operations(params: &Params) -> u64 {
    params.rounds * 2
}

pub fn units(_: &Params) -> u64 {
    1
}

pub fn threads(params: &Params) -> Outcome {
    match params.over {
        Over::Channel => threads_over_channels(params.rounds),
        Over::Park => threads_over_park(params.rounds),
        Over::Notify => unreachable!("this choice is for tasks only"),
    }
}

fn threads_over_channels(rounds: u64) -> Outcome {
    let (there, arrives) = sync_channel::<u64>(1);
    let (back, returns) = sync_channel::<u64>(1);
    let unit = thread::spawn(move || {
        for token in arrives {
            back.send(token + 1).expect("the body receives to the end");
        }
    });
    let mut token = 0;
    for _ in 0..rounds {
        there.send(token + 1).expect("the unit receives to the end");
        token = returns.recv().expect("the unit answers");
    }
    drop(there);
    unit.join().expect("no unit panics");
    Outcome { token }
}

fn threads_over_park(rounds: u64) -> Outcome {
    /// A thread can be woken for no reason, so it looks whether the token is there.
    fn await_token(token: &AtomicU64, value: u64) {
        while token.load(Acquire) != value {
            thread::park();
        }
    }
    let token = Arc::new(AtomicU64::new(0));
    let (who, is_unit) = sync_channel(1);
    let (own_token, body) = (Arc::clone(&token), thread::current());
    let unit = thread::spawn(move || {
        who.send(thread::current()).expect("the body receives it");
        for round in 0..rounds {
            await_token(&own_token, round * 2 + 1);
            own_token.store(round * 2 + 2, Release);
            body.unpark();
        }
    });
    let unit_thread = is_unit.recv().expect("the unit sends it");
    for round in 0..rounds {
        token.store(round * 2 + 1, Release);
        unit_thread.unpark();
        await_token(&token, round * 2 + 2);
    }
    unit.join().expect("no unit panics");
    Outcome { token: token.load(Acquire) }
}

pub async fn tasks(params: &Params) -> Outcome {
    match params.over {
        Over::Channel => tasks_over_channels(params.rounds).await,
        Over::Notify => tasks_over_notify(params.rounds).await,
        Over::Park => unreachable!("this choice is for threads only"),
    }
}

async fn tasks_over_channels(rounds: u64) -> Outcome {
    let (there, mut arrives) = mpsc::channel::<u64>(1);
    let (back, mut returns) = mpsc::channel::<u64>(1);
    let unit = task::spawn(async move {
        while let Some(token) = arrives.recv().await {
            back.send(token + 1).await.expect("the body receives to the end");
        }
    });
    let mut token = 0;
    for _ in 0..rounds {
        there.send(token + 1).await.expect("the unit receives to the end");
        token = returns.recv().await.expect("the unit answers");
    }
    drop(there);
    unit.await.expect("no unit panics");
    Outcome { token }
}

async fn tasks_over_notify(rounds: u64) -> Outcome {
    let token = Arc::new(Token::default());
    let own_token = Arc::clone(&token);
    let unit = task::spawn(async move {
        for _ in 0..rounds {
            own_token.there.notified().await;
            own_token.value.fetch_add(1, Release);
            own_token.back.notify_one();
        }
    });
    for _ in 0..rounds {
        token.value.fetch_add(1, Release);
        token.there.notify_one();
        token.back.notified().await;
    }
    unit.await.expect("no unit panics");
    Outcome { token: token.value.load(Acquire) }
}
