//! The sampling plan: which executor takes a sample when, and how often a short
//! execution is repeated within one. Pure: it has no clock of its own.

use serde::{Deserialize, Serialize};

/// What one turn of an executor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kind {
    /// Runs the body and throws the figures away, but for the memory of the first run.
    WarmUp,
    /// A timed execution that counts.
    Sample,
    /// An execution that notes when each unit was spawned, began and ended. That slows it
    /// down, so it comes after the samples and is none.
    Observed,
}

/// One turn in a [`schedule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The index of the executor whose turn it is.
    pub cell: usize,
    /// What the turn is for.
    pub kind: Kind,
}

/// The order in which `cells` that differ only in their executor take turns.
///
/// Every round gives each cell one turn, and every other round goes backwards
/// (A B C, C B A, …), so that a machine that drifts during the experiment favours
/// none of them.
pub fn schedule(cells: usize, warmups: u32, samples: u32) -> impl Iterator<Item = Turn> {
    let rounds = (0..warmups).map(|_| Kind::WarmUp).chain((0..samples).map(|_| Kind::Sample));
    rounds.enumerate().flat_map(move |(round, kind)| {
        (0..cells).map(move |place| Turn {
            cell: if round % 2 == 0 { place } else { cells - 1 - place },
            kind,
        })
    })
}

/// How many steps of the clock a sample must last: then its last step is 1 % of it.
pub const CLOCK_STEPS: u64 = 100;

/// How often to execute a body that takes `wall_ns` in one sample, so that the
/// sample lasts at least [`CLOCK_STEPS`] steps of a clock with that `resolution_ns`.
pub fn batch(wall_ns: u64, resolution_ns: u64) -> u32 {
    const MOST: u64 = 100_000;
    let wanted = resolution_ns.saturating_mul(CLOCK_STEPS);
    let times = wanted.div_ceil(wall_ns.max(1)).clamp(1, MOST);
    u32::try_from(times).expect("at most the constant above")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(cells: usize, warmups: u32, samples: u32) -> Vec<usize> {
        schedule(cells, warmups, samples).map(|turn| turn.cell).collect()
    }

    #[test]
    fn every_other_round_goes_backwards() {
        assert_eq!(order(2, 0, 4), [0, 1, 1, 0, 0, 1, 1, 0]);
        assert_eq!(order(3, 1, 1), [0, 1, 2, 2, 1, 0]);
    }

    #[test]
    fn every_cell_gets_all_its_warm_ups_before_its_samples() {
        let turns: Vec<Turn> = schedule(3, 2, 5).collect();
        for cell in 0..3 {
            let kinds: Vec<Kind> =
                turns.iter().filter(|t| t.cell == cell).map(|t| t.kind).collect();
            assert_eq!(kinds[..2], [Kind::WarmUp; 2]);
            assert_eq!(kinds[2..], [Kind::Sample; 5]);
        }
    }

    #[test]
    fn short_executions_are_batched_until_the_clock_can_tell() {
        assert_eq!(batch(1_000_000, 5_000), 1);
        assert_eq!(batch(500_000, 5_000), 1);
        assert_eq!(batch(100_000, 5_000), 5);
        assert_eq!(batch(0, 100_000), 100_000);
    }
}
