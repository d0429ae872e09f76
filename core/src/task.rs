//! `task` as the bodies mean it: on native, Tokio's, where a spawn first looks whether it
//! is observed; in the browser, a small shim over the event loop with the same signatures.

#[cfg(not(target_arch = "wasm32"))]
pub use native::spawn;
#[cfg(not(target_arch = "wasm32"))]
pub use tokio::task::{JoinError, JoinHandle, spawn_blocking};

#[cfg(target_arch = "wasm32")]
pub use browser::{JoinError, JoinHandle, spawn, spawn_blocking};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::JoinHandle;
    use crate::observe;
    use std::future::Future;

    /// Tokio's `spawn`, with one predictable branch before it.
    #[inline(always)]
    #[track_caller]
    pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if observe::is_on() {
            return spawn_observed(future);
        }
        tokio::task::spawn(future)
    }

    /// Apart, so that a spawn that is not observed has nothing of it.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn spawn_observed<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::task::spawn(observe::task(future))
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::any::Any;
    use std::cell::{Cell, RefCell};
    use std::fmt;
    use std::future::{Future, poll_fn};
    use std::pin::{Pin, pin};
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};
    use tokio::sync::oneshot;

    /// Hands `future` to the browser's event loop and returns a handle to its result.
    pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let abort = Rc::new(Abort::default());
        let asked = Rc::clone(&abort);
        wasm_bindgen_futures::spawn_local(async move {
            let result = asked.or_result_of(future).await;
            // A dropped handle means that nobody wants the result: as with Tokio,
            // the task has run to its end all the same.
            let _ = sender.send(result);
        });
        JoinHandle { receiver, abort }
    }

    /// Only there to be named: no executor of the browser takes a choice that comes here,
    /// since an event loop has no threads to move the work to.
    pub fn spawn_blocking<F, T>(_: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        unreachable!("the browser's event loop has no threads")
    }

    /// Whether a task is to end at its next `.await`.
    #[derive(Debug, Default)]
    struct Abort {
        asked: Cell<bool>,
        task: RefCell<Option<Waker>>,
    }

    impl Abort {
        /// What `future` results in, unless it is to end before. Either way it is dropped
        /// when this is ready.
        async fn or_result_of<F: Future>(&self, future: F) -> Result<F::Output, JoinError> {
            let mut future = pin!(future);
            let until_asked = poll_fn(|context| {
                if self.asked.get() {
                    return Poll::Ready(Err(JoinError(())));
                }
                let polled = future.as_mut().poll(context);
                if polled.is_pending() {
                    self.task.replace(Some(context.waker().clone()));
                }
                polled.map(Ok)
            });
            until_asked.await
        }
    }

    /// Resolves to the task's result, like Tokio's `JoinHandle`.
    #[derive(Debug)]
    pub struct JoinHandle<T> {
        receiver: oneshot::Receiver<Result<T, JoinError>>,
        abort: Rc<Abort>,
    }

    impl<T> JoinHandle<T> {
        /// Ends the task at the `.await` at which it is, unless it has ended already.
        pub fn abort(&self) {
            self.abort.asked.set(true);
            if let Some(task) = self.abort.task.take() {
                task.wake();
            }
        }
    }

    impl<T> Future for JoinHandle<T> {
        type Output = Result<T, JoinError>;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            let ended = Pin::new(&mut self.receiver).poll(context);
            // No result at all is seen only while the instance is being torn down.
            ended.map(|ended| ended.unwrap_or(Err(JoinError(()))))
        }
    }

    /// The task was aborted: a panic aborts a WebAssembly instance as a whole, so that
    /// nobody is left to hear of it.
    pub struct JoinError(());

    impl JoinError {
        /// Always: see the type.
        pub fn is_cancelled(&self) -> bool {
            true
        }

        /// Never: see the type.
        pub fn is_panic(&self) -> bool {
            false
        }

        /// What the panic was given.
        ///
        /// # Panics
        /// Always, since it was no panic.
        pub fn into_panic(self) -> Box<dyn Any + Send> {
            panic!("the task was aborted and did not panic")
        }
    }

    impl fmt::Debug for JoinError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("JoinError::Cancelled")
        }
    }

    impl fmt::Display for JoinError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("the task was cancelled")
        }
    }

    impl std::error::Error for JoinError {}
}
