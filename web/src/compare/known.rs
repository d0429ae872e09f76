//! What the page has to know of a comparison to show how far it is; its table it takes as
//! it comes.

use crate::list::Listed;
use filature_core::api::{ComparisonLine, ComparisonRequest, Part, State};

/// A comparison without its table.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The id.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// What was asked for.
    pub request: ComparisonRequest,
    /// When it was accepted.
    pub created_at: String,
    /// Its experiments.
    pub parts: Vec<Part>,
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Parts that have ended.
    pub done: usize,
    /// Parts in all.
    pub of: usize,
    /// The share of the expected time that is over, from 0 to 1.
    pub share: f64,
    /// The expected time of the other parts, in seconds.
    pub left_s: u32,
}

impl Known {
    /// Whether it waits or is measured.
    pub fn is_under_way(&self) -> bool {
        !self.state.is_final()
    }

    /// The part that is measured or waits, and its number from 1.
    pub fn current(&self) -> Option<(usize, &Part)> {
        let place = self.parts.iter().position(|part| !part.state.is_final())?;
        Some((place + 1, &self.parts[place])).filter(|_| self.is_under_way())
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let (mut done, mut past_s, mut left_s) = (0, 0, 0);
        for part in &self.parts {
            if part.state.is_final() {
                done += 1;
                past_s += part.estimate_s;
            } else {
                left_s += part.estimate_s;
            }
        }
        let share = f64::from(past_s) / f64::from((past_s + left_s).max(1));
        Progress { done, of: self.parts.len(), share, left_s }
    }

    /// How many of these comparisons have their turn before this one.
    pub fn before(&self, lines: &[ComparisonLine]) -> usize {
        let earlier = |line: &&ComparisonLine| {
            !line.state.is_final() && line.id != self.id && line.created_at < self.created_at
        };
        lines.iter().filter(earlier).count()
    }

    /// Where it stands in words: `before` comparisons have their turn first, and `position`
    /// experiments are before the current part.
    pub fn words(&self, before: usize, position: Option<usize>) -> String {
        let of = self.parts.len();
        match (self.state, self.current()) {
            (State::Queued, _) => match before {
                0 => "Waiting for its turn.".to_owned(),
                1 => "Waiting: one comparison before this one.".to_owned(),
                several => format!("Waiting: {several} comparisons before this one."),
            },
            (_, Some((number, part))) => match (part.state, position) {
                (State::Queued, Some(before)) if before > 0 => {
                    let noun = if before == 1 { "experiment" } else { "experiments" };
                    format!("Part {number} of {of} waits: {before} other {noun} before it.")
                }
                _ => format!("Part {number} of {of}: {}{}.", part.title, self.time_left()),
            },
            _ => "Making the table…".to_owned(),
        }
    }

    fn time_left(&self) -> String {
        match self.progress().left_s {
            0 => String::new(),
            seconds @ 1..100 => format!(", about {seconds} s left"),
            seconds => format!(", about {} min left", seconds.div_ceil(60)),
        }
    }
}

/// The comparison to show where none is named: the one that is measured here, or else the
/// newest that was.
pub fn newest(lines: &[ComparisonLine]) -> Option<String> {
    let own = lines.iter().filter(|line| line.imported_at.is_none()).listed();
    let open = own.iter().find(|line| !line.state.is_final());
    let done = own.iter().find(|line| line.state == State::Done);
    open.or(done).or(own.first()).map(|line| line.id.clone())
}
