//! The shape of each executor's dots, so that colour is never the only difference.

use crate::document::Svg;

/// The executors whose shapes there are, for charts in which a shape means something else.
pub(crate) const SHAPES: [&str; 5] =
    ["threads", "tokio-multi", "tokio-current", "browser-loop", "browser-workers"];

/// Draws the dot of executor `id` with its centre at (`x`, `y`). All shapes have about
/// the area of a circle of that `radius`, so that none looks heavier than another.
pub(crate) fn dot(svg: &mut Svg, id: &str, x: f64, y: f64, radius: f64) {
    let r = radius;
    let corners: &[(f64, f64)] = match id {
        "tokio-multi" => &[(0.0, -1.3), (1.2, 0.85), (-1.2, 0.85)],
        "tokio-current" => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        "browser-loop" => &[(0.0, -1.3), (1.25, 0.0), (0.0, 1.3), (-1.25, 0.0)],
        "browser-workers" => &CROSS,
        _ => {
            svg.open("circle").number("cx", x).number("cy", y).number("r", r).close();
            return;
        }
    };
    let corners = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r));
    svg.open("path").path("d", corners, true).close();
}

/// A plus with arms of 0.9 of the radius, drawn around its edge.
const CROSS: [(f64, f64); 12] = [
    (-0.45, -1.35),
    (0.45, -1.35),
    (0.45, -0.45),
    (1.35, -0.45),
    (1.35, 0.45),
    (0.45, 0.45),
    (0.45, 1.35),
    (-0.45, 1.35),
    (-0.45, 0.45),
    (-1.35, 0.45),
    (-1.35, -0.45),
    (-0.45, -0.45),
];
