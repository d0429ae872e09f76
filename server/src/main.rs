//! `filature`: runs concurrent workloads on threads and on Tokio, measures them, and
//! shows the figures on the command line or on a page.

pub mod http;
pub mod lab;
pub mod machine;
pub mod worker;

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs concurrent workloads on OS threads and on Tokio, and measures them honestly.
#[derive(Parser)]
#[command(name = "filature", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the page and the API.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, env = "FILATURE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder of the history.
    #[arg(long, env = "FILATURE_DATA")]
    data: Option<PathBuf>,
    /// A Host name to answer besides the loopback ones; may be repeated.
    #[arg(long = "allow-host", value_name = "HOST")]
    allowed_hosts: Vec<String>,
    /// How many experiments may wait for the measuring slot.
    #[arg(long, default_value_t = 100)]
    queue_max: usize,
}

fn main() -> ExitCode {
    let Command::Serve(serve) = Arguments::parse().command;
    let options = http::ServeOptions {
        listen: serve.listen,
        data: serve.data.unwrap_or_else(|| PathBuf::from("filature-data")),
        allowed_hosts: serve.allowed_hosts,
        queue_max: serve.queue_max,
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("filature: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(http::serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("filature: {reason}");
            ExitCode::FAILURE
        }
    }
}
