//! Figures from samples: median, deviation, percentiles and bootstrap intervals.
//! Pure and deterministic: the same samples always give the same figures.

use serde::{Deserialize, Serialize};

/// How many times the bootstrap draws; its own noise is then well below the interval.
const RESAMPLES: usize = 2_000;

/// What is reported of one figure over the samples of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Distribution {
    /// How many samples there are.
    pub n: usize,
    /// The middle value.
    pub median: f64,
    /// The median absolute deviation from the median: a spread that outliers do not move.
    pub mad: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// A tenth of the values lie below.
    pub p10: f64,
    /// A tenth of the values lie above.
    pub p90: f64,
    /// The lower end of the 95 % bootstrap interval of the median.
    pub median_low: f64,
    /// The upper end of the 95 % bootstrap interval of the median.
    pub median_high: f64,
}

impl Distribution {
    /// The distribution of `values`; `None` where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values)?;
        let median = percentile(&sorted, 0.5);
        let (median_low, median_high) = median_interval(&sorted);
        Some(Self {
            n: sorted.len(),
            median,
            mad: mad(&sorted, median),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            p10: percentile(&sorted, 0.1),
            p90: percentile(&sorted, 0.9),
            median_low,
            median_high,
        })
    }
}

/// The values in ascending order; `None` where there are none.
fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then_some(sorted)
}

/// The median of `values`; `None` where there are none.
pub fn median(values: &[f64]) -> Option<f64> {
    sorted(values).map(|sorted| percentile(&sorted, 0.5))
}

/// The value below which the fraction `p` of the ascending, non-empty `sorted`
/// lies, interpolated between neighbours (definition 7 of Hyndman and Fan, *Sample
/// Quantiles in Statistical Packages*, 1996).
pub fn percentile(sorted: &[f64], p: f64) -> f64 {
    let place = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

fn mad(sorted_values: &[f64], median: f64) -> f64 {
    let deviations: Vec<f64> = sorted_values.iter().map(|v| (v - median).abs()).collect();
    sorted(&deviations).map_or(0.0, |sorted| percentile(&sorted, 0.5))
}

/// The 95 % percentile-bootstrap interval of the median (Efron and Tibshirani, *An
/// Introduction to the Bootstrap*, chapter 13).
fn median_interval(sorted_values: &[f64]) -> (f64, f64) {
    let mut random = Random::new(sorted_values.len() as u64);
    interval(|| resampled_median(sorted_values, &mut random))
}

/// The 95 % bootstrap interval of `median(numerator) / median(denominator)`, both
/// drawn anew in each round; `None` where either is empty.
pub fn ratio_interval(numerator: &[f64], denominator: &[f64]) -> Option<(f64, f64)> {
    let (numerator, denominator) = (sorted(numerator)?, sorted(denominator)?);
    let mut random = Random::new((numerator.len() * 31 + denominator.len()) as u64);
    Some(interval(|| {
        resampled_median(&numerator, &mut random) / resampled_median(&denominator, &mut random)
    }))
}

fn interval(mut draw: impl FnMut() -> f64) -> (f64, f64) {
    let mut draws: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
    draws.sort_by(f64::total_cmp);
    (percentile(&draws, 0.025), percentile(&draws, 0.975))
}

/// The median of as many values as there are, drawn with replacement.
fn resampled_median(values: &[f64], random: &mut Random) -> f64 {
    let mut drawn: Vec<f64> = values.iter().map(|_| values[random.below(values.len())]).collect();
    let middle = drawn.len() / 2;
    // Selecting instead of sorting: this runs thousands of times per interval.
    let (below, upper, _) = drawn.select_nth_unstable_by(middle, f64::total_cmp);
    if values.len() % 2 == 1 {
        return *upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, *upper)
}

/// The slope of the least-squares line through `points`; `None` with fewer than two
/// different x values. Used for memory over the number of units.
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let shared: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    (spread > 0.0).then(|| shared / spread)
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and good enough to draw samples.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit - 1`.
    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_of_a_known_sample() {
        let figures = Distribution::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!((figures.n, figures.median, figures.mad), (5, 3.0, 1.0));
        assert_eq!((figures.min, figures.max), (1.0, 5.0));
        assert!((figures.p10 - 1.4).abs() < 1e-9 && (figures.p90 - 4.6).abs() < 1e-9);
    }

    #[test]
    fn no_samples_have_no_figures() {
        assert_eq!(Distribution::of(&[]), None);
        assert_eq!(ratio_interval(&[], &[1.0]), None);
        assert_eq!(slope(&[(1.0, 2.0)]), None);
    }

    #[test]
    fn slope_finds_the_cost_per_unit_under_a_fixed_cost() {
        let points = [(10.0, 1_045.0), (100.0, 1_450.0), (1_000.0, 5_500.0)];
        assert!((slope(&points).unwrap() - 4.5).abs() < 1e-9);
    }

    #[test]
    fn the_interval_covers_the_true_median_about_as_often_as_it_says() {
        let mut random = Random::new(1);
        let covered = (0..200)
            .filter(|_| {
                let values: Vec<f64> = (0..25).map(|_| random.below(1_000) as f64).collect();
                let figures = Distribution::of(&values).unwrap();
                (figures.median_low..=figures.median_high).contains(&499.5)
            })
            .count();
        assert!((175..=200).contains(&covered), "covered {covered} of 200");
    }

    proptest! {
        #[test]
        fn figures_are_in_order(values in prop::collection::vec(0.0..1e12_f64, 1..60)) {
            let d = Distribution::of(&values).unwrap();
            prop_assert!(d.min <= d.p10 && d.p10 <= d.median);
            prop_assert!(d.median <= d.p90 && d.p90 <= d.max);
            prop_assert!(d.median_low <= d.median && d.median <= d.median_high);
        }

        #[test]
        fn a_ratio_to_itself_covers_one(values in prop::collection::vec(1.0..1e9_f64, 3..40)) {
            let (low, high) = ratio_interval(&values, &values).unwrap();
            prop_assert!(low <= 1.0 && 1.0 <= high);
        }
    }
}
