//! Two Tokio tasks hand a token to each other and back 10 000 times, over two channels that
//! hold one; for each line on stdin, prints how many nanoseconds that took. The argument is
//! the runtime: `multi` or `current`.

use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::mpsc::channel;

async fn ping_pong() -> Duration {
    let start = Instant::now();
    let (there, mut arrives) = channel(1);
    let (back, mut returns) = channel(1);
    let other = tokio::spawn(async move {
        while let Some(token) = arrives.recv().await {
            back.send(token + 1).await.unwrap();
        }
    });
    let mut token = 0_u64;
    for _ in 0..10_000 {
        there.send(token + 1).await.unwrap();
        token = returns.recv().await.unwrap();
    }
    drop(there);
    other.await.unwrap();
    let wall = start.elapsed();

    assert_eq!(token, 20_000);
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
        let wall = runtime.block_on(async { tokio::spawn(ping_pong()).await.unwrap() });
        println!("{}", wall.as_nanos());
    }
}
