//! `thread` as the bodies mean it: on native, the standard library's, where a spawn first
//! looks whether it is observed; in WebAssembly with shared memory, a hand-over to a pool
//! of started Web Workers with the same signatures.
//!
//! In WebAssembly without shared memory there are no threads; the `threads` bodies
//! then compile but no executor offers to run them.

// In WebAssembly too: with shared memory it blocks the worker, as it blocks a thread.
pub use std::thread::{Thread, current, park, park_timeout, sleep};

#[cfg(not(target_arch = "wasm32"))]
pub use native::spawn;
#[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
pub use std::thread::spawn;
#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
pub use std::thread::{JoinHandle, Scope, ScopedJoinHandle, scope};

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub use pool::{JoinHandle, spawn};
#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub use scope::{Scope, ScopedJoinHandle, scope};

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub mod pool;
#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
mod scope;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::JoinHandle;
    use crate::observe;

    /// The standard library's `spawn`, with one predictable branch before it.
    ///
    /// # Panics
    /// If the operating system starts no further thread.
    #[inline]
    #[track_caller]
    pub fn spawn<F, T>(body: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if observe::is_on() {
            return std::thread::spawn(observe::thread(body));
        }
        std::thread::spawn(body)
    }
}
