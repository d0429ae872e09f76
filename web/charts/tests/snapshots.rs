//! The exact text of small charts, so that no change of the drawing goes unseen.
//! To accept a change: `INSTA_UPDATE=always cargo test -p filature-charts`.

use filature_charts::{
    Axis, Chart, CurveSeries, ForestEstimate, ForestGroup, Frame, LaneSeries, LinePoint,
    LineSeries, Scaling, StripSeries, crossovers, curves, forest, lanes, lines, ratios, sketch,
    strip,
};
use std::fmt::Write;

const TIME: Axis = Axis { title: "Wall-clock time", format: |value| format!("{value:.2} ms") };
const UNITS: Axis = Axis { title: "Units", format: |value| format!("{value:.0}") };

const THREADS: [LinePoint; 3] = [
    LinePoint { x: 10.0, y: 1.0, low: 0.9, high: 1.2 },
    LinePoint { x: 100.0, y: 9.0, low: 8.0, high: 11.0 },
    LinePoint { x: 1000.0, y: 90.0, low: 80.0, high: 99.0 },
];
const TASKS: [LinePoint; 3] = [
    LinePoint { x: 10.0, y: 3.0, low: 2.9, high: 3.2 },
    LinePoint { x: 100.0, y: 4.0, low: 3.5, high: 4.5 },
    LinePoint { x: 1000.0, y: 14.0, low: 13.0, high: 15.0 },
];
const SWEEP: [LineSeries; 2] = [
    LineSeries { id: "threads", title: "OS threads", points: &THREADS },
    LineSeries { id: "tokio-multi", title: "Tokio (multi)", points: &TASKS },
];
const STRIP: [StripSeries; 2] = [
    StripSeries {
        id: "threads",
        title: "OS threads",
        values: &[3.0, 4.5, 3.5],
        median: Some(3.5),
        interval: Some((3.0, 4.5)),
        pinned: None,
    },
    StripSeries {
        id: "tokio-multi",
        title: "Tokio",
        values: &[],
        median: None,
        interval: None,
        pinned: None,
    },
];

const ESTIMATES: [ForestEstimate; 2] = [
    ForestEstimate {
        id: "threads",
        title: "OS threads",
        value: 9.6,
        low: 9.5,
        high: 9.8,
        claim: Some((8_000.0, 8_000.0)),
        published: Some(10.0),
    },
    ForestEstimate {
        id: "tokio-multi",
        title: "Tokio (multi)",
        value: 0.45,
        low: 0.44,
        high: 0.47,
        claim: Some((2.0, f64::INFINITY)),
        published: None,
    },
];
const FOREST: [ForestGroup; 1] = [ForestGroup { title: "Resident memory", estimates: &ESTIMATES }];

fn frame(width: f64, standalone: bool) -> Frame<'static> {
    let description = "How long each execution took.";
    Frame { width, title: "Fan-out & <friends>", description, standalone }
}

/// One element a line, then the marks and the table.
fn shown(chart: &Chart) -> String {
    let mut text = chart.svg.replace("><", ">\n<");
    for mark in &chart.marks {
        write!(text, "\n[{} {:.1} {:.1}] {}", mark.series, mark.x, mark.y, mark.text)
            .expect("writing to a string succeeds");
    }
    let rows = std::iter::once(&chart.table.headings).chain(&chart.table.rows);
    rows.fold(text + "\n" + &chart.table.caption, |text, row| text + "\n" + &row.join(" | "))
}

#[test]
fn a_strip_for_a_wide_page() {
    insta::assert_snapshot!(shown(&strip(&frame(640.0, false), &TIME, &STRIP)));
}

#[test]
fn a_strip_for_a_phone() {
    insta::assert_snapshot!(shown(&strip(&frame(320.0, false), &TIME, &STRIP)));
}

#[test]
fn a_strip_as_a_file_brings_its_colours() {
    insta::assert_snapshot!(shown(&strip(&frame(640.0, true), &TIME, &STRIP[..1])));
}

#[test]
fn a_strip_beside_a_pinned_one_has_a_dashed_median() {
    let chart =
        strip(&frame(640.0, false), &TIME, &[StripSeries { pinned: Some(9.0), ..STRIP[0] }]);
    assert!(chart.svg.contains("class=\"pinned s-threads\""), "{}", chart.svg);
    assert!(chart.marks.iter().any(|mark| mark.text == "OS threads: pinned median 9.00 ms"));
}

#[test]
fn ratios_with_a_line_at_one() {
    let axis = Axis { title: "Ratio", format: |value| format!("{value:.2}×") };
    insta::assert_snapshot!(shown(&ratios(&frame(640.0, false), &axis, &STRIP[..1])));
}

#[test]
fn lines_with_a_crossover() {
    insta::assert_snapshot!(shown(&lines(&frame(640.0, false), &UNITS, &TIME, &SWEEP)));
}

#[test]
fn a_forest_for_a_wide_page() {
    insta::assert_snapshot!(shown(&forest(&frame(640.0, false), &TIME, &FOREST)));
}

#[test]
fn a_forest_for_a_phone_as_a_file() {
    insta::assert_snapshot!(shown(&forest(&frame(320.0, true), &TIME, &FOREST)));
}

#[test]
fn an_estimate_below_zero_leaves_the_axis_logarithmic_and_keeps_its_value() {
    let noise = ForestEstimate { value: -0.5, low: -2.0, high: 1.0, ..ESTIMATES[1] };
    let group = ForestGroup { title: "Kernel", estimates: &[ESTIMATES[0], noise] };
    let chart = forest(&frame(640.0, false), &TIME, &[group]);
    assert!(chart.svg.contains("log scale") && chart.svg.contains("-0.50 ms"), "{}", chart.svg);
    assert!(chart.marks.iter().all(|mark| mark.text.contains("OS threads")), "{:?}", chart.marks);
}

#[test]
fn two_curves_over_percentiles() {
    let (raw, corrected) = ([[50.0, 1.0], [99.0, 2.0]], [[50.0, 1.5], [99.0, 40.0]]);
    let series = [
        CurveSeries { title: "raw", points: &raw },
        CurveSeries { title: "corrected", points: &corrected },
    ];
    let percentile = Axis { title: "Percentile", format: |value| format!("{value}") };
    let (x, y) = ((&percentile, Scaling::Percentile), (&TIME, Scaling::Log));
    insta::assert_snapshot!(shown(&curves(&frame(640.0, false), "threads", x, y, &series, &[])));
}

#[test]
fn lanes_of_two_units() {
    let first = [(0.0, "begins"), (5.0, "late"), (6.0, "late")];
    let series = [
        LaneSeries { title: "blocker", marks: &first },
        LaneSeries { title: "other", marks: &[(9.0, "ends")] },
    ];
    insta::assert_snapshot!(shown(&lanes(&frame(640.0, false), "threads", &TIME, 20.0, &series)));
}

#[test]
fn a_sketch_of_every_sign() {
    insta::assert_snapshot!(sketch(&["v#--", " oox", " #^ "]).replace("><", ">\n<"));
}

#[test]
fn a_chart_without_figures() {
    insta::assert_snapshot!(shown(&lines(&frame(320.0, false), &UNITS, &TIME, &[])));
}

#[test]
fn the_crossover_is_where_the_drawn_lines_meet() {
    let found = crossovers(&SWEEP);
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((only.after, only.before), (10.0, 100.0));
    assert!((37.0..39.0).contains(&only.x), "{}", only.x);
}
