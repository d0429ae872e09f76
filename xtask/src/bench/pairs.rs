//! Ratios of neighbours in time, and what they say.

use std::fmt::Write as _;

/// The ratio that is expected, and how far it may be off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bar {
    /// The lowest ratio that passes.
    pub(super) low: f64,
    /// The highest ratio that passes.
    pub(super) high: f64,
}

/// One round: Filature, the raw program, and a second instance of the raw program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// What Filature reported.
    pub(super) ours: f64,
    /// What the raw program reported.
    pub(super) raw: f64,
    /// What the other instance of the raw program reported.
    pub(super) control: f64,
}

/// A comparison of Filature with something plain.
pub(super) struct Comparison {
    /// What was compared.
    pub(super) name: String,
    /// Where the ratio has to lie.
    pub(super) bar: Bar,
    /// All rounds.
    pub(super) rounds: Vec<Round>,
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The ratio is within the bar, and so is the control.
    Pass,
    /// The ratio is outside the bar, though the control is within.
    Fail,
    /// The control is outside the bar: the machine was too noisy to tell.
    Inconclusive,
}

/// Takes `pairs` rounds, after `warmups` that do not count. Every other round goes
/// backwards (A B, B A), so that a machine that drifts favours neither side; the raw
/// program is between the two others, so that both ratios are of neighbours.
pub(super) fn rounds(
    warmups: u32,
    pairs: u32,
    mut ours: impl FnMut() -> Result<f64, String>,
    mut raw: impl FnMut() -> Result<f64, String>,
    mut control: impl FnMut() -> Result<f64, String>,
) -> Result<Vec<Round>, String> {
    let mut rounds = Vec::new();
    for round in 0..warmups + pairs {
        let figures = if round % 2 == 0 {
            let (ours, raw, control) = (ours()?, raw()?, control()?);
            Round { ours, raw, control }
        } else {
            let (control, raw, ours) = (control()?, raw()?, ours()?);
            Round { ours, raw, control }
        };
        if round >= warmups {
            rounds.push(figures);
        }
    }
    Ok(rounds)
}

/// A figure that has to stay below a maximum.
pub(super) struct Reading {
    /// What was read.
    pub(super) name: String,
    /// The figure.
    pub(super) value: f64,
    /// The largest value that passes.
    pub(super) max: f64,
}

/// Everything that was measured.
#[derive(Default)]
pub(super) struct Results {
    /// Ratios.
    pub(super) comparisons: Vec<Comparison>,
    /// Figures on their own.
    pub(super) readings: Vec<Reading>,
}

impl Results {
    /// How many comparisons and readings fail.
    pub(super) fn failed(&self) -> usize {
        self.comparisons.iter().filter(|c| c.verdict() == Verdict::Fail).count()
            + self.readings.iter().filter(|reading| reading.value > reading.max).count()
    }
}

impl Comparison {
    /// A comparison of that name.
    pub(super) fn new(name: impl Into<String>, bar: Bar, rounds: Vec<Round>) -> Self {
        Self { name: name.into(), bar, rounds }
    }

    /// The ratios of Filature to the raw program, ascending.
    fn ratios(&self) -> Vec<f64> {
        sorted(self.rounds.iter().map(|round| round.ours / round.raw))
    }

    /// The ratios of the raw program to itself, ascending.
    fn control_ratios(&self) -> Vec<f64> {
        sorted(self.rounds.iter().map(|round| round.control / round.raw))
    }

    /// What the comparison says.
    pub(super) fn verdict(&self) -> Verdict {
        let within = |ratio: f64| (self.bar.low..=self.bar.high).contains(&ratio);
        let ratio = percentile(&self.ratios(), 0.5);
        let control = percentile(&self.control_ratios(), 0.5);
        match (within(ratio), within(control)) {
            (_, false) => Verdict::Inconclusive,
            (true, true) => Verdict::Pass,
            (false, true) => Verdict::Fail,
        }
    }
}

/// The values in ascending order.
pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which the fraction `p` of the ascending, non-empty `sorted` lies.
pub(super) fn percentile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// The median of `values`, of which there is at least one.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    percentile(&sorted(values), 0.5)
}

/// All results, aligned for a terminal.
pub(super) fn table(Results { comparisons, readings }: &Results) -> String {
    let mut table = ratios(comparisons);
    let name_width = readings.iter().map(|r| r.name.chars().count()).max().unwrap_or(0);
    for Reading { name, value, max } in readings {
        let verdict = if value <= max { "pass" } else { "FAIL" };
        writeln!(table, "{name:<name_width$} {value:>8.2}  ≤ {max:.0}  {verdict}")
            .expect("a string takes every line");
    }
    table
}

fn ratios(comparisons: &[Comparison]) -> String {
    if comparisons.is_empty() {
        return String::new();
    }
    let name_width = comparisons.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    let mut table = format!(
        "\n{:<name_width$} {:>11} {:>11} {:>6} {:>11} {:>7} {:>11} {:>10}  verdict\n",
        "comparison", "ours", "raw", "ratio", "p10–p90", "control", "p10–p90", "bar"
    );
    for comparison in comparisons {
        let (ratios, controls) = (comparison.ratios(), comparison.control_ratios());
        let middle = |of: fn(&Round) -> f64| figure(median(comparison.rounds.iter().map(of)));
        let spread = |of: &[f64]| format!("{:.2}–{:.2}", percentile(of, 0.1), percentile(of, 0.9));
        writeln!(
            table,
            "{:<name_width$} {:>11} {:>11} {:>6.3} {:>11} {:>7.3} {:>11} {:>10}  {}",
            comparison.name,
            middle(|round| round.ours),
            middle(|round| round.raw),
            percentile(&ratios, 0.5),
            spread(&ratios),
            percentile(&controls, 0.5),
            spread(&controls),
            bar(comparison.bar),
            match comparison.verdict() {
                Verdict::Pass => "pass",
                Verdict::Fail => "FAIL",
                Verdict::Inconclusive => "inconclusive",
            }
        )
        .expect("a string takes every line");
    }
    table
}

fn bar(Bar { low, high }: Bar) -> String {
    match (low > 0.0, high.is_finite()) {
        (true, true) => format!("{low:.2}–{high:.2}"),
        (true, false) => format!("≥ {low:.2}"),
        _ => format!("≤ {high:.2}"),
    }
}

/// A figure of any size in at most 11 characters.
fn figure(value: f64) -> String {
    if value >= 1e6 { format!("{:.3}e6", value / 1e6) } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(ours: f64, control: f64) -> Comparison {
        let round = Round { ours, raw: 1.0, control };
        Comparison {
            name: String::new(),
            bar: Bar { low: 0.95, high: 1.05 },
            rounds: vec![round; 3],
        }
    }

    #[test]
    fn a_ratio_outside_the_bar_fails_only_while_the_control_is_within() {
        assert_eq!(comparison(1.01, 0.99).verdict(), Verdict::Pass);
        assert_eq!(comparison(1.20, 0.99).verdict(), Verdict::Fail);
        assert_eq!(comparison(1.20, 1.10).verdict(), Verdict::Inconclusive);
        assert_eq!(comparison(1.00, 0.90).verdict(), Verdict::Inconclusive);
    }

    #[test]
    fn every_other_round_goes_backwards_and_warm_ups_do_not_count() {
        let order = std::cell::RefCell::new(String::new());
        let note = |letter| {
            order.borrow_mut().push(letter);
            Ok(1.0)
        };
        let rounds = rounds(1, 2, || note('O'), || note('R'), || note('C')).unwrap();
        assert_eq!((order.into_inner().as_str(), rounds.len()), ("ORCCROORC", 2));
    }
}
