//! `cargo xtask serve`: from a clean clone to a running server.

use crate::shell::{self, cargo, say, target};
use crate::web;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// What `serve` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `filature serve`, such as `-- --listen 127.0.0.1:9000`
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds the page and the server, then becomes the server.
///
/// # Errors
/// If a tool is missing, something does not build, or the server cannot be started.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    web::build(&web::Options::default())?;
    let server = build_server()?;
    say("filature serve (Ctrl-C ends it)");
    // Replaces this process, so that signals reach the server itself.
    let error = Command::new(server).arg("serve").args(&options.arguments).exec();
    Err(format!("the server could not be started: {error}"))
}

/// Builds the release server, with the page inside if it was built, and returns its path.
///
/// # Errors
/// If it does not compile.
pub(crate) fn build_server() -> Result<PathBuf, String> {
    say("cargo build --release: the server (measuring needs a release build)");
    shell::run(&mut cargo(&["build", "--release", "--package", "filature-server"]))?;
    Ok(target().join("release/filature"))
}
