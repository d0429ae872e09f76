//! Sends 100 000 numbers from a thread through 4 more threads, over channels that hold
//! 100; for each line on stdin, prints how many nanoseconds that took.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Instant;

fn main() {
    for _turn in std::io::stdin().lines() {
        let start = Instant::now();
        let mut handles = Vec::new();
        let (sender, mut receiver) = sync_channel(100);
        handles.push(thread::spawn(move || {
            for item in 0..100_000_u64 {
                sender.send(item).unwrap();
            }
        }));
        for _ in 0..4 {
            let (sender, next_receiver) = sync_channel(100);
            handles.push(thread::spawn(move || {
                for item in receiver {
                    sender.send(item.wrapping_mul(3).wrapping_add(1)).unwrap();
                }
            }));
            receiver = next_receiver;
        }
        let (mut count, mut checksum) = (0, 0_u32);
        for item in receiver {
            count += 1;
            checksum = checksum.wrapping_mul(31).wrapping_add(item as u32);
        }
        for handle in handles {
            handle.join().unwrap();
        }
        let wall = start.elapsed();

        assert_eq!((count, checksum), (100_000, 4_050_238_544));
        println!("{}", wall.as_nanos());
    }
}
