//! Curves of one executor: one or more quantities over another, such as latencies over
//! percentiles.

use crate::axis::{Direction, Reach, Ticks, nines, percentile_ticks, ticks_as};
use crate::document::{Svg, class, finish};
use crate::lines::{LinePoint, LineSeries, points};
use crate::plot::{Plot, table};
use crate::scale::Extent;
use crate::shape::dot;
use crate::{Axis, Chart, Frame};

/// A curve of more points than this is drawn without their dots.
const DOTS_MAX: usize = 24;

/// How an axis of a curve is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Evenly.
    Linear,
    /// By powers of ten. Values of zero and below have no place on it.
    Log,
    /// Percentiles, each nine as far from the last. Only along.
    Percentile,
}

/// One curve.
#[derive(Clone, Copy, Debug)]
pub struct CurveSeries<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Its points, in any order; may be empty.
    pub points: &'a [[f64; 2]],
}

/// Draws the curves of the executor `id`. The axes reach over `others` as well, so that
/// the charts of several executors can be compared.
pub fn curves(
    frame: &Frame,
    id: &str,
    (x_axis, x_scaling): (&Axis, Scaling),
    (y_axis, y_scaling): (&Axis, Scaling),
    series: &[CurveSeries],
    others: &[CurveSeries],
) -> Chart {
    let has_place = |point: &&[f64; 2]| {
        let on = |scaling, value: f64| scaling != Scaling::Log || value > 1e-290;
        on(x_scaling, point[0]) && on(y_scaling, point[1])
    };
    let of = |one: &CurveSeries| -> Vec<LinePoint> {
        let point = |[x, y]: &[f64; 2]| LinePoint { x: *x, y: *y, low: *y, high: *y };
        let all: Vec<LinePoint> = one.points.iter().filter(has_place).map(point).collect();
        points(&LineSeries { id, title: "", points: &all })
    };
    let drawn: Vec<Vec<LinePoint>> = series.iter().map(of).collect();
    let all: Vec<LinePoint> =
        others.iter().flat_map(of).chain(drawn.iter().flatten().copied()).collect();
    let along_x = Extent::of(all.iter().map(|point| point.x));
    let along_y = Extent::of(all.iter().map(|point| point.y));

    let named: Vec<LineSeries> = series
        .iter()
        .zip(&drawn)
        .map(|(one, points)| LineSeries { id, title: one.title, points })
        .collect();
    // The name of an only curve is that of the chart.
    let is_only = series.len() == 1;
    let titles: Vec<&str> = series.iter().map(|one| if is_only { "" } else { one.title }).collect();
    let width = frame.drawn_width();
    let y = |room| {
        let log = y_scaling == Scaling::Log;
        ticks_as(y_axis, along_y, log, Reach::FromZero, room, Direction::Up(width * 0.2))
    };
    let x = |room| -> Ticks {
        let (log, across) = (x_scaling == Scaling::Log, Direction::Across(width));
        match x_scaling {
            Scaling::Percentile => percentile_ticks(x_axis, along_x, room, width),
            _ => ticks_as(x_axis, along_x, log, Reach::Values, room, across),
        }
    };
    let along = if x_scaling == Scaling::Percentile { nines } else { |x| x };
    let plot = Plot::new(frame, &titles, &x, &y, along);
    let (mut svg, mut marks) = (Svg::new(), Vec::new());
    let below = plot.draw_axes(&mut svg, frame);
    for (place, points) in drawn.iter().enumerate().filter(|(_, points)| !points.is_empty()) {
        curve(&mut svg, &plot, (id, place), points);
    }
    plot.names(&mut svg, &named, &drawn);
    for (place, (one, points)) in named.iter().zip(&drawn).enumerate() {
        plot.mark(&mut marks, (x_axis, y_axis), (place, one), points);
    }
    let table = table(frame, (x_axis, y_axis), &named, &drawn);
    finish(frame, plot.bottom + below + 8.0 + plot.margin / 2.0, svg, marks, table)
}

/// One curve: dashed unless it is the first, so that several in one colour differ.
fn curve(svg: &mut Svg, plot: &Plot, (id, place): (&str, usize), points: &[LinePoint]) {
    let places = || points.iter().map(|point| plot.place(point.x, point.y));
    let kind = ["line", "line dashed", "line dotted"][place % 3];
    svg.open("path").attribute("class", &class(kind, id)).path("d", places(), false).close();
    if points.len() <= DOTS_MAX {
        svg.open("g").class("point", id).children();
        places().for_each(|(x, y)| dot(svg, id, x, y, 3.5));
        svg.end("g");
    }
}
