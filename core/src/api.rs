//! The types that travel between server, page, command line and child processes.
//! Field names in JSON are snake_case with their unit last.
//!
//! Read [`ExperimentRequest`], [`Spec`] and [`Experiment`] first: what is asked for, what is
//! made of it, and what comes back. A [`Comparison`] is made of several of them.

mod browser;
mod catalogue;
mod comparison;
mod experiment;
mod facts;
mod figures;
mod machine;
mod request;
mod service;

pub use browser::*;
pub use catalogue::*;
pub use comparison::*;
pub use experiment::*;
pub use facts::*;
pub use figures::*;
pub use machine::*;
pub use request::*;
pub use service::*;
