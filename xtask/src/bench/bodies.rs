//! What Filature reports of a workload against what the smallest hand-written program
//! reports: wall time, and resident memory per unit.

use super::Options;
use super::pairs::{Bar, Comparison, Results, Round, median, rounds};
use crate::shell::say;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::available_parallelism;

/// Executions that are thrown away: the first one of a process is slower on all sides.
const WARMUPS: u32 = 1;
/// Memory does not vary between runs, and every figure costs three processes.
const MEMORY_PAIRS_MAX: u32 = 5;

/// A workload at the settings of its raw programs.
struct Case {
    workload: &'static str,
    params: fn(executor: &str) -> Value,
    /// The name of the raw programs, before `_threads` and `_tasks`.
    raw: &'static str,
    /// What is compared.
    figure: Figure,
    /// How many executions one figure of a pair is the median of: more where a contended
    /// lock makes one execution take several times as long as the next.
    turns: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Figure {
    WallTime,
    /// The time of the loop that spawns, which the raw programs print after the wall time.
    SpawnLoop,
    MemoryPerUnit,
}

const CASES: [Case; 7] = [
    Case {
        workload: "fan-out",
        params: |_| json!({"units": 10_000, "work": "none"}),
        raw: "fan_out",
        figure: Figure::WallTime,
        turns: 5,
    },
    Case {
        workload: "fan-out",
        params: |_| json!({"units": 10_000, "work": "none"}),
        raw: "fan_out",
        figure: Figure::SpawnLoop,
        turns: 5,
    },
    Case {
        workload: "counter",
        params: |_| json!({"workers": 8, "increments": 100_000, "lock": "mutex"}),
        raw: "counter",
        figure: Figure::WallTime,
        turns: 11,
    },
    Case {
        workload: "pipeline",
        params: |_| json!({"stages": 4, "items": 100_000, "capacity": 100}),
        raw: "pipeline",
        figure: Figure::WallTime,
        turns: 5,
    },
    Case {
        workload: "echo-server",
        params: |_| json!({"connections": 100, "requests": 100, "payload_bytes": 64, "load": "closed"}),
        raw: "echo",
        figure: Figure::WallTime,
        turns: 5,
    },
    Case {
        workload: "ping-pong",
        params: |_| json!({"rounds": 10_000, "over": "channel"}),
        raw: "ping_pong",
        figure: Figure::WallTime,
        turns: 11,
    },
    Case {
        workload: "fan-out",
        // The kernel keeps a peak only to within some 64 KiB per core, which is much of
        // what 10 000 tasks take.
        params: |executor| {
            let units = if executor == "threads" { 10_000 } else { 100_000 };
            json!({"units": units, "work": "sleep", "duration_ms": 100})
        },
        raw: "sleepers",
        figure: Figure::MemoryPerUnit,
        turns: 1,
    },
];

/// Takes the comparisons of all workloads and native executors.
///
/// # Errors
/// If a program cannot be started or says something unexpected.
pub(super) fn compare(
    options: &Options,
    filature: &Path,
    raw: &Path,
    results: &mut Results,
) -> Result<(), String> {
    for case in &CASES {
        for executor in ["threads", "tokio-multi", "tokio-current"] {
            let name = match case.figure {
                Figure::WallTime => format!("{} {executor}, wall ns", case.workload),
                Figure::SpawnLoop => format!("{} {executor}, spawn loop ns", case.workload),
                Figure::MemoryPerUnit => format!("{} {executor}, bytes/unit", case.workload),
            };
            if !options.wants(&name) {
                continue;
            }
            say(&name);
            let ours = || Program::filature(filature, case, executor);
            let raw = || Program::raw(raw, case, executor);
            let rounds = match case.figure {
                Figure::WallTime | Figure::SpawnLoop => (0..options.pairs)
                    .map(|_| take_turns(case.turns, ours()?, raw()?, raw()?))
                    .collect::<Result<Vec<_>, _>>()?,
                Figure::MemoryPerUnit => {
                    // Only the first execution of a process shows its memory.
                    let pairs = options.pairs.min(MEMORY_PAIRS_MAX);
                    let raw = || raw()?.turn();
                    rounds(0, pairs, || ours()?.turn(), raw, raw)?
                }
            };
            results.comparisons.push(Comparison::new(name, bar(case, executor), rounds));
        }
    }
    Ok(())
}

/// One pair and its control, in fresh processes: where a lock happens to lie in memory
/// makes a contended process up to a fifth faster or slower for as long as it lives, so
/// one process of each could not be told from a difference between the programs. The
/// three are alive together and take turns.
fn take_turns(
    turns: u32,
    mut ours: Program,
    mut raw: Program,
    mut control: Program,
) -> Result<Round, String> {
    let turns = rounds(WARMUPS, turns, || ours.turn(), || raw.turn(), || control.turn())?;
    Ok(Round {
        ours: median(turns.iter().map(|turn| turn.ours)),
        raw: median(turns.iter().map(|turn| turn.raw)),
        control: median(turns.iter().map(|turn| turn.control)),
    })
}

fn bar(case: &Case, executor: &str) -> Bar {
    match (case.figure, case.workload, executor) {
        (Figure::MemoryPerUnit, ..) => Bar { low: 0.98, high: 1.02 },
        (Figure::SpawnLoop, ..) | (_, "fan-out", "threads") | (_, "ping-pong", _) => {
            Bar { low: 0.90, high: 1.10 }
        }
        _ => Bar { low: 0.95, high: 1.05 },
    }
}

/// A running program that executes once per line on its stdin and answers with a line.
struct Program {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// What to say for an execution.
    turn: &'static str,
    /// Finds the figure in the answer.
    figure: fn(&str) -> Option<f64>,
}

impl Program {
    /// The very child process with which Filature measures a cell.
    fn filature(program: &Path, case: &Case, executor: &str) -> Result<Self, String> {
        let figure = match case.figure {
            Figure::WallTime => |line: &str| field(line, "/sample/wall_ns"),
            Figure::SpawnLoop => |line: &str| field(line, "/sample/readings/spawn_loop_ns"),
            Figure::MemoryPerUnit => |line: &str| field(line, "/memory/bytes_per_unit"),
        };
        let mut started =
            Self::start(Command::new(program).arg("worker"), "{\"turn\":\"sample\"}", figure)?;
        let job = json!({
            "workload": case.workload,
            "params": (case.params)(executor),
            "executor": executor,
            "tokio_workers": available_parallelism().map_or(1, NonZero::get),
        });
        let answer = started.ask(&job.to_string())?;
        if !answer.contains("\"ready\"") {
            return Err(format!("{} on {executor} is not ready but: {answer}", case.workload));
        }
        Ok(started)
    }

    fn raw(folder: &Path, case: &Case, executor: &str) -> Result<Self, String> {
        let (kind, argument) = match executor {
            "threads" => ("threads", None),
            "tokio-multi" => ("tasks", Some("multi")),
            _ => ("tasks", Some("current")),
        };
        let figure = match case.figure {
            Figure::WallTime | Figure::MemoryPerUnit => |line: &str| number(line, 0),
            Figure::SpawnLoop => |line: &str| number(line, 1),
        };
        let program = folder.join(format!("{}_{kind}", case.raw));
        Self::start(Command::new(program).args(argument), "", figure)
    }

    fn start(
        command: &mut Command,
        turn: &'static str,
        figure: fn(&str) -> Option<f64>,
    ) -> Result<Self, String> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
        let stdin = process.stdin.take().expect("stdin is piped");
        let stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        Ok(Self { process, stdin, stdout, turn, figure })
    }

    /// Has the body executed once and returns the figure that the program reports.
    fn turn(&mut self) -> Result<f64, String> {
        let answer = self.ask(self.turn)?;
        (self.figure)(&answer).ok_or_else(|| format!("no figure in {answer:?}"))
    }

    fn ask(&mut self, line: &str) -> Result<String, String> {
        let mut answer = String::new();
        writeln!(self.stdin, "{line}")
            .and_then(|()| self.stdout.read_line(&mut answer))
            .map_err(|error| format!("a program that is compared has ended: {error}"))?;
        Ok(answer.trim().to_owned())
    }
}

impl Drop for Program {
    /// Nothing outlives its comparison.
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A number in a line of several.
fn number(line: &str, place: usize) -> Option<f64> {
    line.split(' ').nth(place)?.parse().ok()
}

/// A number in a line of JSON.
fn field(line: &str, pointer: &str) -> Option<f64> {
    serde_json::from_str::<Value>(line).ok()?.pointer(pointer)?.as_f64()
}
