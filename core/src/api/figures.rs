//! What is measured of a cell: samples, their summary, memory.

use crate::stats::Distribution;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One timed execution of a body, or a batch of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sample {
    /// Wall-clock time of one execution: from the body's call to its return.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 86_400_000_000_000_u64))]
    pub wall_ns: u64,
    /// Processor time of the whole process in user mode; absent in browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_user_ns: Option<u64>,
    /// Processor time of the whole process in the kernel; absent in browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_ns: Option<u64>,
    /// How often a thread gave up its processor to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches_voluntary: Option<u64>,
    /// How often the kernel took the processor from a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches_involuntary: Option<u64>,
    /// How many executions were timed together, since one is too short for the clock;
    /// the figures above are then for one of them.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100_000))]
    pub batch: u32,
    /// What the outcome of this execution says in numbers, by name with the unit last, such
    /// as `spawn_loop_ns`: what the wall-clock time of the whole cannot tell. Absent in browsers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub readings: BTreeMap<String, f64>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(batch: &u32) -> bool {
    *batch == 1
}

/// What one execution of its own found out about its units, at a cost: compare its
/// `wall_ns` with the median of the samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observed {
    /// Wall-clock time of the observed execution.
    pub wall_ns: u64,
    /// How many units were seen from spawn to end.
    pub units: u64,
    /// From the call of spawn to the unit's first instruction; absent without units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spawn_to_begin_ns: Option<Percentiles>,
    /// From the unit's first instruction to its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin_to_end_ns: Option<Percentiles>,
    /// The first units, in the order in which they were spawned: at most 200.
    pub spans: Vec<Span>,
}

/// Where the values of a distribution lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Percentiles {
    /// Half of them are below.
    pub p50: u64,
    /// Nine of ten are below.
    pub p90: u64,
    /// All but one of a hundred are below.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

/// The moments of one unit, since just before the body was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Span {
    /// When spawn was called.
    pub spawned_ns: u64,
    /// When its first instruction ran.
    pub began_ns: u64,
    /// When its last instruction ran.
    pub ended_ns: u64,
}

/// The figures over all samples of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// Wall-clock time of one execution.
    pub wall_ns: Distribution,
    /// User and kernel processor time of one execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<Distribution>,
    /// Voluntary context switches of one execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches_voluntary: Option<Distribution>,
    /// Involuntary context switches of one execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches_involuntary: Option<Distribution>,
    /// Operations in one execution, divided by its median wall-clock time.
    pub throughput_per_s: f64,
    /// Median wall-clock time of one execution, divided by its operations.
    pub wall_per_operation_ns: f64,
    /// The readings of the samples, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub readings: BTreeMap<String, Distribution>,
}

impl Summary {
    /// The figures of `samples`, each of which made `operations`; `None` without samples.
    pub fn of(samples: &[Sample], operations: u64) -> Option<Self> {
        let figures = |field: fn(&Sample) -> Option<u64>| {
            let values: Option<Vec<f64>> =
                samples.iter().map(|s| field(s).map(|value| value as f64)).collect();
            Distribution::of(&values?)
        };
        let wall_ns = figures(|s| Some(s.wall_ns))?;
        let operations = operations.max(1) as f64;
        Some(Self {
            wall_ns,
            cpu_ns: figures(|s| Some(s.cpu_user_ns? + s.cpu_system_ns?)),
            switches_voluntary: figures(|s| s.switches_voluntary),
            switches_involuntary: figures(|s| s.switches_involuntary),
            throughput_per_s: operations / (wall_ns.median.max(1.0) / 1e9),
            wall_per_operation_ns: wall_ns.median / operations,
            readings: readings(samples),
        })
    }
}

/// The distribution of every reading over the samples that have it.
fn readings(samples: &[Sample]) -> BTreeMap<String, Distribution> {
    let names: BTreeSet<&String> = samples.iter().flat_map(|s| s.readings.keys()).collect();
    let distribution = |name: &String| {
        let values: Vec<f64> =
            samples.iter().filter_map(|s| s.readings.get(name).copied()).collect();
        Some((name.clone(), Distribution::of(&values)?))
    };
    names.into_iter().filter_map(distribution).collect()
}

/// Memory of the fresh process during its first execution. Its resident memory is without
/// the pages of files (the program's own code). What the kernel keeps for it is looked at from
/// outside, every 5 ms while the execution runs: a peak that is shorter can be missed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Memory {
    /// `VmRSS` − `RssFile` just before the first execution.
    pub baseline_bytes: u64,
    /// `VmHWM` − `RssFile` just after it: the most that was resident at once.
    pub peak_bytes: u64,
    /// How many units the execution spawned.
    pub units: u64,
    /// Peak over baseline, divided by the units; absent where less than 1 MiB was added,
    /// since the kernel keeps the peak only to within some 64 KiB per core, and where the
    /// process holds the clients of its servers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_unit: Option<f64>,
    /// By how much the kernel's stacks grew, which are in no process's resident memory:
    /// `KernelStack` of `/proc/meminfo`, the most that was seen over what it was before. Of the
    /// whole machine, so threads that other programs start count too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_stack_bytes: Option<u64>,
    /// By how much the page tables of the process grew, which are not resident memory of its
    /// own either: `VmPTE`, the most that was seen over what it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_table_bytes: Option<u64>,
    /// By how much the kernel's own records grew, such as those of threads and memory maps:
    /// `SUnreclaim` of `/proc/meminfo`, which is `Slab` without what caches files, the most that
    /// was seen over what it was before. Of the whole machine, so it is the least certain of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slab_bytes: Option<u64>,
    /// By how much the address space of the process grew: `VmPeak` over `VmSize` before. Most
    /// of it is only reserved, such as stacks that are never filled, and takes no memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_bytes: Option<u64>,
    /// The most threads of the process that were seen alive at once, its first one and those
    /// of its runtime included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads_peak: Option<u64>,
}

impl Memory {
    /// The least growth for which a share per unit means anything.
    pub const GROWTH_BYTES_MIN: u64 = 1024 * 1024;

    /// The memory of an execution that spawned `units`.
    pub fn new(baseline_bytes: u64, peak_bytes: u64, units: u64) -> Self {
        let grown = peak_bytes.saturating_sub(baseline_bytes);
        Self {
            baseline_bytes,
            peak_bytes,
            units,
            bytes_per_unit: (grown >= Self::GROWTH_BYTES_MIN).then(|| grown as f64 / units as f64),
            kernel_stack_bytes: None,
            page_table_bytes: None,
            slab_bytes: None,
            reserved_bytes: None,
            threads_peak: None,
        }
    }
}
