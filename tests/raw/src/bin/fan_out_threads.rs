//! Spawns 10 000 threads and joins them all; for each line on stdin, prints how many
//! nanoseconds that took, and how many the loop of spawns.

use std::thread;
use std::time::Instant;

fn main() {
    for _turn in std::io::stdin().lines() {
        let start = Instant::now();
        let mut handles = Vec::with_capacity(10_000);
        for unit in 0..10_000_u64 {
            handles.push(thread::spawn(move || unit));
        }
        let spawned = start.elapsed();
        let mut sum = 0;
        for handle in handles {
            sum += handle.join().unwrap();
        }
        let wall = start.elapsed();

        assert_eq!(sum, 49_995_000);
        println!("{} {}", wall.as_nanos(), spawned.as_nanos());
    }
}
