//! The servers over real sockets, with clients that are not as they should be.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::workloads;
use serde_json::json;

#[test]
fn probe() {
    let w = workloads::find("chat").unwrap();
    for v in [
        json!({}),
        json!({"clients": 100, "messages": 100, "leavers": 0, "slow_readers": 0}),
        json!({"message_bytes": 512, "slow_readers": 3, "leavers": 4}),
    ] {
        let v = v.as_object().unwrap().clone();
        let p = w.prepare(&v).unwrap();
        let s = std::time::Instant::now();
        println!("{:?} {:?}", p.threads(|| 0), s.elapsed());
        for m in [true, false] {
            let rt = if m {
                tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .unwrap()
            } else {
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
            };
            let s = std::time::Instant::now();
            println!(
                "{:?} {:?}",
                rt.block_on(async { tokio::spawn(p.tasks(|| 0)).await }).unwrap(),
                s.elapsed()
            );
        }
    }
}
