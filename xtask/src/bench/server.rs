//! What the server costs: until a first sample arrives, per request, and to a cell that
//! is being measured.

use super::pairs::{Bar, Comparison, Reading, Results, Round, median, percentile, rounds, sorted};
use super::{Options, crowd, http};
use crate::shell::{output, say, target};
use crate::tools;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// How many rounds of wrk: each takes three times as long as one run of it.
const WRK_PAIRS_MAX: u32 = 5;
const WRK_DURATION: &str = "2s";
/// How many pages listen while a cell is measured.
const LISTENERS: usize = 100;
/// How often one of them asks as well.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// Measures the server.
///
/// # Errors
/// If a server cannot be started, or answers with an error.
pub(super) fn measure(
    options: &Options,
    filature: &Path,
    raw: &Path,
    results: &mut Results,
) -> Result<(), String> {
    let wants = |name: &str| {
        let wanted = options.wants(name);
        if wanted {
            say(name);
        }
        wanted
    };
    if wants("server: first sample") {
        results.readings.push(first_sample(&Server::filature(filature)?, options.pairs)?);
    }
    if wants("server: healthz") {
        results.readings.push(healthz(&Server::filature(filature)?)?);
    }
    if wants("server: GET against hello-world") {
        let pairs = options.pairs.min(WRK_PAIRS_MAX);
        results.comparisons.extend(requests(filature, &raw.join("hello"), pairs)?);
    }
    if wants("server: listeners against none") {
        results.comparisons.push(listeners(&Server::filature(filature)?, options.pairs)?);
    }
    if wants("server: crowd") {
        let (comparison, readings) = crowd::measure(filature, options.pairs)?;
        results.comparisons.push(comparison);
        results.readings.extend(readings);
    }
    Ok(())
}

/// The smallest cell there is.
fn trivial() -> Value {
    json!({"workload": "fan-out", "params": {"units": 1}, "executors": ["threads"],
           "samples": 1, "warmups": 0})
}

/// From before an experiment is posted until its first sample arrives as an event.
fn first_sample(server: &Server, times: u32) -> Result<Reading, String> {
    let mut events = http::Events::open(&server.address)?;
    let mut values = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        let id = http::start(&server.address, &trivial())?;
        events.wait_for(&["\"event\":\"samples\"", &id])?;
        values.push(start.elapsed().as_secs_f64() * 1e3);
        events.wait_for(&["\"event\":\"experiment\"", "\"state\":\"done\"", &id])?;
    }
    let name = "POST to first sample event, ms, median".to_owned();
    Ok(Reading { name, value: median(values.into_iter()), max: 25.0 })
}

/// How long the server takes to say that it is well, while it measures.
fn healthz(server: &Server) -> Result<Reading, String> {
    let mut events = http::Events::open(&server.address)?;
    let id =
        http::start(&server.address, &json!({"workload": "fan-out", "params": {"units": 10_000}}))?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let end = events.wait_for(&["\"event\":\"experiment\"", "\"state\":\"done\"", &id]);
            over.store(true, Relaxed);
            end
        });
        let mut values = Vec::new();
        while !over.load(Relaxed) {
            let start = Instant::now();
            http::ask(&server.address, "GET", "/healthz", "")?;
            values.push(start.elapsed().as_secs_f64() * 1e3);
            thread::sleep(Duration::from_millis(5));
        }
        waiting.join().map_err(|_| "the listener panicked")??;
        let name = "GET /healthz while 10 000 threads are spawned, ms, p99".to_owned();
        let value = percentile(&sorted(values.into_iter()), 0.99);
        Ok(Reading { name, value, max: 100.0 })
    })
}

/// A stored small experiment against the smallest axum server, under wrk.
fn requests(filature: &Path, hello: &Path, pairs: u32) -> Result<Vec<Comparison>, String> {
    let wrk = tools::wrk()?;
    let server = Server::filature(filature)?;
    let mut events = http::Events::open(&server.address)?;
    let id = http::start(&server.address, &trivial())?;
    events.wait_for(&["\"event\":\"experiment\"", "\"state\":\"done\"", &id])?;
    let (first, second) = (Server::hello(hello)?, Server::hello(hello)?);

    let mut ticks = [Vec::new(), Vec::new(), Vec::new()];
    let [ours_ticks, raw_ticks, control_ticks] = &mut ticks;
    let path = format!("/api/v1/experiments/{id}");
    let per_second = rounds(
        1,
        pairs,
        || server.under_load(&wrk, &path, ours_ticks),
        || first.under_load(&wrk, "/", raw_ticks),
        || second.under_load(&wrk, "/", control_ticks),
    )?;
    let [ours, raw, control] = ticks;
    // Each has one figure per round; the first round is the warm-up.
    let cpu = ours.into_iter().zip(raw).zip(control).skip(1);
    let cpu = cpu.map(|((ours, raw), control)| Round { ours, raw, control }).collect();
    let (least, most) = (Bar { low: 0.6, high: f64::INFINITY }, Bar { low: 0.0, high: 1.6 });
    Ok(vec![
        Comparison::new("GET experiment / hello-world, requests/s", least, per_second),
        Comparison::new("GET experiment / hello-world, CPU µs/request", most, cpu),
    ])
}

/// A cell's median while many pages listen and one asks, against the same without them.
fn listeners(server: &Server, pairs: u32) -> Result<Comparison, String> {
    let mut events = http::Events::open(&server.address)?;
    let mut cell = || {
        let request = json!({
            "workload": "pipeline", "params": {"items": 100_000}, "executors": ["tokio-multi"],
            "samples": 10, "warmups": 1,
        });
        let id = http::start(&server.address, &request)?;
        events.wait_for(&["\"event\":\"experiment\"", "\"state\":\"done\"", &id])?;
        let answer = http::ask(&server.address, "GET", &format!("/api/v1/experiments/{id}"), "")?;
        let experiment: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        let median = experiment.pointer("/cells/0/summary/wall_ns/median");
        median.and_then(Value::as_f64).ok_or_else(|| format!("no median in {answer}"))
    };
    let cell = std::cell::RefCell::new(&mut cell);
    let watched = || {
        let over = AtomicBool::new(false);
        let _idle = (0..LISTENERS)
            .map(|place| http::Events::open_as(&server.address, &format!("listener{place}"), ""))
            .collect::<Result<Vec<_>, _>>()?;
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Relaxed) {
                    // Whether it is answered does not matter here, only that it costs.
                    let _ = http::ask(&server.address, "GET", "/api/v1/experiments", "");
                    thread::sleep(POLL_EVERY);
                }
            });
            let figure = (cell.borrow_mut())();
            over.store(true, Relaxed);
            figure
        })
    };
    let alone = || (cell.borrow_mut())();
    let rounds = rounds(1, pairs, watched, alone, alone)?;
    let bar = Bar { low: 0.97, high: 1.03 };
    Ok(Comparison::new("a cell with 100 listeners / without, wall ns", bar, rounds))
}

/// How long a server that has settled has used no tick of processor time.
const SETTLED_FOR: Duration = Duration::from_millis(300);
const SETTLES_WITHIN: Duration = Duration::from_secs(30);

/// A running server; ended when dropped.
pub(super) struct Server {
    process: Child,
    /// Where it listens.
    pub(super) address: String,
    data: Option<PathBuf>,
}

impl Server {
    /// Filature's, on a free port with an empty history.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) fn filature(program: &Path) -> Result<Self, String> {
        let data = target().join(format!("bench-history-{}", std::process::id()));
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        Self::start(&mut command, Some(data))
    }

    fn hello(program: &Path) -> Result<Self, String> {
        Self::start(&mut Command::new(program), None)
    }

    /// Starts a server whose first line ends with its address.
    fn start(command: &mut Command, data: Option<PathBuf>) -> Result<Self, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let mut line = String::new();
        let stdout = process.stdout.take().expect("stdout is piped");
        let read = BufReader::new(stdout).read_line(&mut line);
        let address = line.trim().rsplit(['/', ' ']).next().unwrap_or_default().to_owned();
        let server = Self { process, address, data };
        match read {
            Ok(1..) => Ok(server),
            _ => Err(format!("{program} ended without saying where it listens")),
        }
    }

    /// Requests per second that it answers; adds the processor time per request to `cpu_us`.
    fn under_load(&self, wrk: &Path, path: &str, cpu_us: &mut Vec<f64>) -> Result<f64, String> {
        let before = self.cpu_us()?;
        let url = format!("http://{}{path}", self.address);
        let report = output(Command::new(wrk).args(["-t1", "-c16", "-d", WRK_DURATION]).arg(url))?;
        let after = self.cpu_us()?;
        if report.contains("Non-2xx") {
            return Err(format!("wrk got errors: {report}"));
        }
        let number = |before: &str, after: &str| -> Option<f64> {
            let (_, rest) = report.split_once(before)?;
            rest.split(after).next()?.split_whitespace().next_back()?.parse().ok()
        };
        let all = report
            .split(" requests in")
            .next()
            .and_then(|text| text.split_whitespace().next_back()?.parse::<f64>().ok());
        let per_second = number("Requests/sec:", "\n");
        let (all, per_second) =
            all.zip(per_second).ok_or_else(|| format!("wrk reports no figures: {report}"))?;
        cpu_us.push((after - before) / all);
        Ok(per_second)
    }

    /// The resident memory of its process.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub(super) fn memory_mb(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| format!("{path} has no VmRSS"))
    }

    /// Waits until the server has done what it does after its start or for who came last.
    ///
    /// # Errors
    /// If the kernel does not tell how much processor time it uses, or it uses some for ever.
    pub(super) fn settle(&self) -> Result<(), String> {
        let start = Instant::now();
        let mut before = self.cpu_us()?;
        loop {
            thread::sleep(SETTLED_FOR);
            let now = self.cpu_us()?;
            if now <= before {
                return Ok(());
            }
            if start.elapsed() > SETTLES_WITHIN {
                return Err("the server does not come to rest".to_owned());
            }
            before = now;
        }
    }

    /// Ends the process, and with it all that waits for its answers.
    pub(super) fn end(&self) {
        // An error means that it has ended already.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
    }

    /// The processor time that its process has used, by the kernel's ticks of 10 ms.
    fn cpu_us(&self) -> Result<f64, String> {
        const TICK_US: f64 = 10_000.0;
        let path = format!("/proc/{}/stat", self.process.id());
        let stat = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        // After the name, which may hold spaces: user and kernel time are 12th and 13th.
        let fields: Vec<f64> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse().ok())
            .collect();
        Ok(fields.iter().sum::<f64>() * TICK_US)
    }
}

impl Drop for Server {
    /// Nothing outlives its comparison.
    fn drop(&mut self) {
        // Errors mean that it has ended already, or that there is nothing to remove.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(data) = &self.data {
            let _ = fs::remove_dir_all(data);
        }
    }
}
