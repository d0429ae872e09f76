//! The Mann-Whitney rank test: whether two samples may come from one distribution.

use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

/// Up to this product of both sizes the p value is counted out; beyond it the normal
/// distribution is as good.
const COUNTED_PAIRS_MAX: usize = 1_024;

/// The two-sided p value: exact for small samples without ties, else by the normal
/// distribution with corrections for ties and continuity. 1 where a sample is empty.
///
/// The exact value is counted here, because that of statrs 0.19 is the complement of
/// what it should be unless the first sample is the larger one.
pub fn p_value(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    let tied = a.iter().any(|x| b.contains(x));
    if a.len() * b.len() <= COUNTED_PAIRS_MAX && !tied {
        let wins = a.iter().map(|x| b.iter().filter(|y| x > y).count()).sum();
        return counted(wins, a.len(), b.len());
    }
    let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
    let test = mannwhitneyu(a, b, method, Alternative::TwoSided);
    test.map_or(1.0, |(_, p_value)| if p_value.is_finite() { p_value } else { 1.0 })
}

/// The smallest p value that samples of these sizes can have: when one lies wholly
/// above the other.
pub fn smallest_p_value(a: usize, b: usize) -> f64 {
    let orders: f64 = (1..=a).map(|k| (b + k) as f64 / k as f64).product();
    2.0 / orders
}

/// The share of all orders of `a` and `b` values in which as many or fewer pairs are
/// won by the weaker side as by the one that won or lost `wins`.
fn counted(wins: usize, a: usize, b: usize) -> f64 {
    let pairs = a * b;
    // ways[u] is in how many orders the first sample wins u pairs: the coefficients of
    // the product of (1 - q^(b+i)) / (1 - q^i) over i from 1 to a (Mann and Whitney, 1947).
    let mut ways = vec![0.0; pairs + 1];
    ways[0] = 1.0;
    for i in 1..=a {
        for u in (b + i..=pairs).rev() {
            ways[u] -= ways[u - (b + i)];
        }
        for u in i..=pairs {
            ways[u] += ways[u - i];
        }
    }
    let total: f64 = ways.iter().sum();
    let extreme: f64 = ways[..=wins.min(pairs - wins)].iter().sum();
    (2.0 * extreme / total).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_p_values() {
        // Five against five, wholly apart: 2 of 252 orders are as extreme.
        let (low, high) = ([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]);
        assert!((p_value(&low, &high) - 2.0 / 252.0).abs() < 1e-12);
        assert!((p_value(&high, &low) - 2.0 / 252.0).abs() < 1e-12);
        // The example in the documentation of scipy.stats.mannwhitneyu: U = 17, p = 1/9.
        let (men, women) = ([19.0, 22.0, 16.0, 29.0, 24.0], [20.0, 11.0, 17.0, 12.0]);
        assert!((p_value(&men, &women) - 1.0 / 9.0).abs() < 1e-3);
        assert!((p_value(&women, &men) - 1.0 / 9.0).abs() < 1e-3);
    }

    #[test]
    fn nothing_and_equal_samples_are_no_difference() {
        assert_eq!(p_value(&[], &[1.0]), 1.0);
        assert!(p_value(&[1.0; 6], &[1.0; 6]) > 0.99);
    }

    #[test]
    fn counting_and_the_normal_distribution_agree_where_both_apply() {
        let a: Vec<f64> = (0..32).map(f64::from).collect();
        for shift in [0.5, 3.5, 7.5, 12.5] {
            let b: Vec<f64> = a.iter().map(|x| x + shift).collect();
            let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
            let normal = mannwhitneyu(&a, &b, method, Alternative::TwoSided).unwrap().1;
            let exact = p_value(&a, &b);
            assert!((exact - normal).abs() < 0.01, "{shift}: {exact} {normal}");
        }
    }

    proptest! {
        #[test]
        fn the_counted_p_value_is_the_share_of_orders_that_are_as_extreme(
            order in prop::collection::vec(any::<bool>(), 2..11),
        ) {
            let places = |of: bool| -> Vec<f64> {
                let places = order.iter().enumerate().filter(|(_, side)| **side == of);
                places.map(|(place, _)| place as f64).collect()
            };
            let (a, b) = (places(true), places(false));
            let middle = (a.len() * b.len()) as f64 / 2.0;
            let off = |mask: u32| {
                let side = |place: usize| mask >> place & 1 == 1;
                let pairs = (0..order.len()).flat_map(|x| (0..x).map(move |y| (x, y)));
                let wins = pairs.filter(|(x, y)| side(*x) && !side(*y)).count();
                (wins as f64 - middle).abs()
            };
            let own = (0..order.len()).filter(|place| order[*place]).map(|p| 1 << p).sum();
            let all: Vec<f64> = (0..1_u32 << order.len())
                .filter(|mask| mask.count_ones() as usize == a.len())
                .map(off)
                .collect();
            let extreme = all.iter().filter(|one| **one >= off(own)).count();
            let expected = extreme as f64 / all.len() as f64;
            if !a.is_empty() && !b.is_empty() {
                prop_assert!((p_value(&a, &b) - expected).abs() < 1e-9);
                prop_assert!(p_value(&a, &b) >= smallest_p_value(a.len(), b.len()) - 1e-12);
            }
        }
    }
}
