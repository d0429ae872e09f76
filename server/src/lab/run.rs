//! Takes the native cells of an experiment through their rounds and tells a [`Sink`]
//! what happens.

use filature_core::api::{Cell, CellState, Disturbance, Memory, Refusal, Sample, Spec};
use serde_json::Value;
use std::future::Future;
use tokio_util::sync::CancellationToken;

/// What happened to a cell while it was measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// Its child process is being started.
    Started {
        /// The cell's index in the experiment.
        cell: usize,
    },
    /// Samples that were not reported before, in the order in which they were taken.
    Samples {
        /// The cell's index in the experiment.
        cell: usize,
        /// One or more.
        samples: Vec<Sample>,
    },
    /// It is final: all its samples have been reported.
    Ended {
        /// The cell's index in the experiment.
        cell: usize,
        /// How it ended.
        end: CellEnd,
    },
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq)]
pub struct CellEnd {
    /// A final state.
    pub state: CellState,
    /// Why, for a state other than `done`.
    pub reason: Option<String>,
    /// The limit that binds, where the cell was refused for one.
    pub refusal: Option<Refusal>,
    /// The memory of the first execution.
    pub memory: Option<Memory>,
    /// What the body returned, every time.
    pub outcome: Option<Value>,
}

/// Who is told what happens to the cells.
pub trait Sink: Send {
    /// Returns when the update is stored, so that nothing is announced that could be lost.
    ///
    /// # Errors
    /// Why it could not be stored; the measuring then stops.
    fn record(&mut self, update: Update) -> impl Future<Output = Result<(), String>> + Send;
}

/// Measures the native cells of an experiment.
///
/// On `cancel`, the children are killed and waited for, and the cells that are still
/// open end as `cancelled`.
///
/// # Errors
/// Only what the sink failed with.
pub async fn native_cells(
    spec: &Spec,
    cells: &[Cell],
    sink: &mut impl Sink,
    cancel: &CancellationToken,
) -> Result<Disturbance, String> {
    let _ = (spec, cancel);
    for cell in cells.iter().filter(|cell| cell.executor.is_native()) {
        sink.record(Update::Started { cell: cell.index }).await?;
        let end = CellEnd {
            state: CellState::Failed,
            reason: Some("native cells cannot be measured yet".to_owned()),
            refusal: None,
            memory: None,
            outcome: None,
        };
        sink.record(Update::Ended { cell: cell.index, end }).await?;
    }
    Ok(Disturbance { outside_share: 0.0, disturbed: false })
}
