//! What a person is told about a workload before running it: its place in the gallery,
//! its texts, its presets and its picture.

use crate::executor::Executor;
use crate::params::ParamValues;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is told about a workload.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The name in URLs, JSON and on the command line, kebab-case.
    pub id: &'static str,
    /// The name in headings.
    pub title: &'static str,
    /// What one learns from it: the heading under which it is found.
    pub group: Group,
    /// What it is and what one learns from it, in one or two sentences.
    pub summary: &'static str,
    /// What to look at in the result, in two or three sentences.
    pub look_at: &'static str,
    /// What throughput counts, in the plural, such as `increments`.
    pub operation: &'static str,
    /// What was done to all operations, for the verdict: "made", "spawned and joined".
    pub did: &'static str,
    /// Settings worth a click beside the defaults.
    pub presets: &'static [Preset],
    /// What the units do over time, one lane for each, as drawn by [`Step`]s.
    pub picture: &'static [&'static str],
    /// Parameters with which nearly all of its time is computation, as names and values:
    /// what two compilers, or two processors, are compared with. Empty where no setting
    /// makes it so.
    pub cpu_bound: Values,
    /// The executors that can run it at all, and why the others cannot.
    pub only: Option<(&'static [Executor], &'static str)>,
}

/// Parameters as names and values: whole numbers and names of choices.
pub type Values = &'static [(&'static str, &'static str)];

/// Settings under a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// What it is called: "as in the article", "at scale".
    pub name: &'static str,
    /// The parameters that differ from their defaults.
    pub params: Values,
}

/// What one learns from a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Group {
    /// Starting units and waiting for them.
    SpawnAndJoin,
    /// Several units at one value.
    Share,
    /// Handing values from unit to unit.
    Communicate,
    /// Bounding how many run, and ending them.
    LimitAndCancel,
    /// What happens when a unit fails.
    Fail,
    /// Many connections at once.
    Serve,
    /// Which of the two to take.
    Decide,
}

impl Group {
    /// All groups, in the order in which a learner meets them.
    pub const ALL: [Self; 7] = [
        Self::SpawnAndJoin,
        Self::Share,
        Self::Communicate,
        Self::LimitAndCancel,
        Self::Fail,
        Self::Serve,
        Self::Decide,
    ];

    /// The name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::SpawnAndJoin => "spawn-and-join",
            Self::Share => "share",
            Self::Communicate => "communicate",
            Self::LimitAndCancel => "limit-and-cancel",
            Self::Fail => "fail",
            Self::Serve => "serve",
            Self::Decide => "decide",
        }
    }

    /// The heading in the gallery.
    pub fn title(self) -> &'static str {
        match self {
            Self::SpawnAndJoin => "Spawn and join",
            Self::Share => "Share",
            Self::Communicate => "Communicate",
            Self::LimitAndCancel => "Limit and cancel",
            Self::Fail => "Fail",
            Self::Serve => "Serve",
            Self::Decide => "Decide",
        }
    }
}

/// One character of a lane in [`About::picture`]: what its unit does for one step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is not there: a space.
    Absent,
    /// It runs: `#`.
    Runs,
    /// It waits: `-`.
    Waits,
    /// It has something to itself, such as a lock: `o`.
    Holds,
    /// It hands something to the next lane, or starts it: `v`.
    GivesDown,
    /// It hands something to the lane before, or is joined by it: `^`.
    GivesUp,
    /// It fails or is ended: `x`.
    Ends,
}

impl Step {
    /// What a character means; `None` for one that means nothing.
    pub fn of(character: char) -> Option<Self> {
        Some(match character {
            ' ' => Self::Absent,
            '#' => Self::Runs,
            '-' => Self::Waits,
            'o' => Self::Holds,
            'v' => Self::GivesDown,
            '^' => Self::GivesUp,
            'x' => Self::Ends,
            _ => return None,
        })
    }
}

/// Names and values as parameters.
pub fn param_values(values: Values) -> ParamValues {
    let value = |text: &str| text.parse::<u64>().map_or_else(|_| text.into(), Value::from);
    values.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

impl About {
    /// The executors that cannot run it whatever its parameters are, each with the reason.
    pub fn unavailable(&self) -> BTreeMap<Executor, String> {
        let Some((able, why)) = self.only else {
            return BTreeMap::new();
        };
        let unable = Executor::ALL.into_iter().filter(|executor| !able.contains(executor));
        unable.map(|executor| (executor, why.to_owned())).collect()
    }
}
