//! Takes the turns of one cell on the event loop.

use crate::clock;
use crate::measure::{Batching, Event, Plan};
use filature_core::Prepared;
use filature_core::api::Sample;
use filature_core::time::{Duration, sleep};
use serde_json::Value;

/// Takes all turns of `plan`, tells `post` of each, and returns the last one's outcome.
///
/// # Errors
/// If the workload or a parameter is not known or not valid, or an execution returned
/// another outcome than the contract promises.
pub async fn measure(plan: &Plan, post: &mut impl FnMut(&Event)) -> Result<Value, String> {
    let prepared = plan.prepare()?;
    let mut batching = Batching::new();
    // Where there are no turns, there is nothing that an execution merely saw.
    let mut last = None;
    for kind in plan.turns() {
        let (sample, outcome) = turn(prepared.as_ref(), &mut batching).await?;
        last = Some(outcome);
        post(&Event::Sample { kind, sample });
        // Back to the event loop, or the messages would wait for the last sample.
        sleep(Duration::ZERO).await;
    }
    Ok(last.unwrap_or_else(|| prepared.expected()))
}

async fn turn(prepared: &dyn Prepared, batching: &mut Batching) -> Result<(Sample, Value), String> {
    loop {
        let timed = prepared.tasks_in_a_row(clock::now_ns, batching.times()).await;
        if let Some(sample) = batching.judge(&timed, prepared)? {
            return Ok((sample, timed.outcome));
        }
    }
}
