//! The observed execution: when each unit was spawned, when it began and when it ended.
//!
//! To be told, a unit has to read the clock twice and to take a lock at its end, which
//! costs more than spawning a task does. So it happens in one execution of its own, after
//! the samples, whose cost is reported beside what it found; in all others a spawn makes
//! one predictable branch. Native only: a browser's clock is too coarse for it.

use crate::api::{Observed, Percentiles, Span};
use crate::stats::percentile;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many units are reported one by one: what a picture can show.
const SPANS_MAX: usize = 200;

static IS_ON: AtomicBool = AtomicBool::new(false);
static UNITS: Mutex<Vec<Unit>> = Mutex::new(Vec::new());

/// The moments of one unit.
#[derive(Clone, Copy)]
struct Unit {
    spawned: Instant,
    began: Instant,
    ended: Instant,
}

/// Whether units are being observed.
#[inline]
pub(crate) fn is_on() -> bool {
    IS_ON.load(Relaxed)
}

/// What a unit notes when it begins; dropped when it ends, also where it panics or is
/// aborted.
struct Noting {
    spawned: Instant,
    began: Instant,
}

impl Drop for Noting {
    fn drop(&mut self) {
        let Self { spawned, began } = *self;
        let unit = Unit { spawned, began, ended: Instant::now() };
        UNITS.lock().unwrap_or_else(PoisonError::into_inner).push(unit);
    }
}

/// The body of a thread, which notes its moments.
pub(crate) fn thread<T>(body: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let spawned = Instant::now();
    move || {
        let _noting = Noting { spawned, began: Instant::now() };
        body()
    }
}

/// The body of a task, which notes its moments.
pub(crate) fn task<F: Future>(body: F) -> impl Future<Output = F::Output> {
    let spawned = Instant::now();
    async move {
        let _noting = Noting { spawned, began: Instant::now() };
        body.await
    }
}

/// Runs `execute` once and observes its units. `wall_ns` reads from its result how long it
/// took. Not to be called twice at the same time: all units of the process are observed.
pub fn observed<T>(execute: impl FnOnce() -> T, wall_ns: impl FnOnce(&T) -> u64) -> (T, Observed) {
    let lock = || UNITS.lock().unwrap_or_else(PoisonError::into_inner);
    lock().clear();
    IS_ON.store(true, Relaxed);
    let start = Instant::now();
    let result = execute();
    IS_ON.store(false, Relaxed);
    let units = std::mem::take(&mut *lock());
    let observed = summary(start, wall_ns(&result), units);
    (result, observed)
}

fn summary(start: Instant, wall_ns: u64, mut units: Vec<Unit>) -> Observed {
    units.sort_unstable_by_key(|unit| unit.spawned);
    let since = |moment: Instant, earlier: Instant| {
        moment.saturating_duration_since(earlier).as_nanos() as u64
    };
    let percentiles = |of: fn(&Unit) -> (Instant, Instant)| {
        let mut all: Vec<f64> = units
            .iter()
            .map(|unit| {
                let (from, to) = of(unit);
                since(to, from) as f64
            })
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        (!all.is_empty()).then(|| Percentiles {
            p50: percentile(&all, 0.5).round() as u64,
            p90: percentile(&all, 0.9).round() as u64,
            p99: percentile(&all, 0.99).round() as u64,
            max: all[all.len() - 1] as u64,
        })
    };
    let spans = units.iter().take(SPANS_MAX).map(|unit| Span {
        spawned_ns: since(unit.spawned, start),
        began_ns: since(unit.began, start),
        ended_ns: since(unit.ended, start),
    });
    Observed {
        wall_ns,
        units: units.len() as u64,
        spawn_to_begin_ns: percentiles(|unit| (unit.spawned, unit.began)),
        begin_to_end_ns: percentiles(|unit| (unit.began, unit.ended)),
        spans: spans.collect(),
    }
}
