//! Failing units: some of the units fail, and the others do not notice.
//!
//! The contract: the body spawns `units` units, of which the first `faulty` ones fail in
//! the way that `fault` names (all of them, if that is more than there are); each of the
//! others returns its own number, counted from zero. The body joins all of them in the
//! order in which it spawned them, and takes every failure as a value. The outcome is how
//! many returned, what the sum of their numbers is, how many are reported as panicked, how
//! many of those with the words that they panicked with, and how many as cancelled.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::params::{choice, integer};
use crate::{choices, executor, params, task, thread};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::future::pending;
use std::panic::resume_unwind;

pub const ABOUT: About = About {
    id: "panic",
    title: "Failing units",
    group: Group::Fail,
    summary: "Some units panic: what becomes of the others, and how does who joins them hear of \
              it?",
    look_at: "A panic ends its unit and nothing else: it arrives at the join as a value, with \
              the words that were panicked with, and the others return. What a panic costs is \
              mostly its line on stderr: compare the quiet one. A task can also have been \
              cancelled, which is the other kind of JoinError.",
    operation: "units",
    did: "joined",
    presets: &[
        Preset { name: "as in the article", params: &[("units", "1"), ("faulty", "1")] },
        Preset { name: "none fails", params: &[("faulty", "0")] },
        Preset { name: "without the line on stderr", params: &[("fault", "quiet-panic")] },
        Preset { name: "cancelled", params: &[("fault", "abort")] },
    ],
    picture: &["vvv---^^^^", " ##x      ", "  #####^  ", "   ####^  "],
    cpu_bound: &[],
    only: Some((
        executor::NATIVE,
        "in WebAssembly a panic does not unwind: it ends the whole instance",
    )),
};

choices! {
    /// How a faulty unit fails.
    pub enum Fault {
        /// `panic!`: first a line on stderr, then the unit's stack is unwound.
        Panic = "panic",
        /// `std::panic::resume_unwind`: the same without the line.
        QuietPanic = "quiet-panic",
        /// The unit waits for ever, and the body aborts it.
        Abort = "abort" only TOKIO:
            "a thread cannot be ended from outside; it may hold a lock or half of a change",
    }
}

params! {
    /// How many units are spawned.
    units: u64 = integer(10).range(1, 10_000).unit("units"),
    /// How many of them fail.
    faulty: u64 = integer(3).range(0, 1_000).unit("units"),
    /// How those fail.
    fault: Fault = choice(Fault::Panic),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many units returned.
    pub returned: u64,
    /// The sum of the numbers that they returned.
    pub sum: u64,
    /// How many joins said that their unit panicked.
    pub panicked: u64,
    /// How many of those had the unit's words.
    pub with_its_words: u64,
    /// How many joins said that their unit was cancelled.
    pub cancelled: u64,
}

const WORDS: &str = "Quelque chose s'est mal passé !";

impl Outcome {
    fn take_in_return(&mut self, number: u64) {
        self.returned += 1;
        self.sum += number;
    }

    fn take_in_panic(&mut self, payload: Box<dyn Any + Send>) {
        // Formatted words come as a `String`, plain ones as they stand in the program.
        let formatted = payload.downcast_ref().map(String::as_str);
        let words = formatted.or_else(|| payload.downcast_ref::<&str>().copied());
        self.panicked += 1;
        self.with_its_words += u64::from(words == Some(WORDS));
    }
}

pub fn expected(params: &Params) -> Outcome {
    let faulty = params.faulty.min(params.units);
    let [panicked, cancelled] = match params.fault {
        Fault::Panic | Fault::QuietPanic => [faulty, 0],
        Fault::Abort => [0, faulty],
    };
    Outcome {
        returned: params.units - faulty,
        sum: (faulty..params.units).sum(),
        panicked,
        with_its_words: panicked,
        cancelled,
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let of_all = |count: u64| format!("{count} of {}", params.units);
    vec![
        Fact::new("returned", of_all(outcome.returned)),
        Fact::new("reported as panicked", of_all(outcome.panicked)),
        Fact::new(
            "panics that said why",
            format!("{} of {}", outcome.with_its_words, outcome.panicked),
        ),
        Fact::new("reported as cancelled", of_all(outcome.cancelled)),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.units
}

pub fn units(params: &Params) -> u64 {
    params.units
}

pub fn threads(params: &Params) -> Outcome {
    let Params { units, faulty, fault } = *params;
    let mut handles = Vec::new();
    for unit in 0..units {
        handles.push(thread::spawn(move || match fault {
            _ if unit >= faulty => unit,
            Fault::Panic => panic!("{WORDS}"),
            Fault::QuietPanic => resume_unwind(Box::new(WORDS)),
            Fault::Abort => unreachable!("this choice is for tasks only"),
        }));
    }

    let mut outcome = Outcome::default();
    for handle in handles {
        match handle.join() {
            Ok(number) => outcome.take_in_return(number),
            Err(payload) => outcome.take_in_panic(payload),
        }
    }
    outcome
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { units, faulty, fault } = *params;
    let mut handles = Vec::new();
    for unit in 0..units {
        handles.push(task::spawn(async move {
            match fault {
                _ if unit >= faulty => unit,
                Fault::Panic => panic!("{WORDS}"),
                Fault::QuietPanic => resume_unwind(Box::new(WORDS)),
                Fault::Abort => pending().await,
            }
        }));
    }
    if fault == Fault::Abort {
        handles.iter().take(faulty as usize).for_each(task::JoinHandle::abort);
    }

    let mut outcome = Outcome::default();
    for handle in handles {
        match handle.await {
            Ok(number) => outcome.take_in_return(number),
            Err(error) if error.is_panic() => outcome.take_in_panic(error.into_panic()),
            Err(error) => outcome.cancelled += u64::from(error.is_cancelled()),
        }
    }
    outcome
}
