//! The machine behind the figures: what it is, and what it can hold right now.
//!
//! - `data`: the kernel's limit on the memory of a process.
//! - [`resident`]: how much memory a process has, looked at from outside.
//! - [`footprint`]: what the kernel keeps for a process beside its resident memory.
//! - [`limits`]: how many threads and tasks fit, and which setting binds.
//! - [`priority`]: who steps back on a busy core.
//! - [`affinity`]: pinning a process to fewer cores than there are.
//! - [`usage`]: memory, processor time and context switches; the load from outside.

pub mod affinity;
mod cgroup;
pub(crate) mod data;
pub mod footprint;
pub mod limits;
pub mod priority;
pub mod resident;
pub mod usage;

pub use limits::thread_limits;

use crate::worker::clock;
use filature_core::api::{MachineCard, MachineReport};
use filature_core::stats;
use procfs::{CpuInfo, Current, LoadAverage, Meminfo};
use std::fs;
use std::sync::OnceLock;

/// The machine and the versions of this program; read once.
pub fn card() -> &'static MachineCard {
    static CARD: OnceLock<MachineCard> = OnceLock::new();
    CARD.get_or_init(|| MachineCard {
        cpu: cpu(),
        cores: cores(),
        kernel: kernel(),
        memory_bytes: Meminfo::current().map_or(0, |memory| memory.mem_total),
        rustc: env!("FILATURE_RUSTC").to_owned(),
        tokio: env!("FILATURE_TOKIO").to_owned(),
        filature: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
    })
}

/// How many cores this program may use, by its affinity and its control group.
pub fn cores() -> u32 {
    std::thread::available_parallelism()
        .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

fn cpu() -> String {
    let info = CpuInfo::current().ok();
    let name = info.as_ref().and_then(|info| info.model_name(0));
    // Many ARM kernels name no model.
    name.map_or_else(|| format!("{} processor", std::env::consts::ARCH), str::to_owned)
}

fn kernel() -> String {
    let part = |file: &str| fs::read_to_string(format!("/proc/sys/kernel/{file}"));
    match (part("ostype"), part("osrelease")) {
        (Ok(system), Ok(release)) => format!("{} {}", system.trim(), release.trim()),
        _ => std::env::consts::OS.to_owned(),
    }
}

/// How much memory the processes that measure may have where nobody says otherwise: three
/// quarters of what this program may have.
pub fn memory_budget_bytes() -> u64 {
    let machine = Some(card().memory_bytes).filter(|bytes| *bytes > 0);
    let most = [machine, cgroup::memory_max_bytes()].into_iter().flatten().min();
    most.map_or(u64::MAX, |bytes| bytes / 4 * 3)
}

/// The machine and what it can hold right now.
pub fn report() -> MachineReport {
    MachineReport {
        card: card().clone(),
        memory_available_bytes: limits::memory_available_bytes().unwrap_or(0),
        load_1m: LoadAverage::current().map_or(0.0, |load| f64::from(load.one)),
        thread_limits: thread_limits(),
        clock_read_ns: clock_read_ns(),
        budgets: Vec::new(),
    }
}

/// How long one read of the clock that times the bodies takes: the median of many.
fn clock_read_ns() -> f64 {
    const ROUNDS: usize = 101;
    const READS: u32 = 100;
    let rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = clock();
            for _ in 0..READS {
                std::hint::black_box(clock());
            }
            (clock() - start) as f64 / f64::from(READS)
        })
        .collect();
    stats::median(&rounds).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_says_what_built_this_program() {
        let card = card();
        assert!(card.rustc.starts_with("rustc 1."), "{}", card.rustc);
        assert!(card.tokio.starts_with("1."), "{}", card.tokio);
        assert!(card.cores >= 1 && card.memory_bytes > 0);
    }

    #[test]
    fn the_report_names_the_limit_that_binds_first() {
        let report = report();
        assert!(report.thread_limits.is_sorted_by_key(|limit| limit.threads));
        assert!(!report.thread_limits.is_empty() && report.clock_read_ns > 0.0);
    }
}
