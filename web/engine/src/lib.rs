//! The engine: measures bodies in the browser, off the page's own thread. It is built
//! twice from this source: plain, for the event loop of one Web Worker, and with shared
//! memory, for Web Workers as threads.
//!
//! # Layout
//! - [`measure`]: a cell's plan, its turns, and batches where the clock is too coarse.
//! - `event_loop` (only without): takes the turns of `tasks` bodies on the event loop.
//! - `workers` (only with shared memory): takes the turns of `threads` bodies on a pool of Web Workers.
//! - [`clock`]: the browser's clock and its resolution.
//! - this file: what `worker.js` and `thread-worker.js` call.

pub mod clock;
#[cfg(not(target_feature = "atomics"))]
pub mod event_loop;
pub mod measure;
#[cfg(target_feature = "atomics")]
pub mod workers;

use measure::{Event, Plan, json};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs once, on the engine's first thread.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| LAST_PANIC.set(Some(info.to_string()))));
}

/// What the panic said that trapped this thread, if it was a panic.
#[wasm_bindgen]
pub fn last_panic() -> Option<String> {
    LAST_PANIC.take()
}

/// The smallest step seen of the worker's clock, in nanoseconds.
#[wasm_bindgen]
pub fn clock_resolution_ns() -> f64 {
    clock::resolution_ns() as f64
}

/// Runs the [`Plan`] that `plan_json` holds on the event loop, and calls `on_event` with
/// every [`Event`] as JSON. The last one says how it ended.
#[cfg(not(target_feature = "atomics"))]
#[wasm_bindgen]
pub async fn run_on_event_loop(plan_json: String, on_event: js_sys::Function) {
    let mut post = |event: &Event| call(&on_event, &json(event));
    let end = match plan(&plan_json) {
        Ok(plan) => event_loop::measure(&plan, &mut post).await,
        Err(reason) => Err(reason),
    };
    post(&match end {
        Ok(outcome) => Event::Done { outcome, spawn_costs: None },
        Err(reason) => Event::Failed { reason },
    });
}

/// Runs the [`Plan`] that `plan_json` holds on Web Workers that run the script at
/// `worker_url`, and calls `on_event` with every [`Event`] as JSON. The last one says how it
/// ended.
#[cfg(target_feature = "atomics")]
#[wasm_bindgen]
pub async fn run_on_workers(plan_json: String, worker_url: String, on_event: js_sys::Function) {
    let mut post = |json: &str| call(&on_event, json);
    match plan(&plan_json) {
        Ok(plan) => workers::measure(plan, &worker_url, &mut post).await,
        Err(reason) => post(&json(&Event::Failed { reason })),
    }
}

/// How many workers this browser holds, up to the most that it is ever asked for.
///
/// # Errors
/// Why none can be started.
#[cfg(target_feature = "atomics")]
#[wasm_bindgen]
pub async fn count_workers(worker_url: String) -> Result<usize, String> {
    workers::count(&worker_url).await
}

fn plan(json: &str) -> Result<Plan, String> {
    serde_json::from_str(json).map_err(|error| format!("the plan is not one: {error}"))
}

fn call(on_event: &js_sys::Function, json: &str) {
    // The function is worker.js's `postMessage`, which does not throw on plain objects.
    let _ = on_event.call1(&JsValue::NULL, &json.into());
}

/// For a worker of the pool: runs units until it is told to leave.
#[cfg(target_feature = "atomics")]
#[wasm_bindgen]
pub fn work() {
    filature_core::thread::pool::work();
}

/// For a worker of the pool, where [`work`] has trapped: tells so to who joins its unit.
#[cfg(target_feature = "atomics")]
#[wasm_bindgen]
pub fn trapped() {
    filature_core::thread::pool::trapped();
}

/// For a worker of the pool: nanoseconds on the clock that all workers share.
#[cfg(target_feature = "atomics")]
#[wasm_bindgen]
pub fn shared_now_ns() -> f64 {
    clock::shared_now_ns() as f64
}
