//! The experiments of a comparison: what is asked for, in which order, and how much of it.

use crate::api::{
    Cell, CellState, ComparisonRequest, Depth, Experiment, ExperimentRequest, Part, State, Sweep,
};
use crate::executor::Executor;
use crate::params::ParamValues;
use serde_json::Value;

/// What the machine holds, as far as the plan depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// How many cores the workloads may use.
    pub cores: u32,
    /// How many threads the machine allows right now, by its tightest limit.
    pub threads: u64,
    /// How many tasks its memory holds.
    pub tasks: u64,
}

/// An experiment that belongs to a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What it is for; see [`Part::key`].
    pub key: &'static str,
    /// The same in words.
    pub title: &'static str,
    /// What to ask for. It is always valid.
    pub request: ExperimentRequest,
    /// How long it is expected to take, in seconds.
    pub estimate_s: u32,
}

/// The most units that the search for the largest number tries.
const UNITS_MAX: u64 = 1_000_000;
/// The most threads that it tries: so many start within the time that the search has.
const THREADS_MAX: u64 = 60_000;
/// How long the first execution of the search may take, in seconds: a busy machine takes
/// several times as long as an idle one.
const SEARCH_TIME_LIMIT_S: u32 = 6;
/// How long every further one may take, and how many there may be, so that all of them
/// together end within ten seconds.
const SEARCH_AGAIN_TIME_LIMIT_S: u32 = 1;
const SEARCH_AGAIN_MAX: u32 = 4;
/// How many requests per second the servers get, over all connections.
pub(super) const REQUESTS_PER_S: u64 = 10_000;
/// The numbers of connections that the servers get.
pub(super) const CONNECTIONS: [u64; 3] = [100, 1_000, 5_000];
/// How many units hand the token round in the ring, the body among them.
pub(super) const RING: u64 = 100;

/// Native executors of the `threads` bodies, and of the `tasks` bodies.
const THREADS: &[Executor] = &[Executor::Threads];
const TOKIO: &[Executor] = &[Executor::TokioMulti, Executor::TokioCurrent];
const NATIVE: &[Executor] = &[Executor::Threads, Executor::TokioMulti, Executor::TokioCurrent];
const BROWSER: &[Executor] = &[Executor::BrowserLoop, Executor::BrowserWorkers];

/// One value for a quick comparison, and one for a full one.
struct Sized(Depth);

impl Sized {
    fn of<T>(&self, quick: T, full: T) -> T {
        match self.0 {
            Depth::Quick => quick,
            Depth::Full => full,
        }
    }
}

/// The experiments of a comparison, in the order in which they are measured.
pub fn plan(request: ComparisonRequest, ceilings: Ceilings) -> Vec<Planned> {
    let sized = Sized(request.depth);
    let mut plan = creation(&sized, ceilings);
    plan.extend(memory(&sized, ceilings));
    plan.extend(hand_off(&sized));
    plan.extend(how_many(&sized, ceilings));
    plan.push(sleepers(&sized));
    plan.extend(serving(&sized));
    plan.push(computing(&sized, ceilings.cores));
    if request.browser {
        plan.extend(browser(ceilings.cores));
    }
    plan
}

/// The parts of a plan before any of them was asked for.
pub fn parts(plan: &[Planned]) -> Vec<Part> {
    let part = |planned: &Planned| Part {
        key: planned.key.to_owned(),
        title: planned.title.to_owned(),
        state: State::Queued,
        experiment: None,
        estimate_s: planned.estimate_s,
    };
    plan.iter().map(part).collect()
}

/// What to ask for once more after an experiment that has ended: in the search for the
/// largest number of units, as many as the limit that refused them allows, or half of those
/// that the child died of, or a quarter of those that were too slow. `attempt` counts from 1.
pub fn again(key: &str, attempt: u32, ended: &Experiment) -> Option<ExperimentRequest> {
    if !matches!(key, "many-threads" | "many-tasks") || attempt > SEARCH_AGAIN_MAX {
        return None;
    }
    let units = ended.spec.params.get("units")?.as_u64()?;
    let open = || ended.cells.iter().filter(|cell| cell.state != CellState::Done);
    // What lived at once on one executor needs no second look.
    let executors: Vec<Executor> = open().map(|cell| cell.executor).collect();
    let fewer = open().filter_map(|cell| fewer(cell, units)).min();
    let fewer = fewer.filter(|fewer| (1..units).contains(fewer))?;
    Some(meeting(&executors, fewer, SEARCH_AGAIN_TIME_LIMIT_S))
}

/// How many units to try after so many have failed.
fn fewer(cell: &Cell, units: u64) -> Option<u64> {
    let is_slow = cell.reason.as_ref().is_some_and(|reason| reason.contains("took more than"));
    match (cell.state, &cell.refusal) {
        (CellState::Refused, Some(refusal)) => Some(refusal.available_units),
        (CellState::Failed, _) => Some(units / if is_slow { 4 } else { 2 }),
        _ => None,
    }
}

fn asked(workload: &str, executors: &[Executor], params: &[(&str, Value)]) -> ExperimentRequest {
    let params: ParamValues =
        params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    ExperimentRequest {
        workload: workload.to_owned(),
        params,
        executors: Some(executors.iter().map(|executor| executor.id().to_owned()).collect()),
        sweep: None,
        samples: None,
        warmups: None,
        tokio_workers: None,
        cores: None,
        time_limit_s: None,
        observe: false,
        label: None,
    }
}

fn creation(sized: &Sized, ceilings: Ceilings) -> Vec<Planned> {
    let fan_out = |executors, units: u64, from: &str, samples| ExperimentRequest {
        samples: Some(samples),
        observe: true,
        ..asked(
            "fan-out",
            executors,
            &[("units", units.into()), ("work", "none".into()), ("from", from.into())],
        )
    };
    let threads = sized.of(2_000, 10_000).min(ceilings.threads.max(1));
    let tasks = 10_000.min(ceilings.tasks.max(1));
    let (few, many) = (sized.of(10, 12), sized.of(20, 40));
    vec![
        Planned {
            key: "creation-threads",
            title: "Starting and joining threads",
            request: fan_out(THREADS, threads, "worker", few),
            estimate_s: sized.of(2, 15),
        },
        Planned {
            key: "creation-tasks",
            title: "Starting and joining tasks, from a worker",
            request: fan_out(TOKIO, tasks, "worker", many),
            estimate_s: 2,
        },
        Planned {
            key: "creation-tasks-outside",
            title: "Starting and joining tasks, from outside",
            request: fan_out(TOKIO, tasks, "outside", many),
            estimate_s: 2,
        },
    ]
}

fn memory(sized: &Sized, ceilings: Ceilings) -> Vec<Planned> {
    let sleep = |executors, values: Vec<u64>, duration_ms: u64| ExperimentRequest {
        samples: Some(1),
        warmups: Some(0),
        sweep: Some(Sweep { param: "units".to_owned(), values }),
        ..asked(
            "fan-out",
            executors,
            &[("work", "sleep".into()), ("duration_ms", duration_ms.into())],
        )
    };
    let threads = sized.of(vec![1_000, 2_000, 4_000], vec![2_500, 5_000, 7_500, 10_000]);
    let tasks = sized.of(vec![20_000, 50_000, 100_000], vec![100_000, 300_000, 600_000, 1_000_000]);
    // A machine that holds fewer is asked for what it holds: two points make a slope.
    let within = |values: Vec<u64>, most: u64| {
        let fits: Vec<u64> = values.into_iter().filter(|value| *value <= most).collect();
        if fits.len() < 2 { vec![(most / 4).max(1), (most / 2).max(2)] } else { fits }
    };
    vec![
        Planned {
            key: "memory-threads",
            title: "Memory of sleeping threads",
            request: sleep(THREADS, within(threads, ceilings.threads), sized.of(1_000, 3_000)),
            estimate_s: sized.of(4, 16),
        },
        Planned {
            key: "memory-tasks",
            title: "Memory of sleeping tasks",
            request: sleep(TOKIO, within(tasks, ceilings.tasks), sized.of(400, 2_000)),
            estimate_s: sized.of(3, 20),
        },
    ]
}

fn hand_off(sized: &Sized) -> Vec<Planned> {
    let samples = sized.of(8, 20);
    let ping_pong = |executors, over: &str, cores: Option<u32>| ExperimentRequest {
        samples: Some(samples),
        cores,
        ..asked(
            "ping-pong",
            executors,
            &[("rounds", sized.of(1_000, 4_000_u64).into()), ("over", over.into())],
        )
    };
    let ring = |cores| ExperimentRequest {
        samples: Some(samples),
        cores,
        ..asked(
            "ping-pong",
            NATIVE,
            &[
                ("rounds", sized.of(20, 100_u64).into()),
                ("over", "channel".into()),
                ("units", (RING - 1).into()),
            ],
        )
    };
    let planned = |key, title, request, full_s| Planned {
        key,
        title,
        request,
        estimate_s: sized.of(1, full_s),
    };
    vec![
        planned("hand-off", "Handing over through channels", ping_pong(NATIVE, "channel", None), 8),
        planned(
            "hand-off-pinned",
            "Handing over through channels, on one core",
            ping_pong(NATIVE, "channel", Some(1)),
            3,
        ),
        planned("park", "Parking and unparking a thread", ping_pong(THREADS, "park", None), 8),
        planned(
            "park-pinned",
            "Parking and unparking a thread, on one core",
            ping_pong(THREADS, "park", Some(1)),
            3,
        ),
        planned("notify", "Notifying a task", ping_pong(TOKIO, "notify", None), 2),
        planned(
            "notify-pinned",
            "Notifying a task, on one core",
            ping_pong(TOKIO, "notify", Some(1)),
            2,
        ),
        planned("ring", "A token through a ring of units", ring(None), 8),
        planned("ring-pinned", "A token through a ring of units, on one core", ring(Some(1)), 3),
    ]
}

/// Units that meet, so that all of them are alive at once.
fn meeting(executors: &[Executor], units: u64, time_limit_s: u32) -> ExperimentRequest {
    ExperimentRequest {
        samples: Some(1),
        warmups: Some(0),
        time_limit_s: Some(time_limit_s),
        ..asked("fan-out", executors, &[("units", units.into()), ("work", "meet".into())])
    }
}

fn how_many(sized: &Sized, ceilings: Ceilings) -> Vec<Planned> {
    let threads = ceilings.threads.clamp(1, THREADS_MAX);
    let tasks = ceilings.tasks.clamp(1, sized.of(200_000, UNITS_MAX));
    let mut plan = Vec::new();
    if ceilings.threads < UNITS_MAX {
        // Refused at once, by the limit that binds: that is what it is asked for.
        plan.push(Planned {
            key: "limit-threads",
            title: "What limits the number of threads",
            request: meeting(THREADS, UNITS_MAX, SEARCH_TIME_LIMIT_S),
            estimate_s: 1,
        });
    }
    plan.push(Planned {
        key: "many-threads",
        title: "As many threads as fit, all alive at once",
        request: meeting(THREADS, threads, SEARCH_TIME_LIMIT_S),
        estimate_s: 2,
    });
    plan.push(Planned {
        key: "many-tasks",
        title: "Very many tasks, all alive at once",
        request: meeting(TOKIO, tasks, SEARCH_TIME_LIMIT_S),
        estimate_s: sized.of(1, 6),
    });
    plan
}

fn sleepers(sized: &Sized) -> Planned {
    Planned {
        key: "sleepers",
        title: "Ten thousand units asleep for 100 ms",
        request: ExperimentRequest {
            samples: Some(sized.of(4, 10)),
            ..asked(
                "fan-out",
                NATIVE,
                &[("units", 10_000.into()), ("work", "sleep".into()), ("duration_ms", 100.into())],
            )
        },
        estimate_s: sized.of(4, 16),
    }
}

fn serving(sized: &Sized) -> Vec<Planned> {
    let keys = ["serving-100", "serving-1000", "serving-5000"];
    let titles =
        ["Serving 100 connections", "Serving 1000 connections", "Serving 5000 connections"];
    let planned = |((key, title), connections): ((&'static str, &'static str), u64)| Planned {
        key,
        title,
        request: ExperimentRequest {
            samples: Some(sized.of(4, 7)),
            ..asked(
                "echo-server",
                NATIVE,
                &[
                    ("connections", connections.into()),
                    ("requests", (sized.of(5_000, 20_000) / connections).into()),
                    ("load", "open".into()),
                    ("rate_per_s", REQUESTS_PER_S.into()),
                ],
            )
        },
        estimate_s: sized.of(8, 54),
    };
    keys.into_iter().zip(titles).zip(CONNECTIONS).map(planned).collect()
}

fn computing(sized: &Sized, cores: u32) -> Planned {
    Planned {
        key: "computing",
        title: "Pure computation",
        request: ExperimentRequest { samples: Some(sized.of(10, 30)), ..compute(NATIVE, cores) },
        estimate_s: sized.of(3, 8),
    }
}

/// A computation in two parts for each core, so that one slow part delays little.
fn compute(executors: &[Executor], cores: u32) -> ExperimentRequest {
    let units = u64::from(cores.clamp(1, 512)) * 2;
    asked("cpu-bound", executors, &[("units", units.into()), ("spins", 40_000_000.into())])
}

/// What makes sense in a browser, with as many units as it has workers for.
fn browser(cores: u32) -> Vec<Planned> {
    let ten_thousand = [("units", Value::from(10_000)), ("work", "sleep".into())];
    vec![
        Planned {
            key: "creation-browser",
            title: "Starting and joining in the browser",
            request: asked("fan-out", BROWSER, &[("units", 16.into()), ("work", "none".into())]),
            estimate_s: 4,
        },
        Planned {
            key: "hand-off-browser",
            title: "Handing over in the browser",
            request: asked("ping-pong", BROWSER, &[("rounds", 500.into())]),
            estimate_s: 4,
        },
        Planned {
            key: "sleepers-browser",
            title: "Ten thousand tasks asleep in the browser",
            request: asked("fan-out", &[Executor::BrowserLoop], &ten_thousand),
            estimate_s: 4,
        },
        Planned {
            key: "computing-browser",
            title: "Pure computation in the browser",
            request: compute(BROWSER, cores),
            estimate_s: 4,
        },
    ]
}
