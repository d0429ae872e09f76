//! `thread` as the bodies mean it: on native, the standard library's, unchanged; in
//! WebAssembly with shared memory, a hand-over to a pool of started Web Workers
//! with the same signatures.
//!
//! In WebAssembly without shared memory there are no threads; the `threads` bodies
//! then compile but no executor offers to run them.

// In WebAssembly too: with shared memory it blocks the worker, as it blocks a thread.
pub use std::thread::{Thread, current, park, park_timeout, sleep};

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
pub use std::thread::{JoinHandle, Scope, ScopedJoinHandle, scope, spawn};

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub use pool::{JoinHandle, spawn};
#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub use scope::{Scope, ScopedJoinHandle, scope};

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub mod pool;
#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
mod scope;
