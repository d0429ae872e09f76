//! What can run a body: native threads, two kinds of Tokio runtime, the browser's
//! event loop and its Web Workers. Which body each runs, and what it cannot do.

use crate::params::{ParamKind, ParamSpec, ParamValues};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One of the two ways in which a workload is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Body {
    /// Blocking code on threads: `std::thread`, `std::sync`.
    Threads,
    /// Async code in tasks: `tokio::sync`, `.await`.
    Tasks,
}

/// What runs a body. Serialised in kebab-case, such as `tokio-multi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Executor {
    /// One thread of the operating system per unit.
    Threads,
    /// Tokio tasks on a runtime with several worker threads.
    TokioMulti,
    /// Tokio tasks, all on one thread.
    TokioCurrent,
    /// Tasks on the event loop of a dedicated Web Worker in the visitor's browser.
    BrowserLoop,
    /// One Web Worker per unit in the visitor's browser, on one shared memory.
    BrowserWorkers,
}

/// The executors of the `tasks` bodies.
pub const TASKS: &[Executor] =
    &[Executor::TokioMulti, Executor::TokioCurrent, Executor::BrowserLoop];
/// The executors of the `threads` bodies.
pub const THREADS: &[Executor] = &[Executor::Threads, Executor::BrowserWorkers];
/// Those that run on the server's machine.
pub const NATIVE: &[Executor] = &[Executor::Threads, Executor::TokioMulti, Executor::TokioCurrent];
/// Those of the `tasks` bodies on the server's machine.
pub const TOKIO: &[Executor] = &[Executor::TokioMulti, Executor::TokioCurrent];
/// Those whose threads can block in a sleep: all but the browser's event loop.
pub const SLEEPERS: &[Executor] =
    &[Executor::Threads, Executor::TokioMulti, Executor::TokioCurrent, Executor::BrowserWorkers];
/// Threads of the operating system.
pub const OS_THREADS: &[Executor] = &[Executor::Threads];

impl Executor {
    /// All executors, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Threads,
        Self::TokioMulti,
        Self::TokioCurrent,
        Self::BrowserLoop,
        Self::BrowserWorkers,
    ];

    /// The name in URLs, JSON and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::TokioMulti => "tokio-multi",
            Self::TokioCurrent => "tokio-current",
            Self::BrowserLoop => "browser-loop",
            Self::BrowserWorkers => "browser-workers",
        }
    }

    /// The name in a sentence or beside a chart.
    pub fn title(self) -> &'static str {
        match self {
            Self::Threads => "OS threads",
            Self::TokioMulti => "Tokio (multi)",
            Self::TokioCurrent => "Tokio (current)",
            Self::BrowserLoop => "Browser loop",
            Self::BrowserWorkers => "Web Workers",
        }
    }

    /// What the executor is, in one or two sentences for a learner.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Threads => {
                "Each unit is a thread of the operating system, created by std::thread::spawn \
                 and scheduled by the kernel."
            }
            Self::TokioMulti => {
                "Each unit is a Tokio task. A few worker threads, by default one per core, run \
                 all tasks and steal work from one another."
            }
            Self::TokioCurrent => {
                "Each unit is a Tokio task, and one single thread runs them all in turn: \
                 concurrent, never parallel."
            }
            Self::BrowserLoop => {
                "Each unit is a task on the event loop of a Web Worker in this browser, compiled \
                 to WebAssembly: concurrent, never parallel. Its memory is not shared, so its \
                 atomics and locks cost less than those that threads contend for."
            }
            Self::BrowserWorkers => {
                "Each unit runs on a Web Worker of its own in this browser, on one shared \
                 WebAssembly memory. The workers are started before the first sample and then \
                 wait in a pool; what their start costs is measured apart."
            }
        }
    }

    /// The body that it runs.
    pub fn body(self) -> Body {
        match self {
            Self::Threads | Self::BrowserWorkers => Body::Threads,
            Self::TokioMulti | Self::TokioCurrent | Self::BrowserLoop => Body::Tasks,
        }
    }

    /// Whether it runs on the server's machine, and not in a visitor's browser.
    pub fn is_native(self) -> bool {
        !matches!(self, Self::BrowserLoop | Self::BrowserWorkers)
    }

    /// Why this executor cannot take these (checked) values, if it cannot.
    pub fn obstacle(self, specs: &[ParamSpec], values: &ParamValues) -> Option<String> {
        specs.iter().find_map(|spec| {
            let ParamKind::Choice { options, .. } = &spec.kind else {
                return None;
            };
            let chosen = values.get(&spec.name)?.as_str()?;
            let option = options.iter().find(|option| option.value == chosen)?;
            let only = option.only.as_ref().filter(|only| !only.executors.contains(&self))?;
            Some(format!("`{}={chosen}` is {}: {}", spec.name, only.in_words(), only.why))
        })
    }
}

impl fmt::Display for Executor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.id())
    }
}

impl FromStr for Executor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|executor| executor.id() == text);
        found.ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            let known = Self::ALL.map(Self::id).join(", ");
            format!("there is no executor \"{shown}\"; known are {known}")
        })
    }
}
