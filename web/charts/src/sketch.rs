//! The small picture of a workload: what its units do over time, one lane for each, in
//! shapes that differ without colour.

use crate::document::{Svg, view_box};
use std::fmt::Write as _;

/// How wide one step of time is, in pixels.
const STEP: f64 = 10.0;
/// From one lane to the next, in pixels.
const LANE: f64 = 14.0;
/// How high the bar of a unit is that runs.
const BAR: f64 = 6.0;

/// The signs of a sketch: a small one with each, and what it means. For a legend.
pub const SKETCH_SIGNS: [(&[&str], &str); 5] = [
    (&["##"], "runs"),
    (&["--"], "waits"),
    (&["oo"], "holds it alone"),
    (&["v#", " #"], "starts or hands over"),
    (&["#x"], "ends early"),
];

/// Draws lanes of steps, one character for each: `#` runs, `-` waits, `o` has something
/// to itself, `v` hands over to the next lane, `^` to the one before, `x` ends; anything
/// else is nothing. The description says the same in words.
pub fn sketch<T: AsRef<str>>(lanes: &[T]) -> String {
    let rows: Vec<Vec<char>> = lanes.iter().map(|lane| lane.as_ref().chars().collect()).collect();
    let steps = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let (width, height) = (steps as f64 * STEP, rows.len().max(1) as f64 * LANE);
    let mut svg = Svg::new();
    svg.open("svg")
        .attribute("xmlns", "http://www.w3.org/2000/svg")
        .attribute("class", "sketch")
        .number("width", width)
        .number("height", height)
        // A sketch gives way where there is little room; it has no text that would.
        .attribute("viewBox", &view_box(width, height))
        .attribute("role", "img")
        .attribute("aria-label", &in_words(&rows))
        .children();
    for (lane, row) in rows.iter().enumerate() {
        let mut from = 0;
        while let Some(sign) = row.get(from) {
            let length = row[from..].iter().take_while(|other| *other == sign).count();
            stretch(&mut svg, *sign, lane, from, length);
            for step in from..from + length {
                hand_over(&mut svg, *sign, (lane, rows.len()), step);
            }
            from += length;
        }
    }
    svg.end("svg");
    svg.into_text()
}

/// Where a lane's middle is.
fn middle(lane: usize) -> f64 {
    (lane as f64 + 0.5) * LANE
}

/// Draws equal steps that follow one another.
fn stretch(svg: &mut Svg, sign: char, lane: usize, from: usize, length: usize) {
    let (left, width, y) = (from as f64 * STEP, length as f64 * STEP, middle(lane));
    match sign {
        '-' => svg.line("waits", (left, y), (left + width, y)),
        '#' | 'v' | '^' => {
            let bar = svg.open("rect").attribute("class", "runs").number("x", left);
            let bar = bar.number("y", y - BAR / 2.0).number("width", width);
            bar.number("height", BAR).close();
        }
        'o' => {
            let block = svg.open("rect").attribute("class", "holds").number("x", left + 0.5);
            let block = block.number("y", y - 5.0).number("width", width - 1.0);
            block.number("height", 10.0).attribute("rx", "3").close();
        }
        'x' => {
            for x in (0..length).map(|step| left + (step as f64 + 0.5) * STEP) {
                svg.line("ends", (x - 4.0, y - 4.0), (x + 4.0, y + 4.0));
                svg.line("ends", (x - 4.0, y + 4.0), (x + 4.0, y - 4.0));
            }
        }
        _ => {}
    }
}

/// Draws the arrow from one lane to its neighbour. The first lane has none before it:
/// there `^` is what comes from the lane below.
fn hand_over(svg: &mut Svg, sign: char, (lane, lanes): (usize, usize), step: usize) {
    let x = (step as f64 + 0.5) * STEP;
    let upper = match sign {
        'v' => lane,
        '^' => lane.saturating_sub(1),
        _ => return,
    };
    if upper + 1 >= lanes {
        return;
    }
    let (top, bottom) = (middle(upper) + BAR / 2.0, middle(upper + 1) - BAR / 2.0);
    svg.line("hands", (x, top), (x, bottom));
    let (tip, back) = if sign == 'v' { (bottom, bottom - 4.0) } else { (top, top + 4.0) };
    let head = [(x, tip), (x + 3.0, back), (x - 3.0, back)];
    svg.open("path").attribute("class", "runs").path("d", head.into_iter(), true).close();
}

fn in_words(rows: &[Vec<char>]) -> String {
    let mut words = String::from("Lanes over time.");
    for (place, row) in rows.iter().enumerate() {
        let mut told: Vec<&str> = row.iter().filter_map(|sign| word(*sign)).collect();
        told.dedup();
        if !told.is_empty() {
            // Writing to a string never fails.
            let _ = write!(words, " Unit {}: {}.", place + 1, told.join(", "));
        }
    }
    words
}

fn word(sign: char) -> Option<&'static str> {
    Some(match sign {
        '#' => "runs",
        '-' => "waits",
        'o' => "holds it alone",
        'v' => "hands on",
        '^' => "hands back",
        'x' => "ends early",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_says_in_words_what_it_shows() {
        let svg = sketch(&["v-^", " #x"]);
        assert!(
            svg.contains("Unit 1: hands on, waits, hands back. Unit 2: runs, ends early."),
            "{svg}"
        );
    }

    #[test]
    fn steps_that_follow_one_another_are_one_shape() {
        let svg = sketch(&["###--##"]);
        assert_eq!(svg.matches("class=\"runs\"").count(), 2, "{svg}");
        assert_eq!(svg.matches("class=\"waits\"").count(), 1, "{svg}");
    }

    #[test]
    fn an_arrow_needs_a_lane_to_lead_to() {
        let arrows = |lanes: &[&str]| sketch(lanes).matches("class=\"hands\"").count();
        assert_eq!(arrows(&["v^"]), 0);
        assert_eq!(arrows(&["v^", "v^"]), 3, "up from the second lane counts once for each");
    }
}
