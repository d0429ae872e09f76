//! Events, errors and health.

use super::{CellState, Sample, State};
use crate::params::FieldError;
use serde::{Deserialize, Serialize};

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
        /// How long it will wait, in seconds, as far as can be foretold; only while it is
        /// queued.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_s: Option<u64>,
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
    /// The state of a comparison or of one of its experiments changed: ask for the
    /// comparison again.
    Comparison {
        /// The comparison.
        comparison: String,
        /// Its state now.
        state: State,
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
            Self::Comparison { .. } => "comparison",
            Self::Gap => "gap",
        }
    }

    /// The experiment that it is about.
    pub fn experiment(&self) -> Option<&str> {
        match self {
            Self::Experiment { experiment, .. }
            | Self::Cell { experiment, .. }
            | Self::Samples { experiment, .. } => Some(experiment),
            Self::Comparison { .. } | Self::Gap => None,
        }
    }

    /// The id of the experiment or comparison that it is about.
    pub fn about(&self) -> Option<&str> {
        match self {
            Self::Comparison { comparison, .. } => Some(comparison),
            _ => self.experiment(),
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

/// A request to be the teacher of this server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeacherRequest {
    /// The token that the server printed when it was started.
    pub token: String,
}

/// The answer where all that waits was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelledQueue {
    /// How many experiments and comparisons had waited.
    pub cancelled: usize,
}

/// The answer of `GET /healthz`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// Always `ok`: a server that is not does not answer.
    pub status: String,
    /// How many experiments wait for the measuring slot.
    pub queued: usize,
    /// Whether an experiment is being measured.
    pub running: bool,
    /// This program's version.
    pub version: String,
}
