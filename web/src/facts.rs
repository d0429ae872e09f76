//! The facts of the outcome: what the body returned, and that it was checked.

use crate::commands::plain;
use crate::dom::{El, classed, el, slot};
use crate::list::Listed;
use crate::machine::{definition, titled};
use crate::outline::{Outline, cells_at};
use crate::signal::Live;
use serde_json::Value;

/// What the bodies returned, once for all executors: a cell with another outcome fails.
pub fn facts(outline: Outline, value: Live<Option<u64>>) -> El {
    slot(move || {
        outline.with(|experiment| {
            let cells = cells_at(experiment.as_ref()?, value.get());
            let with_outcome: Vec<_> = cells.iter().filter_map(|c| c.outcome.as_ref()).listed();
            let rows = rows_of(with_outcome.first()?);
            let list = rows
                .into_iter()
                .fold(el("dl"), |list, (name, value)| definition(list, name, value));
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

/// An outcome as names and values.
pub fn rows_of(outcome: &Value) -> Vec<(String, String)> {
    match outcome {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('_', " "), plain(value))).listed()
        }
        other => vec![("outcome".to_owned(), plain(other))],
    }
}
