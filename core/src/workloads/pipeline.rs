//! Pipeline: a source, a row of stages and a sink, joined by bounded channels.
//!
//! The contract: the body spawns one source and `stages` stages and is itself the
//! sink, so that there are `stages + 1` bounded channels of `capacity`. The source
//! sends the numbers from 0 to `items - 1`; each stage receives a number, works for
//! `spins` steps, and sends on what it made of it. The sink counts what arrives and
//! folds it, in order, into a checksum: the outcome.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::format;
use crate::params::integer;
use crate::{params, task, thread, work::spin};
use serde::{Deserialize, Serialize};
use std::sync::mpsc::sync_channel;
use tokio::sync::mpsc;

pub const ABOUT: About = About {
    id: "pipeline",
    title: "Pipeline",
    group: Group::Communicate,
    summary: "Items flow from a source through stages to a sink over bounded channels: what does \
              it cost to hand a value from one unit to the next?",
    look_at: "A channel of small capacity makes the fast units wait for the slow ones: that is \
              backpressure, and with it every item costs a hand-off. Raise the capacity and the \
              hand-offs come in batches. With real work per stage the difference shrinks.",
    operation: "items",
    did: "passed on",
    presets: &[
        Preset { name: "as in the article", params: &[("stages", "2"), ("items", "100")] },
        Preset { name: "hand over hand", params: &[("capacity", "1")] },
        Preset { name: "work per item", params: &[("items", "2000"), ("spins", "10000")] },
    ],
    picture: &["#v#v#v--  ", " -#v#v#v- ", "  -#v#v#v ", "   -#-#-# "],
    cpu_bound: &[("stages", "2"), ("items", "1000"), ("spins", "10000")],
    only: None,
};

params! {
    /// How many stages stand between the source and the sink.
    stages: u64 = integer(4).range(1, 64).unit("stages"),
    /// How many items the source sends.
    items: u64 = integer(20_000).range(1, 10_000_000).unit("items"),
    /// How many items each channel holds before its sender has to wait.
    capacity: u64 = integer(100).range(1, 65_536).unit("items"),
    /// How many steps of work each stage does per item; a step takes one to two nanoseconds.
    spins: u64 = integer(0).range(0, 1_000_000).unit("steps"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many items arrived.
    pub count: u64,
    /// What arrived, folded in the order of its arrival; short enough for JavaScript's numbers.
    pub checksum: u32,
}

impl Outcome {
    const EMPTY: Self = Self { count: 0, checksum: 0 };

    /// Takes in the next item; another order gives another checksum.
    fn arrive(&mut self, item: u64) {
        self.count += 1;
        self.checksum = self.checksum.wrapping_mul(31).wrapping_add(item as u32);
    }
}

/// What every stage makes of an item.
fn transformed(item: u64) -> u64 {
    item.wrapping_mul(3).wrapping_add(1)
}

pub fn expected(params: &Params) -> Outcome {
    let mut outcome = Outcome::EMPTY;
    for item in 0..params.items {
        outcome.arrive((0..params.stages).fold(item, |item, _| transformed(item)));
    }
    outcome
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [count, items] = [outcome.count, params.items].map(format::count);
    vec![
        Fact::new("items that arrived", format!("{count} of {items}, in order")),
        Fact::new("checksum over them", format!("{:08x}", outcome.checksum)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.items
}

pub fn units(params: &Params) -> u64 {
    params.stages + 1
}

pub fn threads(params: &Params) -> Outcome {
    let Params { stages, items, capacity, spins } = *params;
    let mut handles = Vec::new();

    let (sender, mut receiver) = sync_channel(capacity as usize);
    handles.push(thread::spawn(move || {
        for item in 0..items {
            sender.send(item).expect("the next unit receives to the end");
        }
    }));
    for _ in 0..stages {
        let (sender, next_receiver) = sync_channel(capacity as usize);
        handles.push(thread::spawn(move || {
            for item in receiver {
                spin(spins, item);
                sender.send(transformed(item)).expect("the next unit receives to the end");
            }
        }));
        receiver = next_receiver;
    }

    let mut outcome = Outcome::EMPTY;
    for item in receiver {
        outcome.arrive(item);
    }
    for handle in handles {
        handle.join().expect("no unit panics");
    }
    outcome
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { stages, items, capacity, spins } = *params;
    let mut handles = Vec::new();

    let (sender, mut receiver) = mpsc::channel(capacity as usize);
    handles.push(task::spawn(async move {
        for item in 0..items {
            sender.send(item).await.expect("the next unit receives to the end");
        }
    }));
    for _ in 0..stages {
        let (sender, next_receiver) = mpsc::channel(capacity as usize);
        handles.push(task::spawn(async move {
            while let Some(item) = receiver.recv().await {
                spin(spins, item);
                sender.send(transformed(item)).await.expect("the next unit receives to the end");
            }
        }));
        receiver = next_receiver;
    }

    let mut outcome = Outcome::EMPTY;
    while let Some(item) = receiver.recv().await {
        outcome.arrive(item);
    }
    for handle in handles {
        handle.await.expect("no unit panics");
    }
    outcome
}
