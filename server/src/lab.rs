//! The lab: measures what an experiment asks for, in child processes, one at a time.
//!
//! - [`run`]: takes the native cells of an experiment through their rounds.
//! - [`child`]: one child process and all that can go wrong with it.
//! - [`assemble`]: from stored samples to figures and verdicts; [`figures`] remembers them.
//! - [`queue`]: takes experiments and measures one after another; [`slot`] is whose turn it
//!   is, [`mod@line`] where one waits for it, [`estimate`] how long that may be.
//! - [`comparisons`]: measures several experiments, one after another, for one table.
//! - [`record`]: stores what happens, then announces it.
//! - `upkeep`: what is done for the history between experiments.
//! - [`desk`]: where a page measures the cells that are for a browser.
//! - [`budgets`]: what an experiment may take.
//! - [`counts`]: what has been measured since the start.
//! - [`bus`]: the events that listeners get.
//! - [`names`]: ids and times.

pub mod assemble;
pub mod budgets;
pub mod bus;
pub mod child;
pub mod comparisons;
pub mod counts;
pub mod desk;
pub mod estimate;
pub mod figures;
pub mod line;
pub mod names;
pub mod queue;
pub mod record;
pub mod run;
pub mod slot;
mod upkeep;
