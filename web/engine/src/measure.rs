//! Takes the samples of one cell on the event loop.

use crate::clock;
use filature_core::api::Sample;
use filature_core::measure::{CLOCK_STEPS, Kind, batch};
use filature_core::time::{Duration, sleep};
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

/// What happened, in the words of the messages that `worker.js` posts.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
        /// What every execution returned.
        outcome: Value,
    },
    /// It could not be measured.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// Takes all turns of `plan`, tells `post` of each, and returns the outcome.
///
/// # Errors
/// If the workload or a parameter is not known or not valid, or an execution returned
/// another outcome than the contract promises.
pub async fn measure(plan: &Plan, post: &mut impl FnMut(&Event)) -> Result<Value, String> {
    let workload = workloads::find(&plan.workload)
        .ok_or_else(|| format!("there is no workload {:?}", plan.workload))?;
    let prepared = workload.prepare(&plan.params).map_err(|errors| in_words(&errors))?;
    let resolution_ns = clock::resolution_ns();
    let warmups = (0..plan.warmups).map(|_| Kind::WarmUp);
    let mut times = 1;
    for kind in warmups.chain((0..plan.samples).map(|_| Kind::Sample)) {
        let timed = lasting(prepared.as_ref(), resolution_ns, &mut times).await?;
        let wall_ns = timed.wall_ns / u64::from(times);
        post(&Event::Sample { kind, sample: sample(wall_ns, times) });
        // Back to the event loop, or the messages would wait for the last sample.
        sleep(Duration::ZERO).await;
    }
    Ok(prepared.expected())
}

/// Executes the body so often in a row, starting with `times`, that it lasts long enough for
/// a clock of that resolution.
async fn lasting(
    prepared: &dyn Prepared,
    resolution_ns: u64,
    times: &mut u32,
) -> Result<Timed, String> {
    loop {
        let timed = prepared.tasks_in_a_row(clock::now_ns, *times).await;
        if !timed.correct {
            let expected = prepared.expected();
            return Err(format!("the outcome is {}, not {expected} as promised", timed.outcome));
        }
        // What the clock sees as nothing may have taken almost one step.
        let one_ns = timed.wall_ns.max(resolution_ns) / u64::from(*times);
        let enough = batch(one_ns, resolution_ns);
        if timed.wall_ns >= resolution_ns * CLOCK_STEPS || enough <= *times {
            return Ok(timed);
        }
        *times = enough;
    }
}

fn sample(wall_ns: u64, batch: u32) -> Sample {
    Sample {
        wall_ns,
        cpu_user_ns: None,
        cpu_system_ns: None,
        switches_voluntary: None,
        switches_involuntary: None,
        batch,
    }
}

fn in_words(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; ")
}
