//! The servers over real sockets, with clients that are not as they should be.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::workloads;
use serde_json::json;

#[test]
fn probe() {
    let w = workloads::find("http-server").unwrap();
    let v = json!({"connections": 2, "requests": 2, "garbage": 1}).as_object().unwrap().clone();
    let p = w.prepare(&v).unwrap();
    println!("{:?}", p.threads(|| 0));
    let rt =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{:?}", rt.block_on(p.tasks(|| 0)));
}
