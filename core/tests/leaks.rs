//! Nothing of an execution is left when it is over. A process of its own, since what other
//! tests have open would be counted too.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::{Prepared, workloads};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// How often each is executed.
const EXECUTIONS: usize = 50;

/// Descriptors and threads of this process.
fn open() -> [usize; 2] {
    ["/proc/self/fd", "/proc/self/task"].map(|folder| fs::read_dir(folder).unwrap().count())
}

/// Fails if `count` does not come to what is expected. The kernel, and Tokio, forget a thread
/// or a task a moment after it could be joined.
fn settles<T: PartialEq + std::fmt::Debug>(what: &str, count: impl Fn() -> T, expected: T) {
    let start = Instant::now();
    while count() != expected {
        let left = start.elapsed() < Duration::from_secs(5);
        assert!(left, "{what}: {:?} and not {expected:?}", count());
        std::thread::yield_now();
    }
}

fn prepared(id: &str, params: Value) -> Box<dyn Prepared> {
    let Value::Object(params) = params else { panic!("no object: {params}") };
    workloads::find(id).unwrap().prepare(&params).unwrap()
}

#[test]
fn no_socket_no_thread_and_no_task_is_left_after_fifty_executions() {
    let workloads = [
        prepared("echo-server", json!({"connections": 5, "requests": 2, "hang_ups": 3})),
        prepared("http-server", json!({"connections": 5, "requests": 2, "garbage": 3})),
        prepared("chat", json!({"clients": 3, "messages": 4, "slow_readers": 2, "leavers": 2})),
    ];
    // For signals, where that feature is on, the first runtime of a process opens two
    // descriptors that stay.
    drop(Builder::new_current_thread().enable_all().build().unwrap());
    let before = open();
    for workload in &workloads {
        for _ in 0..EXECUTIONS {
            assert!(workload.threads(|| 0).correct);
        }
        settles("descriptors and threads, after threads", open, before);
    }
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        for workload in &workloads {
            let execute = || runtime.block_on(async { tokio::spawn(workload.tasks(|| 0)).await });
            assert!(execute().unwrap().correct);
            let before = open();
            for _ in 0..EXECUTIONS {
                assert!(execute().unwrap().correct);
            }
            settles("descriptors and threads, after tasks", open, before);
            settles("tasks", || runtime.metrics().num_alive_tasks(), 0);
        }
    }
    settles("descriptors and threads, after the runtimes", open, before);
}
