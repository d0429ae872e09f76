//! An experiment without its samples: what looks at it only so is drawn anew when
//! something is settled, not with every sample.

use crate::list::Listed;
use crate::state::App;
use filature_core::api::{Cell, Experiment};

/// The experiment that is shown, to be followed but for its samples.
#[derive(Clone, Copy, Debug)]
pub struct Outline(pub App);

impl Outline {
    /// Reads the experiment, and follows all of it but the samples.
    pub fn with<R>(self, read: impl FnOnce(&Option<Experiment>) -> R) -> R {
        self.0.settled.track();
        self.0.experiment.with_untracked(read)
    }
}

/// The cells of one swept value, or all where nothing is swept.
pub fn cells_at(experiment: &Experiment, value: Option<u64>) -> Vec<&Cell> {
    let at = |cell: &&Cell| match (&experiment.spec.sweep, value) {
        (Some(sweep), Some(value)) => {
            cell.params.get(&sweep.param).and_then(serde_json::Value::as_u64) == Some(value)
        }
        _ => true,
    };
    experiment.cells.iter().filter(at).listed()
}
