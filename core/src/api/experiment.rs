//! Experiments, their cells, and where both stand.

use super::{
    BrowserCard, BrowserSpawnCosts, Fact, Limit, MachineCard, Memory, Observed, Sample, Spec,
    Summary,
};
use crate::executor::Executor;
use crate::params::ParamValues;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where an experiment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum State {
    /// It waits for the measuring slot.
    Queued,
    /// Its cells are being measured.
    Running,
    /// Every cell has ended, though some may be `refused` or `failed`.
    Done,
    /// A client cancelled it.
    Cancelled,
    /// No cell could be measured.
    Failed,
    /// The server stopped while it was queued or running. It can be run again.
    Interrupted,
}

impl State {
    /// The name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CellState {
    /// Its turn has not come.
    Pending,
    /// It is being measured.
    Running,
    /// All samples were taken.
    Done,
    /// The machine or the executor cannot hold it; `refusal` says what binds.
    Refused,
    /// The child died, the outcome was wrong or a limit of time was passed.
    Failed,
    /// A client cancelled the experiment.
    Cancelled,
    /// The server stopped or the page that measured it went away.
    Interrupted,
}

impl CellState {
    /// The name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// An experiment with all its cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Experiment {
    /// The id: unguessable, for permanent links.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// How many experiments are measured before it; only while it is queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// How long it will wait, in seconds, as far as can be foretold; only while it is queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<u64>,
    /// How long measuring it will take, in seconds, as far as can be foretold; only while it is
    /// queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_s: Option<u64>,
    /// Why it failed or was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was asked for.
    pub spec: Spec,
    /// The machine that measured the native cells.
    pub machine: MachineCard,
    /// When it was accepted: RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When its first cell began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub started_at: Option<String>,
    /// When its last cell ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub finished_at: Option<String>,
    /// How much of the machine other programs used meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance: Option<Disturbance>,
    /// Its cells: all executors for the first value of the sweep, then for the next.
    pub cells: Vec<Cell>,
    /// What can be said of the finished cells, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
}

/// Processor time that other programs took while an experiment was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Disturbance {
    /// Their share of all cores' time, from 0 to 1.
    pub outside_share: f64,
    /// Whether that is enough (5 %) to distrust the figures.
    pub disturbed: bool,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExperimentLine {
    /// The id.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// What was asked for.
    pub spec: Spec,
    /// When it was accepted: RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When its last cell ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub finished_at: Option<String>,
    /// A verdict's sentence: of a sweep, that for its last value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// One page of the history, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExperimentPage {
    /// The experiments of this page.
    pub experiments: Vec<ExperimentLine>,
    /// Ask with this cursor for the page after it; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Workload × params × executor: what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cell {
    /// Its place in the experiment, from zero.
    pub index: usize,
    /// What runs it.
    pub executor: Executor,
    /// Every parameter with its value.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: ParamValues,
    /// Where it stands.
    pub state: CellState,
    /// Why it was refused, failed or was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The limit that binds, where the cell was refused for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The samples, in the order in which they were taken.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// The figures over all samples, once the cell has ended with any: computing them
    /// while it runs would disturb what is being measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The memory of the first execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What the body returned after the last sample; but for what it merely saw it is the
    /// same for every sample, or the cell fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub outcome: Option<Value>,
    /// What the outcome says, in words and pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// What an execution of its own found out about the units, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// The browser that measured it, for browser executors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<BrowserCard>,
    /// What it costs there to spawn a unit, for `browser-workers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spawn_costs: Option<BrowserSpawnCosts>,
}

/// Why the machine cannot hold a cell: the limit that binds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refusal {
    /// How many units the cell needs.
    pub needed_units: u64,
    /// How many of them this machine can hold right now.
    pub available_units: u64,
    /// The limit that binds, and how to raise it.
    pub limit: Limit,
}

/// What can be said of the cells that share their parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// The swept parameter's value, where one is swept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep_value: Option<u64>,
    /// The verdict in one sentence, with figures and intervals.
    pub sentence: String,
    /// Every executor against the fastest.
    pub comparisons: Vec<AgainstFastest>,
}

/// One executor against the fastest one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgainstFastest {
    /// The fastest executor.
    pub fastest: Executor,
    /// The one compared with it.
    pub other: Executor,
    /// Median wall-clock time of `other` divided by that of `fastest`.
    pub ratio: f64,
    /// The lower end of the ratio's 95 % bootstrap interval.
    pub ratio_low: f64,
    /// The upper end of the ratio's 95 % bootstrap interval.
    pub ratio_high: f64,
    /// The two-sided p value of the Mann-Whitney rank test.
    pub p_value: f64,
    /// Whether there are enough samples for the rank test to find anything at all.
    pub enough_samples: bool,
    /// Whether interval and rank test agree that there is a difference.
    pub beyond_noise: bool,
}
