//! How a page measures a cell for an experiment on the server.

use super::{BrowserCard, Refusal, Sample};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a page says when it begins to measure a browser cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserClaim {
    /// The browser that will measure.
    pub browser: BrowserCard,
}

/// What the claimer of a browser cell is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserLease {
    /// Proves in later calls that they come from the claimer.
    pub lease: String,
    /// Post something at least this often, or the cell is `interrupted`.
    pub lease_ms: u64,
}

/// What a page posts while it measures a browser cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserReport {
    /// From the [`BrowserLease`].
    pub lease: String,
    /// The samples since the last report; may be empty, to keep the lease.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// Set in the last report: how the cell ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<BrowserEnd>,
}

/// How a browser cell ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BrowserEnd {
    /// All samples were taken, and every outcome was this one.
    Done {
        /// What the body returned.
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        outcome: Value,
        /// What spawning cost, for `browser-workers`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spawn_costs: Option<BrowserSpawnCosts>,
    },
    /// The browser cannot hold it.
    Refused {
        /// Why, in words.
        reason: String,
        /// The limit that binds.
        refusal: Refusal,
    },
    /// It could not be measured.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What it costs in a browser to spawn a unit on a Web Worker. Neither is part of a sample:
/// the workers are started before the first one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserSpawnCosts {
    /// First spawn: from the creation of a worker until its first instruction on the shared
    /// memory. Median over the pool, whose workers are started together.
    pub new_worker_ns: u64,
    /// Later spawns: from the call of `spawn` until its caller sees the first instruction of
    /// the closure, run by a worker that waits in the pool. Median of several, one at a time.
    pub warm_worker_ns: u64,
}
