//! What the outcomes of an experiment say, told once where it is the same for all executors,
//! and what was observed of its units.

use filature_core::api::{Cell, Experiment, Fact};
use filature_core::format;
use filature_core::verdict::swept_value;

/// A fact of all cells that differ only in their executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What was looked at.
    pub label: String,
    /// The swept parameter's value, where one is swept.
    pub swept: Option<u64>,
    /// What was found: one value, or that of each executor.
    pub value: String,
}

/// All facts in words, those of one swept value after those of another.
pub fn told(experiment: &Experiment) -> Vec<Told> {
    let cells: Vec<&Cell> = experiment.cells.iter().filter(|cell| !cell.facts.is_empty()).collect();
    let alike = cells.chunk_by(|one, next| one.params == next.params);
    alike.flat_map(|cells| of_group(experiment, cells)).collect()
}

/// The facts of cells that differ only in their executor: each has the same labels.
fn of_group(experiment: &Experiment, cells: &[&Cell]) -> Vec<Told> {
    let in_words = |(place, fact): (usize, &Fact)| {
        let each: Vec<(&Cell, &str)> = cells
            .iter()
            .filter_map(|cell| Some((*cell, cell.facts.get(place)?.value.as_str())))
            .collect();
        let value = if each.iter().all(|(_, value)| *value == fact.value) {
            fact.value.clone()
        } else {
            let each: Vec<String> =
                each.iter().map(|(cell, value)| format!("{value} ({})", cell.executor)).collect();
            each.join(", ")
        };
        Told { label: fact.label.clone(), swept: swept_value(&experiment.spec, cells[0]), value }
    };
    let facts = cells[0].facts.iter().enumerate();
    facts.filter(|(_, fact)| !fact.value.is_empty()).map(in_words).collect()
}

/// What the observed execution of a cell found out, and what observing cost.
pub fn observed(cell: &Cell) -> Option<String> {
    let observed = cell.observed.as_ref()?;
    let units = format::count(observed.units);
    let Some(delay) = observed.spawn_to_begin_ns else {
        return Some("no unit was seen".to_owned());
    };
    let [p50, p99, max] =
        [delay.p50, delay.p99, delay.max].map(|ns| format::duration_ns(ns as f64));
    let cost = cell.summary.as_ref().map_or_else(String::new, |summary| {
        let ratio = format::ratio(observed.wall_ns as f64 / summary.wall_ns.median);
        format!("; the observed execution took {ratio} the median")
    });
    Some(format!(
        "from spawn to first instruction {p50} (p99 {p99}, max {max}), {units} units{cost}"
    ))
}
