//! Measuring in this process's children: what `run` and `table` share.

use super::Failure;
use super::progress::Collector;
use crate::lab::budgets::Budgets;
use crate::lab::{assemble, names::now, run::native_cells};
use crate::machine;
use filature_core::api::{Cell, CellState, Experiment, Spec, State};
use filature_core::experiment;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a program that was interrupted by Ctrl-C.
pub(super) const INTERRUPTED: u8 = 130;

/// Runs what measures. One thread is enough to watch the children, and takes the least from
/// them.
pub(super) fn block_on<T>(
    measuring: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no Tokio runtime: {error}")))?;
    runtime.block_on(measuring)
}

/// What Ctrl-C cancels. Asked for before the first child starts: an early one would just end
/// the program.
pub(super) fn interrupts() -> Result<CancellationToken, Failure> {
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| Failure::Failed(format!("cannot listen to Ctrl-C: {error}")))?;
    let cancel = CancellationToken::new();
    let interrupted = cancel.clone();
    tokio::spawn(async move {
        interrupts.recv().await;
        interrupted.cancel();
    });
    Ok(cancel)
}

/// Measures an experiment that gets the name `id`, and computes its figures. Beside the
/// progress, `head` stands before what is measured.
pub(super) async fn measure(
    id: String,
    spec: &Spec,
    head: &str,
    cancel: &CancellationToken,
) -> Result<Experiment, Failure> {
    let created_at = now();
    let cells = experiment::cells(spec);
    let mut collector = Collector::new(spec, cells.clone(), head);
    let measured = native_cells(spec, &cells, &mut collector, cancel, &Budgets::NONE.begin()).await;
    collector.clear();
    let disturbance = measured.map_err(Failure::Failed)?;
    let mut cells = collector.cells;
    assemble::summarize(spec, &mut cells);
    assemble::tell_facts(spec, &mut cells);
    Ok(Experiment {
        id,
        state: state(&cells),
        position: None,
        wait_s: None,
        expected_s: None,
        reason: None,
        spec: spec.clone(),
        machine: machine::card().clone(),
        started_at: Some(created_at.clone()),
        created_at,
        finished_at: Some(now()),
        disturbance: Some(disturbance),
        verdicts: assemble::verdicts(spec, &cells),
        cells,
    })
}

/// The state of an experiment whose cells have all ended.
fn state(cells: &[Cell]) -> State {
    let any = |state: CellState| cells.iter().any(|cell| cell.state == state);
    if any(CellState::Cancelled) {
        State::Cancelled
    } else if any(CellState::Failed) && !any(CellState::Done) {
        State::Failed
    } else {
        State::Done
    }
}
