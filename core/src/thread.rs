//! `thread` as the bodies mean it: on native, the standard library's, unchanged.
//!
//! In WebAssembly without shared memory there are no threads; the `threads`
//! bodies then compile but no executor offers to run them.

pub use std::thread::{JoinHandle, sleep, spawn};
