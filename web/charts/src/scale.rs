//! From values to pixels: linear scales, which include zero unless told otherwise,
//! and logarithmic ones.

/// A range beyond this factor is drawn on a logarithmic axis.
const LOG_FROM_FACTOR: f64 = 30.0;

/// The value as it is drawn: `None` if it is not a number. Magnitudes that would
/// overflow or vanish in the arithmetic of an axis are cut to what it can hold.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    Some(if value.abs() < 1e-290 { 0.0 } else { within(value, -1e290, 1e290) })
}

/// The smallest and the largest of some drawable values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Extent {
    /// The extent of the values that are numbers; `None` where none is.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        values.filter_map(drawable).fold(None, |extent: Option<Self>, value| {
            let (min, max) = extent.map_or((value, value), |e| (e.min, e.max));
            Some(Self { min: min.min(value), max: max.max(value) })
        })
    }

    /// Whether the values differ by so large a factor that only a logarithmic axis
    /// shows them all. Zero and negative values have no place on one.
    pub(crate) fn wants_log(self) -> bool {
        self.min > 0.0 && self.max.ln() - self.min.ln() > LOG_FROM_FACTOR.ln()
    }
}

/// `value`, moved between `low` and `high`; `high` wins if they are in the wrong order.
/// `f64::clamp` would panic then, and its message drags in the printer of floats.
pub(crate) fn within(value: f64, low: f64, high: f64) -> f64 {
    value.max(low).min(high)
}

/// The places of `keys`, by ascending key. A sort by insertion is enough for the few
/// dozen things that a chart has to put in order, and is small to download.
pub(crate) fn ascending(keys: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(keys.len());
    for (place, key) in keys.iter().enumerate() {
        let after = order.partition_point(|other| keys[*other] <= *key);
        order.insert(after, place);
    }
    order
}

/// A mapping from values to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) log: bool,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Scale {
    /// The pixel of `value`, held within the axis.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = if self.log {
            let (low, high) = (self.low.ln(), self.high.ln());
            (value.max(self.low).ln() - low) / (high - low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        let share = if share.is_finite() { within(share, 0.0, 1.0) } else { 0.0 };
        self.from + share * (self.to - self.from)
    }

    /// How many pixels the axis is long.
    pub(crate) fn length(&self) -> f64 {
        (self.to - self.from).abs()
    }
}

/// The largest number of the form 1, 2 or 5 × 10^k that is at most `value`.
pub(crate) fn nice_below(value: f64) -> f64 {
    let power = power_of_ten(value);
    let lead = value / power;
    let nice = if lead >= 5.0 * SLACK_DOWN {
        5.0
    } else if lead >= 2.0 * SLACK_DOWN {
        2.0
    } else {
        1.0
    };
    nice * power
}

/// The smallest number of the form 1, 2 or 5 × 10^k that is at least `value`.
pub(crate) fn nice_above(value: f64) -> f64 {
    let power = power_of_ten(value);
    let lead = value / power;
    let nice = [1.0, 2.0, 5.0].into_iter().find(|nice| lead <= nice * SLACK_UP);
    nice.unwrap_or(10.0) * power
}

/// Division leaves a last digit that is off; a value that close to a tick is on it.
const SLACK_UP: f64 = 1.0 + 1e-9;
const SLACK_DOWN: f64 = 1.0 - 1e-9;

/// The power of ten that is at most `value`, exact where `f64` can say it.
fn power_of_ten(value: f64) -> f64 {
    let exponent = value.log10().floor() as i32;
    let power = ten_to(exponent);
    if power > value * SLACK_UP { ten_to(exponent - 1) } else { power }
}

/// 10^exponent. Division by a positive power is exact where a product with a negative
/// one is not: 0.001 instead of 0.001_000_000_000_000_000_2.
pub(crate) fn ten_to(exponent: i32) -> f64 {
    if exponent < 0 { 1.0 / 10f64.powi(-exponent) } else { 10f64.powi(exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nice_numbers_enclose_a_value_and_keep_a_nice_one() {
        let values = [1.0, 1.3, 2.0, 4.9, 5.0, 7.0, 0.03, 1e6, 999.0];
        let below = [1.0, 1.0, 2.0, 2.0, 5.0, 5.0, 0.02, 1e6, 500.0];
        let above = [1.0, 2.0, 2.0, 5.0, 5.0, 10.0, 0.05, 1e6, 1_000.0];
        assert_eq!(values.map(nice_below), below);
        assert_eq!(values.map(nice_above), above);
    }

    #[test]
    fn only_positive_values_far_apart_want_a_logarithmic_axis() {
        let wants = |values: &[f64]| Extent::of(values.iter().copied()).unwrap().wants_log();
        assert!(wants(&[1.0, 31.0]));
        assert!(!wants(&[1.0, 29.0]));
        assert!(!wants(&[0.0, 1_000.0]));
        assert!(!wants(&[-1.0, 1_000.0]));
    }

    #[test]
    fn equal_keys_keep_their_order() {
        assert_eq!(ascending(&[3.0, 1.0, 3.0, -2.0]), [3, 1, 0, 2]);
    }

    #[test]
    fn what_is_not_a_number_has_no_extent() {
        assert_eq!(Extent::of([f64::NAN, f64::INFINITY].into_iter()), None);
        assert_eq!(Extent::of([f64::NAN, 2.0].into_iter()), Some(Extent { min: 2.0, max: 2.0 }));
    }
}
