//! The lab: measures what an experiment asks for, in child processes, one at a time.
//!
//! - [`run`]: takes the native cells of an experiment through their rounds.
//! - [`child`]: one child process and all that can go wrong with it.
//! - [`assemble`]: from stored samples to figures and verdicts.

pub mod assemble;
pub mod child;
pub mod run;
