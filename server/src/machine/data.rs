//! The kernel's own limit on the memory of a process: it holds where a process grows faster
//! than anybody looks.

use filature_core::{Executor, ParamValues, executor::Body};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What a thread reserves of memory that it may write to: its stack and its signal stack.
const THREAD_BYTES: u64 = 2 * 1024 * 1024 + 64 * 1024;

/// Threads beside the units: those of the load, and stacks that are kept for later ones.
const OTHER_THREADS: u64 = 64;

/// How many threads a Tokio runtime starts at most for what blocks.
const BLOCKING_THREADS_MAX: u64 = 512;

/// The choice of a parameter that has each unit on a thread for what blocks.
const SPAWN_BLOCKING: &str = "spawn-blocking";

/// Lets this process have no more than `budget_bytes` of memory of its own, beside the
/// stacks of its threads: those are reserved and hardly used, but the kernel counts them
/// in full. An allocation above that fails.
///
/// It is `RLIMIT_DATA`; `RLIMIT_AS` would count what is merely reserved, which is most.
pub(crate) fn limit(
    budget_bytes: u64,
    executor: Executor,
    params: &ParamValues,
    units: u64,
    tokio_workers: u32,
) {
    let threads = match executor.body() {
        Body::Threads => units,
        Body::Tasks => {
            let on_threads = params.values().any(|value| value == SPAWN_BLOCKING);
            let blocking = if on_threads { units.min(BLOCKING_THREADS_MAX) } else { 0 };
            u64::from(tokio_workers) + blocking
        }
    };
    let stacks = threads.saturating_add(OTHER_THREADS).saturating_mul(THREAD_BYTES);
    let wanted = budget_bytes.saturating_add(stacks);
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_DATA) {
        // A tighter one that somebody else has set stays. Lowering one cannot fail.
        let _ = setrlimit(Resource::RLIMIT_DATA, wanted.min(soft), hard);
    }
}
