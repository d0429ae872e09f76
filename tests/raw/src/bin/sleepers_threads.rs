//! Lets 10 000 threads sleep for 100 ms at the same time; for a line on stdin, prints how
//! many bytes of resident memory each of them needed.

use std::time::Duration;
use std::{fs, thread};

/// A figure of `/proc/self/status` in bytes.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// A figure without the pages of files, such as this program's own code.
fn without_files(name: &str) -> u64 {
    status(name) - status("RssFile")
}

fn main() {
    for _turn in std::io::stdin().lines() {
        let baseline = without_files("VmRSS");
        let mut handles = Vec::with_capacity(10_000);
        for unit in 0..10_000_u64 {
            handles.push(thread::spawn(move || {
                thread::sleep(Duration::from_millis(100));
                unit
            }));
        }
        let mut sum = 0;
        for handle in handles {
            sum += handle.join().unwrap();
        }
        assert_eq!(sum, 49_995_000);
        println!("{}", (without_files("VmHWM") - baseline) / 10_000);
    }
}
