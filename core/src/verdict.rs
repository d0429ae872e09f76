//! Words for figures: which executor was fastest, by how much, and whether the
//! difference is beyond noise. Always computed from samples.

use crate::api::{AgainstFastest, Cell, CellState, Spec, Verdict};
use crate::executor::Executor;
use crate::{about::About, format, rank, stats};

/// Two samples count as different below this p value of the rank test.
pub const P_VALUE_MAX: f64 = 0.05;

/// One verdict per value of the sweep (or one in all), over the cells that are done.
pub fn verdicts(about: &About, spec: &Spec, cells: &[Cell]) -> Vec<Verdict> {
    let values: Vec<Option<u64>> = match &spec.sweep {
        Some(sweep) => sweep.values.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    values
        .into_iter()
        .filter_map(|value| {
            let alike: Vec<&Cell> = cells
                .iter()
                .filter(|cell| cell.state == CellState::Done && swept_value(spec, cell) == value)
                .collect();
            verdict(about, value, &alike)
        })
        .collect()
}

/// The value that the swept parameter has in `cell`.
pub fn swept_value(spec: &Spec, cell: &Cell) -> Option<u64> {
    cell.params.get(&spec.sweep.as_ref()?.param)?.as_u64()
}

fn verdict(about: &About, sweep_value: Option<u64>, cells: &[&Cell]) -> Option<Verdict> {
    let mut ranked: Vec<(&Cell, f64)> = cells
        .iter()
        .filter_map(|cell| Some((*cell, cell.summary.as_ref()?.wall_ns.median)))
        .collect();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    let ((fastest, median), others) = ranked.split_first()?;
    let comparisons: Vec<AgainstFastest> =
        others.iter().filter_map(|(other, _)| compare(fastest, other)).collect();
    let done = (median / fastest.summary.as_ref()?.wall_per_operation_ns).round() as u64;
    let mut sentence = format!(
        "{} {} {} {} in {}",
        fastest.executor.title(),
        about.did,
        format::count(done),
        singular_if(done, about.operation),
        format::duration_ns(*median),
    );
    if !comparisons.is_empty() {
        sentence.push_str("; ");
        sentence.push_str(&listed(comparisons.iter().map(clause).collect()));
    }
    sentence.push('.');
    Some(Verdict { sweep_value, sentence, comparisons })
}

fn compare(fastest: &Cell, other: &Cell) -> Option<AgainstFastest> {
    let (slow, fast) = (walls(other), walls(fastest));
    let ratio = stats::median(&slow)? / stats::median(&fast)?;
    let (ratio_low, ratio_high) = stats::ratio_interval(&slow, &fast)?;
    let p_value = rank::p_value(&slow, &fast);
    let enough_samples = rank::smallest_p_value(slow.len(), fast.len()) < P_VALUE_MAX;
    Some(AgainstFastest {
        fastest: fastest.executor,
        other: other.executor,
        ratio,
        ratio_low,
        ratio_high,
        p_value,
        enough_samples,
        beyond_noise: p_value < P_VALUE_MAX && ratio_low > 1.0,
    })
}

fn walls(cell: &Cell) -> Vec<f64> {
    cell.samples.iter().map(|sample| sample.wall_ns as f64).collect()
}

fn clause(comparison: &AgainstFastest) -> String {
    let title = Executor::title(comparison.other);
    let ratio = format::ratio(comparison.ratio);
    match (comparison.enough_samples, comparison.beyond_noise) {
        (false, _) => format!("{title} took {ratio} as long, by too few samples to be sure"),
        (true, true) => format!(
            "{title} took {ratio} ({}–{}) as long",
            format::ratio(comparison.ratio_low).trim_end_matches('×'),
            format::ratio(comparison.ratio_high),
        ),
        (true, false) => format!("{title} showed no difference beyond noise"),
    }
}

fn listed(mut clauses: Vec<String>) -> String {
    let last = clauses.pop().unwrap_or_default();
    if clauses.is_empty() { last } else { format!("{} and {last}", clauses.join(", ")) }
}

fn singular_if(number: u64, plural: &str) -> &str {
    if number == 1 { plural.trim_end_matches('s') } else { plural }
}
