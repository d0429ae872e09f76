//! Filature as a whole, through its public interfaces: the REST API over a real
//! socket, the command line as a process, the repository as a reader finds it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

mod backup;
mod budgets;
mod catalogue;
mod cli;
mod comparisons;
mod connections;
mod crash;
mod crowd;
mod errors;
mod events;
mod faults;
mod history;
mod hostile;
mod hosts;
mod imports;
mod kills;
mod large;
mod limits;
mod memory;
mod observed;
mod owners;
mod pages;
mod patterns;
mod queue;
mod readme;
mod report;
mod rest;
mod serving;
mod settings;
mod stopping;
mod table;
mod tidy;
mod tls;
mod workers;
