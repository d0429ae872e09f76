//! Where two lines change places, beyond noise.

use crate::lines::{LinePoint, LineSeries, logarithmic, points};
use crate::scale::ascending;

/// Two lines that change places: on either side their intervals lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossover {
    /// The place of the series that is lower before the crossover.
    pub first: usize,
    /// The place of the series that is lower after it.
    pub second: usize,
    /// Where the medians cross, between the points on either side.
    pub x: f64,
    /// The value of both there.
    pub y: f64,
    /// The last x before it at which the intervals lie apart.
    pub after: f64,
    /// The first x after it at which they lie apart the other way round.
    pub before: f64,
}

/// All crossovers of every two series, by x. Points are compared where both series
/// have the same x; between them medians are joined as the chart draws them.
pub fn crossovers(series: &[LineSeries]) -> Vec<Crossover> {
    let logs = logarithmic(series);
    let points: Vec<Vec<LinePoint>> = series.iter().map(points).collect();
    let mut found = Vec::new();
    for second in 0..series.len() {
        for first in 0..second {
            pair(&points, (first, second), logs, &mut found);
        }
    }
    let xs: Vec<f64> = found.iter().map(|one: &Crossover| one.x).collect();
    ascending(&xs).into_iter().map(|place| found[place]).collect()
}

fn pair(
    points: &[Vec<LinePoint>],
    (a, b): (usize, usize),
    logs: (bool, bool),
    found: &mut Vec<Crossover>,
) {
    let partner = |p: &LinePoint| points[b].iter().find(|q| q.x == p.x).copied();
    let shared: Vec<(LinePoint, LinePoint)> =
        points[a].iter().filter_map(|p| Some((*p, partner(p)?))).collect();
    let mut last: Option<(usize, bool)> = None;
    for (place, (p, q)) in shared.iter().enumerate() {
        if !(p.high < q.low || q.high < p.low) {
            continue;
        }
        let a_is_lower = p.high < q.low;
        if let Some((from, was_lower)) = last.filter(|(_, was_lower)| *was_lower != a_is_lower) {
            let (first, second) = if was_lower { (a, b) } else { (b, a) };
            let (after, before) = (shared[from].0.x, p.x);
            let (x, y) = crossing(&shared[from..=place], logs);
            found.push(Crossover { first, second, x, y, after, before });
        }
        last = Some((place, a_is_lower));
    }
}

/// Where the medians first cross; they do, as they lie apart either way at both ends.
fn crossing(shared: &[(LinePoint, LinePoint)], (log_x, log_y): (bool, bool)) -> (f64, f64) {
    let warp = |log: bool, value: f64| if log { value.ln() } else { value };
    let unwarp = |log: bool, value: f64| if log { value.exp() } else { value };
    let gap = |(p, q): &(LinePoint, LinePoint)| warp(log_y, p.y) - warp(log_y, q.y);
    let segment = shared.windows(2).find(|two| gap(&two[0]) * gap(&two[1]) <= 0.0);
    let [before, after] = segment.unwrap_or(shared) else {
        return (shared[0].0.x, shared[0].0.y);
    };
    let (start, end) = (gap(before), gap(after));
    let share = if start == end { 0.0 } else { start / (start - end) };
    let between = |log: bool, from: f64, to: f64| {
        let (from, to) = (warp(log, from), warp(log, to));
        unwarp(log, from + share * (to - from))
    };
    (between(log_x, before.0.x, after.0.x), between(log_y, before.0.y, after.0.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &'static str, points: &'static [LinePoint]) -> LineSeries<'static> {
        LineSeries { id, title: id, points }
    }

    const fn point(x: f64, low: f64, y: f64, high: f64) -> LinePoint {
        LinePoint { x, y, low, high }
    }

    #[test]
    fn lines_whose_intervals_part_on_both_sides_cross() {
        const A: &[LinePoint] = &[point(1.0, 0.9, 1.0, 1.1), point(3.0, 2.9, 3.0, 3.1)];
        const B: &[LinePoint] = &[point(1.0, 1.9, 2.0, 2.1), point(3.0, 1.9, 2.0, 2.1)];
        let found = crossovers(&[line("a", A), line("b", B)]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].first, found[0].second), (0, 1));
        assert!((found[0].x - 2.0).abs() < 1e-9 && (found[0].y - 2.0).abs() < 1e-9);
        assert_eq!((found[0].after, found[0].before), (1.0, 3.0));
    }

    #[test]
    fn lines_that_part_on_one_side_only_do_not_cross() {
        const A: &[LinePoint] = &[point(1.0, 0.9, 1.0, 2.0), point(3.0, 2.9, 3.0, 3.1)];
        const B: &[LinePoint] = &[point(1.0, 1.9, 2.0, 2.1), point(3.0, 1.9, 2.0, 2.1)];
        assert_eq!(crossovers(&[line("a", A), line("b", B)]), []);
    }

    #[test]
    fn a_stretch_within_noise_lies_between_both_sides() {
        const A: &[LinePoint] =
            &[point(1.0, 1.0, 1.0, 1.0), point(2.0, 1.0, 2.1, 3.0), point(3.0, 3.0, 3.0, 3.0)];
        const B: &[LinePoint] =
            &[point(1.0, 2.0, 2.0, 2.0), point(2.0, 1.0, 2.0, 3.0), point(3.0, 2.0, 2.0, 2.0)];
        let found = crossovers(&[line("a", A), line("b", B)]);
        assert_eq!((found.len(), found[0].after, found[0].before), (1, 1.0, 3.0));
        assert!(found[0].x > 1.0 && found[0].x < 2.0);
    }

    #[test]
    fn on_logarithmic_axes_lines_cross_where_they_are_drawn_to() {
        const A: &[LinePoint] = &[point(1.0, 1.0, 1.0, 1.0), point(100.0, 1e4, 1e4, 1e4)];
        const B: &[LinePoint] =
            &[point(1.0, 100.0, 100.0, 100.0), point(100.0, 100.0, 100.0, 100.0)];
        let found = crossovers(&[line("a", A), line("b", B)]);
        assert!((found[0].x - 10.0).abs() < 1e-9 && (found[0].y - 100.0).abs() < 1e-9);
    }
}
