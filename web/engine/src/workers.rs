//! Takes the turns of one cell on Web Workers that share the engine's memory.
//!
//! The body, which blocks, runs on a worker of the pool as its units do. So the engine's
//! own thread stays on its event loop: it passes messages on, and hears of a worker that
//! has trapped even if the others wait for that one for ever.

mod pool;

pub use pool::{Pool, Shortage};

use crate::clock;
use crate::measure::{Batching, Event, Plan, json};
use filature_core::api::limits::BROWSER_WORKERS_MAX;
use filature_core::api::{BrowserSpawnCosts, Limit, Refusal, Sample};
use filature_core::time::Duration;
use filature_core::{Prepared, format, thread};
use pool::Message;
use serde_json::Value;
use std::cell::RefCell;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};

/// The engine's pool between two cells.
enum Kept {
    /// No cell has been measured yet.
    None,
    /// Ready for the next cell.
    Idle(Pool),
    /// A cell is being measured, or has left the memory in an unknown state.
    Unusable,
}

thread_local! {
    static KEPT: RefCell<Kept> = const { RefCell::new(Kept::None) };
}

/// Takes all turns of `plan` on workers that run the script at `worker_url`, and tells `post`
/// of each and then how it ended: every [`Event`] as JSON.
///
/// After a worker has trapped, the memory is in an unknown state, and every further cell
/// fails: the engine has to be started anew.
pub async fn measure(plan: Plan, worker_url: &str, post: &mut impl FnMut(&str)) {
    let prepared = match plan.prepare() {
        Ok(prepared) => prepared,
        Err(reason) => return post(&json(&Event::Failed { reason })),
    };
    let mut pool = match take_pool(worker_url) {
        Ok(pool) => pool,
        Err(reason) => return post(&json(&Event::Failed { reason })),
    };
    match on_pool(plan, prepared.units(), &mut pool, post).await {
        Ok(last) => {
            KEPT.set(Kept::Idle(pool));
            post(&last);
        }
        Err(Stopped(reason)) => {
            pool.abandon();
            post(&json(&Event::Failed { reason: format!("a worker stopped: {reason}") }));
        }
    }
}

/// Finds out how many workers this browser holds, up to the most that it is ever asked for:
/// starts them, and sends them away.
///
/// # Errors
/// If not even one can be started, or the engine is busy.
pub async fn count(worker_url: &str) -> Result<usize, String> {
    let mut pool = take_pool(worker_url)?;
    let most = match pool.resize(BROWSER_WORKERS_MAX).await {
        Ok(()) => BROWSER_WORKERS_MAX,
        Err(Shortage::Limit { most }) => most,
        Err(Shortage::Lost(reason)) => return Err(reason),
    };
    if pool.resize(0).await.is_ok() {
        KEPT.set(Kept::Idle(pool));
    }
    Ok(most)
}

fn take_pool(worker_url: &str) -> Result<Pool, String> {
    match KEPT.replace(Kept::Unusable) {
        Kept::None => Ok(Pool::new(worker_url)),
        Kept::Idle(pool) => Ok(pool),
        Kept::Unusable => Err("the engine is busy or has stopped: start a new one".to_owned()),
    }
}

/// A worker could not be started or has trapped: why, in words.
struct Stopped(String);

/// Returns the last message for the page.
async fn on_pool(
    plan: Plan,
    units: u64,
    pool: &mut Pool,
    post: &mut impl FnMut(&str),
) -> Result<String, Stopped> {
    // One more runs the body itself.
    let wanted = usize::try_from(units).unwrap_or(usize::MAX).saturating_add(1);
    match pool.resize(wanted).await {
        Ok(()) => {}
        Err(Shortage::Limit { most }) => return Ok(json(&refused(units, most as u64))),
        Err(Shortage::Lost(reason)) => return Err(Stopped(reason)),
    }
    let new_worker_ns = pool.median_start_ns();
    let body = thread::spawn(move || pool::tell(&json(&turns(&plan, new_worker_ns)), true));
    loop {
        match pool.next_message().await.1 {
            Message::Event(event) => post(&event),
            Message::End(end) => {
                // It has nothing left to do but to become free for the next cell.
                let joined = body.join();
                return joined.map(|()| end).map_err(|_| Stopped("at its end".to_owned()));
            }
            Message::Lost(reason) => return Err(Stopped(reason)),
            Message::Ready { .. } | Message::Left | Message::TimeIsUp => {}
        }
    }
}

fn refused(units: u64, workers_max: u64) -> Event {
    let available_units = workers_max.saturating_sub(1);
    let how_to_raise = if workers_max < BROWSER_WORKERS_MAX as u64 {
        "close other pages, or use a browser and a machine with more memory"
    } else {
        "use fewer units: no browser is asked for more workers"
    };
    let reason = format!(
        "it needs {} units at once, and {workers_max} Web Workers allow {available_units} here, since \
         the body takes one; {how_to_raise}",
        format::count(units)
    );
    let limit = Limit {
        name: "Web Workers".to_owned(),
        value: workers_max,
        threads: available_units,
        how_to_raise: how_to_raise.to_owned(),
    };
    Event::Refused { reason, refusal: Refusal { needed_units: units, available_units, limit } }
}

/// On a worker of the pool: takes all turns, and says how they ended.
fn turns(plan: &Plan, new_worker_ns: u64) -> Event {
    match sampled(plan) {
        Ok(outcome) => {
            let warm_worker_ns = warm_worker_ns();
            Event::Done {
                outcome,
                spawn_costs: Some(BrowserSpawnCosts { new_worker_ns, warm_worker_ns }),
            }
        }
        Err(reason) => Event::Failed { reason },
    }
}

fn sampled(plan: &Plan) -> Result<Value, String> {
    let prepared = plan.prepare()?;
    let mut batching = Batching::new();
    // Where there are no turns, there is nothing that an execution merely saw.
    let mut last = None;
    for kind in plan.turns() {
        let (sample, outcome) = turn(prepared.as_ref(), &mut batching)?;
        last = Some(outcome);
        pool::tell(&json(&Event::Sample { kind, sample }), false);
    }
    Ok(last.unwrap_or_else(|| prepared.expected()))
}

fn turn(prepared: &dyn Prepared, batching: &mut Batching) -> Result<(Sample, Value), String> {
    loop {
        let timed = prepared.threads_in_a_row(clock::now_ns, batching.times());
        if let Some(sample) = batching.judge(&timed, prepared)? {
            return Ok((sample, timed.outcome));
        }
    }
}

/// From the call of `spawn` until its caller sees the first instruction of the closure, which
/// a waiting worker runs: the median of some, one at a time. All by the caller's clock, since
/// the clocks of two workers may be some microseconds apart.
fn warm_worker_ns() -> u64 {
    const TIMES: usize = 21;
    /// Long enough for the worker to have gone back to waiting.
    const PAUSE: Duration = Duration::from_millis(1);
    let once = || {
        thread::sleep(PAUSE);
        let begun = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&begun);
        let called_ns = clock::now_ns();
        let unit = thread::spawn(move || begins.store(true, Release));
        while !begun.load(Acquire) {
            spin_loop();
        }
        let seen_ns = clock::now_ns();
        unit.join().expect("a store does not panic");
        seen_ns - called_ns
    };
    median(std::iter::repeat_with(once).take(TIMES).collect())
}

/// The middle value; 0 where there is none.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
