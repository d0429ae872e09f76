//! Stores what happens to the cells of an experiment, and only then announces it.

use super::queue::{Lab, STOPPED};
use super::run::{CellEnd, Sink, Update};
use super::slot::Running;
use crate::store::Change;
use filature_core::api::{BrowserCard, CellState, Sample, Spec, State};
use std::sync::Arc;

/// Stores first, then announces.
pub struct Recorder<'a> {
    lab: Arc<Lab>,
    id: String,
    spec: &'a Spec,
    running: &'a Running,
    cells: Vec<(CellState, usize)>,
}

impl<'a> Recorder<'a> {
    /// A recorder for the experiment in the slot, which has so many cells, all pending.
    pub fn new(lab: Arc<Lab>, running: &'a Running, spec: &'a Spec, cells: usize) -> Self {
        let cells = vec![(CellState::Pending, 0); cells];
        Self { lab, id: running.id.clone(), spec, running, cells }
    }

    /// How many samples of a cell are stored.
    pub fn taken(&self, cell: usize) -> usize {
        self.cells[cell].1
    }

    /// The states of the cells.
    pub fn into_states(self) -> Vec<CellState> {
        self.cells.into_iter().map(|(state, _)| state).collect()
    }

    /// A cell is being measured, by this browser where one is given.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn started(
        &mut self,
        cell: usize,
        browser: Option<BrowserCard>,
    ) -> Result<(), String> {
        self.write(Change::CellStarted { id: self.id.clone(), cell, browser }).await?;
        self.cells[cell].0 = CellState::Running;
        self.lab.bus.cell(&self.id, cell, CellState::Running, None);
        Ok(())
    }

    async fn samples(&mut self, cell: usize, samples: Vec<Sample>) -> Result<(), String> {
        let (id, first, count) = (self.id.clone(), self.taken(cell), samples.len());
        self.write(Change::Samples { id, cell, first, samples: samples.clone() }).await?;
        self.cells[cell].1 += count;
        let taken: usize = self.cells.iter().map(|(_, taken)| taken).sum();
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        let left = self.lab.estimator.rest(self.spec, self.running.since.elapsed(), taken);
        self.running.foresee(left);
        self.lab.counts.samples.inc_by(count as u64);
        self.lab.bus.samples(&self.id, cell, first, samples);
        Ok(())
    }

    async fn ended(&mut self, cell: usize, mut end: CellEnd) -> Result<(), String> {
        // Who measures knows only that it was told to stop, not by whom.
        let interrupted = self.running.stop.state() == Some(State::Interrupted);
        if end.state == CellState::Cancelled && interrupted {
            end.state = CellState::Interrupted;
            end.reason = Some(STOPPED.to_owned());
        }
        let (state, reason) = (end.state, end.reason.clone());
        self.write(Change::CellEnded { id: self.id.clone(), cell, end }).await?;
        self.cells[cell].0 = state;
        self.lab.counts.cells.get_or_create(&[("outcome", state.id())]).inc();
        self.lab.bus.cell(&self.id, cell, state, reason);
        Ok(())
    }

    async fn write(&self, change: Change) -> Result<(), String> {
        self.lab.store.write(change).await.map_err(|error| error.to_string())
    }
}

impl Sink for Recorder<'_> {
    async fn record(&mut self, update: Update) -> Result<(), String> {
        match update {
            Update::Started { cell } => {
                self.lab.counts.children.inc();
                self.started(cell, None).await
            }
            Update::Samples { cell, samples } => self.samples(cell, samples).await,
            Update::Ended { cell, end } => self.ended(cell, end).await,
        }
    }
}
