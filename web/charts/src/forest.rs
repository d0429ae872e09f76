//! The forest plot: one line per estimate, its interval as a bar, what was claimed as a
//! band behind it, and what others published as a mark beside it.

use crate::axis::{Direction, Reach, draw_below, ticks_as};
use crate::document::{Svg, class, finish};
use crate::scale::{Extent, Scale, drawable};
use crate::shape::dot;
use crate::strip::{drawable_pair, range};
use crate::text::{BOLD, bold_width, shortened};
use crate::{Axis, Chart, Frame, Mark, Table};

/// The height of the line that holds the title of a group.
const GROUP: f64 = 26.0;
/// The height of the line of an estimate.
const LINE: f64 = 22.0;
/// The height that its name and value take above it on a narrow chart.
const HEAD: f64 = 16.0;
/// The room that a dot before a name takes.
const KEY: f64 = 16.0;
/// What is kept free between a name and its figure.
const GAP: f64 = 8.0;
/// The free width beside the axis, so that marks at its ends are whole.
const AXIS_MARGIN: f64 = 8.0;

/// Estimates of one thing.
#[derive(Clone, Copy, Debug)]
pub struct ForestGroup<'a> {
    /// What was measured.
    pub title: &'a str,
    /// One for each executor.
    pub estimates: &'a [ForestEstimate<'a>],
}

/// A figure with its interval.
#[derive(Clone, Copy, Debug)]
pub struct ForestEstimate<'a> {
    /// The executor's id, which decides colour and shape.
    pub id: &'a str,
    /// Its name.
    pub title: &'a str,
    /// The figure.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What was claimed of it, from low to high; an end that is infinite is open.
    pub claim: Option<(f64, f64)>,
    /// What somebody else published of it.
    pub published: Option<f64>,
}

/// Draws all estimates on one axis. It is logarithmic if any value is above zero; what is
/// not, such as a slope of nothing but noise, has no place on it and is told by its value only.
pub fn forest(frame: &Frame, axis: &Axis, groups: &[ForestGroup]) -> Chart {
    let width = frame.drawn_width();
    let all = || groups.iter().flat_map(|group| group.estimates);
    let widest = |texts: &mut dyn Iterator<Item = String>, most: f64| {
        texts.map(|text| bold_width(&shortened(&text, most))).fold(0.0, f64::max)
    };
    let (margin, is_narrow) = (frame.margin(), frame.is_narrow());
    let (shares, within) =
        if is_narrow { (ABOVE, width - 2.0 * margin - KEY - GAP) } else { (BESIDE, width) };
    let (name_most, value_most) = (within * shares.0 / BOLD, within * shares.1 / BOLD);
    let names = widest(&mut all().map(|one| one.title.to_owned()), name_most);
    let written = |one: &ForestEstimate| drawable(one.value).map_or_else(String::new, axis.format);
    let values = widest(&mut all().map(written), value_most);
    let before = if is_narrow { 0.0 } else { KEY + names + 10.0 };
    let after = if is_narrow { 0.0 } else { values + 12.0 };
    let room = (margin + before + AXIS_MARGIN, width - margin - after - AXIS_MARGIN);
    let positive = extent(groups, |value| value > 0.0);
    let is_log = positive.is_some();
    let extent = positive.or_else(|| extent(groups, |_| true));
    let direction = Direction::Across(width);
    let ticks = ticks_as(axis, extent, is_log, Reach::FromZero, room, direction);

    let line = if is_narrow { HEAD + LINE } else { LINE };
    let top = if frame.standalone { 40.0 } else { 0.0 };
    let lines = all().count() as f64;
    let bottom = top + groups.len() as f64 * GROUP + lines * line + 4.0;
    let (mut svg, mut marks) = (Svg::new(), Vec::new());
    if frame.standalone {
        svg.label("title", (margin, 24.0), "start", &shortened(frame.title, width * 0.8));
    }
    let below = draw_below(&mut svg, &ticks, top, bottom, width);
    let (mut y, mut place) = (top, 0);
    for group in groups {
        let title = shortened(group.title, width - 2.0 * margin);
        svg.label("group", (margin, y + 18.0), "start", &title);
        y += GROUP;
        for one in group.estimates {
            let row = Row { place, top: y, height: line, width, margin, scale: &ticks.scale };
            let name = shortened(one.title, name_most);
            let value = shortened(&written(one), value_most);
            row.draw(&mut svg, is_narrow, one, (&name, &value));
            row.mark(&mut marks, axis, group, one);
            y += line;
            place += 1;
        }
    }
    finish(frame, bottom + below + margin / 2.0, svg, marks, table(frame, axis, groups))
}

/// The shares of the width that names and values may take beside the axis.
const BESIDE: (f64, f64) = (0.3, 0.2);
/// The shares of what is left of the width above it, on a narrow chart.
const ABOVE: (f64, f64) = (0.6, 0.4);

fn extent(groups: &[ForestGroup], counts: fn(f64) -> bool) -> Option<Extent> {
    let values = groups.iter().flat_map(|group| group.estimates).flat_map(|one| {
        let (low, high) = one.claim.unwrap_or((f64::INFINITY, f64::INFINITY));
        let published = one.published.unwrap_or(f64::INFINITY);
        [one.value, one.low, one.high, low, high, published]
    });
    Extent::of(values.filter_map(drawable).filter(|value| counts(*value)))
}

/// Where one estimate is drawn.
struct Row<'a> {
    place: usize,
    top: f64,
    height: f64,
    width: f64,
    margin: f64,
    scale: &'a Scale,
}

impl Row<'_> {
    /// The value, if it has a place on the axis.
    fn placed(&self, value: f64) -> Option<f64> {
        drawable(value).filter(|value| !self.scale.log || *value > 0.0)
    }

    fn middle(&self) -> f64 {
        self.top + self.height - LINE / 2.0
    }

    fn draw(
        &self,
        svg: &mut Svg,
        is_narrow: bool,
        one: &ForestEstimate,
        (name, value): (&str, &str),
    ) {
        let (middle, scale) = (self.middle(), self.scale);
        if let Some((low, high)) = self.claimed(one) {
            let band = svg.open("rect").attribute("class", "claim").number("x", low);
            let band = band.number("y", middle - LINE / 2.0).number("width", high - low);
            band.number("height", LINE).close();
        }
        svg.line("grid row", (scale.from, middle), (scale.to, middle));
        let baseline = if is_narrow { self.top + 13.0 } else { middle + 4.0 };
        svg.open("g").class("key", one.id).children();
        dot(svg, one.id, self.margin + 6.0, baseline - 4.0, 4.5);
        svg.end("g");
        svg.label(&class("label", one.id), (self.margin + KEY, baseline), "start", name);
        svg.label("value", (self.width - self.margin, baseline), "end", value);
        let interval = drawable_pair((one.low, one.high));
        if let Some((low, high)) = interval.filter(|(_, high)| self.placed(*high).is_some()) {
            let ends = (scale.place(low), scale.place(high));
            svg.line(&class("whisker", one.id), (ends.0, middle), (ends.1, middle));
            for x in [ends.0, ends.1] {
                svg.line(&class("whisker", one.id), (x, middle - 4.0), (x, middle + 4.0));
            }
        }
        if let Some(published) = one.published.and_then(|value| self.placed(value)) {
            let x = scale.place(published);
            let corners = [(0.0, -7.0), (7.0, 0.0), (0.0, 7.0), (-7.0, 0.0)];
            let corners = corners.iter().map(|(dx, dy)| (x + dx, middle + dy));
            svg.open("path").attribute("class", "published").path("d", corners, true).close();
        }
        if let Some(value) = self.placed(one.value) {
            svg.open("g").class("point", one.id).children();
            dot(svg, one.id, scale.place(value), middle, 4.5);
            svg.end("g");
        }
    }

    /// From which pixel to which the claim reaches, never so thin that it cannot be seen.
    fn claimed(&self, one: &ForestEstimate) -> Option<(f64, f64)> {
        let (low, high) = one.claim.filter(|(low, high)| !low.is_nan() && !high.is_nan())?;
        let from = drawable(low).map_or(self.scale.from, |low| self.scale.place(low));
        let to = drawable(high).map_or(self.scale.to, |high| self.scale.place(high));
        let (from, to) = (from.min(to), from.max(to));
        Some((from.min(self.scale.to - 2.0), to.max((from + 2.0).min(self.scale.to))))
    }

    fn mark(&self, marks: &mut Vec<Mark>, axis: &Axis, group: &ForestGroup, one: &ForestEstimate) {
        let named = |what: &str| {
            let mut text = group.title.to_owned();
            for part in [", ", one.title, what] {
                text.push_str(part);
            }
            text
        };
        let at = |value| (self.scale.place(value), self.middle());
        if let Some(value) = self.placed(one.value) {
            let mut text = named(": ");
            text.push_str(&(axis.format)(value));
            if let Some((low, high)) = drawable_pair((one.low, one.high)) {
                text.push_str(", interval ");
                text.push_str(&range(axis, low, high));
            }
            let (x, y) = at(value);
            marks.push(Mark { x, y, series: self.place, text });
        }
        if let Some(published) = one.published.and_then(|value| self.placed(value)) {
            let mut text = named(": published ");
            text.push_str(&(axis.format)(published));
            let (x, y) = at(published);
            marks.push(Mark { x, y, series: self.place, text });
        }
    }
}

fn table(frame: &Frame, axis: &Axis, groups: &[ForestGroup]) -> Table {
    let headings = ["Measure", "Executor", "Figure", "Interval", "Claimed", "Published"];
    let none = || "–".to_owned();
    let claimed = |(low, high): (f64, f64)| match (drawable(low), drawable(high)) {
        (Some(low), Some(high)) if low < high => range(axis, low, high),
        (Some(low), Some(_)) => (axis.format)(low),
        (Some(low), None) => String::from("from ") + &(axis.format)(low),
        (None, Some(high)) => String::from("to ") + &(axis.format)(high),
        (None, None) => none(),
    };
    let rows = groups.iter().flat_map(|group| {
        group.estimates.iter().map(move |one| {
            vec![
                group.title.to_owned(),
                one.title.to_owned(),
                drawable(one.value).map_or_else(none, axis.format),
                drawable_pair((one.low, one.high)).map_or_else(none, |(l, h)| range(axis, l, h)),
                one.claim.map_or_else(none, claimed),
                one.published.and_then(drawable).map_or_else(none, axis.format),
            ]
        })
    });
    Table {
        caption: frame.title.to_owned(),
        headings: headings.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}
