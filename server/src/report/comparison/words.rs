//! Figures, states and verdicts as the table writes them.

use filature_core::api::{CellState, Estimate, State, Unit, Word};
use filature_core::{Body, format};
use maud::{Markup, html};

/// How a unit's figures are written.
pub(super) fn written(unit: Unit) -> fn(f64) -> String {
    match unit {
        Unit::Ns => format::duration_ns,
        Unit::Bytes => format::bytes,
        Unit::Units => |value| format::count(value.max(0.0).round() as u64),
        Unit::Number => format::number,
    }
}

/// The ends of an interval, such as `9.57–9.60 KiB`; `None` where it is a point.
pub(crate) fn interval(unit: Unit, estimate: &Estimate) -> Option<String> {
    let (low, high) = (written(unit)(estimate.low), written(unit)(estimate.high));
    if low == high {
        return None;
    }
    match (low.rsplit_once(' '), high.rsplit_once(' ')) {
        (Some((number, of_low)), Some((_, of_high))) if of_low == of_high => {
            Some(format!("{number}–{high}"))
        }
        (None, None) => Some(format!("{low}–{high}")),
        _ => Some(format!("{low} – {high}")),
    }
}

/// Threads or tasks, in the plural.
pub(super) fn body_name(body: Body) -> &'static str {
    match body {
        Body::Threads => "Threads",
        Body::Tasks => "Tasks",
    }
}

/// A verdict as a badge. A comparison without a claim has none: its sentence says it all.
pub(super) fn badge(word: Word, state: State) -> Markup {
    let (class, text) = match word {
        Word::Confirmed => ("confirmed", "confirmed".to_owned()),
        Word::Overstated { factor } => {
            ("overstated", format!("overstated {}", format::ratio(factor)))
        }
        Word::Understated { factor } => {
            ("understated", format!("understated {}", format::ratio(factor)))
        }
        Word::Depends => ("depends", "depends".to_owned()),
        Word::Compared => return html! {},
        Word::Unknown if state.is_final() => ("unknown", "not measurable here".to_owned()),
        Word::Unknown => ("unknown", "not yet measured".to_owned()),
    };
    html! { span class={ "word " (class) } { (text) } }
}

/// Why a cell has no figure, in a word.
pub(super) fn without_figure(state: CellState) -> &'static str {
    match state {
        CellState::Pending => "waiting",
        CellState::Running => "measuring",
        CellState::Done => "–",
        CellState::Refused => "refused",
        CellState::Failed => "failed",
        CellState::Cancelled => "cancelled",
        CellState::Interrupted => "interrupted",
    }
}
