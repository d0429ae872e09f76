//! Lets 100 000 Tokio tasks sleep for 100 ms at the same time; for a line on stdin, prints
//! how many bytes of resident memory each of them needed. The argument is the runtime:
//! `multi` or `current`.

use std::fs;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::sleep;

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

async fn sleepers() {
    let mut handles = Vec::with_capacity(100_000);
    for unit in 0..100_000_u64 {
        handles.push(tokio::spawn(async move {
            sleep(Duration::from_millis(100)).await;
            unit
        }));
    }
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.unwrap();
    }
    assert_eq!(sum, 4_999_950_000);
}

fn main() {
    let mut builder = match std::env::args().nth(1).as_deref() {
        Some("current") => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().unwrap();
    for _turn in std::io::stdin().lines() {
        let baseline = without_files("VmRSS");
        runtime.block_on(async { tokio::spawn(sleepers()).await.unwrap() });
        println!("{}", (without_files("VmHWM") - baseline) / 100_000);
    }
}
