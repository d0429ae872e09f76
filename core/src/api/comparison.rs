//! The comparison of threads with tasks: a list of experiments that are measured one after
//! another, and the table that is made of them.

use super::{CellState, Disturbance, MachineCard, State};
use crate::executor::{Body, Executor};
use serde::{Deserialize, Serialize};

/// How thorough a comparison is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Depth {
    /// Within a minute: fewer units and samples.
    Quick,
    /// Within six minutes on two cores.
    #[default]
    Full,
}

impl Depth {
    /// The name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }
}

/// A request for a comparison. Nothing is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparisonRequest {
    /// How thorough it is.
    pub depth: Depth,
    /// Whether rows that make sense in a browser are measured there too, by the page that
    /// asks.
    pub browser: bool,
}

/// A comparison of threads with tasks, as far as it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// The id: unguessable, for permanent links.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// Why it failed or was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was asked for.
    pub request: ComparisonRequest,
    /// The machine that measured it.
    pub machine: MachineCard,
    /// When it was accepted: RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When its last experiment ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub finished_at: Option<String>,
    /// When it was brought here from another machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub imported_at: Option<String>,
    /// How much of the machine other programs used: the most that any of its experiments saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance: Option<Disturbance>,
    /// The experiments that it is made of, in the order in which they are measured.
    pub parts: Vec<Part>,
    /// What there is to say first, each in one sentence.
    pub answers: Vec<String>,
    /// The table.
    pub rows: Vec<Row>,
}

/// One line of the list of comparisons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparisonLine {
    /// The id.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// How thorough it is.
    pub depth: Depth,
    /// The processor of the machine that measured it.
    pub cpu: String,
    /// When it was accepted: RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When its last experiment ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub finished_at: Option<String>,
    /// When it was brought here from another machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub imported_at: Option<String>,
    /// What there is to say first, once it has finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// One page of the list of comparisons, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparisonPage {
    /// The comparisons of this page.
    pub comparisons: Vec<ComparisonLine>,
    /// Ask with this cursor for the page after it; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One experiment of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Part {
    /// What it is for, such as `creation-tasks`.
    pub key: String,
    /// The same in words.
    pub title: String,
    /// Where it stands. Before it is asked for, it is `queued`.
    pub state: State,
    /// The experiment, once it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// How long it is expected to take, in seconds.
    pub estimate_s: u32,
}

/// One question, and what was measured to answer it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Row {
    /// Its name, such as `memory`.
    pub id: String,
    /// The heading.
    pub title: String,
    /// The question, in one sentence.
    pub question: String,
    /// What the articles claim; empty where they claim nothing that can be measured.
    pub claims: Vec<Claim>,
    /// What the measures say of the claims, or, without claims, of each other. Computed from
    /// intervals.
    pub verdicts: Vec<RowVerdict>,
    /// What was measured.
    pub measures: Vec<Measure>,
}

/// A figure that the articles give, and how it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claim {
    /// Of threads or of tasks.
    pub body: Body,
    /// The figure as it is written, such as `~8 MB`.
    pub text: String,
    /// The figure, or the lower end of a range; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The figure, or the upper end of a range; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// By what factor a measured figure may lie beyond either end and still confirm it: 2
    /// for "about", 1 for what is written as a range.
    pub tolerance: f64,
    /// The unit of the figure.
    pub unit: Unit,
    /// How the figure is read, in one sentence.
    pub reading: String,
}

/// What is said of one claim, over all measures that it can be held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowVerdict {
    /// Whose claim it is; absent where the row compares the executors with each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The word.
    pub word: Word,
    /// It in a sentence, with figures.
    pub sentence: String,
}

/// What a measured interval says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Word {
    /// The interval lies within the claim, with its tolerance.
    Confirmed,
    /// The whole interval lies below the claim and its tolerance.
    Overstated {
        /// The claim's lower end, divided by the measured figure: above 1.
        factor: f64,
    },
    /// The whole interval lies above the claim and its tolerance.
    Understated {
        /// The measured figure, divided by the claim's upper end: above 1.
        factor: f64,
    },
    /// The interval reaches across an end of the claim, or measures of the same thing
    /// disagree: the sentence says which.
    Depends,
    /// There is no claim: the sentence compares the executors with each other.
    Compared,
    /// Nothing was measured that could be held against it, or nothing yet.
    Unknown,
}

/// One thing that was measured, on several executors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measure {
    /// Its name within the row, such as `spawn-loop-inside`.
    pub id: String,
    /// The heading.
    pub title: String,
    /// The unit of its figures.
    pub unit: Unit,
    /// How it is measured, in one sentence.
    pub how: String,
    /// The same at length: what counts and what does not, in paragraphs.
    pub details: Vec<String>,
    /// Whether the claims are held against it.
    pub is_claimed: bool,
    /// One for each executor that it makes sense for.
    pub cells: Vec<MeasureCell>,
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
    /// Threads or tasks.
    Units,
    /// A number of something else, which the heading names.
    Number,
}

/// One measure on one executor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeasureCell {
    /// What ran it.
    pub executor: Executor,
    /// Where the experiment's cell stands; `pending` also before it was asked for.
    pub state: CellState,
    /// The figure, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// The figure as people read it, such as `9.58 KiB`; `–` without one.
    pub text: String,
    /// Why there is no figure, or what has to be known beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The values that the figure is the median of, in the measure's unit and in the order
    /// in which they were taken; empty for a slope or a percentile of one execution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<f64>,
    /// Where all that was measured is: experiments and the indexes of their cells.
    pub evidence: Vec<Evidence>,
    /// What it says of the claim, where the measure is held against one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Word>,
    /// The best published figure of the same thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
}

/// A figure with its spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Estimate {
    /// The median, or the slope.
    pub value: f64,
    /// The lower end of its 95 % interval; of a slope, the smallest between neighbours.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How many samples, or points of the slope, it is made of.
    pub n: usize,
}

/// A cell of an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The experiment's id.
    pub experiment: String,
    /// The cell's index in it.
    pub cell: usize,
}

/// A figure that somebody else published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    /// The figure, in the measure's unit.
    pub value: f64,
    /// The figure as people read it.
    pub text: String,
    /// The measured median divided by it; absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The machine and versions that it was taken on, as far as they are told.
    pub machine: String,
    /// Who published it, for a link.
    pub source: String,
    /// Where.
    pub url: String,
}

/// What a reader asks the adviser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// How many units are alive at once.
    pub units: u64,
    /// How long each of them lives, in milliseconds.
    pub lifetime_ms: u64,
    /// What they do most of the time.
    pub work: Occupation,
}

/// What a unit does most of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Occupation {
    /// It waits for what can be awaited: sockets, timers, channels.
    Waiting,
    /// It makes calls that block: files, databases and libraries without async.
    Blocking,
    /// It computes.
    Computing,
}

/// What the adviser answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Advice {
    /// What to take, in one sentence.
    pub answer: String,
    /// Why, each with the cell that it rests on.
    pub reasons: Vec<Reason>,
}

/// One reason of an advice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// In one sentence, with figures.
    pub sentence: String,
    /// The row, measure and executor that it cites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cites: Option<Citation>,
}

/// A cell of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Citation {
    /// [`Row::id`].
    pub row: String,
    /// [`Measure::id`].
    pub measure: String,
    /// The executor.
    pub executor: Executor,
}
