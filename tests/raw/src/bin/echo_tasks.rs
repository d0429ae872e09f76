//! Answers 100 clients with what they send, 100 requests of 64 bytes each, one Tokio task
//! per connection; for each line on stdin, prints how many nanoseconds that took. The
//! argument is the runtime: `multi` or `current`.

use filature_raw::echo_client;
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

async fn serve(mut stream: TcpStream) -> u64 {
    stream.set_nodelay(true).unwrap();
    let mut payload = [0; 64];
    let mut answered = 0;
    loop {
        let arrived = stream.read(&mut payload).await.unwrap();
        if arrived == 0 {
            return answered;
        }
        stream.read_exact(&mut payload[arrived..]).await.unwrap();
        stream.write_all(&payload).await.unwrap();
        answered += 1;
    }
}

async fn echo() -> Duration {
    let start = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || echo_client(address));
    let mut handles = Vec::new();
    for _ in 0..100 {
        let (stream, _) = listener.accept().await.unwrap();
        handles.push(tokio::spawn(serve(stream)));
    }
    let mut answered = 0;
    for handle in handles {
        answered += handle.await.unwrap();
    }
    // It has closed its last connection, and so is about to end.
    client.join().unwrap();
    let wall = start.elapsed();

    assert_eq!(answered, 10_000);
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
        let wall = runtime.block_on(async { tokio::spawn(echo()).await.unwrap() });
        println!("{}", wall.as_nanos());
    }
}
