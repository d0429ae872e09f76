//! What a client asks for, and what is made of it.

use crate::executor::Executor;
use crate::params::ParamValues;
use serde::{Deserialize, Serialize};

/// Limits that every request is held to. Errors quote them.
pub mod limits {
    /// The most samples that a cell may ask for.
    pub const SAMPLES_MAX: u32 = 1_000;
    /// The samples taken where none are asked for.
    pub const SAMPLES_DEFAULT: u32 = 10;
    /// The most warm-ups that a cell may ask for.
    pub const WARMUPS_MAX: u32 = 100;
    /// The warm-ups made where none are asked for.
    pub const WARMUPS_DEFAULT: u32 = 1;
    /// The most values that a sweep may have.
    pub const SWEEP_MAX: usize = 32;
    /// The most cells that an experiment may expand to.
    pub const CELLS_MAX: usize = 64;
    /// The most characters that a label may have.
    pub const LABEL_MAX: usize = 200;
    /// The most worker threads that a Tokio runtime may be given.
    pub const TOKIO_WORKERS_MAX: u32 = 64;
    /// The most cores that a cell may be given: as many as an affinity mask can name.
    pub const CORES_MAX: u32 = 1_024;
    /// The longest that one execution may take, in seconds, and how long it may take where
    /// nothing else is asked for.
    pub const TIME_LIMIT_S_MAX: u32 = 120;
    /// The most Web Workers that the engine asks a browser for: each takes about 3 MB and,
    /// on a machine with few cores, their start some 10 ms.
    pub const BROWSER_WORKERS_MAX: usize = 128;
    /// The most memory that the Web Workers of one engine can have together, in bytes: a
    /// shared memory has to name its limit when it is created.
    pub const SHARED_MEMORY_BYTES_MAX: u64 = 1 << 30;
    /// The most memory that WebAssembly can address with 32 bits, in bytes: the limit of
    /// the event loop.
    pub const WASM_MEMORY_BYTES_MAX: u64 = 1 << 32;
    /// The most bytes that a request body may have.
    pub const BODY_BYTES_MAX: usize = 1024 * 1024;
    /// The most experiments or comparisons that one page of the history holds.
    pub const PAGE_MAX: u32 = 100;
    /// The most comparisons that may wait, besides the one that is measured: each takes
    /// minutes.
    pub const COMPARISONS_WAITING_MAX: usize = 40;
    /// The most comparisons of one client that may wait.
    pub const COMPARISONS_CLIENT_MAX: usize = 4;
    /// The most comparisons of other machines that are kept: each may be as large as a body.
    pub const IMPORTS_MAX: usize = 200;
    /// The most of them that one client may bring, where several people share a server.
    pub const IMPORTS_CLIENT_MAX: usize = 20;
    /// The most comparisons of other machines that are shown beside one.
    pub const BESIDE_MAX: usize = 8;
}

/// A request for an experiment. Only `workload` is required.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExperimentRequest {
    /// The id of the workload.
    pub workload: String,
    /// The workload's parameters; those not named take their defaults.
    #[serde(default, skip_serializing_if = "ParamValues::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: ParamValues,
    /// What to run it on; by default all native executors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executors: Option<Vec<String>>,
    /// One whole-number parameter that takes several values in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// How many samples each cell takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub samples: Option<u32>,
    /// How many executions come before them and are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub warmups: Option<u32>,
    /// How many worker threads `tokio-multi` gets; by default one per core that it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 64))]
    pub tokio_workers: Option<u32>,
    /// How many cores a native cell may use, at most those of the machine; by default all.
    /// Its process, with all that is in it, is pinned to the first so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1024))]
    pub cores: Option<u32>,
    /// How long one execution of a native cell may take, in seconds; by default 120. One that
    /// takes longer is ended, and its cell fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 120))]
    pub time_limit_s: Option<u32>,
    /// Whether native cells end with an execution that notes when each unit was spawned,
    /// began and ended.
    #[serde(default, skip_serializing_if = "is_off")]
    pub observe: bool,
    /// A note for the history, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$")
    )]
    pub label: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_off(flag: &bool) -> bool {
    !flag
}

/// The values that one parameter takes in turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sweep {
    /// The name of a whole-number parameter.
    pub param: String,
    /// Its values, in the order in which they are run.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 32))]
    pub values: Vec<u64>,
}

/// A checked request with every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spec {
    /// The id of the workload.
    pub workload: String,
    /// Every parameter with its value.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: ParamValues,
    /// What it runs on.
    pub executors: Vec<Executor>,
    /// One parameter that takes several values in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// How many samples each cell takes.
    pub samples: u32,
    /// How many executions come before them and are not counted.
    pub warmups: u32,
    /// How many worker threads `tokio-multi` gets.
    pub tokio_workers: u32,
    /// How many cores a native cell may use; absent where it may use all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// How long one execution of a native cell may take, in seconds.
    #[serde(default = "time_limit_s_default")]
    pub time_limit_s: u32,
    /// Whether native cells end with an observed execution.
    #[serde(default)]
    pub observe: bool,
    /// A note for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

fn time_limit_s_default() -> u32 {
    limits::TIME_LIMIT_S_MAX
}
