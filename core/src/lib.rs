//! The workloads of Filature and all that is needed to run and judge them, for
//! native programs and for WebAssembly alike.
//!
//! # Layout
//! Read the modules in this order:
//! - [`workloads`]: the registry; one file per workload, each written once with
//!   threads and once with tasks.
//! - [`thread`], [`task`], [`time`], [`parallel`], [`work`]: the few words that the bodies
//!   use; on native they *are* the standard library, Tokio and rayon.
//! - `observe` (only on native): the one execution in which units note when they were
//!   spawned, began and ended.
//! - `net` (only on native): sockets on the loopback and the clients at their other end, for
//!   the workloads that serve.
//! - [`workload`], [`about`], [`mod@params`], [`seen`], [`source`]: what the registry knows
//!   of a workload and tells of it, how its parameters become a form, a schema and a checked
//!   value, what of its outcome may differ, and what its file says.
//! - [`executor`]: what can run a body, and what it cannot do.
//! - [`experiment`]: from a request to a checked spec and its cells.
//! - [`measure`]: in which order samples are taken. It has no clock of its own.
//! - [`stats`], [`rank`], [`verdict`]: samples in, figures and words out.
//! - [`comparison`]: threads against tasks: which experiments, and the table made of them.
//! - [`api`]: the types that travel between server, page and command line.
//! - [`mod@format`]: how numbers are written for people.

#[expect(missing_docs, reason = "each file's head is the doc of its items, which are alike")]
pub mod workloads;

#[cfg(not(target_arch = "wasm32"))]
pub mod observe;
pub mod parallel;
pub mod task;
pub mod thread;
pub mod time;
pub mod work;

#[cfg(not(target_arch = "wasm32"))]
pub mod net;

pub mod about;
pub mod params;
pub mod seen;
#[cfg(feature = "texts")]
pub mod source;
pub mod workload;

#[cfg(feature = "statistics")]
pub mod comparison;
pub mod executor;
#[cfg(feature = "texts")]
pub mod experiment;
pub mod measure;
#[cfg(feature = "statistics")]
pub mod rank;
pub mod stats;
#[cfg(feature = "statistics")]
pub mod verdict;

pub mod api;
pub mod format;

pub use about::About;
pub use executor::{Body, Executor};
pub use params::{FieldError, ParamSpec, ParamValues};
pub use workload::{Prepared, Timed, Workload};
