//! The plot of lines over two axes, shared by all charts that have lines: its frame, the
//! lines with their names at the end, and the table behind them.

use crate::axis::{Ticks, draw_below};
use crate::document::{Svg, class};
use crate::lines::{LinePoint, LineSeries};
use crate::scale::{ascending, within};
use crate::shape::dot;
use crate::strip::range;
use crate::text::{BOLD, FONT_SIZE, LINE_HEIGHT, bold_width, shortened, spread, text_width};
use crate::{Axis, Frame, Mark, Table};

/// From the plot's right edge to the names of the lines.
const LEAD: f64 = 22.0;

/// Where everything is drawn.
pub(crate) struct Plot {
    pub(crate) width: f64,
    pub(crate) margin: f64,
    top: f64,
    pub(crate) bottom: f64,
    right: f64,
    x: Ticks,
    y: Ticks,
    names: Vec<Vec<String>>,
    /// What the horizontal axis makes of a value before it is scaled.
    along: fn(f64) -> f64,
}

impl Plot {
    /// `x` and `y` make the axes for the pixels that they get, from the lower end on.
    pub(crate) fn new(
        frame: &Frame,
        titles: &[&str],
        x: &dyn Fn((f64, f64)) -> Ticks,
        y: &dyn Fn((f64, f64)) -> Ticks,
        along: fn(f64) -> f64,
    ) -> Self {
        let width = frame.drawn_width();
        let names: Vec<Vec<String>> =
            titles.iter().map(|title| name_lines(title, frame.is_narrow(), width)).collect();
        let names_height: f64 = names.iter().map(|lines| height_of(lines)).sum();
        let height = within(width * 0.5, 220.0, 400.0).max(names_height);
        let top = if frame.standalone { 60.0 } else { 28.0 };
        let bottom = top + height;
        let y = y((bottom, top));
        let ticks_width = y.major.iter().map(|(_, label)| text_width(label, FONT_SIZE));
        let names_width = names.iter().flatten().map(|name| bold_width(name));
        let margin = frame.margin();
        let left = margin + ticks_width.fold(0.0, f64::max) + 8.0;
        let right = width - margin - names_width.fold(0.0, f64::max) - LEAD;
        let x = x((left, right));
        Self { width, margin, top, bottom, right, x, y, names, along }
    }

    /// The pixels of a point.
    pub(crate) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.scale.place((self.along)(x)), self.y.scale.place(y))
    }

    /// Draws both axes, their grid and the title; returns the height that this takes below.
    pub(crate) fn draw_axes(&self, svg: &mut Svg, frame: &Frame) -> f64 {
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

    /// The intervals of a series.
    pub(crate) fn band(&self, svg: &mut Svg, series: &LineSeries, points: &[LinePoint]) {
        let upper = points.iter().map(|p| self.place(p.x, p.high));
        let lower = points.iter().rev().map(|p| self.place(p.x, p.low));
        svg.open("path").class("band", series.id).path("d", upper.chain(lower), true).close();
    }

    /// The medians of a series, joined, each with its dot.
    pub(crate) fn line(&self, svg: &mut Svg, series: &LineSeries, points: &[LinePoint]) {
        let places = || points.iter().map(|p| self.place(p.x, p.y));
        svg.open("path").class("line", series.id).path("d", places(), false).close();
        svg.open("g").class("point", series.id).children();
        let radius = if self.width < 480.0 { 3.8 } else { 4.5 };
        places().for_each(|(x, y)| dot(svg, series.id, x, y, radius));
        svg.end("g");
    }

    /// Writes each name beside the end of its line, moved only as far as it must.
    pub(crate) fn names(&self, svg: &mut Svg, series: &[LineSeries], drawn: &[Vec<LinePoint>]) {
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
            if self.names[place].iter().all(String::is_empty) {
                continue;
            }
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

    /// What can be pointed at along one series.
    pub(crate) fn mark(
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

/// The figures behind the lines: a row for each x, a column for each series.
pub(crate) fn table(
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
