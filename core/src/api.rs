//! The types that travel between server, page, command line and child processes.
//! Field names in JSON are snake_case with their unit last.

use crate::executor::{Body, Executor};
use crate::params::{FieldError, ParamSpec, ParamValues};
use crate::stats::Distribution;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// The most bytes that a request body may have.
    pub const BODY_BYTES_MAX: usize = 1024 * 1024;
    /// The most experiments that one page of the history holds.
    pub const PAGE_MAX: u32 = 100;
}

/// A request for an experiment. Only `workload` is required.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// How many worker threads `tokio-multi` gets; by default one per core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 64))]
    pub tokio_workers: Option<u32>,
    /// A note for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub label: Option<String>,
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
    /// A note for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

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
    /// Why it failed or was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was asked for.
    pub spec: Spec,
    /// The machine that measured the native cells.
    pub machine: MachineCard,
    /// When it was accepted: RFC 3339, UTC.
    pub created_at: String,
    /// When its first cell began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When its last cell ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    pub created_at: String,
    /// When its last cell ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// The first verdict's sentence.
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
    /// The figures over all samples, once there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The memory of the first execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What the body returned; the same for every sample, or the cell fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub outcome: Option<Value>,
    /// The browser that measured it, for browser executors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<BrowserCard>,
}

/// One timed execution of a body, or a batch of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sample {
    /// Wall-clock time of one execution: from the body's call to its return.
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
    pub batch: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(batch: &u32) -> bool {
    *batch == 1
}

/// The figures over all samples of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
        })
    }
}

/// Resident memory of the fresh process during its first execution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Memory {
    /// `VmRSS` just before the first execution.
    pub baseline_bytes: u64,
    /// `VmHWM` just after it: the most that was resident at once.
    pub peak_bytes: u64,
    /// How many units the execution spawned.
    pub units: u64,
    /// Peak over baseline, divided by the units; absent with fewer than 100 units,
    /// where the process's own noise would be what is divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_unit: Option<f64>,
}

impl Memory {
    /// The fewest units for which a share per unit means anything.
    pub const UNITS_MIN: u64 = 100;

    /// The memory of an execution that spawned `units`.
    pub fn new(baseline_bytes: u64, peak_bytes: u64, units: u64) -> Self {
        let grown = peak_bytes.saturating_sub(baseline_bytes) as f64;
        Self {
            baseline_bytes,
            peak_bytes,
            units,
            bytes_per_unit: (units >= Self::UNITS_MIN).then(|| grown / units as f64),
        }
    }
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
}

/// A workload in the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkloadInfo {
    /// The id in URLs, JSON and on the command line.
    pub id: String,
    /// The name in headings.
    pub title: String,
    /// What it is and what one learns from it.
    pub summary: String,
    /// What to look at in the result.
    pub look_at: String,
    /// The contract: what the bodies do, from the head of the file.
    pub contract: String,
    /// What throughput counts.
    pub operation: String,
    /// The parameters in reading order, for a form.
    pub params: Vec<ParamSpec>,
    /// The same as JSON Schema 2020-12, for a machine.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params_schema: Value,
    /// The executors that it runs on.
    pub executors: Vec<Executor>,
    /// The executors that it does not run on, each with the reason.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub unavailable: BTreeMap<Executor, String>,
    /// The source: the very file that was compiled.
    pub source: Source,
}

/// A source file, ready to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Source {
    /// The path in the repository.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// What to colour: ascending and apart, by byte offsets into `text`.
    pub tokens: Vec<Token>,
    /// The lines of the two bodies.
    pub bodies: Vec<BodyLines>,
}

/// A stretch of source text that is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset after the last byte.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// What a coloured stretch of source text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenKind {
    /// A comment or doc comment.
    Comment,
    /// A word of the language.
    Keyword,
    /// A string, character or number.
    Literal,
    /// A name that begins with a capital: a type, trait or variant.
    Type,
    /// A function or method that is called or defined.
    Function,
    /// A macro that is called.
    Macro,
    /// A lifetime or label.
    Lifetime,
}

/// Where a body stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BodyLines {
    /// Which body.
    pub body: Body,
    /// Its first line, from 1.
    pub first_line: usize,
    /// Its last line, from 1.
    pub last_line: usize,
}

/// An executor in the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecutorInfo {
    /// The id in URLs, JSON and on the command line.
    pub id: Executor,
    /// The name beside a chart.
    pub title: String,
    /// What it is.
    pub summary: String,
    /// The body that it runs.
    pub body: Body,
    /// Whether it runs on the server's machine.
    pub native: bool,
    /// How many units it can hold here right now, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_units: Option<u64>,
    /// The limit behind `max_units`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
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
    pub comparisons: Vec<Comparison>,
}

/// One executor against the fastest one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
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
    },
    /// It could not be measured.
    Failed {
        /// Why.
        reason: String,
    },
}

/// An event of the stream `GET /api/v1/events`. Its SSE event name is the tag `event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Event {
    /// An experiment's state or place in the queue changed.
    Experiment {
        /// The experiment.
        experiment: String,
        /// Its state now.
        state: State,
        /// How many are measured before it; only while it is queued.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<usize>,
    },
    /// A cell's state changed.
    Cell {
        /// The experiment.
        experiment: String,
        /// The cell's index.
        cell: usize,
        /// Its state now.
        state: CellState,
        /// Why, for a state that has a reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Samples of a cell were stored.
    Samples {
        /// The experiment.
        experiment: String,
        /// The cell's index.
        cell: usize,
        /// How many samples of that cell came before these.
        first: usize,
        /// The new samples.
        samples: Vec<Sample>,
    },
    /// Events were lost between the last one received and the next: ask for the experiment again.
    Gap,
}

impl Event {
    /// The SSE event name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Experiment { .. } => "experiment",
            Self::Cell { .. } => "cell",
            Self::Samples { .. } => "samples",
            Self::Gap => "gap",
        }
    }

    /// The experiment that it is about.
    pub fn experiment(&self) -> Option<&str> {
        match self {
            Self::Experiment { experiment, .. }
            | Self::Cell { experiment, .. }
            | Self::Samples { experiment, .. } => Some(experiment),
            Self::Gap => None,
        }
    }
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI reference that names the kind of problem, such as `/problems/invalid-params`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this very request, and what to do.
    pub detail: String,
    /// The fields that are wrong, each with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// The answer of `GET /healthz`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// Always `ok`: a server that is not does not answer.
    pub status: String,
    /// How many experiments wait for the measuring slot.
    pub queued: usize,
    /// The experiment that is being measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// This program's version.
    pub version: String,
}
