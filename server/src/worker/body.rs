//! A workload bound to its parameters and to what runs it, executed and measured.

use super::protocol::{Execution, Job, Reply};
use crate::machine::{affinity, data, limits, usage};
use filature_core::api::{Memory, Sample};
use filature_core::measure::Kind;
use filature_core::{Executor, Prepared, Timed, observe, workloads};
use std::panic;
use std::process::exit;
use std::sync::OnceLock;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// A workload bound to its parameters and to what runs it.
pub(super) struct Body {
    prepared: Box<dyn Prepared>,
    /// The runtime of the `tasks` body; the `threads` body needs none.
    runtime: Option<Runtime>,
}

impl Body {
    /// Makes all that an execution needs, so that none of it is measured. The inner
    /// error is the reply for a cell that cannot be executed here.
    pub(super) fn bind(job: &Job) -> Result<Result<Self, Reply>, String> {
        let workload = workloads::find(&job.workload)
            .ok_or_else(|| format!("there is no workload {:?}", job.workload))?;
        let prepared = workload.prepare(&job.params).map_err(|errors| {
            let details: Vec<String> = errors.into_iter().map(|error| error.detail).collect();
            details.join("; ")
        })?;
        if let Some(reason) = workload.obstacle(job.executor, prepared.values()) {
            return Ok(Err(Reply::Impossible { reason }));
        }
        // Before there is any other thread: those that come inherit it.
        if let Some(reason) = job.cores.and_then(|cores| affinity::pin(cores).err()) {
            return Ok(Err(Reply::Impossible { reason }));
        }
        limits::raise_descriptor_limit();
        let runtime = match job.executor {
            Executor::Threads => None,
            Executor::TokioMulti => Some(multi(job.tokio_workers)?),
            Executor::TokioCurrent => Some(runtime(&mut Builder::new_current_thread())?),
            Executor::BrowserLoop | Executor::BrowserWorkers => {
                let reason = "this executor is a browser: a page has to measure it".to_owned();
                return Ok(Err(Reply::Impossible { reason }));
            }
        };
        if let Some(refusal) =
            limits::refusal(job.executor, prepared.units(), prepared.descriptors(), job.unit_budget)
        {
            return Ok(Err(Reply::Refused { refusal }));
        }
        if let Some(bytes) = job.memory_budget_bytes {
            let (units, workers) = (prepared.units(), job.tokio_workers);
            data::limit(bytes, job.executor, prepared.values(), units, workers);
        }
        // The first call computes it, and the first reading starts the clock.
        let _ = (prepared.expected(), clock());
        Ok(Ok(Self { prepared, runtime }))
    }

    /// Executes the body once. Everything but the body itself happens before its
    /// clock starts or after it stops.
    pub(super) fn execute(&self, kind: Kind, first: bool) -> Execution {
        let baseline = if first { usage::memory() } else { None };
        let before = usage::of_this_process();
        let (timed, observed) = match kind {
            Kind::WarmUp | Kind::Sample => (self.run(), None),
            Kind::Observed => {
                let (timed, observed) = observe::observed(|| self.run(), |timed| timed.wall_ns);
                (timed, Some(observed))
            }
        };
        let after = usage::of_this_process();
        let memory = baseline.and_then(|baseline| {
            let peak = usage::memory()?.peak_bytes;
            let memory = Memory::new(baseline.resident_bytes, peak, self.prepared.units());
            // Both ends of every connection are in this process: what its clients hold is
            // not what a unit of the server takes.
            let has_clients = self.prepared.descriptors() > 0;
            let bytes_per_unit = memory.bytes_per_unit.filter(|_| !has_clients);
            Some(Box::new(Memory { bytes_per_unit, ..memory }))
        });
        let used = after.since(&before);
        let sample = Sample {
            wall_ns: timed.wall_ns,
            cpu_user_ns: Some(used.user_ns),
            cpu_system_ns: Some(used.system_ns),
            switches_voluntary: Some(used.switches_voluntary),
            switches_involuntary: Some(used.switches_involuntary),
            batch: 1,
            readings: self.prepared.readings(&timed.outcome),
        };
        let Timed { outcome, correct, .. } = timed;
        Execution { kind, sample, outcome, correct, memory, observed }
    }

    fn run(&self) -> Timed {
        let Some(runtime) = &self.runtime else {
            return self.prepared.threads(clock);
        };
        // Spawned, since the root future of `block_on` does not run on a worker.
        let ended = runtime.block_on(async { tokio::spawn(self.prepared.tasks(clock)).await });
        // A body that panicked has said why on stderr already.
        ended.unwrap_or_else(|_| exit(PANICKED))
    }
}

fn multi(workers: u32) -> Result<Runtime, String> {
    runtime(Builder::new_multi_thread().worker_threads(workers as usize))
}

/// The runtime with every driver on, as `#[tokio::main]` gives it to a user.
fn runtime(builder: &mut Builder) -> Result<Runtime, String> {
    // Where Tokio gets no thread for a worker it panics, and on the way out it would wait for
    // the workers that it has, for ever.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        hook(info);
        exit(PANICKED);
    }));
    let built = builder.enable_all().build();
    drop(panic::take_hook());
    built.map_err(|error| format!("no Tokio runtime: {error}"))
}

/// Nanoseconds since the first call, by the kernel's monotonic clock.
///
/// It is read twice per execution, outside the body: a faster clock would gain
/// nothing there, and would have to be calibrated at the start of every child.
pub(crate) fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}
