//! The strip chart: one row per executor, every sample a dot, the median marked.

use crate::axis::{Direction, Reach, draw_below, ticks};
use crate::document::{Svg, class, finish};
use crate::scale::{Extent, Scale, drawable};
use crate::shape::dot;
use crate::text::{BOLD, bold_width, shortened};
use crate::unit::number_and_unit;
use crate::{Axis, Chart, Frame, Mark, Table};

/// The height of the line that holds the median's value, and on a narrow chart the name.
const HEAD: f64 = 18.0;
/// The height in which the dots lie.
const BAND: f64 = 30.0;
/// The free height below a row.
const GAP: f64 = 10.0;
/// The free width beside the axis, so that dots at its ends are whole.
const AXIS_MARGIN: f64 = 6.0;
/// The room that a dot before a name takes.
const KEY: f64 = 16.0;

/// The samples of one executor.
#[derive(Clone, Copy, Debug)]
pub struct StripSeries<'a> {
    /// The executor's id, which decides colour and shape.
    pub id: &'a str,
    /// Its name.
    pub title: &'a str,
    /// The samples in the order in which they were taken; may be empty.
    pub values: &'a [f64],
    /// Their median, if there is one yet.
    pub median: Option<f64>,
    /// The interval of the median, from low to high.
    pub interval: Option<(f64, f64)>,
    /// The median of another time, to compare with.
    pub pinned: Option<f64>,
}

/// Draws every sample of every series on one axis. The axis is logarithmic where the
/// largest value is more than 30 times the smallest, and else begins at zero.
pub fn strip(frame: &Frame, axis: &Axis, series: &[StripSeries]) -> Chart {
    draw(frame, axis, series, None)
}

/// Like [`strip()`] for ratios, with a line where both sides are equal, at 1.
pub fn ratios(frame: &Frame, axis: &Axis, series: &[StripSeries]) -> Chart {
    draw(frame, axis, series, Some(1.0))
}

fn draw(frame: &Frame, axis: &Axis, series: &[StripSeries], even: Option<f64>) -> Chart {
    let width = frame.drawn_width();
    let names: Vec<String> =
        series.iter().map(|s| shortened(s.title, width * 0.36 / BOLD)).collect();
    let widest = names.iter().map(|name| bold_width(name)).fold(0.0, f64::max);
    let margin = frame.margin();
    let beside = if frame.is_narrow() { 0.0 } else { KEY + widest + 10.0 };
    let left = margin + beside + AXIS_MARGIN;
    let top = if frame.standalone { 40.0 } else { 4.0 };
    let bottom = top + series.len() as f64 * (HEAD + BAND + GAP);
    let room = (left, width - margin - AXIS_MARGIN);
    let ticks = ticks(axis, extent(series, even), Reach::FromZero, room, Direction::Across(width));

    let (mut svg, mut marks) = (Svg::new(), Vec::new());
    if frame.standalone {
        svg.label("title", (margin, 24.0), "start", &shortened(frame.title, width * 0.8));
    }
    let below = draw_below(&mut svg, &ticks, top, bottom, width);
    if let Some(value) = even {
        let x = ticks.scale.place(value);
        svg.line("even", (x, top), (x, bottom));
    }
    for (place, (one, name)) in series.iter().zip(&names).enumerate() {
        let row = Row {
            place,
            top: top + place as f64 * (HEAD + BAND + GAP),
            width,
            margin,
            narrow: frame.is_narrow(),
            scale: &ticks.scale,
        };
        row.draw(&mut svg, axis, one, name);
        row.mark(&mut marks, axis, one);
    }
    finish(frame, bottom + below + margin / 2.0, svg, marks, table(frame, axis, series))
}

fn extent(series: &[StripSeries], even: Option<f64>) -> Option<Extent> {
    let values = series.iter().flat_map(|one| {
        let ends = one.interval.map(|(low, high)| [low, high]);
        let medians = one.median.into_iter().chain(one.pinned);
        one.values.iter().copied().chain(medians).chain(ends.into_iter().flatten())
    });
    Extent::of(values.chain(even))
}

/// Where one series is drawn.
struct Row<'a> {
    place: usize,
    top: f64,
    width: f64,
    margin: f64,
    narrow: bool,
    scale: &'a Scale,
}

impl Row<'_> {
    fn middle(&self) -> f64 {
        self.top + HEAD + BAND / 2.0
    }

    fn draw(&self, svg: &mut Svg, axis: &Axis, series: &StripSeries, name: &str) {
        let (from, to) = (self.scale.from, self.scale.to);
        svg.line("grid row", (from, self.middle()), (to, self.middle()));
        let name_y = if self.narrow { self.top + 12.0 } else { self.middle() + 4.0 };
        svg.open("g").class("key", series.id).children();
        dot(svg, series.id, self.margin + 6.0, name_y - 4.0, 4.5);
        svg.end("g");
        svg.label(&class("label", series.id), (self.margin + KEY, name_y), "start", name);
        let (upper, lower) = (self.top + HEAD, self.top + HEAD + BAND);
        if let Some((low, high)) = series.interval.and_then(drawable_pair) {
            let (x, end) = (self.scale.place(low), self.scale.place(high));
            let bar = svg.open("rect").class("interval", series.id);
            let bar = bar.number("x", x).number("y", upper).number("width", (end - x).max(1.0));
            bar.number("height", BAND).attribute("rx", "2").close();
        }
        svg.open("g").class("dot", series.id).children();
        let radius = radius(series.values.len());
        for (x, y) in self.dots(series) {
            dot(svg, series.id, x, y, radius);
        }
        svg.end("g");
        if let Some(pinned) = series.pinned.and_then(drawable) {
            let x = self.scale.place(pinned);
            svg.line(&class("pinned", series.id), (x, upper - 2.0), (x, lower + 2.0));
        }
        if let Some(median) = series.median.and_then(drawable) {
            let x = self.scale.place(median);
            svg.line(&class("median", series.id), (x, upper - 2.0), (x, lower + 2.0));
            self.value(svg, x, &(axis.format)(median), name);
        } else if series.values.is_empty() {
            svg.label("note", (from + 8.0, self.middle() - 6.0), "start", "no samples");
        }
    }

    /// Writes the median's value above its mark, on a narrow chart after the name.
    fn value(&self, svg: &mut Svg, x: f64, value: &str, name: &str) {
        let after_name = self.margin + KEY + bold_width(name) + 8.0;
        let low = if self.narrow { after_name } else { self.scale.from };
        let value = shortened(value, (self.width - low - 4.0) / BOLD);
        let half = bold_width(&value) / 2.0;
        let x = x.min(self.width - 4.0 - half).max(low + half);
        svg.label("value", (x, self.top + 12.0), "middle", &value);
    }

    /// Where the dots are: the samples' places, scattered over the row's height so that
    /// equal ones stay apart. Multiples of the golden ratio scatter evenly, and a dot
    /// stays where it is when more samples come.
    fn dots(&self, series: &StripSeries) -> Vec<(f64, f64)> {
        let height = BAND - 10.0;
        let numbered = series.values.iter().enumerate();
        let drawn = numbered.filter_map(|(i, value)| Some((i, drawable(*value)?)));
        let place = |(i, value): (usize, f64)| {
            let share = ((i + 1) as f64 * 0.618_033_988_749_895).fract();
            (self.scale.place(value), self.middle() + (share - 0.5) * height)
        };
        drawn.map(place).collect()
    }

    fn mark(&self, marks: &mut Vec<Mark>, axis: &Axis, series: &StripSeries) {
        if let Some(median) = series.median.and_then(drawable) {
            let mut text = series.title.to_owned();
            text.push_str(": median ");
            text.push_str(&(axis.format)(median));
            if let Some((low, high)) = series.interval.and_then(drawable_pair) {
                text.push_str(", 95 % interval ");
                text.push_str(&range(axis, low, high));
            }
            let x = self.scale.place(median);
            marks.push(Mark { x, y: self.middle(), series: self.place, text });
        }
        if let Some(pinned) = series.pinned.and_then(drawable) {
            let mut text = series.title.to_owned();
            text.push_str(": pinned median ");
            text.push_str(&(axis.format)(pinned));
            let x = self.scale.place(pinned);
            marks.push(Mark { x, y: self.middle(), series: self.place, text });
        }
        let shown = series.values.iter().enumerate();
        let shown = shown.filter_map(|(i, value)| Some((i, drawable(*value)?)));
        for ((i, value), (x, y)) in shown.zip(self.dots(series)) {
            let mut text = series.title.to_owned();
            text.push_str(": ");
            text.push_str(&(axis.format)(value));
            text.push_str(", sample ");
            text.push_str(&(i + 1).to_string());
            marks.push(Mark { x, y, series: self.place, text });
        }
    }
}

/// Many dots are smaller than few.
fn radius(count: usize) -> f64 {
    match count {
        0..=60 => 3.5,
        61..=250 => 2.8,
        _ => 2.2,
    }
}

/// Both ends in order, if both can be drawn.
pub(crate) fn drawable_pair((low, high): (f64, f64)) -> Option<(f64, f64)> {
    let (low, high) = (drawable(low)?, drawable(high)?);
    Some((low.min(high), low.max(high)))
}

/// `5.00–5.30 ms`, or `999 µs – 1.02 ms` where the units differ.
pub(crate) fn range(axis: &Axis, low: f64, high: f64) -> String {
    let (low, high) = ((axis.format)(low), (axis.format)(high));
    let ((number, unit), (_, other)) = (number_and_unit(&low), number_and_unit(&high));
    let mut text = if unit == other { number.to_owned() } else { low.clone() };
    text.push_str(if unit == other { "–" } else { " – " });
    text.push_str(&high);
    text
}

fn table(frame: &Frame, axis: &Axis, series: &[StripSeries]) -> Table {
    let headings = ["Executor", "Samples", "Median", "95 % interval", "Smallest", "Largest"];
    let none = || "–".to_owned();
    let rows = series.iter().map(|one| {
        let extent = Extent::of(one.values.iter().copied());
        let interval = one.interval.and_then(drawable_pair);
        vec![
            one.title.to_owned(),
            one.values.len().to_string(),
            one.median.and_then(drawable).map_or_else(none, axis.format),
            interval.map_or_else(none, |(low, high)| range(axis, low, high)),
            extent.map_or_else(none, |e| (axis.format)(e.min)),
            extent.map_or_else(none, |e| (axis.format)(e.max)),
        ]
    });
    Table {
        caption: frame.title.to_owned(),
        headings: headings.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}
