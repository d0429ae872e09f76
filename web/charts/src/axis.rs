//! Where the ticks of an axis stand and what is written at them.

use crate::Axis;
use crate::document::Svg;
use crate::scale::{Extent, Scale, nice_above, nice_below, ten_to, within};
use crate::text::{FONT_SIZE, push_decimal, shortened, text_width};
use crate::unit::{labels, title, written};

/// The widest label of a tick on a horizontal axis, in pixels.
const LABEL_MOST: f64 = 96.0;

/// The least gap between the labels of two ticks, in pixels.
const GAP: f64 = 14.0;

/// Ticks that stand closer than this are a grey mass, in pixels.
const MINOR_MIN: f64 = 40.0;

/// How labels lie along the axis.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    /// Beside one another, within this width of the whole chart.
    Across(f64),
    /// Above one another, each at most this wide.
    Up(f64),
}

/// An axis with its ticks.
pub(crate) struct Ticks {
    pub(crate) scale: Scale,
    /// The labelled ticks: value and label.
    pub(crate) major: Vec<(f64, String)>,
    /// Ticks between them, without a label.
    pub(crate) minor: Vec<f64>,
    /// The axis title with the unit that all ticks share.
    pub(crate) title: String,
}

/// A set of ticks that may turn out to be too dense.
struct Candidate {
    low: f64,
    high: f64,
    values: Vec<f64>,
}

/// What a linear axis reaches over.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Reach {
    /// From zero, as lengths are compared, to the tick beyond the largest value.
    FromZero,
    /// Over the values and no further, and from zero only if that leaves less than
    /// half of the axis empty.
    Values,
}

/// The densest ticks that fit an axis from pixel `from` to pixel `to`.
pub(crate) fn ticks(
    axis: &Axis,
    extent: Option<Extent>,
    reach: Reach,
    (from, to): (f64, f64),
    direction: Direction,
) -> Ticks {
    let log = extent.is_some_and(Extent::wants_log);
    ticks_as(axis, extent, log, reach, (from, to), direction)
}

/// The same for an axis that is logarithmic or not whatever its values are.
pub(crate) fn ticks_as(
    axis: &Axis,
    extent: Option<Extent>,
    log: bool,
    reach: Reach,
    (from, to): (f64, f64),
    direction: Direction,
) -> Ticks {
    let Some(extent) = extent else {
        let scale = Scale { low: 0.0, high: 1.0, log: false, from, to };
        return Ticks { scale, major: Vec::new(), minor: Vec::new(), title: axis.title.to_owned() };
    };
    let binary = is_binary(axis);
    let candidates =
        if log { logarithmic(extent, binary) } else { linear(extent, reach, binary, to - from) };
    let widest = if let Direction::Up(most) = direction { most } else { LABEL_MOST };
    let mut last = None;
    for candidate in candidates {
        let scale = Scale { low: candidate.low, high: candidate.high, log, from, to };
        let (labels, unit) = labels(axis, &candidate.values, log);
        let labels: Vec<String> = labels.iter().map(|label| shortened(label, widest)).collect();
        let fits = fit(&scale, &candidate.values, &labels, direction);
        let major: Vec<(f64, String)> = candidate.values.into_iter().zip(labels).collect();
        let minor = if log && !binary { minor(&scale, &major) } else { Vec::new() };
        let title = title(axis.title, unit, log);
        last = Some(Ticks { scale, major, minor, title });
        if fits {
            return last.expect("it was just set");
        }
    }
    let mut coarsest = last.expect("there is at least one candidate");
    coarsest.major.drain(..coarsest.major.len().saturating_sub(1));
    coarsest
}

/// Whether round numbers of this axis are powers of two, as for bytes: 2^20 is then
/// written shorter than a million.
fn is_binary(axis: &Axis) -> bool {
    let length = |value: f64| written(axis, value).chars().count();
    length(1_048_576.0) < length(1_000_000.0)
}

/// Ever fewer ticks at multiples of 1, 2 or 5 × 10^k, or of 2^k.
fn linear(extent: Extent, reach: Reach, binary: bool, length: f64) -> Vec<Candidate> {
    let Extent { min, max } = extent;
    let narrow = min > max / 2.0 && max - min > max / 1e3;
    let from_zero = reach == Reach::FromZero || !narrow;
    let (low, high) = if from_zero { (min.min(0.0), max.max(0.0)) } else { (min, max) };
    let high = if high > low { high } else { low + 1.0 };
    let most = ((length.abs() / 44.0) as i32).clamp(1, 10);
    let candidate = |count: i32| {
        let raw = (high - low) / f64::from(count);
        let step = if binary { raw.log2().ceil().exp2() } else { nice_above(raw) };
        let (first, last) = ((low / step).floor(), high / step);
        let last = if reach == Reach::FromZero { (last - 1e-9).ceil() } else { last + 1e-9 };
        let values = (0..=(last - first) as i64).map(|place| first + place as f64);
        let values = values.map(|place| multiple(place, step)).collect();
        let high = if reach == Reach::FromZero { multiple(last, step) } else { high };
        Candidate { low: multiple(first, step), high, values }
    };
    (1..=most).rev().map(candidate).collect()
}

/// `count × step`, by division where the step is below one: 3 × 0.1 is 0.3 then.
fn multiple(count: f64, step: f64) -> f64 {
    let parts = (1.0 / step).round();
    let exact = step < 1.0 && parts < 1e15 && ((parts * step) - 1.0).abs() < 1e-12;
    if exact { count / parts } else { count * step }
}

/// Ever fewer ticks: 1-2-5, then every decade, then every second and so on.
fn logarithmic(extent: Extent, binary: bool) -> Vec<Candidate> {
    let strides = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500];
    if binary {
        let exponent = |value: f64| value.log2();
        let first = (exponent(extent.min) + 1e-9).floor() as i32;
        let last = (exponent(extent.max) - 1e-9).ceil() as i32;
        let power = |exponent: i32| f64::from(exponent).exp2();
        let every = |stride| powers(first, last, stride, power);
        let candidate =
            |stride| Candidate { low: power(first), high: power(last), values: every(stride) };
        return strides.into_iter().map(candidate).collect();
    }
    let (low, high) = (nice_below(extent.min), nice_above(extent.max));
    // A single value still stands between two others.
    let (low, high) = if low < high { (low, high) } else { (low / 2.0, high * 2.0) };
    let first = (low.log10() - 1e-9).ceil() as i32;
    let last = (high.log10() + 1e-9).floor() as i32;
    let mut candidates = Vec::new();
    if last - first < 8 {
        let leads = (first - 1..=last).flat_map(|k| [1.0, 2.0, 5.0].map(|lead| (lead, k)));
        let values = leads.map(|(lead, k)| scaled(lead, k));
        let inside = values.filter(|v| (low * 0.999..=high * 1.001).contains(v)).collect();
        candidates.push(Candidate { low, high, values: inside });
    }
    let every = |stride| powers(first, last, stride, ten_to);
    candidates.extend(strides.into_iter().map(|stride| Candidate {
        low,
        high,
        values: every(stride),
    }));
    candidates
}

/// The powers from `first` to `last` whose exponent is a multiple of `stride`.
fn powers(first: i32, last: i32, stride: i32, power: fn(i32) -> f64) -> Vec<f64> {
    (first..=last).filter(|exponent| exponent % stride == 0).map(power).collect()
}

/// `lead × 10^exponent`, as exact as `f64` can say it.
fn scaled(lead: f64, exponent: i32) -> f64 {
    if exponent < 0 { lead / ten_to(-exponent) } else { lead * ten_to(exponent) }
}

/// The multiples of the powers of ten that are not labelled, if they have room.
fn minor(scale: &Scale, major: &[(f64, String)]) -> Vec<f64> {
    let decades = scale.high.log10() - scale.low.log10();
    if scale.length() / decades < MINOR_MIN {
        return Vec::new();
    }
    let (first, last) = (scale.low.log10().floor() as i32, scale.high.log10().ceil() as i32);
    let all = (first..=last).flat_map(|k| (1..10).map(move |lead| scaled(f64::from(lead), k)));
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
    all.filter(|value| (scale.low..=scale.high).contains(value))
        .filter(|value| !major.iter().any(|(labelled, _)| near(*labelled, *value)))
        .collect()
}

/// Whether all labels are different and keep their distance.
fn fit(scale: &Scale, values: &[f64], labels: &[String], direction: Direction) -> bool {
    if labels.is_empty() || labels.windows(2).any(|pair| pair[0] == pair[1]) {
        return false;
    }
    let mut end = f64::NEG_INFINITY;
    for (value, label) in values.iter().zip(labels) {
        let (low, high) = match direction {
            Direction::Across(width) => {
                let half = text_width(label, FONT_SIZE) / 2.0;
                let middle = centred(scale.place(*value), label, width);
                (middle - half, middle + half)
            }
            Direction::Up(_) => {
                // Upwards the pixels fall.
                let place = -scale.place(*value);
                (place - FONT_SIZE / 2.0, place + FONT_SIZE / 2.0)
            }
        };
        if low < end + GAP {
            return false;
        }
        end = high;
    }
    true
}

/// Where a label is centred that wants to be at `x` and must stay within `width`.
pub(crate) fn centred(x: f64, label: &str, width: f64) -> f64 {
    let half = text_width(label, FONT_SIZE) / 2.0;
    within(x, half.min(width / 2.0), (width - half).max(width / 2.0))
}

/// Draws a horizontal axis at the lower end of a plot that reaches from `top` to
/// `bottom`, and its grid. Returns the height that its labels take below `bottom`.
pub(crate) fn draw_below(svg: &mut Svg, ticks: &Ticks, top: f64, bottom: f64, width: f64) -> f64 {
    let scale = &ticks.scale;
    for value in &ticks.minor {
        let x = scale.place(*value);
        svg.line("axis minor", (x, bottom), (x, bottom + 3.0));
    }
    for (value, label) in &ticks.major {
        let x = scale.place(*value);
        svg.line("grid", (x, top), (x, bottom));
        svg.line("axis", (x, bottom), (x, bottom + 5.0));
        svg.label("tick", (centred(x, label, width), bottom + 18.0), "middle", label);
    }
    svg.line("axis", (scale.from, bottom), (scale.to, bottom));
    let title = shortened(&ticks.title, width);
    let middle = centred((scale.from + scale.to) / 2.0, &title, width);
    svg.label("axis-title", (middle, bottom + 38.0), "middle", &title);
    46.0
}

/// A horizontal axis of percentiles, from pixel `from` to pixel `to`: each nine is as far
/// from the last. Its scale is one of [`nines`].
pub(crate) fn percentile_ticks(
    axis: &Axis,
    extent: Option<Extent>,
    (from, to): (f64, f64),
    width: f64,
) -> Ticks {
    let (low, high) = extent.map_or((0.0, 2.0), |e| (nines(e.min).floor(), nines(e.max)));
    let high = high.max(low + 1.0);
    let scale = Scale { low, high, log: false, from, to };
    let all = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.999_9, 99.999_99];
    let within = all.into_iter().filter(|p| (low..=high).contains(&nines(*p)));
    let mut values: Vec<f64> = within.collect();
    let mut major: Vec<(f64, String)> = Vec::new();
    while !values.is_empty() {
        let labels: Vec<String> = values.iter().map(|p| percentile(*p)).collect();
        let places: Vec<f64> = values.iter().map(|p| nines(*p)).collect();
        if fit(&scale, &places, &labels, Direction::Across(width)) {
            major = places.into_iter().zip(labels).collect();
            break;
        }
        // The half goes first, then from the lower end: the nines are what one looks at.
        let half = values.iter().position(|p| *p == 50.0).unwrap_or(0);
        values.remove(half);
    }
    Ticks { scale, major, minor: Vec::new(), title: axis.title.to_owned() }
}

/// How many nines a percentile has: 1 for 90, 2 for 99, 3 for 99.9; from 0 to 8.
pub(crate) fn nines(percentile: f64) -> f64 {
    within(-(1.0 - within(percentile, 0.0, 99.999_999) / 100.0).log10(), 0.0, 8.0)
}

fn percentile(value: f64) -> String {
    let mut text = String::new();
    push_decimal(&mut text, value, 5);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(value: f64) -> String {
        format!("{value:.2} ms")
    }

    fn axis() -> Axis<'static> {
        Axis { title: "Time", format: milliseconds }
    }

    fn drawn(min: f64, max: f64, pixels: f64) -> Ticks {
        let direction = Direction::Across(pixels + 40.0);
        ticks(&axis(), Some(Extent { min, max }), Reach::FromZero, (20.0, 20.0 + pixels), direction)
    }

    fn labels_of(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn a_linear_axis_begins_at_zero_and_its_title_has_the_unit() {
        let ticks = drawn(3.1, 5.2, 400.0);
        assert_eq!(labels_of(&ticks), ["0", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(ticks.title, "Time (ms)");
    }

    #[test]
    fn a_logarithmic_axis_has_decades_and_says_so() {
        let ticks = drawn(1.0, 9_000.0, 260.0);
        assert_eq!(labels_of(&ticks), ["1", "10", "100", "1000", "10000"]);
        assert_eq!(ticks.title, "Time (ms), log scale");
        assert_eq!(ticks.minor.len(), 4 * 8);
    }

    #[test]
    fn a_short_logarithmic_range_is_divided_by_one_two_five() {
        assert_eq!(labels_of(&drawn(2.0, 90.0, 400.0)), ["2", "5", "10", "20", "50", "100"]);
    }

    #[test]
    fn a_narrow_axis_has_fewer_ticks() {
        assert_eq!(labels_of(&drawn(3.1, 5.2, 100.0)), ["0", "5", "10"]);
    }

    #[test]
    fn a_unit_that_differs_between_ticks_stays_with_them() {
        let format = |v: f64| if v < 1e3 { format!("{v} ns") } else { format!("{} µs", v / 1e3) };
        let axis = Axis { title: "Time", format };
        let extent = Extent { min: 10.0, max: 1e5 };
        let ticks =
            ticks(&axis, Some(extent), Reach::FromZero, (0.0, 300.0), Direction::Across(340.0));
        assert_eq!(labels_of(&ticks), ["10 ns", "100 ns", "1 µs", "10 µs", "100 µs"]);
        assert_eq!(ticks.title, "Time, log scale");
    }

    #[test]
    fn ticks_of_a_linear_axis_share_the_unit_of_the_last() {
        let format = |v: f64| if v < 1e3 { format!("{v} ns") } else { format!("{} µs", v / 1e3) };
        let axis = Axis { title: "Time", format };
        let extent = Extent { min: 100.0, max: 1.9e3 };
        let ticks =
            ticks(&axis, Some(extent), Reach::FromZero, (0.0, 200.0), Direction::Across(240.0));
        assert_eq!(labels_of(&ticks), ["0", "0.5", "1", "1.5", "2"]);
        assert_eq!(ticks.title, "Time (µs)");
    }

    #[test]
    fn every_nine_of_a_percentile_is_as_far_from_the_last() {
        let drawn = |pixels: f64, max: f64| {
            let extent = Some(Extent { min: 0.0, max });
            percentile_ticks(&axis(), extent, (0.0, pixels), pixels + 40.0)
        };
        let wide = drawn(600.0, 99.99);
        assert_eq!(labels_of(&wide), ["0", "50", "90", "99", "99.9", "99.99"]);
        let place = |p: f64| wide.scale.place(nines(p));
        assert!((place(99.0) - place(90.0) - (place(99.9) - place(99.0))).abs() < 1e-6);
        assert_eq!(labels_of(&drawn(120.0, 99.9)), ["0", "90", "99", "99.9"]);
    }

    #[test]
    fn bytes_are_divided_by_powers_of_two() {
        let format = |v: f64| {
            if v < 1024.0 {
                format!("{v:.0} B")
            } else if v < 1_048_576.0 {
                format!("{:.2} KiB", v / 1024.0)
            } else {
                format!("{:.2} MiB", v / 1_048_576.0)
            }
        };
        let axis = Axis { title: "Memory", format };
        let extent = Extent { min: 3_000.0, max: 7_500.0 };
        let ticks =
            ticks(&axis, Some(extent), Reach::FromZero, (0.0, 300.0), Direction::Across(340.0));
        assert_eq!(labels_of(&ticks), ["0", "2", "4", "6", "8"]);
        assert_eq!(ticks.title, "Memory (KiB)");
    }
}
