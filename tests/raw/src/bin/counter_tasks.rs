//! 8 Tokio tasks each add 1 to a number in a (std) mutex 100 000 times; for each line on
//! stdin, prints how many nanoseconds that took. The argument is the runtime: `multi` or
//! `current`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::Barrier;

async fn count() -> Duration {
    let begin = Instant::now();
    let counter = Arc::new(Mutex::new(0_u64));
    let start = Arc::new(Barrier::new(8));
    let mut handles = Vec::new();
    for _ in 0..8 {
        let (counter, start) = (Arc::clone(&counter), Arc::clone(&start));
        handles.push(tokio::spawn(async move {
            start.wait().await;
            for _ in 0..100_000 {
                *counter.lock().unwrap() += 1;
            }
        }));
    }
    for handle in handles {
        handle.await.unwrap();
    }
    let wall = begin.elapsed();

    assert_eq!(*counter.lock().unwrap(), 800_000);
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
        let wall = runtime.block_on(async { tokio::spawn(count()).await.unwrap() });
        println!("{}", wall.as_nanos());
    }
}
