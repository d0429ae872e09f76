//! `time` as the `tasks` bodies mean it: on native, Tokio's timer (granularity
//! 1 ms); in the browser, `setTimeout`.

pub use std::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
pub use tokio::time::sleep;

#[cfg(target_arch = "wasm32")]
pub use browser::sleep;

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::time::Duration;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::JsFuture;

    #[wasm_bindgen]
    extern "C" {
        // Both a page and a worker have a global `setTimeout`.
        #[wasm_bindgen(js_name = setTimeout)]
        fn set_timeout(callback: &js_sys::Function, milliseconds: f64) -> JsValue;
    }

    /// Resolves after `duration`, rounded up to the milliseconds that `setTimeout` takes.
    pub async fn sleep(duration: Duration) {
        let milliseconds = (duration.as_secs_f64() * 1e3).ceil();
        let elapsed = js_sys::Promise::new(&mut |resolve, _reject| {
            set_timeout(&resolve, milliseconds);
        });
        JsFuture::from(elapsed).await.expect("a promise that is only ever resolved");
    }
}
