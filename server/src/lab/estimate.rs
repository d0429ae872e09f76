//! How long an experiment will take, by those that were measured before it.

use filature_core::ParamValues;
use filature_core::api::Spec;
use lru::LruCache;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What one execution is taken to last of a workload that was never measured.
const EXECUTION_START: Duration = Duration::from_millis(50);

/// What each cell takes beside its executions: its process starts, and what it found is
/// stored.
const CELL: Duration = Duration::from_millis(50);

/// How many of the last experiments of a workload are remembered.
const LAST_MAX: usize = 9;

/// How many experiments are remembered with all that they asked for.
const ALIKE_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// Learns from finished experiments how long the next ones will take.
///
/// One that asks for what was measured before takes about as long as it took then. Any
/// other one takes, for each execution, the median of the last experiments of its workload.
pub struct Estimator {
    time_budget: Duration,
    known: Mutex<Known>,
}

struct Known {
    /// Seconds per execution, by all that decides how long one takes.
    alike: LruCache<String, f64>,
    /// Seconds per execution in the last experiments of a workload, the oldest first.
    workloads: HashMap<String, VecDeque<f64>>,
}

impl Estimator {
    /// One that has seen nothing yet, where no experiment takes longer than `time_budget`.
    pub fn new(time_budget: Duration) -> Self {
        let known = Known { alike: LruCache::new(ALIKE_MAX), workloads: HashMap::new() };
        Self { time_budget, known: Mutex::new(known) }
    }

    /// Learns that an experiment, all of which was measured, took so long in the slot.
    pub fn note(&self, spec: &Spec, took: Duration) {
        let executing = took.saturating_sub(CELL * cells(spec));
        let each_s = executing.as_secs_f64() / f64::from(executions(spec));
        let mut known = self.lock();
        known.alike.put(key(spec), each_s);
        let last = known.workloads.entry(spec.workload.clone()).or_default();
        last.push_back(each_s);
        if last.len() > LAST_MAX {
            last.pop_front();
        }
    }

    /// How long an experiment is expected to take in the slot: more than nothing, and at
    /// most the time budget.
    pub fn expect(&self, spec: &Spec) -> Duration {
        let each_s = self.lock().execution_s(spec);
        let executing = each_s * f64::from(executions(spec));
        let whole = CELL.as_secs_f64() * f64::from(cells(spec)) + executing;
        self.within_budget(whole)
    }

    /// How long an experiment is expected to need yet that has been in the slot for
    /// `elapsed` and has taken so many `samples` of all its cells together.
    ///
    /// Its own pace counts the more the further it is.
    pub fn rest(&self, spec: &Spec, elapsed: Duration, samples: u32) -> Duration {
        let all = f64::from(executions(spec));
        let share = (f64::from(samples) / all).min(1.0);
        let expected = (self.expect(spec).as_secs_f64() - elapsed.as_secs_f64()).max(0.0);
        let rest = if share > 0.0 {
            let by_its_pace = elapsed.as_secs_f64() * (1.0 - share) / share;
            expected * (1.0 - share) + by_its_pace * share
        } else {
            expected
        };
        self.within_budget(rest).min(self.time_budget.saturating_sub(elapsed))
    }

    fn within_budget(&self, seconds: f64) -> Duration {
        // A product of many large numbers may be more seconds than a duration has.
        Duration::try_from_secs_f64(seconds).map_or(self.time_budget, |t| t.min(self.time_budget))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// How many seconds one execution is expected to last.
    fn execution_s(&mut self, spec: &Spec) -> f64 {
        if let Some(each_s) = self.alike.get(&key(spec)) {
            return *each_s;
        }
        let last = self.workloads.get(&spec.workload);
        let Some(last) = last.filter(|last| !last.is_empty()) else {
            return EXECUTION_START.as_secs_f64();
        };
        let mut sorted: Vec<f64> = last.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        // The upper one of an even number: who waits would rather be early than late.
        sorted[sorted.len() / 2]
    }
}

/// How many cells a spec expands to.
fn cells(spec: &Spec) -> u32 {
    let values = spec.sweep.as_ref().map_or(1, |sweep| sweep.values.len());
    u32::try_from(spec.executors.len() * values).unwrap_or(u32::MAX)
}

/// How often a body is executed for a spec, over all its cells; at least once.
fn executions(spec: &Spec) -> u32 {
    let each = spec.warmups.saturating_add(spec.samples).saturating_add(u32::from(spec.observe));
    cells(spec).saturating_mul(each).max(1)
}

/// All of a spec that decides how long one execution takes; how many there are does not.
fn key(spec: &Spec) -> String {
    let params: &ParamValues = &spec.params;
    let key =
        (&spec.workload, params, &spec.executors, &spec.sweep, spec.tokio_workers, spec.cores);
    serde_json::to_string(&key).expect("a spec has only plain values")
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
