//! The engine: measures the `tasks` bodies on the event loop of a dedicated Web Worker.
//!
//! # Layout
//! - [`measure`]: the samples of one cell, batched where the clock is too coarse.
//! - [`clock`]: the browser's clock and its resolution.
//! - this file: what `worker.js` calls.

pub mod clock;
pub mod measure;

use measure::{Event, Plan};
use wasm_bindgen::prelude::*;

/// The smallest step seen of the worker's clock, in nanoseconds.
#[wasm_bindgen]
pub fn clock_resolution_ns() -> f64 {
    clock::resolution_ns() as f64
}

/// Runs the [`Plan`] that `plan_json` holds, and calls `on_event` with every [`Event`] as JSON.
/// The last one says how it ended.
#[wasm_bindgen]
pub async fn run(plan_json: String, on_event: js_sys::Function) {
    let mut post = |event: &Event| {
        let json = serde_json::to_string(event).expect("an event is made of plain values");
        // The function is worker.js's `postMessage`, which does not throw on plain objects.
        let _ = on_event.call1(&JsValue::NULL, &json.into());
    };
    let end = match serde_json::from_str::<Plan>(&plan_json) {
        Ok(plan) => measure::measure(&plan, &mut post).await,
        Err(error) => Err(format!("the plan is not one: {error}")),
    };
    match end {
        Ok(outcome) => post(&Event::Done { outcome }),
        Err(reason) => post(&Event::Failed { reason }),
    }
}
