//! An experiment without its samples: it changes only when something is settled, so
//! what depends on it is not drawn anew with every sample.

use crate::signal::{Live, memo};
use crate::state::App;
use filature_core::api::{Cell, Experiment};

/// The experiment that is shown, each cell with its first sample at most.
pub type Outline = Live<Option<Experiment>>;

/// The outline of the experiment that is shown.
pub fn outline(app: App) -> Outline {
    memo(move || app.experiment.with(|shown| shown.as_ref().map(outline_of)))
}

fn outline_of(experiment: &Experiment) -> Experiment {
    let cells = experiment.cells.iter().map(|cell| Cell {
        samples: cell.samples.iter().take(1).copied().collect(),
        params: cell.params.clone(),
        reason: cell.reason.clone(),
        refusal: cell.refusal.clone(),
        outcome: cell.outcome.clone(),
        browser: cell.browser.clone(),
        ..*cell
    });
    Experiment {
        id: experiment.id.clone(),
        reason: experiment.reason.clone(),
        spec: experiment.spec.clone(),
        machine: experiment.machine.clone(),
        created_at: experiment.created_at.clone(),
        started_at: experiment.started_at.clone(),
        finished_at: experiment.finished_at.clone(),
        cells: cells.collect(),
        verdicts: experiment.verdicts.clone(),
        ..*experiment
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
    experiment.cells.iter().filter(at).collect()
}
