//! Hostile input: what it is told, that nothing of it is kept, and that the server is the
//! same afterwards.
//!
//! - `numbers`: every numeric field of every route and every workload's params.
//! - `bytes`: bodies, headers and paths that no client library would send.
//! - `texts`: markup and formulas in what people are shown.
//! - `storm`: all of that ten thousand times.

mod bytes;
mod numbers;
mod storm;
mod texts;

use filature_tests::wire::{Reply, Wire};
use std::time::Duration;

/// The answer to bytes that must be refused with a problem document.
fn refused(wire: &mut Wire, what: &str, bytes: &[u8]) -> Reply {
    let reply = wire.send(bytes).unwrap_or_else(|| panic!("{what}: no answer"));
    let shown = String::from_utf8_lossy(&reply.body);
    assert!(reply.is_client_problem(), "{what}: {} {}: {shown}", reply.status, reply.media_type);
    reply
}

/// The median of times, in milliseconds.
fn median_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// The longest that refusing may take, in milliseconds, on an idle machine. Of many the median
/// is held to it, since tests share their machine.
const REFUSAL_MS_MAX: f64 = 50.0;
