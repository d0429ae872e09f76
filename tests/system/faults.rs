//! The machine fails a child in the middle: the Nth thread, socket, connection, read or write
//! is refused, for every N up to the run's length. Nothing hangs, and no figure is of an
//! execution that went wrong.

use filature_tests::{binary, root};
use nix::errno::Errno;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long one execution may take in these runs.
const TIME_LIMIT_S: u64 = 3;

/// How long a whole run may take: an execution, and what its process needs besides.
const RUN_TIME_MAX: Duration = Duration::from_secs(30);

/// What fails, and how: the calls with which any child begins, executes and answers,
const ANY: [(&str, Errno); 9] = [
    ("pthread_create", Errno::EAGAIN),
    ("mmap64", Errno::ENOMEM),
    ("eventfd", Errno::EMFILE),
    ("epoll_create1", Errno::EMFILE),
    ("epoll_ctl", Errno::ENOSPC),
    ("epoll_wait", Errno::EINVAL),
    ("write", Errno::EIO),
    ("read", Errno::EIO),
    ("fcntl", Errno::EINVAL),
];

/// and those of servers and their clients.
const SOCKETS: [(&str, Errno); 15] = [
    ("pthread_create", Errno::EAGAIN),
    ("socket", Errno::EMFILE),
    ("bind", Errno::EADDRINUSE),
    ("listen", Errno::EADDRINUSE),
    ("connect", Errno::ECONNREFUSED),
    ("accept4", Errno::EMFILE),
    ("setsockopt", Errno::ENOBUFS),
    ("getsockname", Errno::ENOBUFS),
    ("shutdown", Errno::ENOTCONN),
    ("send", Errno::EPIPE),
    ("recv", Errno::ECONNRESET),
    ("writev", Errno::EPIPE),
    ("epoll_ctl", Errno::ENOSPC),
    ("epoll_wait", Errno::EINVAL),
    ("write", Errno::EIO),
];

const EXECUTORS: [&str; 3] = ["threads", "tokio-multi", "tokio-current"];

/// The library that makes calls fail, built here.
fn library() -> &'static Path {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "filature-faults"]);
        let status = build.current_dir(root()).status().expect("cargo can be started");
        assert!(status.success(), "the library does not build");
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| root().join("target"));
        target.join("debug/libfilature_faults.so")
    });
    &LIBRARY
}

/// A run whose child meets a fault.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    workload: &'a str,
    params: &'a [&'a str],
    executor: &'a str,
    call: &'a str,
    errno: Errno,
    number: usize,
}

impl Run<'_> {
    /// The only cell of the run, and whether the call was made that was to fail.
    fn cell(&self) -> (Value, bool) {
        let folder = tempfile::tempdir().unwrap();
        let (mark, output) = (folder.path().join("mark"), folder.path().join("output"));
        let mut command = Command::new(binary());
        command.args(["run", self.workload, "--json", "--samples", "1", "--warmups", "0"]);
        command.args(["--executor", self.executor, "--time-limit-s", &TIME_LIMIT_S.to_string()]);
        command.args(self.params.iter().flat_map(|param| ["--set", param]));
        command.env("LD_PRELOAD", library()).env("FAULT_CALL", self.call);
        command.env("FAULT_NUMBER", self.number.to_string()).env("FAULT_MARK", &mark);
        command.env("FAULT_ERRNO", (self.errno as i32).to_string());
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(std::fs::File::create(&output).unwrap());
        let mut process = command.spawn().unwrap();
        let start = Instant::now();
        while process.try_wait().unwrap().is_none() {
            if start.elapsed() > RUN_TIME_MAX {
                process.kill().unwrap();
                process.wait().unwrap();
                panic!("{self:?} hangs");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let text = std::fs::read_to_string(output).unwrap();
        let experiment: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{self:?}: {error}: {text}"));
        (experiment["cells"][0].clone(), mark.exists())
    }

    /// That the cell failed with a reason, or is right.
    fn assert_honest(&self, cell: &Value) {
        let samples = cell["samples"].as_array().map_or(0, Vec::len);
        match cell["state"].as_str() {
            // The lab has checked the outcome against the contract.
            Some("done") => assert_eq!(samples, 1, "{self:?}: {cell:#}"),
            Some("failed" | "refused") => {
                let reason = cell["reason"].as_str().unwrap_or_default();
                assert!(reason.len() > 20, "{self:?} gives no reason: {cell:#}");
                assert_eq!(samples, 0, "{self:?} failed and has figures: {cell:#}");
            }
            state => panic!("{self:?} is {state:?}: {cell:#}"),
        }
    }
}

/// Lets one call after the other fail, of each function, until a run has no such call any
/// more; returns how many failed.
fn every_fault(workload: &str, params: &[&str], calls: &[(&str, Errno)]) -> usize {
    let met = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    let all: Vec<_> = EXECUTORS
        .iter()
        .flat_map(|executor| calls.iter().map(move |(call, errno)| (*executor, *call, *errno)))
        .collect();
    // They mostly wait.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((executor, call, errno)) = all.get(next.fetch_add(1, Relaxed)) {
                    for number in 1.. {
                        let run = Run { workload, params, executor, call, errno: *errno, number };
                        let (cell, has_failed) = run.cell();
                        run.assert_honest(&cell);
                        if !has_failed {
                            assert_eq!(cell["state"], "done", "{run:?} met no fault: {cell:#}");
                            break;
                        }
                        met.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    met.into_inner()
}

#[test]
fn no_fault_makes_fan_out_hang_or_lie() {
    assert!(every_fault("fan-out", &["units=3"], &ANY) > 100);
}

#[test]
fn no_fault_makes_the_pipeline_hang_or_lie() {
    assert!(every_fault("pipeline", &["items=50"], &ANY[..7]) > 20);
}

#[test]
fn no_fault_makes_blocking_hang_or_lie() {
    assert!(
        every_fault("blocking", &["tickers=2", "ticks=2", "blockers=2", "block_ms=5"], &ANY[..7])
            > 20
    );
}

#[test]
fn no_fault_makes_the_echo_server_hang_or_lie() {
    let params = ["connections=2", "requests=1", "hang_ups=1"];
    assert!(every_fault("echo-server", &params, &SOCKETS) > 60);
}

#[test]
fn no_fault_makes_the_http_server_hang_or_lie() {
    let params = ["connections=2", "requests=1", "garbage=1"];
    assert!(every_fault("http-server", &params, &SOCKETS) > 60);
}

#[test]
fn no_fault_makes_the_chat_hang_or_lie() {
    let params = ["clients=2", "messages=2", "leavers=1", "slow_readers=1"];
    assert!(every_fault("chat", &params, &SOCKETS) > 60);
}
