//! A comparison while it is measured: which of its experiments have ended, and the table
//! made of them. Server and command line both keep one; the table itself is
//! [`filature_core::comparison`].

pub mod foreign;

use crate::lab::names::{now, random_word};
use crate::machine::{self, limits};
use filature_core::api::{Comparison, ComparisonRequest, Disturbance, Experiment, Part, State};
use filature_core::comparison::{self, Ceilings, Planned};
use std::sync::Arc;

/// The most experiments that are made for one part, whatever is asked for.
pub const ATTEMPTS_MAX: u32 = 16;

/// What this machine holds right now.
pub fn ceilings() -> Ceilings {
    let threads = limits::thread_limits().first().map(|limit| limit.threads);
    Ceilings {
        cores: machine::cores(),
        threads: threads.unwrap_or(u64::MAX),
        tasks: limits::task_limit().map_or(u64::MAX, |limit| limit.threads),
    }
}

/// The experiments of a comparison on this machine.
pub fn plan(request: ComparisonRequest) -> Vec<Planned> {
    comparison::plan(request, ceilings())
}

/// A comparison that was asked for just now, with the parts that it will have.
pub fn fresh(request: ComparisonRequest) -> Comparison {
    Comparison {
        id: random_word(16),
        state: State::Queued,
        reason: None,
        request,
        machine: machine::card().clone(),
        created_at: now(),
        finished_at: None,
        imported_at: None,
        disturbance: None,
        parts: comparison::parts(&plan(request)),
        answers: Vec::new(),
        rows: comparison::rows(&[]),
    }
}

/// A comparison and the experiments of it that have ended.
#[derive(Clone, Debug)]
pub struct Progress {
    comparison: Comparison,
    ended: Vec<(String, Arc<Experiment>)>,
}

impl Progress {
    /// A comparison of which nothing has ended.
    pub fn new(comparison: Comparison) -> Self {
        Self { comparison, ended: Vec::new() }
    }

    /// The comparison as far as it has come; its table since it was last made.
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// It begins, by this plan.
    pub fn begin(&mut self, plan: &[Planned]) {
        self.comparison.state = State::Running;
        self.comparison.parts = comparison::parts(plan);
    }

    /// The part at `place` is now in this state, with this experiment.
    pub fn part(&mut self, place: usize, state: State, experiment: Option<&str>) {
        let part = &mut self.comparison.parts[place];
        part.state = state;
        if let Some(id) = experiment {
            part.experiment = Some(id.to_owned());
        }
    }

    /// An experiment of a part has ended. Its cells have their figures.
    pub fn ended(&mut self, key: &str, experiment: Experiment) {
        if let Some(part) = self.comparison.parts.iter_mut().find(|part| part.key == key) {
            part.state = experiment.state;
            part.experiment = Some(experiment.id.clone());
        }
        let seen = [self.comparison.disturbance, experiment.disturbance];
        self.comparison.disturbance = worst(seen.into_iter().flatten());
        self.ended.push((key.to_owned(), Arc::new(experiment)));
    }

    /// Makes the table anew.
    pub fn tabulate(&mut self) {
        let ended: Vec<(&str, &Experiment)> =
            self.ended.iter().map(|(key, experiment)| (key.as_str(), &**experiment)).collect();
        self.comparison.rows = comparison::rows(&ended);
    }

    /// It has ended at the time `at`: before its time if it was told to `stop`, and then
    /// with the state and reason that it was told.
    pub fn finish(mut self, stop: Option<(State, Option<String>)>, at: String) -> Comparison {
        let (state, reason) = outcome(&self.comparison.parts, stop);
        self.comparison.state = state;
        self.comparison.reason = reason;
        self.comparison.finished_at = Some(at);
        self.conclude()
    }

    /// The comparison in the state that it is in. Where that is final, the parts that were
    /// not measured end like the whole, and what there is to say is said.
    pub fn conclude(mut self) -> Comparison {
        self.tabulate();
        let Comparison { state, parts, answers, rows, .. } = &mut self.comparison;
        if state.is_final() {
            for part in parts.iter_mut().filter(|part| !part.state.is_final()) {
                part.state = *state;
            }
            *answers = comparison::answers(rows);
        }
        self.comparison
    }
}

/// How a comparison with these parts has ended, and why.
fn outcome(parts: &[Part], stop: Option<(State, Option<String>)>) -> (State, Option<String>) {
    if let Some((state, reason)) = stop {
        let cut_short = |part: &Part| !part.state.is_final() || part.state == state;
        // Told to stop when there was nothing left to stop: then it has simply ended.
        if parts.iter().any(cut_short) {
            return (state, reason);
        }
    }
    if parts.iter().any(|part| part.state == State::Done) {
        return (State::Done, None);
    }
    let reason = "none of its experiments could be measured; each says why";
    (State::Failed, Some(reason.to_owned()))
}

/// The one in which other programs used the most. One that was too short to be called
/// disturbed hides none that was.
fn worst(seen: impl Iterator<Item = Disturbance>) -> Option<Disturbance> {
    seen.max_by(|a, b| {
        a.disturbed.cmp(&b.disturbed).then(a.outside_share.total_cmp(&b.outside_share))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(states: &[State]) -> Vec<Part> {
        let part = |state: &State| Part {
            key: "key".to_owned(),
            title: "Title".to_owned(),
            state: *state,
            experiment: None,
            estimate_s: 1,
        };
        states.iter().map(part).collect()
    }

    fn ended(states: &[State], stop: Option<State>) -> State {
        outcome(&parts(states), stop.map(|state| (state, None))).0
    }

    #[test]
    fn one_part_that_was_measured_makes_it_done() {
        assert_eq!(ended(&[State::Failed, State::Done, State::Cancelled], None), State::Done);
        assert_eq!(ended(&[State::Failed, State::Cancelled], None), State::Failed);
        assert_eq!(ended(&[], None), State::Failed);
    }

    #[test]
    fn being_told_to_stop_counts_only_while_there_is_something_to_stop() {
        let stop = Some(State::Cancelled);
        assert_eq!(ended(&[State::Done, State::Queued], stop), State::Cancelled);
        assert_eq!(ended(&[State::Done, State::Cancelled], stop), State::Cancelled);
        assert_eq!(ended(&[State::Done, State::Failed], stop), State::Done);
    }

    #[test]
    fn what_was_not_measured_ends_like_the_whole() {
        let mut comparison = fresh(ComparisonRequest::default());
        comparison.parts = parts(&[State::Done, State::Running, State::Queued]);
        let stop = Some((State::Interrupted, Some("why".to_owned())));
        let ended = Progress::new(comparison).finish(stop, "then".to_owned());
        let states: Vec<State> = ended.parts.iter().map(|part| part.state).collect();
        assert_eq!(states, [State::Done, State::Interrupted, State::Interrupted]);
        assert_eq!((ended.state, ended.reason.as_deref()), (State::Interrupted, Some("why")));
    }

    #[test]
    fn the_worst_disturbance_counts() {
        let seen = [0.01, 0.2, 0.04]
            .map(|outside_share| Disturbance { outside_share, disturbed: outside_share > 0.05 });
        assert_eq!(worst(seen.into_iter()), Some(seen[1]));
        let short = Disturbance { outside_share: 0.9, disturbed: false };
        assert_eq!(worst(seen.into_iter().chain([short])), Some(seen[1]));
        assert_eq!(worst([].into_iter()), None);
    }
}
