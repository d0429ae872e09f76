//! The line chart: medians over a swept parameter, with interval bands, names at the
//! ends of the lines and crossovers.

use crate::axis::{Direction, Reach, ticks};
use crate::crossover::{Crossover, crossovers};
use crate::document::{Svg, finish};
use crate::plot::{Plot, table};
use crate::scale::{Extent, ascending, drawable, nice_below, ten_to};
use crate::text::{LINE_HEIGHT, shortened};
use crate::{Axis, Chart, Frame, Mark};

/// How far a letter such as T may reach to the left of where it starts.
const OVERHANG: f64 = 2.0;

/// The medians of one executor.
#[derive(Clone, Copy, Debug)]
pub struct LineSeries<'a> {
    /// The executor's id, which decides colour and shape.
    pub id: &'a str,
    /// Its name.
    pub title: &'a str,
    /// Its points in any order; may be empty.
    pub points: &'a [LinePoint],
}

/// A median with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinePoint {
    /// The value of the swept parameter.
    pub x: f64,
    /// The median.
    pub y: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

/// The points that can be drawn, by x, each with an interval that holds its median.
pub(crate) fn points(series: &LineSeries) -> Vec<LinePoint> {
    let drawn = series.points.iter().filter_map(|point| {
        let (x, y) = (drawable(point.x)?, drawable(point.y)?);
        let low = drawable(point.low).unwrap_or(y).min(y);
        let high = drawable(point.high).unwrap_or(y).max(y);
        Some(LinePoint { x, y, low, high })
    });
    let drawn: Vec<LinePoint> = drawn.collect();
    let xs: Vec<f64> = drawn.iter().map(|point| point.x).collect();
    ascending(&xs).into_iter().map(|place| drawn[place]).collect()
}

/// The extents of all series along x and y.
fn extents(series: &[LineSeries]) -> (Option<Extent>, Option<Extent>) {
    let all: Vec<LinePoint> = series.iter().flat_map(points).collect();
    let along_x = Extent::of(all.iter().map(|point| point.x));
    (along_x, Extent::of(all.iter().flat_map(|point| [point.y, point.low, point.high])))
}

/// Which axes are logarithmic.
pub(crate) fn logarithmic(series: &[LineSeries]) -> (bool, bool) {
    let (x, y) = extents(series);
    (x.is_some_and(Extent::wants_log), y.is_some_and(Extent::wants_log))
}

/// Draws a line per series. An axis is logarithmic where its largest value is more
/// than 30 times its smallest; a linear vertical axis begins at zero.
pub fn lines(frame: &Frame, x_axis: &Axis, y_axis: &Axis, series: &[LineSeries]) -> Chart {
    let (along_x, along_y) = extents(series);
    let titles: Vec<&str> = series.iter().map(|one| one.title).collect();
    let width = frame.drawn_width();
    let up = Direction::Up(width * 0.2);
    let y = |room| ticks(y_axis, along_y, Reach::FromZero, room, up);
    let x = |room| ticks(x_axis, along_x, Reach::Values, room, Direction::Across(width));
    let plot = Plot::new(frame, &titles, &x, &y, |x| x);
    let (mut svg, mut marks) = (Svg::new(), Vec::new());
    let below = plot.draw_axes(&mut svg, frame);
    let drawn: Vec<Vec<LinePoint>> = series.iter().map(points).collect();
    let shown = || series.iter().zip(&drawn).filter(|(_, points)| !points.is_empty());
    shown().for_each(|(one, points)| plot.band(&mut svg, one, points));
    shown().for_each(|(one, points)| plot.line(&mut svg, one, points));
    plot.names(&mut svg, series, &drawn);
    for (place, (one, points)) in series.iter().zip(&drawn).enumerate() {
        plot.mark(&mut marks, (x_axis, y_axis), (place, one), points);
    }
    let mut table = table(frame, (x_axis, y_axis), series, &drawn);
    let mut bottom = plot.bottom + below + 4.0;
    for crossover in crossovers(series) {
        let text = in_words(&crossover, x_axis, series);
        let (x, y) = plot.place(crossover.x, crossover.y);
        svg.line("crossover", (x, y), (x, plot.bottom));
        svg.open("circle")
            .attribute("class", "crossover ring")
            .number("cx", x)
            .number("cy", y)
            .attribute("r", "7")
            .close();
        let start = plot.margin + OVERHANG;
        let note = shortened(&text, plot.width - plot.margin - start);
        bottom += LINE_HEIGHT;
        svg.label("note", (start, bottom - 6.0), "start", &note);
        table.caption.push_str(". ");
        table.caption.push_str(&text);
        marks.push(Mark { x, y, series: crossover.first, text });
    }
    finish(frame, bottom + 4.0 + plot.margin / 2.0, svg, marks, table)
}

/// `OS threads and Tokio (multi) cross near 320`.
fn in_words(crossover: &Crossover, x_axis: &Axis, series: &[LineSeries]) -> String {
    let mut text = series[crossover.first].title.to_owned();
    text.push_str(" and ");
    text.push_str(series[crossover.second].title);
    text.push_str(" cross near ");
    text.push_str(&(x_axis.format)(two_digits(crossover.x)));
    text
}

/// An estimate, written no more exactly than it is known.
fn two_digits(value: f64) -> f64 {
    let step = nice_below(value.abs().max(1e-290)).log10().floor() as i32 - 1;
    (value / ten_to(step)).round() * ten_to(step)
}
