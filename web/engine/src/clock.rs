//! The browser's clock.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    static TIME_ORIGIN: f64;
}

/// `performance.now()` in nanoseconds: monotonic, and as coarse as the browser makes it.
pub fn now_ns() -> u64 {
    (performance_now() * 1e6).round() as u64
}

/// Nanoseconds since 1970 on the clock that all workers of a page share: as fine as
/// [`now_ns`], but for the quarter of a microsecond that a number of that size has to spare.
pub fn shared_now_ns() -> u64 {
    (TIME_ORIGIN.with(|origin| origin + performance_now()) * 1e6).round() as u64
}

/// The smallest step seen of [`now_ns`] over 50 steps: 5 µs where the page is cross-origin
/// isolated, 100 µs and more elsewhere.
pub fn resolution_ns() -> u64 {
    const STEPS: usize = 50;
    let mut last = now_ns();
    let step = || loop {
        let now = now_ns();
        if now > last {
            let step = now - last;
            last = now;
            return step;
        }
    };
    std::iter::repeat_with(step).take(STEPS).min().unwrap_or(1)
}
