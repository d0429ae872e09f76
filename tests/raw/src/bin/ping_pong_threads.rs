//! Two threads hand a token to each other and back 10 000 times, over two channels that hold
//! one; for each line on stdin, prints how many nanoseconds that took.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Instant;

fn main() {
    for _turn in std::io::stdin().lines() {
        let start = Instant::now();
        let (there, arrives) = sync_channel(1);
        let (back, returns) = sync_channel(1);
        let other = thread::spawn(move || {
            for token in arrives {
                back.send(token + 1).unwrap();
            }
        });
        let mut token = 0_u64;
        for _ in 0..10_000 {
            there.send(token + 1).unwrap();
            token = returns.recv().unwrap();
        }
        drop(there);
        other.join().unwrap();
        let wall = start.elapsed();

        assert_eq!(token, 20_000);
        println!("{}", wall.as_nanos());
    }
}
