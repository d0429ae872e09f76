//! `filature`: runs concurrent workloads on threads and on Tokio, measures them, and
//! shows the figures on the command line or on a page.
//!
//! # Layout
//! - [`cli`]: the commands, and what they print.
//! - [`client`]: who asks.
//! - [`lab`]: measures what an experiment asks for, in child processes.
//! - [`worker`]: such a child process.
//! - [`machine`]: what this machine is, can hold, and spends meanwhile.
//! - [`http`]: the server.
//! - [`comparison`]: threads against tasks, as far as it has been measured.
//! - [`store`]: the history in SQLite.
//! - [`csv`]: an experiment as a table for other programs.
//! - [`facts`]: what its outcomes say.
//! - [`report`]: an experiment as one file for people.
//! - [`settings`]: what a server is told.
//! - [`highlight`]: colours for source text.

pub mod cli;
pub mod client;
pub mod comparison;
pub mod csv;
pub mod facts;
pub mod highlight;
pub mod http;
pub mod lab;
pub mod machine;
pub mod report;
pub mod settings;
pub mod store;
pub mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
