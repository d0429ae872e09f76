//! Whatever the figures are, a chart is well-formed, keeps inside its view box, and
//! its labels do not overlap.

use filature_charts::{
    Axis, Chart, CurveSeries, ForestEstimate, ForestGroup, Frame, LaneSeries, LinePoint,
    LineSeries, PALETTE, Scaling, StripSeries, curves, forest, lanes, lines, sketch, strip,
    text_width,
};
use proptest::prelude::*;
use roxmltree::{Document, Node};

const TITLES: [&str; 7] = [
    "OS threads",
    "Tokio (multi)",
    "Tokio (current)",
    "Browser loop",
    "Web Workers",
    "<b onload=\"x\">& 'label' of somebody, far too long for any chart",
    "",
];
const IDS: [&str; 6] =
    ["threads", "tokio-multi", "tokio-current", "browser-loop", "browser-workers", "\" x=\"<"];

fn duration(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        ns if ns < 999.5 => (1.0, "ns"),
        ns if ns < 999.5e3 => (1e3, "µs"),
        ns if ns < 999.5e6 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    format!("{:.2} {unit}", ns / value)
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

const TIME: Axis = Axis { title: "Wall-clock time of one execution", format: duration };
const UNITS: Axis = Axis { title: "Units", format: count };

/// Figures as they occur, and figures that no machine would give.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 1.0..1e10_f64,
        2 => (0..20_i32).prop_map(|exponent| 10f64.powi(exponent)),
        1 => Just(0.0),
        1 => Just(5e6),
        1 => any::<f64>(),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX), Just(5e-324)],
    ]
}

fn frame() -> impl Strategy<Value = (f64, bool)> {
    (prop_oneof![9 => 200.0..1_300.0_f64, 1 => any::<f64>()], any::<bool>())
}

fn scaling() -> impl Strategy<Value = Scaling> {
    prop_oneof![Just(Scaling::Linear), Just(Scaling::Log), Just(Scaling::Percentile)]
}

prop_compose! {
    fn line_point()(x in value(), y in value(), low in value(), high in value()) -> LinePoint {
        LinePoint { x, y, low, high }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_strip_is_a_valid_chart(
        (width, standalone) in frame(),
        rows in prop::collection::vec(
            (0..IDS.len(), 0..TITLES.len(), prop::collection::vec(value(), 0..30),
                prop::option::of(value()), prop::option::of((value(), value())), prop::option::of(value())),
            0..8,
        ),
    ) {
        let series: Vec<StripSeries> = rows
            .iter()
            .map(|(id, title, values, median, interval, pinned)| StripSeries {
                id: IDS[*id],
                title: TITLES[*title],
                values,
                median: *median,
                interval: *interval,
                pinned: *pinned,
            })
            .collect();
        let frame = Frame { width, title: TITLES[5], description: "What & why", standalone };
        let chart = strip(&frame, &TIME, &series);
        check(&chart);
        let shown: usize = rows
            .iter()
            .map(|row| row.2.iter().chain(&row.3).chain(&row.5).filter(|value| value.is_finite()).count())
            .sum();
        prop_assert_eq!(chart.marks.len(), shown);
        prop_assert_eq!(&chart, &strip(&frame, &TIME, &series));
    }

    #[test]
    fn every_line_chart_is_a_valid_chart(
        (width, standalone) in frame(),
        rows in prop::collection::vec(
            (0..IDS.len(), 0..TITLES.len(), prop::collection::vec(line_point(), 0..12)),
            0..8,
        ),
    ) {
        let series: Vec<LineSeries> = rows
            .iter()
            .map(|(id, title, points)| LineSeries { id: IDS[*id], title: TITLES[*title], points })
            .collect();
        let frame = Frame { width, title: "Sweep", description: "What & why", standalone };
        check(&lines(&frame, &UNITS, &TIME, &series));
    }

    #[test]
    fn every_chart_of_curves_is_a_valid_chart(
        (width, standalone) in frame(),
        scalings in (scaling(), prop_oneof![Just(Scaling::Linear), Just(Scaling::Log)]),
        rows in prop::collection::vec(
            (0..TITLES.len(), prop::collection::vec([value(), value()], 0..30)),
            0..5,
        ),
        others in 0..5_usize,
    ) {
        let series: Vec<CurveSeries> = rows
            .iter()
            .map(|(title, points)| CurveSeries { title: TITLES[*title], points })
            .collect();
        let (others, own) = series.split_at(others.min(series.len()));
        let frame = Frame { width, title: "Latency", description: "What & why", standalone };
        let (x, y) = ((&UNITS, scalings.0), (&TIME, scalings.1));
        check(&curves(&frame, IDS[rows.len() % IDS.len()], x, y, own, others));
    }

    #[test]
    fn every_chart_of_percentiles_is_a_valid_chart(
        (width, standalone) in frame(),
        points in prop::collection::vec((0.0..100.0_f64, 1.0..1e9_f64), 0..40),
    ) {
        let points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
        let series = [CurveSeries { title: "raw", points: &points }];
        let frame = Frame { width, title: "Latency", description: "What & why", standalone };
        let (x, y) = ((&UNITS, Scaling::Percentile), (&TIME, Scaling::Log));
        let chart = curves(&frame, "threads", x, y, &series, &[]);
        check(&chart);
        prop_assert_eq!(chart.marks.len(), points.len());
    }

    #[test]
    fn every_chart_of_lanes_is_a_valid_chart(
        (width, standalone) in frame(),
        until in value(),
        rows in prop::collection::vec(
            (0..TITLES.len(), prop::collection::vec((value(), 0..TITLES.len()), 0..20)),
            0..6,
        ),
    ) {
        let rows: Vec<(usize, Vec<(f64, &str)>)> = rows
            .into_iter()
            .map(|(title, marks)| {
                (title, marks.into_iter().map(|(at, text)| (at, TITLES[text])).collect())
            })
            .collect();
        let series: Vec<LaneSeries> = rows
            .iter()
            .map(|(title, marks)| LaneSeries { title: TITLES[*title], marks })
            .collect();
        let frame = Frame { width, title: "Units", description: "What & why", standalone };
        let chart = lanes(&frame, "tokio-multi", &TIME, until, &series);
        check(&chart);
        let happened = rows.iter().flat_map(|row| &row.1).filter(|mark| mark.0.is_finite());
        prop_assert_eq!(chart.marks.len(), happened.count());
    }

    #[test]
    fn every_forest_plot_is_a_valid_chart(
        (width, standalone) in frame(),
        rows in prop::collection::vec(
            (0..TITLES.len(), prop::collection::vec(
                (0..IDS.len(), [value(), value(), value()],
                    prop::option::of((value(), value())), prop::option::of(value())), 0..6)),
            0..5,
        ),
    ) {
        let rows: Vec<(usize, Vec<ForestEstimate>)> = rows
            .into_iter()
            .map(|(title, estimates)| {
                let estimates = estimates.into_iter().map(|(id, figures, claim, published)| {
                    let [value, low, high] = figures;
                    let (id, title) = (IDS[id], TITLES[id]);
                    ForestEstimate { id, title, value, low, high, claim, published }
                });
                (title, estimates.collect())
            })
            .collect();
        let groups: Vec<ForestGroup> = rows
            .iter()
            .map(|(title, estimates)| ForestGroup { title: TITLES[*title], estimates })
            .collect();
        let frame = Frame { width, title: "Memory", description: "What & why", standalone };
        let chart = forest(&frame, &TIME, &groups);
        check(&chart);
        let all = rows.iter().flat_map(|row| &row.1);
        let shown = all.flat_map(|one| [Some(one.value), one.published]);
        let shown: Vec<f64> = shown.flatten().filter(|value| value.is_finite()).collect();
        // What vanishes in the arithmetic of an axis is zero.
        let above_zero = shown.iter().filter(|value| **value >= 1e-290).count();
        if chart.svg.contains("log scale") {
            prop_assert_eq!(chart.marks.len(), above_zero);
        } else if chart.svg.contains("class=\"tick\"") {
            prop_assert!(above_zero == 0 || chart.marks.len() >= above_zero);
        }
    }

    #[test]
    fn every_sketch_is_well_formed_and_keeps_inside(lanes in prop::collection::vec("[ #\\-ov^x<]{0,16}", 0..6)) {
        let svg = sketch(&lanes);
        let document = Document::parse(&svg).expect("the SVG is well-formed");
        check_frame(&document);
    }

    #[test]
    fn every_usual_sweep_is_a_valid_chart(
        (width, standalone) in frame(),
        costs in prop::collection::vec((1e3..1e7_f64, 1.0..1e6_f64), 1..6),
        xs in prop::collection::vec(1_u32..1_000_000, 0..9),
        spread in 0.0..0.5_f64,
    ) {
        let points: Vec<Vec<LinePoint>> = costs
            .iter()
            .map(|(fixed, each)| {
                let y = |x: u32| fixed + each * f64::from(x);
                let low = |x| y(x) * (1.0 - spread);
                let high = |x| y(x) * (1.0 + spread);
                let point = |x| LinePoint { x: f64::from(x), y: y(x), low: low(x), high: high(x) };
                xs.iter().copied().map(point).collect()
            })
            .collect();
        let series: Vec<LineSeries> = points
            .iter()
            .enumerate()
            .map(|(i, points)| LineSeries { id: PALETTE[i].id, title: TITLES[i], points })
            .collect();
        let frame = Frame { width, title: "Sweep", description: "Lines", standalone };
        check(&lines(&frame, &UNITS, &TIME, &series));
    }
}

fn check(chart: &Chart) {
    let document = Document::parse(&chart.svg).expect("the SVG is well-formed");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    for name in ["aria-labelledby", "aria-describedby"] {
        let id = root.attribute(name);
        assert!(document.descendants().any(|node| node.attribute("id") == id), "{name}");
    }
    assert!(document.descendants().all(|node| node.attribute("style").is_none()));
    let (width, height) = (number(root, "width"), number(root, "height"));
    assert_eq!((width, height), (chart.width, (chart.height * 100.0).round() / 100.0));
    for mark in &chart.marks {
        assert!((0.0..=width).contains(&mark.x) && (0.0..=height).contains(&mark.y), "{mark:?}");
    }
    check_frame(&document);
    let columns = chart.table.headings.len();
    assert!(chart.table.rows.iter().all(|row| row.len() == columns));
    check_labels(&document);
}

/// Nothing reaches beyond the edges.
fn check_frame(document: &Document) {
    let root = document.root_element();
    let (width, height) = (number(root, "width"), number(root, "height"));
    for node in document.descendants() {
        for (x, y) in corners(node) {
            let inside = (-0.1..=width + 0.1).contains(&x) && (-0.1..=height + 0.1).contains(&y);
            assert!(
                inside,
                "({x}, {y}) of {:?} is outside {width} × {height}",
                node.attribute("class")
            );
        }
    }
}

/// The points that an element reaches to.
fn corners(node: Node) -> Vec<(f64, f64)> {
    match node.tag_name().name() {
        "line" => {
            [("x1", "y1"), ("x2", "y2")].map(|(x, y)| (number(node, x), number(node, y))).into()
        }
        "rect" if node.attribute("x").is_some() => {
            let (x, y) = (number(node, "x"), number(node, "y"));
            vec![(x, y), (x + number(node, "width"), y + number(node, "height"))]
        }
        "circle" => {
            let (x, y, r) = (number(node, "cx"), number(node, "cy"), number(node, "r"));
            vec![(x - r, y - r), (x + r, y + r)]
        }
        "path" => {
            let path = node.attribute("d").expect("a path has points").trim_end_matches('Z');
            assert!(path.starts_with('M'), "{path}");
            let points = path[1..]
                .split('L')
                .map(|point| point.split_once(' ').expect("a point is two numbers"));
            points.map(|(x, y)| (finite(x), finite(y))).collect()
        }
        "text" => {
            let (low, high) = span(node);
            let y = number(node, "y");
            vec![(low, y - 10.0), (high, y + 3.0)]
        }
        _ => Vec::new(),
    }
}

fn check_labels(document: &Document) {
    let texts: Vec<Node> =
        document.descendants().filter(|node| node.has_tag_name("text")).collect();
    for (place, a) in texts.iter().enumerate() {
        for b in &texts[..place] {
            let ((a_low, a_high), (b_low, b_high)) = (span(*a), span(*b));
            let apart = (number(*a, "y") - number(*b, "y")).abs() >= 11.0;
            let beside = a_high <= b_low || b_high <= a_low;
            assert!(apart || beside, "{:?} overlaps {:?}", a.text(), b.text());
        }
    }
}

/// From where to where a text reaches.
fn span(text: Node) -> (f64, f64) {
    let class = text.attribute("class").unwrap_or("");
    let bold = ["label", "value"].iter().any(|bold| class.starts_with(bold));
    let size = if bold { 12.0 * 1.15 } else { 12.0 };
    let (x, width) = (number(text, "x"), text_width(text.text().unwrap_or(""), size));
    match text.attribute("text-anchor") {
        Some("middle") => (x - width / 2.0, x + width / 2.0),
        Some("end") => (x - width, x),
        _ => (x, x + width),
    }
}

fn number(node: Node, name: &str) -> f64 {
    finite(node.attribute(name).unwrap_or_else(|| panic!("{node:?} has no {name}")))
}

fn finite(text: &str) -> f64 {
    let number: f64 = text.parse().expect("it is a number");
    assert!(number.is_finite(), "{text}");
    number
}
