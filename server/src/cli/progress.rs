//! What `run` and `table` collect while they measure, and the bar that is shown on a
//! terminal. Piped, there is none.

use crate::lab::run::{Sink, Update};
use filature_core::api::{Cell, CellState, Spec};
use filature_core::verdict::swept_value;
use indicatif::{ProgressBar, ProgressStyle};

/// Puts what is measured into the cells.
pub(super) struct Collector {
    pub(super) cells: Vec<Cell>,
    spec: Spec,
    head: String,
    bar: ProgressBar,
}

impl Collector {
    /// Nothing collected yet; beside the bar, `head` stands before what is measured.
    pub(super) fn new(spec: &Spec, cells: Vec<Cell>, head: &str) -> Self {
        // Drawn only between executions: a bar that ticks would take part in them.
        let bar = ProgressBar::new(cells.len() as u64 * u64::from(spec.samples));
        let template = "{bar:30} {pos}/{len} samples  {wide_msg}";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        bar.set_style(style);
        Self { cells, spec: spec.clone(), head: head.to_owned(), bar }
    }

    /// Takes the bar off the terminal.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn message(&self, cell: usize) -> String {
        let (head, cell) = (&self.head, &self.cells[cell]);
        let executor = cell.executor;
        match (&self.spec.sweep, swept_value(&self.spec, cell)) {
            (Some(sweep), Some(value)) => format!("{head}{executor} {}={value}", sweep.param),
            _ => format!("{head}{executor}"),
        }
    }
}

impl Sink for Collector {
    async fn record(&mut self, update: Update) -> Result<(), String> {
        match update {
            Update::Started { cell } => {
                self.cells[cell].state = CellState::Running;
                self.bar.set_message(self.message(cell));
            }
            Update::Samples { cell, samples } => {
                self.bar.set_message(self.message(cell));
                self.bar.inc(samples.len() as u64);
                self.cells[cell].samples.extend(samples);
            }
            Update::Ended { cell, end } => {
                let cell = &mut self.cells[cell];
                let missing = (self.spec.samples as usize).saturating_sub(cell.samples.len());
                self.bar.inc(missing as u64);
                cell.state = end.state;
                cell.reason = end.reason;
                cell.refusal = end.refusal;
                cell.memory = end.memory.map(|memory| *memory);
                cell.outcome = end.outcome;
                cell.observed = end.observed.map(|observed| *observed);
            }
        }
        Ok(())
    }
}
