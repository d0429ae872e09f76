//! `time` as the bodies mean it. `sleep` is for the `tasks` bodies: on native, Tokio's
//! timer (granularity 1 ms); in the browser, `setTimeout`; so is `timeout`. `Instant` is for both: on native,
//! the standard library's; in the browser, the clock that all workers of a page share.

pub use std::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
pub use std::time::Instant;
#[cfg(not(target_arch = "wasm32"))]
pub use tokio::time::{sleep, timeout};

#[cfg(target_arch = "wasm32")]
pub use browser::{Elapsed, Instant, sleep, timeout};

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::JsFuture;

    #[wasm_bindgen]
    extern "C" {
        // Both a page and a worker have a global `setTimeout`.
        #[wasm_bindgen(js_name = setTimeout)]
        fn set_timeout(callback: &js_sys::Function, milliseconds: f64) -> JsValue;
        #[wasm_bindgen(js_namespace = performance, js_name = now)]
        fn performance_now() -> f64;
        #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
        static TIME_ORIGIN: f64;
    }

    /// A moment, in milliseconds since 1970: fine to a quarter of a microsecond, or as
    /// coarse as the browser makes it.
    #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
    pub struct Instant(f64);

    impl Instant {
        /// This moment.
        pub fn now() -> Self {
            Self(TIME_ORIGIN.with(|origin| origin + performance_now()))
        }

        /// The time since an earlier moment; nothing since a later one.
        pub fn duration_since(&self, earlier: Self) -> Duration {
            Duration::from_secs_f64((self.0 - earlier.0).max(0.0) / 1e3)
        }

        /// The time since this moment.
        pub fn elapsed(&self) -> Duration {
            Self::now().duration_since(*self)
        }
    }

    /// Resolves after `duration`, rounded up to the milliseconds that `setTimeout` takes.
    pub async fn sleep(duration: Duration) {
        let milliseconds = (duration.as_secs_f64() * 1e3).ceil();
        let elapsed = js_sys::Promise::new(&mut |resolve, _reject| {
            set_timeout(&resolve, milliseconds);
        });
        JsFuture::from(elapsed).await.expect("a promise that is only ever resolved");
    }

    /// What `future` results in, unless it takes longer than `duration`: then it is dropped.
    ///
    /// # Errors
    /// If it takes longer.
    pub async fn timeout<F: Future>(duration: Duration, future: F) -> Result<F::Output, Elapsed> {
        let (mut future, mut timer) = (pin!(future), pin!(sleep(duration)));
        let first = poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Ok(result)),
            Poll::Pending => timer.as_mut().poll(context).map(|()| Err(Elapsed(()))),
        });
        first.await
    }

    /// The time of a [`timeout`] is over.
    #[derive(Debug)]
    pub struct Elapsed(());
}
