//! The facts of the outcome: what the body returned, and that it was checked.

use crate::dom::{El, classed, el, slot};
use crate::list::Listed;
use crate::machine::{definition, titled};
use crate::outline::{Outline, cells_at};
use crate::signal::Live;

/// What the bodies returned, once for all executors: a cell with another outcome fails.
pub fn facts(outline: Outline, value: Live<Option<u64>>) -> El {
    slot(move || {
        outline.with(|experiment| {
            let cells = cells_at(experiment.as_ref()?, value.get());
            let with_outcome: Vec<_> = cells.iter().filter(|c| c.outcome.is_some()).listed();
            let facts = &with_outcome.first()?.facts;
            let list = facts.iter().fold(el("dl"), |list, fact| {
                definition(list, fact.label.clone(), fact.value.clone())
            });
            let on = match with_outcome.len() {
                1 => "one executor".to_owned(),
                several => format!("{several} executors alike"),
            };
            let checked = format!("Checked after every sample, on {on}.");
            let section = titled("facts", "facts-title", "Outcome");
            Some(section.child(list).child(classed("p", "help").child(checked)))
        })
    })
}
