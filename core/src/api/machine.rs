//! The machine or browser behind a figure, and what limits it.

use serde::{Deserialize, Serialize};

/// The machine and program versions behind a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MachineCard {
    /// The processor's name.
    pub cpu: String,
    /// How many cores this program may use.
    pub cores: u32,
    /// Operating system and kernel version.
    pub kernel: String,
    /// Memory in all.
    pub memory_bytes: u64,
    /// The compiler that built this program.
    pub rustc: String,
    /// The version of Tokio in this program.
    pub tokio: String,
    /// This program's version.
    pub filature: String,
    /// `release`, or `debug`: figures of a debug build say little.
    pub build: String,
}

/// What the machine can hold right now, beside its card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MachineReport {
    /// The machine.
    #[serde(flatten)]
    pub card: MachineCard,
    /// Memory that can be had without swapping.
    pub memory_available_bytes: u64,
    /// The 1-minute load average.
    pub load_1m: f64,
    /// What limits the number of threads, the one that binds first.
    pub thread_limits: Vec<Limit>,
    /// How long one read of the clock takes: median of many.
    pub clock_read_ns: f64,
    /// What this server lets its clients ask for; none where no server was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Budget>,
}

/// A limit that a server sets to what its clients may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Budget {
    /// Its name: `time`, `memory`, `units`, `queue` or `queue-client`.
    pub name: String,
    /// Its value.
    pub value: u64,
    /// What the value counts, such as `s` or `MiB`.
    pub unit: String,
    /// The flag of `filature serve` that sets it, such as `--time-budget-s`.
    pub flag: String,
    /// What it limits, to be read after the value and its unit: `900 s` "to measure one
    /// experiment".
    pub about: String,
}

/// A limit of this machine on the number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limit {
    /// The setting's name, such as `vm.max_map_count`.
    pub name: String,
    /// Its value.
    pub value: u64,
    /// How many more threads it allows right now.
    pub threads: u64,
    /// How to raise it.
    pub how_to_raise: String,
}

/// The browser behind a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserCard {
    /// Name and version, such as `Chromium 156`.
    pub browser: String,
    /// `navigator.hardwareConcurrency`.
    pub cores: u32,
    /// The smallest step seen of `performance.now()`.
    pub clock_resolution_ns: u64,
    /// Whether the page is cross-origin isolated, which is what makes the clock fine.
    pub cross_origin_isolated: bool,
    /// How many Web Workers could be started at once on one shared memory, counted up to
    /// [`BROWSER_WORKERS_MAX`](super::limits::BROWSER_WORKERS_MAX); absent where the visitor
    /// had nobody count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers_max: Option<u32>,
}
