//! Every kind of chart with usual and odd figures, as one page to look at:
//! `cargo run -p filature-charts --example gallery > gallery.html`.

use filature_charts::{
    Axis, Chart, Frame, LinePoint, LineSeries, PALETTE, StripSeries, lines, strip,
};

const TITLES: [&str; 5] =
    ["OS threads", "Tokio (multi)", "Tokio (current)", "Browser loop", "Web Workers"];

/// The scheme of the page's own colours, and the two that follow the reader's.
const PAGE: &str = "body{margin:0;padding:24px;background:#fbfaf7;color:#1d1c1a;font:14px/1.5 \
    system-ui,sans-serif}figure{margin:0 0 48px}figcaption{color:#77736b;margin:0 0 8px}\
    .chart{display:block}@media(prefers-color-scheme:dark){body{background:#15171a;\
    color:#e9e7e2}}";

fn main() {
    println!("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gallery</title>");
    println!("<style>{PAGE}</style>");
    for width in [800.0, 340.0] {
        for (caption, chart) in strips(width).into_iter().chain(sweeps(width)) {
            println!(
                "<figure><figcaption>{caption}, {width} px</figcaption>{}</figure>",
                chart.svg
            );
        }
    }
}

fn frame(width: f64, title: &str) -> Frame<'_> {
    Frame { width, title, description: "Made up for the gallery.", standalone: true }
}

fn duration(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 999.5 => (ns, "ns"),
        ns if ns < 999.5e3 => (ns / 1e3, "µs"),
        ns if ns < 999.5e6 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {unit}")
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

/// `number` samples around `centre`, skewed to the right as wall-clock times are.
fn samples(centre: f64, spread: f64, number: usize) -> Vec<f64> {
    let noise = |seed: usize| ((seed as f64 * 12.9898).sin() * 43_758.545_3).fract().abs();
    let skewed = |i| noise(i + 1).powi(3) + 0.3 * noise(i + 77) - 0.2;
    (0..number).map(|i| centre * (1.0 + spread * skewed(i))).collect()
}

fn strips(width: f64) -> Vec<(&'static str, Chart)> {
    let kinds: [(&str, [f64; 5], f64, usize); 5] = [
        ("10 samples, a wide range", [690e6, 5.1e6, 4.7e6, 21e6, 160e6], 0.3, 10),
        ("30 samples, alike", [5.2e6, 5.1e6, 4.7e6, 6.1e6, 5.6e6], 0.4, 30),
        ("400 samples", [5.2e6, 5.1e6, 4.7e6, 6.1e6, 2.6e6], 0.9, 400),
        ("equal samples", [5e6; 5], 0.0, 10),
        ("no samples yet", [5e6; 5], 0.0, 0),
    ];
    kinds
        .map(|(caption, centres, spread, n)| (caption, one_strip(width, &centres, spread, n)))
        .into()
}

fn one_strip(width: f64, centres: &[f64], spread: f64, number: usize) -> Chart {
    let values: Vec<Vec<f64>> = centres.iter().map(|c| samples(*c, spread, number)).collect();
    let series: Vec<StripSeries> = (0..centres.len())
        .map(|place| {
            let mut sorted = values[place].clone();
            sorted.sort_by(f64::total_cmp);
            let median = sorted.get(sorted.len() / 2).copied();
            StripSeries {
                id: PALETTE[place].id,
                title: TITLES[place],
                values: &values[place],
                median,
                interval: median.map(|m| (m * (1.0 - spread * 0.1), m * (1.0 + spread * 0.1))),
                pinned: None,
            }
        })
        .collect();
    let axis = Axis { title: "Wall-clock time of one execution", format: duration };
    strip(&frame(width, "Fan-out, 10 000 units"), &axis, &series)
}

fn sweeps(width: f64) -> Vec<(&'static str, Chart)> {
    let wide = [(30e3, 66e3), (60e3, 0.9e3), (4e3, 1.3e3), (40e3, 9e3), (2e6, 4e3)];
    let short = [(2e6, 0.9e6), (5e6, 0.2e6), (4e6, 0.4e6), (3e6, 0.42e6), (3e6, 0.41e6)];
    vec![
        (
            "a wide range, crossovers",
            one_sweep(width, &wide, &[1.0, 10.0, 100.0, 1_000.0, 10_000.0], "Units"),
        ),
        ("a short range", one_sweep(width, &short, &[1.0, 2.0, 4.0, 8.0, 16.0], "Stages")),
        ("one point", one_sweep(width, &short[..2], &[8.0], "Stages")),
        ("nothing yet", one_sweep(width, &short[..2], &[], "Stages")),
    ]
}

/// Lines of a fixed cost and a cost per x, with intervals of 12 %.
fn one_sweep(width: f64, costs: &[(f64, f64)], xs: &[f64], title: &str) -> Chart {
    let point = |(fixed, each): (f64, f64), x: f64| {
        let y = fixed + each * x * (1.0 + 0.1 * (x * 3.7).sin());
        LinePoint { x, y, low: y * 0.9, high: y * 1.14 }
    };
    let points: Vec<Vec<LinePoint>> = costs
        .iter()
        .enumerate()
        .map(|(place, cost)| {
            // As on a real machine, threads end before the others do.
            let most = if place == 0 && xs.len() > 3 { xs.len() - 1 } else { xs.len() };
            xs[..most].iter().map(|x| point(*cost, *x)).collect()
        })
        .collect();
    let series: Vec<LineSeries> = points
        .iter()
        .enumerate()
        .map(|(i, points)| LineSeries { id: PALETTE[i].id, title: TITLES[i], points })
        .collect();
    let x_axis = Axis { title, format: count };
    let y_axis = Axis { title: "Median wall-clock time", format: duration };
    lines(&frame(width, "Fan-out over units"), &x_axis, &y_axis, &series)
}
