//! Threads against tasks, measured: which experiments are made, and the table that is made
//! of them, with the claims that it is held against.
//!
//! All of it is pure: experiments in, rows and words out. The host runs the experiments,
//! one after another, like any others.

use crate::api::{
    Advice, Comparison, ComparisonRequest, Experiment, ExperimentRequest, Part, Question, Row,
};

/// What the machine holds, as far as the plan depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// How many cores the workloads may use.
    pub cores: u32,
    /// How many threads the machine allows right now, by its tightest limit.
    pub threads: u64,
    /// How many tasks its memory holds.
    pub tasks: u64,
}

/// An experiment that belongs to a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What it is for; see [`Part::key`].
    pub key: &'static str,
    /// The same in words.
    pub title: &'static str,
    /// What to ask for. It is always valid.
    pub request: ExperimentRequest,
    /// How long it is expected to take, in seconds.
    pub estimate_s: u32,
}

/// The experiments of a comparison, in the order in which they are measured.
pub fn plan(request: ComparisonRequest, ceilings: Ceilings) -> Vec<Planned> {
    let _ = (request, ceilings);
    Vec::new()
}

/// What to ask for once more after an experiment that has ended: for the search of the
/// largest number of units, fewer of them. `attempt` counts from 1.
pub fn again(key: &str, attempt: u32, ended: &Experiment) -> Option<ExperimentRequest> {
    let _ = (key, attempt, ended);
    None
}

/// The table over the experiments that there are so far, by the keys of their parts. Where
/// one was made several times, the last one counts. All rows are always there.
pub fn rows(experiments: &[(&str, &Experiment)]) -> Vec<Row> {
    let _ = experiments;
    Vec::new()
}

/// What a finished table says first, each in one sentence.
pub fn answers(rows: &[Row]) -> Vec<String> {
    let _ = rows;
    Vec::new()
}

/// What the adviser answers, by measured cells only.
pub fn advise(comparison: &Comparison, question: &Question) -> Advice {
    let _ = (comparison, question);
    Advice { answer: String::new(), reasons: Vec::new() }
}

/// The table as Markdown, ready to paste.
pub fn markdown(comparison: &Comparison) -> String {
    let _ = comparison;
    String::new()
}

/// The table as CSV: one line for each cell.
pub fn csv(comparison: &Comparison) -> String {
    let _ = comparison;
    String::new()
}

/// The parts of a plan before any of them was asked for.
pub fn parts(plan: &[Planned]) -> Vec<Part> {
    plan.iter()
        .map(|planned| Part {
            key: planned.key.to_owned(),
            title: planned.title.to_owned(),
            state: crate::api::State::Queued,
            experiment: None,
            estimate_s: planned.estimate_s,
        })
        .collect()
}
