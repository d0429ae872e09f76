//! 8 threads each add 1 to a number in a mutex 100 000 times; for each line on stdin,
//! prints how many nanoseconds that took.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Instant;

fn main() {
    for _turn in std::io::stdin().lines() {
        let begin = Instant::now();
        let counter = Arc::new(Mutex::new(0_u64));
        let start = Arc::new(Barrier::new(8));
        let mut handles = Vec::new();
        for _ in 0..8 {
            let (counter, start) = (Arc::clone(&counter), Arc::clone(&start));
            handles.push(thread::spawn(move || {
                start.wait();
                for _ in 0..100_000 {
                    *counter.lock().unwrap() += 1;
                }
            }));
        }
        for handle in handles {
            handle.join().unwrap();
        }
        let wall = begin.elapsed();

        assert_eq!(*counter.lock().unwrap(), 800_000);
        println!("{}", wall.as_nanos());
    }
}
