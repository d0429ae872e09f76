//! Spawns 10 000 Tokio tasks and joins them all; for each line on stdin, prints how many
//! nanoseconds that took, and how many the loop of spawns. The argument is the runtime:
//! `multi` or `current`.

use std::time::{Duration, Instant};
use tokio::runtime::Builder;

async fn fan_out() -> [Duration; 2] {
    let start = Instant::now();
    let mut handles = Vec::with_capacity(10_000);
    for unit in 0..10_000_u64 {
        handles.push(tokio::spawn(async move { unit }));
    }
    let spawned = start.elapsed();
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.unwrap();
    }
    let wall = start.elapsed();

    assert_eq!(sum, 49_995_000);
    [wall, spawned]
}

fn main() {
    let mut builder = match std::env::args().nth(1).as_deref() {
        Some("current") => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().unwrap();
    for _turn in std::io::stdin().lines() {
        // Spawned, since the root future of `block_on` does not run on a worker of the
        // multi-threaded runtime: its spawns would all go through the shared queue.
        let [wall, spawned] = runtime.block_on(async { tokio::spawn(fan_out()).await.unwrap() });
        println!("{} {}", wall.as_nanos(), spawned.as_nanos());
    }
}
