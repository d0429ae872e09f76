//! A chart on the page: drawn to its column's width, read by pointer and arrow keys,
//! with its data as a table and its picture as a file.

use crate::dom::{El, classed, el, slot};
use crate::download;
use crate::list::Listed;
use crate::signal::{Live, keep, memo, untrack};
use filature_charts::{Chart, Mark, Table};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};

/// How near the pointer must come to a mark, in pixels.
const REACH: f64 = 32.0;

/// How a chart is to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    /// The width in CSS pixels.
    pub width: f64,
    /// Whether the chart brings its own colours, as a file needs it.
    pub standalone: bool,
}

/// The width of an exported chart.
const EXPORT_WIDTH: f64 = 880.0;

/// A chart with everything around it. `draw` reads signals: the chart follows them.
pub fn figure(id: &str, caption: El, draw: Rc<dyn Fn(Drawing) -> Chart>) -> El {
    let width = Live::new(0.0);
    let drawn = Rc::clone(&draw);
    let chart = memo(move || {
        let drawing = Drawing { width: width.get(), standalone: false };
        (drawing.width > 0.0).then(|| drawn(drawing))
    });
    let save = |label: &str, offer: fn(&str, &Chart)| {
        let (draw, name) = (Rc::clone(&draw), id.to_owned());
        let button = classed("button", "quiet").attr("type", "button").child(label);
        button.on("click", move |_| {
            let wide = Drawing { width: EXPORT_WIDTH, standalone: true };
            offer(&name, &untrack(|| draw(wide)));
        })
    };
    let exports = classed("span", "exports")
        .child(save("SVG", download::svg))
        .child(save("PNG", download::png));
    classed("figure", "figure")
        .id(id)
        .child(caption)
        .child(plot(chart, width))
        .child(classed("div", "figure-foot").child(data(id, chart)).child(exports))
}

/// The picture, and the value that pointer or arrow keys lead to.
fn plot(chart: Live<Option<Chart>>, width: Live<f64>) -> El {
    let at = Live::new(None::<usize>);
    let mark = move || {
        let index = at.get()?;
        chart.with(|chart| chart.as_ref()?.marks.get(index).cloned())
    };
    let marks = move |lead: &dyn Fn(&[Mark]) -> Option<usize>| {
        chart.with_untracked(|chart| chart.as_ref().and_then(|chart| lead(&chart.marks)))
    };
    let keyed = move |event: Event| {
        let now = at.get_untracked();
        let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
        if let Some(next) = marks(&|marks| neighbour(marks, now, &key)) {
            event.prevent_default();
            at.set(Some(next));
        }
    };
    let picture = move || {
        chart.with(|chart| chart.as_ref().map(|chart| chart.svg.clone()).unwrap_or_default())
    };
    let place =
        move |part: fn(&Mark) -> f64| move || format!("{:.1}px", mark().as_ref().map_or(0.0, part));
    let placed = move |element: El| {
        let element = element.live_flag("hidden", move || mark().is_none());
        element.live_style("left", place(|mark| mark.x)).live_style("top", place(|mark| mark.y))
    };
    let reading = placed(classed("output", "reading"))
        .live_class("to-left", move || mark().is_some_and(|mark| mark.x > width.get() / 2.0))
        .live_text(move || mark().map(|mark| mark.text).unwrap_or_default());
    let plot = classed("div", "plot")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", "Chart. The arrow keys read its values.")
        .child(classed("div", "picture").live_html(picture))
        .child(placed(classed("span", "pointer")).attr("aria-hidden", "true"))
        .child(reading);
    let frame = plot.node().clone();
    let pointed = move |event: Event| {
        let Some(event) = event.dyn_ref::<MouseEvent>() else { return };
        let frame = frame.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - frame.left();
        let y = f64::from(event.client_y()) - frame.top();
        at.set(marks(&|marks| nearest(marks, x, y)));
    };
    follow_width(plot.node(), width);
    let plot = plot.on("pointermove", pointed.clone()).on("pointerdown", pointed);
    plot.on("keydown", keyed).on("pointerleave", move |_| at.set(None)).on("blur", move |_| {
        at.set(None);
    })
}

/// The data behind the chart; built only while it is open.
fn data(id: &str, chart: Live<Option<Chart>>) -> El {
    let open = Live::new(false);
    let table = move || {
        let table = chart.with(|chart| chart.as_ref().map(|chart| chart.table.clone()));
        table.filter(|_| open.get()).map(|table| data_table(&table))
    };
    let is_main = id == "chart";
    let details_id = if is_main { "data-table".to_owned() } else { format!("{id}-data") };
    let summary = el("summary").child("Data table ");
    let summary = summary.child(is_main.then(|| el("kbd").child("T")));
    let details = classed("details", "data").id(&details_id).child(summary).child(slot(table));
    let node = details.node().clone();
    details.on("toggle", move |_| open.set(node.has_attribute("open")))
}

/// A region that scrolls sideways by itself, and by the keyboard too.
pub fn scrolling(label: &str) -> El {
    let region = classed("div", "scroll").attr("tabindex", "0").attr("role", "region");
    region.attr("aria-label", label)
}

/// A table of texts: the first column names the rows.
pub fn data_table(table: &Table) -> El {
    let mut head = el("tr");
    for heading in &table.headings {
        head = head.child(el("th").attr("scope", "col").child(heading.as_str()));
    }
    let mut body = el("tbody");
    for cells in &table.rows {
        let mut row = el("tr");
        for (place, text) in cells.iter().enumerate() {
            let cell = if place == 0 { el("th").attr("scope", "row") } else { el("td") };
            row = row.child(cell.child(text.as_str()));
        }
        body = body.child(row);
    }
    let caption = el("caption").child(table.caption.as_str());
    let table_element = el("table").child(caption).child(el("thead").child(head)).child(body);
    scrolling(&table.caption).child(table_element)
}

fn nearest(marks: &[Mark], x: f64, y: f64) -> Option<usize> {
    let distance = |mark: &Mark| (mark.x - x).hypot(mark.y - y);
    let all = marks.iter().enumerate().map(|(place, mark)| (place, distance(mark)));
    let (place, away) = all.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (away <= REACH).then_some(place)
}

/// The mark that an arrow key leads to: left and right along a series, up and down
/// between series.
pub fn neighbour(marks: &[Mark], now: Option<usize>, key: &str) -> Option<usize> {
    let forward = matches!(key, "ArrowRight" | "ArrowDown");
    if !forward && !matches!(key, "ArrowLeft" | "ArrowUp") {
        return None;
    }
    let Some(here) = now.and_then(|place| marks.get(place)) else {
        return (!marks.is_empty()).then_some(0);
    };
    let mut own: Vec<usize> = (0..marks.len()).listed();
    if matches!(key, "ArrowLeft" | "ArrowRight") {
        // The nearest one on that side; of several at one place, the order decides.
        let from = (here.x, now?);
        let beyond = |place: &usize| {
            let (x, place) = (marks[*place].x - from.0, *place);
            let after = x > 0.0 || (x == 0.0 && place > from.1);
            marks[place].series == here.series && place != from.1 && after == forward
        };
        own.retain(beyond);
        if !forward {
            own.reverse();
        }
    } else {
        let other = if forward { here.series + 1 } else { here.series.checked_sub(1)? };
        own.retain(|place| marks[*place].series == other);
    }
    let away = |place: &usize| (marks[*place].x - here.x).abs();
    own.into_iter().min_by(|a, b| away(a).total_cmp(&away(b)))
}

/// Keeps `width` at the width of the element, whatever changes the layout.
fn follow_width(plot: &HtmlElement, width: Live<f64>) {
    let measured = plot.clone();
    let on_resize = Closure::<dyn FnMut()>::new(move || {
        let now = f64::from(measured.client_width());
        // The plot may have left the page by now.
        if now > 0.0 && width.is_there() && (now - width.get_untracked()).abs() >= 1.0 {
            width.set(now);
        }
    });
    if let Ok(watcher) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
        watcher.observe(plot);
        // Both are given back with the rest of the figure.
        keep(Watcher { watcher, _on_resize: on_resize });
    }
}

struct Watcher {
    watcher: ResizeObserver,
    _on_resize: Closure<dyn FnMut()>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.watcher.disconnect();
    }
}
