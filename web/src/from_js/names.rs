//! Enums that are names in JSON.

use super::{FromJs, wrong};
use filature_core::about::Group;
use filature_core::api::{CellState, Depth, Scale, State, TokenKind};
use filature_core::{Body, Executor};
use wasm_bindgen::JsValue;

/// Declares enums whose values are names.
macro_rules! names {
    ($( $type:ident { $($name:literal = $value:ident),+ $(,)? } )+) => { $(
        impl FromJs for $type {
            fn from_js(value: &JsValue) -> Self {
                let known = [$( ($name, Self::$value) ),+];
                known[place_of(value, &known.map(|(name, _)| name))].1
            }
        }
    )+ };
}

/// Where among these names a text stands.
fn place_of(value: &JsValue, names: &[&str]) -> usize {
    let text = value.as_string().unwrap_or_default();
    names.iter().position(|name| *name == text).unwrap_or_else(|| {
        wrong("name");
        0
    })
}

names! {
    State {
        "queued" = Queued, "running" = Running, "done" = Done, "cancelled" = Cancelled,
        "failed" = Failed, "interrupted" = Interrupted,
    }
    CellState {
        "pending" = Pending, "running" = Running, "done" = Done, "refused" = Refused,
        "failed" = Failed, "cancelled" = Cancelled, "interrupted" = Interrupted,
    }
    Depth { "quick" = Quick, "full" = Full }
    Body { "threads" = Threads, "tasks" = Tasks }
    Scale { "linear" = Linear, "log" = Log, "percentile" = Percentile }
    TokenKind {
        "comment" = Comment, "keyword" = Keyword, "literal" = Literal, "type" = Type,
        "function" = Function, "macro" = Macro, "lifetime" = Lifetime,
    }
}

impl FromJs for Group {
    fn from_js(value: &JsValue) -> Self {
        Self::ALL[place_of(value, &Self::ALL.map(Self::id))]
    }
}

impl FromJs for Executor {
    fn from_js(value: &JsValue) -> Self {
        Self::ALL[place_of(value, &Self::ALL.map(Self::id))]
    }
}
