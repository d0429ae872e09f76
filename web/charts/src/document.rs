//! The writer of SVG. Every text and attribute value is escaped here, and every
//! number is finite and short.

use crate::palette::PALETTE;
use crate::text::push_decimal;
use crate::{Chart, Frame, Mark, Table};

/// The rules by which a chart is coloured; a page has the same in its style sheet.
const RULES: &str = include_str!("chart.css");

/// An SVG document that grows element by element.
pub(crate) struct Svg {
    text: String,
}

/// An element whose attributes are being written. End it with one of the methods
/// that take `self`.
pub(crate) struct Element<'a> {
    svg: &'a mut Svg,
    name: &'static str,
}

impl Svg {
    pub(crate) fn new() -> Self {
        Self { text: String::new() }
    }

    /// What was written.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Begins an element.
    pub(crate) fn open(&mut self, name: &'static str) -> Element<'_> {
        self.text.push('<');
        self.text.push_str(name);
        Element { svg: self, name }
    }

    /// Ends an element that was begun with [`Element::children`].
    pub(crate) fn end(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let line = self.open("line").attribute("class", class).number("x1", x1).number("y1", y1);
        line.number("x2", x2).number("y2", y2).close();
    }

    /// A line of text whose baseline is at `y`; `anchor` is `start`, `middle` or `end`.
    pub(crate) fn label(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        let label = self.open("text").attribute("class", class).number("x", x).number("y", y);
        label.attribute("text-anchor", anchor).content(text);
    }
}

impl Element<'_> {
    /// An attribute.
    pub(crate) fn attribute(self, name: &str, value: &str) -> Self {
        self.svg.text.push(' ');
        self.svg.text.push_str(name);
        self.svg.text.push_str("=\"");
        escape(&mut self.svg.text, value);
        self.svg.text.push('"');
        self
    }

    /// A class made of a kind of mark and the executor it belongs to.
    pub(crate) fn class(self, kind: &str, id: &str) -> Self {
        self.attribute("class", &class(kind, id))
    }

    /// An attribute that is a number of pixels.
    pub(crate) fn number(self, name: &str, value: f64) -> Self {
        self.svg.text.push(' ');
        self.svg.text.push_str(name);
        self.svg.text.push_str("=\"");
        push_number(&mut self.svg.text, value);
        self.svg.text.push('"');
        self
    }

    /// An attribute that is a path through `points`.
    pub(crate) fn path(
        self,
        name: &str,
        points: impl Iterator<Item = (f64, f64)>,
        closed: bool,
    ) -> Self {
        self.svg.text.push(' ');
        self.svg.text.push_str(name);
        self.svg.text.push_str("=\"");
        for (place, (x, y)) in points.enumerate() {
            self.svg.text.push(if place == 0 { 'M' } else { 'L' });
            push_number(&mut self.svg.text, x);
            self.svg.text.push(' ');
            push_number(&mut self.svg.text, y);
        }
        self.svg.text.push_str(if closed { "Z\"" } else { "\"" });
        self
    }

    /// Ends an element without content.
    pub(crate) fn close(self) {
        self.svg.text.push_str("/>");
    }

    /// Ends an element with text as its content.
    pub(crate) fn content(self, text: &str) {
        self.svg.text.push('>');
        escape(&mut self.svg.text, text);
        self.svg.end(self.name);
    }

    /// Lets the elements that follow be its children, until [`Svg::end`].
    pub(crate) fn children(self) {
        self.svg.text.push('>');
    }
}

/// The classes of a mark: its kind and `s-` with the executor's id.
pub(crate) fn class(kind: &str, id: &str) -> String {
    let mut class = String::from(kind);
    class.push_str(" s-");
    let safe = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    class.extend(id.chars().map(safe));
    class
}

/// The view box of a drawing in which one unit is one pixel.
pub(crate) fn view_box(width: f64, height: f64) -> String {
    let mut text = String::from("0 0 ");
    push_number(&mut text, width);
    text.push(' ');
    push_number(&mut text, height);
    text
}

/// Wraps the drawn `body` into a document of `height` pixels.
pub(crate) fn finish(
    frame: &Frame,
    height: f64,
    body: Svg,
    marks: Vec<Mark>,
    table: Table,
) -> Chart {
    let width = frame.drawn_width();
    let name = name_of(&body.text, frame);
    let (title_id, description_id) = (name.clone() + "-title", name + "-desc");
    let mut svg = Svg::new();
    svg.open("svg")
        .attribute("xmlns", "http://www.w3.org/2000/svg")
        .attribute("class", if frame.standalone { "chart standalone" } else { "chart" })
        .number("width", width)
        .number("height", height)
        .attribute("viewBox", &view_box(width, height))
        .attribute("role", "img")
        .attribute("aria-labelledby", &title_id)
        .attribute("aria-describedby", &description_id)
        .attribute("font-size", "12")
        .children();
    svg.open("title").attribute("id", &title_id).content(frame.title);
    svg.open("desc").attribute("id", &description_id).content(frame.description);
    if frame.standalone {
        svg.open("style").content(&standalone_rules());
        let paper = svg.open("rect").attribute("class", "paper");
        paper.number("width", width).number("height", height).close();
    }
    svg.text.push_str(&body.text);
    svg.end("svg");
    Chart { svg: svg.text, width, height, marks, table }
}

/// A name for the ids in a document that differs between charts on one page.
fn name_of(body: &str, frame: &Frame) -> String {
    let parts = [frame.title, frame.description, body];
    let bytes = parts.iter().flat_map(|part| part.bytes());
    // FNV-1a: short, and good enough to tell a handful of charts apart.
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let letter = |place: u32| char::from(b'a' + ((hash >> (4 * place)) & 15) as u8);
    "chart-".chars().chain((0..8).map(letter)).collect()
}

/// The rules with the custom properties that they need, for light and dark.
fn standalone_rules() -> String {
    let mut rules = String::new();
    let properties = |rules: &mut String, shades: &str, dark: bool| {
        rules.push_str(".chart.standalone{");
        rules.push_str(shades);
        for colour in &PALETTE {
            rules.push_str("--executor-");
            rules.push_str(colour.id);
            rules.push(':');
            rules.push_str(if dark { colour.dark } else { colour.light });
            rules.push(';');
        }
        rules.push('}');
    };
    let light = "--ink:#1d1c1a;--muted:#5d5a54;--hairline:#dedbd3;--paper:#fbfaf7;";
    properties(&mut rules, light, false);
    rules.push_str("@media (prefers-color-scheme:dark){");
    let dark = "--ink:#e9e7e2;--muted:#a3a19b;--hairline:#31343a;--paper:#15171a;";
    properties(&mut rules, dark, true);
    rules.push('}');
    rules.push_str(RULES);
    rules
}

/// Writes `value` with at most two digits after the point.
fn push_number(text: &mut String, value: f64) {
    debug_assert!(value.is_finite(), "coordinates are finite");
    push_decimal(text, value, 2);
}

/// Writes `raw` so that it is text and nothing else, in content and in attributes.
/// Characters that XML forbids are replaced.
fn escape(text: &mut String, raw: &str) {
    for letter in raw.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            '\t' | '\n' | '\r' => text.push(' '),
            '\0'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            _ => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_forbidden_characters_become_text() {
        let mut text = String::new();
        escape(&mut text, "<a href=\"x\">&'\u{1}\u{ffff}");
        assert_eq!(text, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\u{fffd}\u{fffd}");
    }
}
