//! Lanes over time: what happened to each of several units, and when.

use crate::axis::{Direction, Reach, draw_below, ticks};
use crate::document::{Svg, finish};
use crate::scale::{Extent, ascending, drawable, within};
use crate::shape::{SHAPES, dot};
use crate::text::{BOLD, FONT_SIZE, bold_width, shortened, text_width};
use crate::{Axis, Chart, Frame, Mark, Table};

/// The height of the line that says what happened, and on a narrow chart names the lane.
const HEAD: f64 = 16.0;
/// The height of a whole lane.
const LANE: f64 = 40.0;
/// The free width beside the axis, so that marks at its ends are whole.
const AXIS_MARGIN: f64 = 6.0;

/// One unit over time.
#[derive(Clone, Copy, Debug)]
pub struct LaneSeries<'a> {
    /// The unit's name.
    pub title: &'a str,
    /// When something happened and what, in any order; may be empty.
    pub marks: &'a [(f64, &'a str)],
}

/// Draws a lane for each unit, in the colour of the executor `id`. What happens alike has
/// the same shape. The axis begins at zero and reaches at least to `until`, so that the
/// charts of several executors can be compared.
pub fn lanes(frame: &Frame, id: &str, axis: &Axis, until: f64, series: &[LaneSeries]) -> Chart {
    let (width, margin) = (frame.drawn_width(), frame.margin());
    // On a narrow chart the name has a line of its own.
    let most = width * if frame.is_narrow() { 0.9 } else { 0.3 } / BOLD;
    let names: Vec<String> = series.iter().map(|one| shortened(one.title, most)).collect();
    let widest = names.iter().map(|name| bold_width(name)).fold(0.0, f64::max);
    let beside = if frame.is_narrow() { 0.0 } else { widest + 12.0 };
    let (left, right) = (margin + beside + AXIS_MARGIN, width - margin - AXIS_MARGIN);
    let head = if frame.is_narrow() { 2.0 * HEAD } else { HEAD };
    let lane = LANE - HEAD + head;
    let top = if frame.standalone { 40.0 } else { 4.0 };
    let bottom = top + series.len() as f64 * lane;
    let times = series.iter().flat_map(|one| one.marks.iter().map(|mark| mark.0));
    let extent = Extent::of(times.chain([0.0, until]));
    let ticks = ticks(axis, extent, Reach::FromZero, (left, right), Direction::Across(width));

    let (mut svg, mut marks) = (Svg::new(), Vec::new());
    if frame.standalone {
        svg.label("title", (margin, 24.0), "start", &shortened(frame.title, width * 0.8));
    }
    let below = draw_below(&mut svg, &ticks, top, bottom, width);
    let kinds = kinds(series);
    for (place, (one, name)) in series.iter().zip(&names).enumerate() {
        let start = top + place as f64 * lane;
        let y = start + head + 8.0;
        let name_y = if frame.is_narrow() { start + 12.0 } else { y + 4.0 };
        svg.label("label", (margin, name_y), "start", name);
        svg.line("grid row", (left, y), (right, y));
        let ats: Vec<f64> = one.marks.iter().map(|mark| drawable(mark.0).unwrap_or(0.0)).collect();
        let mut free = left - AXIS_MARGIN;
        svg.open("g").class("event", id).children();
        let order: Vec<usize> =
            ascending(&ats).into_iter().filter(|at| one.marks[*at].0.is_finite()).collect();
        for at in &order {
            let what = one.marks[*at].1;
            let kind = kinds.iter().position(|kind| *kind == what).unwrap_or(0);
            let x = ticks.scale.place(ats[*at]);
            dot(&mut svg, SHAPES[kind % SHAPES.len()], x, y, 4.5);
            let mut text = one.title.to_owned();
            text.push_str(": ");
            text.push_str(what);
            text.push_str(" at ");
            text.push_str(&(axis.format)(ats[*at]));
            marks.push(Mark { x, y, series: place, text });
        }
        svg.end("g");
        let mut before = "";
        for at in order {
            let what = one.marks[at].1;
            let half = text_width(what, FONT_SIZE) / 2.0;
            let low = free + half;
            let middle = within(ticks.scale.place(ats[at]), low, width - margin - half);
            // A label stands above its mark or nowhere; the same thing again needs none.
            let is_near = (middle - ticks.scale.place(ats[at])).abs() <= half + AXIS_MARGIN;
            if what != before && is_near && middle >= low {
                svg.label("note", (middle, start + head - 4.0), "middle", what);
                free = middle + half + 8.0;
                before = what;
            }
        }
    }
    let table = table(frame, axis, series);
    finish(frame, bottom + below + margin / 2.0, svg, marks, table)
}

/// All things that happen, each once, in the order in which they are first named.
fn kinds<'a>(series: &[LaneSeries<'a>]) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = Vec::new();
    for (_, what) in series.iter().flat_map(|one| one.marks) {
        if !kinds.contains(what) {
            kinds.push(what);
        }
    }
    kinds
}

fn table(frame: &Frame, axis: &Axis, series: &[LaneSeries]) -> Table {
    let row = |one: &LaneSeries, mark: &(f64, &str)| {
        let at = drawable(mark.0).map_or_else(|| "–".to_owned(), axis.format);
        vec![one.title.to_owned(), at, mark.1.to_owned()]
    };
    let rows = series.iter().flat_map(|one| one.marks.iter().map(move |mark| row(one, mark)));
    Table {
        caption: frame.title.to_owned(),
        headings: vec!["Unit".to_owned(), axis.title.to_owned(), "What happened".to_owned()],
        rows: rows.collect(),
    }
}
