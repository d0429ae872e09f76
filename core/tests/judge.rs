//! What is said of a claim follows from the measured interval, whatever the two are.
#![cfg(feature = "statistics")]

use filature_core::api::{CellState, Claim, Estimate, Unit, Word};
use filature_core::comparison::{
    self,
    judge::{judge, together},
};
use filature_core::executor::Body;
use proptest::prelude::*;

#[test]
fn an_empty_table_has_all_rows_and_pending_cells() {
    let rows = comparison::rows(&[]);
    assert_eq!(rows.len(), 7);
    for cell in rows.iter().flat_map(|row| &row.measures).flat_map(|measure| &measure.cells) {
        assert_eq!(
            (cell.state, cell.estimate, cell.text.as_str()),
            (CellState::Pending, None, "–")
        );
    }
    assert!(comparison::answers(&rows).is_empty());
    assert!(rows[0].verdicts.iter().all(|verdict| verdict.word == Word::Unknown));
}

fn claim(low: Option<f64>, high: Option<f64>, tolerance: f64) -> Claim {
    Claim {
        body: Body::Threads,
        text: String::new(),
        low,
        high,
        tolerance,
        unit: Unit::Ns,
        reading: String::new(),
    }
}

fn estimate(low: f64, value: f64, high: f64) -> Estimate {
    Estimate { value, low, high, n: 10 }
}

fn rank(word: Word) -> i32 {
    match word {
        Word::Overstated { .. } => -1,
        Word::Understated { .. } => 1,
        _ => 0,
    }
}

proptest! {
    #[test]
    fn an_interval_within_the_claim_confirms_it(
        low in 1.0..1e6_f64, width in 1.0..100.0_f64, at in 0.0..1.0_f64, tolerance in 1.0..4.0_f64,
    ) {
        let high = low * width;
        let value = low + (high - low) * at;
        let word = judge(&estimate(value, value, value), &claim(Some(low), Some(high), tolerance));
        prop_assert_eq!(word, Word::Confirmed);
    }

    #[test]
    fn an_interval_wholly_outside_is_over_or_understated_by_more_than_the_tolerance(
        figure in 1.0..1e6_f64, tolerance in 1.0..4.0_f64, beyond in 1.001..1e4_f64,
    ) {
        let claim = claim(Some(figure), Some(figure), tolerance);
        let above = figure * tolerance * beyond;
        match judge(&estimate(above, above, above * 1.1), &claim) {
            Word::Understated { factor } => prop_assert!(factor > tolerance && (factor * figure - above).abs() < above * 1e-9),
            other => prop_assert!(false, "{:?}", other),
        }
        let below = figure / tolerance / beyond;
        match judge(&estimate(below * 0.9, below, below), &claim) {
            Word::Overstated { factor } => prop_assert!(factor > tolerance && (figure / factor - below).abs() < figure * 1e-9),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn an_interval_across_an_end_decides_nothing(
        figure in 1.0..1e6_f64, tolerance in 1.0..4.0_f64, reach in 1.001..10.0_f64,
    ) {
        let end = figure * tolerance;
        let word = judge(&estimate(end / reach.min(tolerance), end, end * reach), &claim(Some(figure), Some(figure), tolerance));
        prop_assert_eq!(word, Word::Depends);
    }

    #[test]
    fn more_is_never_called_less(
        figure in 1.0..1e6_f64, tolerance in 1.0..4.0_f64, value in 1e-3..1e9_f64, spread in 1.0..3.0_f64, times in 1.0..1e3_f64,
    ) {
        let claim = claim(Some(figure), Some(figure), tolerance);
        let at = |value: f64| rank(judge(&estimate(value / spread, value, value * spread), &claim));
        prop_assert!(at(value) <= at(value * times));
    }

    #[test]
    fn a_claim_of_at_least_so_many_is_never_understated(low in 1.0..1e6_f64, value in 1e-3..1e9_f64) {
        let word = judge(&estimate(value, value, value), &claim(Some(low), None, 1.0));
        let is_understated = matches!(word, Word::Understated { .. });
        prop_assert!(!is_understated);
        prop_assert_eq!(word == Word::Confirmed, value >= low);
    }

    #[test]
    fn words_that_agree_stay_and_words_that_differ_depend(a in 1.1..100.0_f64, b in 1.1..100.0_f64) {
        let over = |factor| Word::Overstated { factor };
        let under = |factor| Word::Understated { factor };
        prop_assert_eq!(together(&[over(a), over(b)]), over(a.min(b)));
        prop_assert_eq!(together(&[under(a), under(b)]), under(a.min(b)));
        prop_assert_eq!(together(&[over(a), under(b)]), Word::Depends);
        prop_assert_eq!(together(&[Word::Confirmed, over(a)]), Word::Depends);
        prop_assert_eq!(together(&[Word::Confirmed, Word::Confirmed]), Word::Confirmed);
        prop_assert_eq!(together(&[]), Word::Unknown);
    }
}
