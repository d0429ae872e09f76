//! `cargo xtask`: the commands that build, run, test and benchmark Filature.
//!
//! Each command makes sure of the tools it needs first, and says in one line what
//! it does and why.

mod bench;
mod serve;
mod shell;
mod test;
mod tools;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, runs, tests and benchmarks Filature. What a command needs and can be
/// installed without asking, it installs; what not, it explains.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and the server, and start it (in release mode, as measuring needs)
    Serve(serve::Options),
    /// Build the page and the engine with wasm-pack into web/dist, and print their sizes
    BuildWeb(web::Options),
    /// Run all tests: native, WebAssembly in a browser, end to end, the API by its description
    Test(test::Options),
    /// Compare what Filature reports with what small hand-written programs report
    Bench(bench::Options),
    /// Install what the other commands need, or say how to
    Tools,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::BuildWeb(options) => web::build(&options),
        Command::Test(options) => test::run_tests(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Tools => tools::all(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
