//! Threads against tasks, measured: which experiments are made, and the table that is made
//! of them, with the claims that it is held against.
//!
//! All of it is pure: experiments in, rows and words out. The host runs the experiments,
//! one after another, like any others.
//!
//! - [`mod@plan`]: which experiments, and what to ask for once more.
//! - `book`: finds figures in them; `creation`, `memory`, `hand_off`, `how_many`, `sleepers`,
//!   `serving`, `computing`: one row each.
//! - [`claims`]: what the articles claim and what others have published.
//! - [`judge`]: intervals in, words out.
//! - [`mod@answers`], [`adviser`]: what the table says first, and what it says to one reader.
//! - [`export`]: the table as Markdown and as CSV.

pub mod adviser;
pub mod answers;
mod book;
pub mod claims;
mod computing;
mod creation;
pub mod export;
mod hand_off;
mod how_many;
pub mod judge;
mod memory;
pub mod plan;
mod serving;
mod sleepers;

pub use adviser::advise;
pub use answers::answers;
pub use export::{csv, markdown};
pub use plan::{Ceilings, Planned, again, parts, plan};

use crate::api::{Experiment, Row};
use book::Book;

/// The table over the experiments that there are so far, by the keys of their parts. Where
/// one was made several times, the last one counts. All rows are always there. The cells
/// of the experiments must have their summaries.
pub fn rows(experiments: &[(&str, &Experiment)]) -> Vec<Row> {
    let book = Book::new(experiments);
    vec![
        creation::row(&book),
        memory::row(&book),
        hand_off::row(&book),
        how_many::row(&book),
        sleepers::row(&book),
        serving::row(&book),
        computing::row(&book),
    ]
}
