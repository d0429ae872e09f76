//! `task` as the bodies mean it: on native, Tokio's, where a spawn first looks whether it
//! is observed; in the browser, a small shim over the event loop with the same signatures.

#[cfg(not(target_arch = "wasm32"))]
pub use native::spawn;
#[cfg(not(target_arch = "wasm32"))]
pub use tokio::task::{JoinError, JoinHandle};

#[cfg(target_arch = "wasm32")]
pub use browser::{JoinError, JoinHandle, spawn};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::JoinHandle;
    use crate::observe;
    use std::future::Future;

    /// Tokio's `spawn`, with one predictable branch before it.
    #[inline]
    #[track_caller]
    pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if observe::is_on() {
            return tokio::task::spawn(observe::task(future));
        }
        tokio::task::spawn(future)
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::fmt;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::sync::oneshot;

    /// Hands `future` to the browser's event loop and returns a handle to its result.
    pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (sender, receiver) = oneshot::channel();
        wasm_bindgen_futures::spawn_local(async move {
            // A dropped handle means that nobody wants the result: as with Tokio,
            // the task has run to its end all the same.
            let _ = sender.send(future.await);
        });
        JoinHandle(receiver)
    }

    /// Resolves to the task's result, like Tokio's `JoinHandle`.
    #[derive(Debug)]
    pub struct JoinHandle<T>(oneshot::Receiver<T>);

    impl<T> Future for JoinHandle<T> {
        type Output = Result<T, JoinError>;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            Pin::new(&mut self.0).poll(context).map_err(|_| JoinError)
        }
    }

    /// The task ended without a result. A panic aborts a WebAssembly instance as a
    /// whole, so this is seen only while the instance is being torn down.
    #[derive(Debug)]
    pub struct JoinError;

    impl fmt::Display for JoinError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("the task ended without a result")
        }
    }

    impl std::error::Error for JoinError {}
}
