//! A cell's plan, its turns, and how often a short execution is repeated within one.

use crate::clock;
use filature_core::api::{BrowserSpawnCosts, Refusal, Sample};
use filature_core::measure::{CLOCK_STEPS, Kind, batch};
use filature_core::{FieldError, ParamValues, Prepared, Timed, workloads};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is to be measured.
#[derive(Clone, Debug, Deserialize)]
pub struct Plan {
    /// The id of the workload.
    pub workload: String,
    /// Its parameters; those not named take their defaults.
    #[serde(default)]
    pub params: ParamValues,
    /// How many turns come first and do not count.
    pub warmups: u32,
    /// How many turns count.
    pub samples: u32,
}

impl Plan {
    /// The workload, bound to its parameters.
    ///
    /// # Errors
    /// If the workload or a parameter is not known or not valid.
    pub fn prepare(&self) -> Result<Box<dyn Prepared>, String> {
        let workload = workloads::find(&self.workload)
            .ok_or_else(|| format!("there is no workload {:?}", self.workload))?;
        workload.prepare(&self.params).map_err(|errors| in_words(&errors))
    }

    /// What each turn is for, in order.
    pub fn turns(&self) -> impl Iterator<Item = Kind> + use<> {
        let warmups = (0..self.warmups).map(|_| Kind::WarmUp);
        warmups.chain((0..self.samples).map(|_| Kind::Sample))
    }
}

/// What happened, in the words of the messages that `worker.js` posts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// A turn was taken.
    Sample {
        /// Whether it counts.
        kind: Kind,
        /// Its figures.
        sample: Sample,
    },
    /// All samples were taken.
    Done {
        /// What the last execution returned.
        outcome: Value,
        /// What spawning cost, on Web Workers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spawn_costs: Option<BrowserSpawnCosts>,
    },
    /// This browser cannot hold it.
    Refused {
        /// Why, in words.
        reason: String,
        /// The limit that binds.
        refusal: Refusal,
    },
    /// It could not be measured.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// An event as JSON.
pub fn json(event: &Event) -> String {
    serde_json::to_string(event).expect("an event is made of plain values")
}

/// Finds out how often a body is to be executed in one turn, so that the turn lasts long
/// enough for the clock.
#[derive(Debug)]
pub struct Batching {
    resolution_ns: u64,
    times: u32,
}

impl Batching {
    /// Begins with one execution, on a clock of the resolution that is seen now.
    pub fn new() -> Self {
        Self { resolution_ns: clock::resolution_ns(), times: 1 }
    }

    /// How often the body is to be executed next.
    pub fn times(&self) -> u32 {
        self.times
    }

    /// The sample that `timed` makes, of as many executions as [`Self::times`] says; `None` if
    /// they were too short together, and it has to be tried again with more.
    ///
    /// # Errors
    /// If the outcome is not the one that the contract promises.
    pub fn judge(
        &mut self,
        timed: &Timed,
        prepared: &dyn Prepared,
    ) -> Result<Option<Sample>, String> {
        if !timed.correct {
            let expected = prepared.expected();
            return Err(format!("the outcome is {}, not {expected} as promised", timed.outcome));
        }
        // What the clock sees as nothing may have taken almost one step.
        let one_ns = timed.wall_ns.max(self.resolution_ns) / u64::from(self.times);
        let enough = batch(one_ns, self.resolution_ns);
        if timed.wall_ns < self.resolution_ns * CLOCK_STEPS && enough > self.times {
            self.times = enough;
            return Ok(None);
        }
        Ok(Some(Sample {
            wall_ns: timed.wall_ns / u64::from(self.times),
            cpu_user_ns: None,
            cpu_system_ns: None,
            switches_voluntary: None,
            switches_involuntary: None,
            batch: self.times,
            readings: Default::default(),
        }))
    }
}

impl Default for Batching {
    fn default() -> Self {
        Self::new()
    }
}

fn in_words(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; ")
}
