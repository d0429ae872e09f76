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

use filature_tests::is_nightly;
use filature_tests::wire::{Reply, Wire};
use std::time::Duration;

/// The answer to bytes that must be refused with a problem document.
fn refused(wire: &mut Wire, what: &str, bytes: &[u8]) -> Reply {
    let reply = wire.send(bytes).unwrap_or_else(|| panic!("{what}: no answer"));
    let shown = String::from_utf8_lossy(&reply.body);
    assert!(reply.is_client_problem(), "{what}: {} {}: {shown}", reply.status, reply.media_type);
    reply
}

/// The longest that refusing may take, on an idle machine.
const REFUSAL_TIME_MAX: Duration = Duration::from_millis(50);

/// That refusals came in time: all of them in the nightly tests, on a machine that is left
/// alone; else half of them, since tests share their machine.
fn assert_in_time(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let slowest = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    let [half, most, all] = [50, 99, 100].map(slowest);
    println!("{what}, {} refusals: p50 {half:?}, p99 {most:?}, max {all:?}", times.len());
    let held = if is_nightly() { all } else { half };
    assert!(held <= REFUSAL_TIME_MAX, "{what}: {held:?}");
}
