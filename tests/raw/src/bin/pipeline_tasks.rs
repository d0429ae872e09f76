//! Sends 100 000 numbers from a Tokio task through 4 more tasks, over channels that hold
//! 100; for each line on stdin, prints how many nanoseconds that took. The argument is
//! the runtime: `multi` or `current`.

use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::mpsc::channel;

async fn pipeline() -> Duration {
    let start = Instant::now();
    let mut handles = Vec::new();
    let (sender, mut receiver) = channel(100);
    handles.push(tokio::spawn(async move {
        for item in 0..100_000_u64 {
            sender.send(item).await.unwrap();
        }
    }));
    for _ in 0..4 {
        let (sender, next_receiver) = channel(100);
        handles.push(tokio::spawn(async move {
            while let Some(item) = receiver.recv().await {
                sender.send(item.wrapping_mul(3).wrapping_add(1)).await.unwrap();
            }
        }));
        receiver = next_receiver;
    }
    let (mut count, mut checksum) = (0, 0_u32);
    while let Some(item) = receiver.recv().await {
        count += 1;
        checksum = checksum.wrapping_mul(31).wrapping_add(item as u32);
    }
    for handle in handles {
        handle.await.unwrap();
    }
    let wall = start.elapsed();

    assert_eq!((count, checksum), (100_000, 4_050_238_544));
    wall
}

fn main() {
    let mut builder = match std::env::args().nth(1).as_deref() {
        Some("current") => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().unwrap();
    for _turn in std::io::stdin().lines() {
        // Spawned, since the root future of `block_on` does not run on a worker of the
        // multi-threaded runtime.
        let wall = runtime.block_on(async { tokio::spawn(pipeline()).await.unwrap() });
        println!("{}", wall.as_nanos());
    }
}
