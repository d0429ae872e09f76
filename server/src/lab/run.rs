//! Takes the native cells of an experiment through their rounds and tells a [`Sink`]
//! what happens.
//!
//! Cells that differ only in their executor form a group: their children are alive at
//! the same time and take turns, so that a drifting machine favours none of them. One
//! body runs at a time; the other children wait on their stdin meanwhile.

use super::budgets::Allowance;
use super::child::{Child, Failure, worker};
use crate::machine::resident::{Resident, TooMuch};
use crate::machine::{footprint::Footprint, limits, usage::Watch};
use crate::worker::protocol::{Execution, Job};
use filature_core::api::{
    BrowserSpawnCosts, Cell, CellState, Disturbance, Memory, Observed, Refusal, Sample, Spec,
};
use filature_core::format;
use filature_core::measure::{Kind, Turn, schedule};
use serde_json::Value;
use std::future::Future;
use std::time::{Duration, Instant};
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
    pub memory: Option<Box<Memory>>,
    /// What the body returned, every time.
    pub outcome: Option<Value>,
    /// What the observed execution found out.
    pub observed: Option<Box<Observed>>,
    /// What spawning cost, for `browser-workers`.
    pub spawn_costs: Option<BrowserSpawnCosts>,
}

/// Who is told what happens to the cells.
pub trait Sink: Send {
    /// Returns when the update is stored, so that nothing is announced that could be lost.
    /// No body runs meanwhile.
    ///
    /// # Errors
    /// Why it could not be stored; the measuring then stops.
    fn record(&mut self, update: Update) -> impl Future<Output = Result<(), String>> + Send;
}

/// Measures the native cells of an experiment.
///
/// On `cancel`, the children are killed and waited for, and the cells that are still
/// open end as `cancelled`. When the time of the `allowance` is used up, they end as `failed`.
///
/// # Errors
/// Only what the sink failed with.
pub async fn native_cells(
    spec: &Spec,
    cells: &[Cell],
    sink: &mut impl Sink,
    cancel: &CancellationToken,
    allowance: &Allowance,
) -> Result<Disturbance, String> {
    let watch = Watch::start();
    let native: Vec<&Cell> = cells.iter().filter(|cell| cell.executor.is_native()).collect();
    for alike in native.chunk_by(|a, b| a.params == b.params) {
        let until = Until { cancel, allowance };
        let mut group = Group { spec, sink, until, entrants: Vec::new(), recorded: None };
        let measured = group.measure(alike).await;
        group.kill().await;
        measured?;
    }
    Ok(watch.disturbance())
}

/// How long samples may wait to be recorded together with later ones.
const RECORD_INTERVAL: Duration = Duration::from_millis(100);

/// The cells that take turns, and where they are recorded.
struct Group<'a, S> {
    spec: &'a Spec,
    sink: &'a mut S,
    until: Until<'a>,
    entrants: Vec<Entrant>,
    /// When samples were last recorded.
    recorded: Option<Instant>,
}

/// A cell in its group.
#[derive(Default)]
struct Entrant {
    cell: usize,
    /// Present until the cell has ended.
    child: Option<Child>,
    /// The memory of that child.
    resident: Option<Resident>,
    /// Samples that have not been recorded yet.
    waiting: Vec<Sample>,
    taken: u32,
    /// Its memory has been watched already.
    is_watched: bool,
    memory: Option<Box<Memory>>,
    outcome: Option<Value>,
    observed: Option<Box<Observed>>,
}

/// What ends an experiment before its time.
#[derive(Clone, Copy)]
struct Until<'a> {
    cancel: &'a CancellationToken,
    allowance: &'a Allowance,
}

impl Until<'_> {
    /// The output of `future`, unless the experiment has to end before.
    ///
    /// # Errors
    /// How its cells then end.
    async fn unless<T>(self, future: impl Future<Output = T>) -> Result<T, CellEnd> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {
                let reason = "the experiment was cancelled".to_owned();
                Err(ended(CellState::Cancelled, reason, None))
            }
            () = self.allowance.over() => {
                Err(ended(CellState::Failed, self.allowance.out_of_time(), None))
            }
            output = future => Ok(output),
        }
    }

    /// How a cell ends after a failure.
    fn failed(self, failure: Failure) -> CellEnd {
        match failure {
            Failure::Refused(refusal) => {
                ended(CellState::Refused, refusal_in_words(&refusal), Some(refusal))
            }
            Failure::Impossible(reason) => ended(CellState::Refused, reason, None),
            Failure::OutOfMemory(how) if self.allowance.budgets().memory_bytes.is_some() => {
                ended(CellState::Failed, self.allowance.no_more_memory(&how), None)
            }
            Failure::OutOfMemory(reason) | Failure::Failed(reason) => {
                ended(CellState::Failed, reason, None)
            }
        }
    }
}

impl<S: Sink> Group<'_, S> {
    /// Takes the cells from start to end. Children may be left if the sink fails.
    async fn measure(&mut self, cells: &[&Cell]) -> Result<(), String> {
        for cell in cells {
            self.enter(cell).await?;
        }
        for place in 0..self.entrants.len() {
            self.await_ready(place).await?;
        }
        for Turn { cell: place, kind } in
            schedule(self.entrants.len(), self.spec.warmups, self.spec.samples)
        {
            self.take_turn(place, kind).await?;
        }
        if self.spec.observe {
            for place in 0..self.entrants.len() {
                self.take_turn(place, Kind::Observed).await?;
            }
        }
        for place in 0..self.entrants.len() {
            self.finish(place).await?;
        }
        Ok(())
    }

    async fn enter(&mut self, cell: &Cell) -> Result<(), String> {
        self.entrants.push(Entrant { cell: cell.index, ..Entrant::default() });
        let place = self.entrants.len() - 1;
        if let Err(end) = self.until.unless(async {}).await {
            return self.end(place, end).await;
        }
        self.sink.record(Update::Started { cell: cell.index }).await?;
        let job = Job {
            workload: self.spec.workload.clone(),
            params: cell.params.clone(),
            executor: cell.executor,
            tokio_workers: self.spec.tokio_workers,
            cores: self.spec.cores,
            memory_budget_bytes: self.until.allowance.budgets().memory_bytes,
            unit_budget: self.until.allowance.budgets().units,
        };
        let turn_time_max = Duration::from_secs(self.spec.time_limit_s.into());
        match Child::start(worker(), &job, turn_time_max).await {
            Ok(child) => {
                let entrant = &mut self.entrants[place];
                entrant.resident = child.id().map(Resident::of);
                entrant.child = Some(child);
            }
            Err(failure) => self.end(place, self.until.failed(failure)).await?,
        }
        Ok(())
    }

    async fn await_ready(&mut self, place: usize) -> Result<(), String> {
        let Some(child) = &mut self.entrants[place].child else { return Ok(()) };
        match self.until.unless(child.ready()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => self.end(place, self.until.failed(failure)).await,
            Err(end) => self.end(place, end).await,
        }
    }

    /// Ends the cells whose processes have too much memory, the largest first. Returns how
    /// much those that are left have beside the one at `place`.
    async fn keep_within_memory(&mut self, place: usize) -> Result<u64, String> {
        loop {
            let bytes =
                |entrant: &mut Entrant| entrant.resident.as_mut().map_or(0, Resident::bytes);
            let all: Vec<u64> = self.entrants.iter_mut().map(bytes).collect();
            let sum: u64 = all.iter().sum();
            let most = self.until.allowance.budgets().memory_bytes;
            let largest = (0..all.len()).max_by_key(|place| all[*place]);
            match largest.filter(|_| most.is_some_and(|most| sum > most)) {
                Some(largest) => {
                    self.end_out_of_memory(largest, all[largest], sum - all[largest]).await?
                }
                None => return Ok(sum - all[place]),
            }
        }
    }

    async fn end_out_of_memory(
        &mut self,
        place: usize,
        own: u64,
        others: u64,
    ) -> Result<(), String> {
        let reason = self.until.allowance.out_of_memory(own, others);
        self.end(place, ended(CellState::Failed, reason, None)).await
    }

    async fn take_turn(&mut self, place: usize, kind: Kind) -> Result<(), String> {
        let others = self.keep_within_memory(place).await?;
        let until = self.until;
        let most =
            until.allowance.budgets().memory_bytes.unwrap_or(u64::MAX).saturating_sub(others);
        let entrant = &mut self.entrants[place];
        let (Some(child), Some(resident)) = (&mut entrant.child, &mut entrant.resident) else {
            return Ok(());
        };
        // Only the first execution of a process tells its memory: nothing looks at the others.
        let is_first = !std::mem::replace(&mut entrant.is_watched, true);
        let turn = async {
            match child.id().filter(|_| is_first) {
                Some(process) => watched_turn(child, process, kind).await,
                None => child.turn(kind).await,
            }
        };
        let execution = match until.unless(resident.during(most, turn)).await {
            Ok(Ok(Ok(execution))) => execution,
            Ok(Ok(Err(failure))) => return self.end(place, until.failed(failure)).await,
            Ok(Err(TooMuch { bytes })) => {
                return self.end_out_of_memory(place, bytes, others).await;
            }
            Err(end) => return self.end(place, end).await,
        };
        entrant.memory = entrant.memory.take().or(execution.memory);
        match kind {
            Kind::WarmUp => return Ok(()),
            Kind::Observed => {
                entrant.observed = execution.observed.map(Box::new);
                return Ok(());
            }
            Kind::Sample => entrant.outcome = Some(execution.outcome),
        }
        entrant.waiting.push(execution.sample);
        entrant.taken += 1;
        // Somebody is looking at the chart: the first sample is not kept waiting.
        let due = self.recorded.is_none_or(|at| at.elapsed() >= RECORD_INTERVAL);
        if due || entrant.taken == 1 {
            for place in 0..self.entrants.len() {
                self.record_waiting(place).await?;
            }
            self.recorded = Some(Instant::now());
        }
        Ok(())
    }

    /// Ends a cell that took all its turns.
    async fn finish(&mut self, place: usize) -> Result<(), String> {
        if self.entrants[place].child.is_none() {
            return Ok(());
        }
        let end = CellEnd {
            state: CellState::Done,
            reason: None,
            refusal: None,
            // It is known of cells that end in any other way too: see `end`.
            memory: None,
            outcome: self.entrants[place].outcome.take(),
            observed: self.entrants[place].observed.take(),
            spawn_costs: None,
        };
        self.end(place, end).await
    }

    /// Ends a cell, with what is known of it until then.
    async fn end(&mut self, place: usize, end: CellEnd) -> Result<(), String> {
        let entrant = &mut self.entrants[place];
        entrant.resident = None;
        if let Some(child) = entrant.child.take() {
            child.kill().await;
        }
        let (cell, memory) = (entrant.cell, entrant.memory.take());
        self.record_waiting(place).await?;
        self.sink.record(Update::Ended { cell, end: CellEnd { memory, ..end } }).await
    }

    async fn record_waiting(&mut self, place: usize) -> Result<(), String> {
        let entrant = &mut self.entrants[place];
        if entrant.waiting.is_empty() {
            return Ok(());
        }
        let samples = std::mem::take(&mut entrant.waiting);
        self.sink.record(Update::Samples { cell: entrant.cell, samples }).await
    }

    /// Kills what is left where the sink has failed.
    async fn kill(self) {
        for child in self.entrants.into_iter().filter_map(|entrant| entrant.child) {
            child.kill().await;
        }
    }
}

/// An execution whose memory is watched from outside.
async fn watched_turn(child: &mut Child, process: u32, kind: Kind) -> Result<Execution, Failure> {
    let mut footprint = Footprint::of(process);
    let execution = footprint.during(child.turn(kind)).await?;
    let memory = execution.memory.map(|memory| Box::new(footprint.added_to(*memory)));
    Ok(Execution { memory, ..execution })
}

fn ended(state: CellState, reason: String, refusal: Option<Refusal>) -> CellEnd {
    CellEnd {
        state,
        reason: Some(reason),
        refusal,
        memory: None,
        outcome: None,
        observed: None,
        spawn_costs: None,
    }
}

fn refusal_in_words(refusal: &Refusal) -> String {
    let Refusal { needed_units, available_units, limit } = refusal;
    format!(
        "it needs {} units at once, and {} allows {} right now; to raise it: {}",
        format::count(*needed_units),
        limits::in_words(limit),
        format::count(*available_units),
        limit.how_to_raise
    )
}
