//! `cargo xtask bench`: is what Filature reports what a plain program would?
//!
//! Every comparison is paired and interleaved: two medians of the very same program
//! differ by up to 30 % on a busy machine, while the ratio of neighbours in time hardly
//! moves. Beside each ratio stands the control, a program against itself in the same
//! interleaving: where that is outside the bar, the answer is "inconclusive", never "pass".

mod bodies;
mod crowd;
mod http;
mod pairs;
mod server;

use crate::shell::{cargo, run as run_command, say, target};
use crate::{serve, tools, web};
use pairs::{Results, table};

/// What `bench` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many pairs each comparison takes
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=200))]
    pairs: u32,
    /// Only the comparisons whose name contains this, such as `counter` or `fan-out tokio`
    #[arg(long)]
    only: Option<String>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|part| name.contains(part.as_str()))
    }
}

/// Takes all comparisons and prints them as one table.
///
/// # Errors
/// If something could not be measured, or a comparison failed.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    // Before all else, not after minutes of measuring.
    tools::wrk()?;
    web::build(&web::Options::default())?;
    let server = serve::build_server()?;
    say("cargo build --release: the raw programs");
    run_command(&mut cargo(&["build", "--release", "--package", "filature-raw"]))?;
    let raw = target().join("release");

    let mut results = Results::default();
    bodies::compare(options, &server, &raw, &mut results)?;
    server::measure(options, &server, &raw, &mut results)?;
    print!("{}", table(&results));
    match results.failed() {
        0 => Ok(()),
        failed => Err(format!("{failed} figures are outside their bar")),
    }
}
