//! Numbers in, accessible SVG out: the charts of Filature, for the page, the report
//! and the command line. Pure functions without dependencies; the same input always
//! gives the same text.
//!
//! # Layout
//! - [`strip()`]: one row per executor, every sample a dot, the median marked;
//!   [`ratios`]: the same for ratios.
//! - [`forest()`]: estimates with their intervals, held against claims.
//! - [`lines()`]: medians over a swept parameter, with interval bands.
//! - [`curves()`]: one or more quantities of one executor over another; [`lanes()`]: what
//!   happened to several units over time; [`sketch()`]: the small picture of a workload.
//! - [`crossovers`]: where two lines change places beyond noise.
//! - `scale`, `axis`, `unit`: from values to pixels, where ticks stand and what they say.
//! - `plot`: two axes with lines and their names.
//! - `text`: how wide text is, and how labels avoid one another.
//! - `shape`, [`PALETTE`]: the look of each executor.
//! - `document`: the writer of SVG; all text is escaped there.
//!
//! # Colours
//! A chart on a page takes its colours from the page: `chart.css` beside this file has
//! the rules, and needs the custom properties `--ink`, `--muted`, `--hairline`,
//! `--paper` and one `--executor-<id>` for each entry of [`PALETTE`]. A chart with
//! [`Frame::standalone`] brings rules and properties along, for light and dark.
//!
//! # Size
//! One unit of the view box is one CSS pixel: draw a chart anew for another width
//! instead of scaling it, so that its text keeps its size.

mod axis;
mod crossover;
mod curves;
mod document;
mod forest;
mod lanes;
mod lines;
mod palette;
mod plot;
mod scale;
mod shape;
mod sketch;
mod strip;
mod text;
mod unit;

pub use crossover::{Crossover, crossovers};
pub use curves::{CurveSeries, Scaling, curves};
pub use forest::{ForestEstimate, ForestGroup, forest};
pub use lanes::{LaneSeries, lanes};
pub use lines::{LinePoint, LineSeries, lines};
pub use palette::{ExecutorColour, PALETTE};
pub use sketch::{SKETCH_SIGNS, sketch};
pub use strip::{StripSeries, ratios, strip};
pub use text::text_width;

/// A finished chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The whole `<svg>` element, with `role="img"`, title and description.
    pub svg: String,
    /// Its width in CSS pixels.
    pub width: f64,
    /// Its height in CSS pixels.
    pub height: f64,
    /// Everything that can be pointed at.
    pub marks: Vec<Mark>,
    /// The same figures as a table.
    pub table: Table,
}

/// A point of a chart that a tooltip or a screen reader can speak about.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Pixels from the left edge of the chart.
    pub x: f64,
    /// Pixels from the upper edge of the chart.
    pub y: f64,
    /// The place of its series among those given.
    pub series: usize,
    /// What there is to say of it.
    pub text: String,
}

/// The figures of a chart, for a data table beside it. Every row has as many cells
/// as there are headings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the table shows.
    pub caption: String,
    /// The names of the columns.
    pub headings: Vec<String>,
    /// The rows, from the top.
    pub rows: Vec<Vec<String>>,
}

/// What surrounds the figures of a chart.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The width to fill, in CSS pixels; held between 240 and 2400.
    pub width: f64,
    /// The name of the chart for screen readers; drawn above a standalone one.
    pub title: &'a str,
    /// What the chart says, for those who can't see it.
    pub description: &'a str,
    /// Whether the chart brings its own colours, as a file needs it.
    pub standalone: bool,
}

impl Frame<'_> {
    /// The width in pixels that is drawn.
    fn drawn_width(&self) -> f64 {
        if self.width.is_finite() {
            scale::within(self.width, 240.0, 2_400.0).floor()
        } else {
            640.0
        }
    }

    /// The free width at the edges: a page has its own, a file has none.
    fn margin(&self) -> f64 {
        if self.standalone { 16.0 } else { 0.0 }
    }

    /// Whether labels have to share the room of the figures.
    fn is_narrow(&self) -> bool {
        self.drawn_width() < 480.0
    }
}

/// What an axis shows.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// What is measured, without a unit: the axis adds the one that its ticks share.
    pub title: &'a str,
    /// How a value is written, such as `5.12 ms`; a space divides number and unit.
    pub format: fn(f64) -> String,
}
