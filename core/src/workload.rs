//! What the registry knows of a workload, and how a body is bound to its
//! parameters and timed.

use crate::params::{FieldError, ParamValues};
#[cfg(feature = "texts")]
use crate::{about::About, api::Fact, executor::Executor, params::ParamSpec};
use serde_json::Value;
#[cfg(feature = "texts")]
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

/// Reads a monotonic clock in nanoseconds. The host brings it: core has no clock.
pub type Clock = fn() -> u64;

/// A boxed future that a multi-threaded runtime may move between threads.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A boxed future of the browser's event loop, which has one thread.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// One timed execution of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// From just before the body was called until just after it returned.
    pub wall_ns: u64,
    /// What the body returned, as JSON.
    pub outcome: Value,
    /// Whether the outcome is the one that the contract promises.
    pub correct: bool,
}

/// A registered workload.
pub trait Workload: Send + Sync {
    /// The name in URLs, JSON and on the command line, kebab-case.
    fn id(&self) -> &'static str;
    /// What a person is told about it.
    #[cfg(feature = "texts")]
    fn about(&self) -> &'static About;
    /// The very file that was compiled.
    #[cfg(feature = "texts")]
    fn source(&self) -> &'static str;
    /// The parameters, in reading order.
    #[cfg(feature = "texts")]
    fn params(&self) -> Vec<ParamSpec>;
    /// Why `executor` cannot run it with these (checked) values, if it cannot.
    #[cfg(feature = "texts")]
    fn obstacle(&self, executor: Executor, values: &ParamValues) -> Option<String> {
        let unavailable: BTreeMap<_, _> = self.about().unavailable();
        let reason = unavailable.get(&executor).cloned();
        reason.or_else(|| executor.obstacle(&self.params(), values))
    }
    /// Checks the values, fills in the defaults and binds the bodies to them. Without the
    /// feature `texts` there is nothing to check them by: they must be complete.
    ///
    /// # Errors
    /// One [`FieldError`] per unknown name, wrong type or value out of range.
    fn prepare(&self, given: &ParamValues) -> Result<Box<dyn Prepared>, Vec<FieldError>>;
}

/// A workload bound to checked parameters.
pub trait Prepared: Send + Sync {
    /// Every parameter with its value, defaults included.
    fn values(&self) -> &ParamValues;
    /// The outcome that the contract promises, whatever executes the workload. The first
    /// call computes it: make it before measuring, since that can take a second.
    fn expected(&self) -> Value;
    /// Whether an outcome, as JSON, is the one that the contract promises. What it merely
    /// saw may be anything.
    #[cfg(feature = "texts")]
    fn accepts(&self, outcome: &Value) -> bool;
    /// What an outcome, as JSON, says in words and pictures; nothing of one that an older
    /// version stored and this one cannot read.
    #[cfg(feature = "texts")]
    fn facts(&self, outcome: &Value) -> Vec<Fact>;
    /// What an outcome, as JSON, says in numbers, by name with the unit last; nothing of one
    /// that an older version stored and this one cannot read.
    #[cfg(feature = "texts")]
    fn readings(&self, _outcome: &Value) -> BTreeMap<String, f64> {
        BTreeMap::new()
    }
    /// How many operations one execution makes; what is meant by one is the workload's
    /// `operation`.
    fn operations(&self) -> u64;
    /// How many threads or tasks one execution spawns; all may be alive at once.
    fn units(&self) -> u64;
    /// How many descriptors, such as sockets, one execution has open at once.
    fn descriptors(&self) -> u64 {
        0
    }
    /// Runs the `threads` body on the calling thread and times it.
    ///
    /// # Panics
    /// In WebAssembly without shared memory, which has no threads.
    fn threads(&self, clock: Clock) -> Timed {
        self.threads_in_a_row(clock, 1)
    }
    /// Like [`Self::threads`], but executes the body so many times and times them together,
    /// for a clock that is too coarse for one. The first wrong outcome ends it.
    fn threads_in_a_row(&self, clock: Clock, times: u32) -> Timed;
    /// A future that runs the `tasks` body and times it. Spawn it onto a worker:
    /// the root future of `block_on` does not run on one.
    ///
    /// # Panics
    /// In WebAssembly with shared memory, which has no event loop to run it on.
    fn tasks(&self, clock: Clock) -> BoxFuture<Timed> {
        self.tasks_in_a_row(clock, 1)
    }
    /// What [`Self::threads_in_a_row`] is to [`Self::threads`].
    fn tasks_in_a_row(&self, clock: Clock, times: u32) -> BoxFuture<Timed>;
}

/// Makes a registry entry of a workload's module and its file. After the module it names the
/// functions that not every workload has: `descriptors` of one that opens sockets, `readings`
/// of one whose outcome says something in numbers.
///
/// In WebAssembly each build has only the bodies that it can run, plain ones the tasks and
/// those with shared memory the threads: the others would double what is downloaded.
macro_rules! entry {
    (@descriptors $module:ident) => {
        fn descriptors(&self) -> u64 {
            $module::descriptors(&self.params)
        }
    };
    (@readings $module:ident) => {
        #[cfg(feature = "texts")]
        fn readings(
            &self,
            outcome: &serde_json::Value,
        ) -> std::collections::BTreeMap<String, f64> {
            use serde::Deserialize;
            let outcome = $module::Outcome::deserialize(outcome);
            let readings = outcome.map_or_else(|_| Vec::new(), |o| $module::readings(&self.params, &o));
            readings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        }
    };
    ($module:ident $(, $optional:ident)*) => {{
        struct Entry;

        impl $crate::workload::Workload for Entry {
            fn id(&self) -> &'static str {
                $module::ABOUT.id
            }

            #[cfg(feature = "texts")]
            fn about(&self) -> &'static $crate::about::About {
                &$module::ABOUT
            }

            #[cfg(feature = "texts")]
            fn source(&self) -> &'static str {
                include_str!(concat!("workloads/", stringify!($module), ".rs"))
            }

            #[cfg(feature = "texts")]
            fn params(&self) -> Vec<$crate::params::ParamSpec> {
                $module::Params::specs()
            }

            fn prepare(
                &self,
                given: &$crate::params::ParamValues,
            ) -> Result<Box<dyn $crate::workload::Prepared>, Vec<$crate::params::FieldError>>
            {
                #[cfg(feature = "texts")]
                let values = $crate::params::check(&$module::Params::specs(), given)?;
                #[cfg(not(feature = "texts"))]
                let values = given.clone();
                let params = $module::Params::from_values(&values)
                    .ok_or_else($crate::workload::incomplete)?;
                Ok(Box::new(Bound { values, params, expected: std::sync::OnceLock::new() }))
            }
        }

        struct Bound {
            values: $crate::params::ParamValues,
            params: $module::Params,
            // Only who executes the workload needs it, and it can take a second.
            expected: std::sync::OnceLock<$module::Outcome>,
        }

        impl Bound {
            fn expected_outcome(&self) -> &$module::Outcome {
                self.expected.get_or_init(|| $module::expected(&self.params))
            }
        }

        impl $crate::workload::Prepared for Bound {
            fn values(&self) -> &$crate::params::ParamValues {
                &self.values
            }

            fn expected(&self) -> serde_json::Value {
                $crate::workload::json(self.expected_outcome())
            }

            #[cfg(feature = "texts")]
            fn accepts(&self, outcome: &serde_json::Value) -> bool {
                use serde::Deserialize;
                let outcome = $module::Outcome::deserialize(outcome);
                outcome.is_ok_and(|outcome| outcome == *self.expected_outcome())
            }

            #[cfg(feature = "texts")]
            fn facts(&self, outcome: &serde_json::Value) -> Vec<$crate::api::Fact> {
                use serde::Deserialize;
                let outcome = $module::Outcome::deserialize(outcome);
                outcome.map_or_else(|_| Vec::new(), |o| $module::facts(&self.params, &o))
            }

            fn operations(&self) -> u64 {
                $module::operations(&self.params)
            }

            fn units(&self) -> u64 {
                $module::units(&self.params)
            }

            $( $crate::workload::entry!(@$optional $module); )*

            fn threads_in_a_row(
                &self,
                clock: $crate::workload::Clock,
                times: u32,
            ) -> $crate::workload::Timed {
                #[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
                {
                    let _ = (clock, times, $module::threads);
                    unreachable!("without shared memory there are no threads")
                }
                #[cfg(not(all(target_arch = "wasm32", not(target_feature = "atomics"))))]
                {
                    let expected = self.expected_outcome();
                    let start = clock();
                    let mut outcome = $module::threads(&self.params);
                    for _ in 1..times {
                        if outcome != *expected {
                            break;
                        }
                        outcome = $module::threads(&self.params);
                    }
                    let wall_ns = clock() - start;
                    $crate::workload::timed(wall_ns, &outcome, expected)
                }
            }

            fn tasks_in_a_row(
                &self,
                clock: $crate::workload::Clock,
                times: u32,
            ) -> $crate::workload::BoxFuture<$crate::workload::Timed> {
                #[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
                {
                    let _ = (clock, times, $module::tasks);
                    unreachable!("the engine with shared memory runs threads only")
                }
                #[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
                {
                    let (params, expected) = (self.params.clone(), self.expected_outcome().clone());
                    Box::pin(async move {
                        let start = clock();
                        let mut outcome = $module::tasks(&params).await;
                        for _ in 1..times {
                            if outcome != expected {
                                break;
                            }
                            outcome = $module::tasks(&params).await;
                        }
                        let wall_ns = clock() - start;
                        $crate::workload::timed(wall_ns, &outcome, &expected)
                    })
                }
            }
        }

        &Entry
    }};
}
pub(crate) use entry;

/// The error of values that do not make parameters. Checked ones always do.
pub(crate) fn incomplete() -> Vec<FieldError> {
    vec![FieldError::new("/params", "`params` are not complete")]
}

/// A finished execution, compared with what the contract promises.
pub(crate) fn timed<O: serde::Serialize + PartialEq>(
    wall_ns: u64,
    outcome: &O,
    expected: &O,
) -> Timed {
    Timed { wall_ns, outcome: json(outcome), correct: outcome == expected }
}

/// An outcome as JSON.
pub(crate) fn json<O: serde::Serialize>(outcome: &O) -> Value {
    serde_json::to_value(outcome).expect("an outcome is a struct of plain values")
}
