//! The line chart: medians over a swept parameter, with interval bands, names at the
//! ends of the lines and crossovers.

use crate::axis::{Direction, Reach, Ticks, draw_below, ticks};
use crate::crossover::{Crossover, crossovers};
use crate::document::{Svg, class, finish};
use crate::scale::{Extent, ascending, drawable, nice_below, ten_to, within};
use crate::shape::dot;
use crate::strip::range;
use crate::text::{BOLD, FONT_SIZE, LINE_HEIGHT, bold_width, shortened, spread, text_width};
use crate::{Axis, Chart, Frame, Mark, Table};

/// How far a letter such as T may reach to the left of where it starts.
const OVERHANG: f64 = 2.0;

/// From the plot's right edge to the names of the lines.
const LEAD: f64 = 22.0;

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
    let plot = Plot::new(frame, x_axis, y_axis, series);
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

/// Where everything is drawn.
struct Plot {
    width: f64,
    margin: f64,
    top: f64,
    bottom: f64,
    right: f64,
    x: Ticks,
    y: Ticks,
    names: Vec<Vec<String>>,
}

impl Plot {
    fn new(frame: &Frame, x_axis: &Axis, y_axis: &Axis, series: &[LineSeries]) -> Self {
        let width = frame.drawn_width();
        let names: Vec<Vec<String>> =
            series.iter().map(|one| name_lines(one.title, frame.is_narrow(), width)).collect();
        let names_height: f64 = names.iter().map(|lines| height_of(lines)).sum();
        let height = within(width * 0.5, 220.0, 400.0).max(names_height);
        let top = if frame.standalone { 60.0 } else { 28.0 };
        let bottom = top + height;
        let (along_x, along_y) = extents(series);
        let y = ticks(y_axis, along_y, Reach::FromZero, (bottom, top), Direction::Up(width * 0.2));
        let ticks_width = y.major.iter().map(|(_, label)| text_width(label, FONT_SIZE));
        let names_width = names.iter().flatten().map(|name| bold_width(name));
        let margin = frame.margin();
        let left = margin + ticks_width.fold(0.0, f64::max) + 8.0;
        let right = width - margin - names_width.fold(0.0, f64::max) - LEAD;
        let across = Direction::Across(width);
        let x = ticks(x_axis, along_x, Reach::Values, (left, right), across);
        Self { width, margin, top, bottom, right, x, y, names }
    }

    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.scale.place(x), self.y.scale.place(y))
    }

    fn draw_axes(&self, svg: &mut Svg, frame: &Frame) -> f64 {
        if frame.standalone {
            svg.label(
                "title",
                (self.margin, 24.0),
                "start",
                &shortened(frame.title, self.width * 0.8),
            );
        }
        let title = shortened(&self.y.title, self.width - 2.0 * self.margin);
        svg.label("axis-title", (self.margin, self.top - 14.0), "start", &title);
        let left = self.x.scale.from;
        for (value, label) in &self.y.major {
            let y = self.y.scale.place(*value);
            svg.line("grid", (left, y), (self.right, y));
            svg.label("tick", (left - 8.0, y + 4.0), "end", label);
        }
        draw_below(svg, &self.x, self.top, self.bottom, self.width)
    }

    fn band(&self, svg: &mut Svg, series: &LineSeries, points: &[LinePoint]) {
        let upper = points.iter().map(|p| self.place(p.x, p.high));
        let lower = points.iter().rev().map(|p| self.place(p.x, p.low));
        svg.open("path").class("band", series.id).path("d", upper.chain(lower), true).close();
    }

    fn line(&self, svg: &mut Svg, series: &LineSeries, points: &[LinePoint]) {
        let places = || points.iter().map(|p| self.place(p.x, p.y));
        svg.open("path").class("line", series.id).path("d", places(), false).close();
        svg.open("g").class("point", series.id).children();
        let radius = if self.width < 480.0 { 3.8 } else { 4.5 };
        places().for_each(|(x, y)| dot(svg, series.id, x, y, radius));
        svg.end("g");
    }

    /// Writes each name beside the end of its line, moved only as far as it must.
    fn names(&self, svg: &mut Svg, series: &[LineSeries], drawn: &[Vec<LinePoint>]) {
        let end = |points: &Vec<LinePoint>| points.last().map(|p| self.place(p.x, p.y));
        let ends: Vec<Option<(f64, f64)>> = drawn.iter().map(end).collect();
        let middle = (self.top + self.bottom) / 2.0;
        let heights_of_ends: Vec<f64> = ends.iter().map(|e| e.map_or(middle, |e| e.1)).collect();
        let order = ascending(&heights_of_ends);
        let wanted: Vec<f64> = order.iter().map(|place| heights_of_ends[*place]).collect();
        let height = |place: usize| height_of(&self.names[place]);
        let heights: Vec<f64> = order.iter().map(|place| height(*place)).collect();
        let placed = spread(&wanted, &heights, self.top - 8.0, self.bottom + 8.0);
        for (place, y) in order.into_iter().zip(placed) {
            let id = series[place].id;
            if let Some((x, line_y)) = ends[place] {
                let bend = (self.right + 8.0, line_y);
                let points = [(x + 8.0, line_y), bend, (self.right + LEAD - 4.0, y)];
                let leader = svg.open("path").class("leader", id);
                leader.path("d", points.into_iter(), false).close();
            }
            let first = y - (self.names[place].len() as f64 - 1.0) * LINE_HEIGHT / 2.0 + 4.0;
            for (line, text) in self.names[place].iter().enumerate() {
                let at = (self.right + LEAD, first + line as f64 * LINE_HEIGHT);
                svg.label(&class("label", id), at, "start", text);
            }
        }
    }

    fn mark(
        &self,
        marks: &mut Vec<Mark>,
        (x_axis, y_axis): (&Axis, &Axis),
        (series, one): (usize, &LineSeries),
        points: &[LinePoint],
    ) {
        for point in points {
            let mut text = one.title.to_owned();
            text.push_str(", ");
            text.push_str(&(x_axis.format)(point.x));
            text.push_str(": ");
            text.push_str(&cell(y_axis, point));
            let (x, y) = self.place(point.x, point.y);
            marks.push(Mark { x, y, series, text });
        }
    }
}

/// The name of a line, broken in two on a narrow chart.
fn name_lines(title: &str, narrow: bool, width: f64) -> Vec<String> {
    let most = width * 0.24 / BOLD;
    match title.split_once(' ') {
        Some((first, rest)) if narrow => {
            vec![shortened(first, most), shortened(rest, most)]
        }
        _ => vec![shortened(title, most)],
    }
}

/// The height that a name takes beside the lines; one of two lines keeps more distance.
fn height_of(name: &[String]) -> f64 {
    name.len() as f64 * (LINE_HEIGHT + 3.0) - 2.0
}

/// `5.12 ms (5.00–5.30 ms)`, or the median alone where there is no interval.
fn cell(axis: &Axis, point: &LinePoint) -> String {
    let mut text = (axis.format)(point.y);
    if point.low == point.high {
        return text;
    }
    text.push_str(" (");
    text.push_str(&range(axis, point.low, point.high));
    text.push(')');
    text
}

fn table(
    frame: &Frame,
    (x_axis, y_axis): (&Axis, &Axis),
    series: &[LineSeries],
    drawn: &[Vec<LinePoint>],
) -> Table {
    let all: Vec<f64> = drawn.iter().flatten().map(|point| point.x).collect();
    let mut xs: Vec<f64> = ascending(&all).into_iter().map(|place| all[place]).collect();
    xs.dedup();
    let names = series.iter().map(|one| one.title.to_owned());
    let row = |x: f64| {
        let at = |points: &Vec<LinePoint>| {
            let point = points.iter().find(|point| point.x == x);
            point.map_or_else(|| "–".to_owned(), |point| cell(y_axis, point))
        };
        std::iter::once((x_axis.format)(x)).chain(drawn.iter().map(at)).collect()
    };
    Table {
        caption: frame.title.to_owned(),
        headings: std::iter::once(x_axis.title.to_owned()).chain(names).collect(),
        rows: xs.into_iter().map(row).collect(),
    }
}
