//! The command line: what it accepts, and the way to each command.
//!
//! Exit codes: 0 done, 1 something failed, 2 bad input, 130 interrupted.

mod backup;
mod comparison;
mod list;
mod machine;
mod measure;
mod progress;
mod run;
mod serve;
mod table;

use crate::settings::{self, Settings};
use crate::worker;
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code for bad input; clap uses the same.
const BAD_INPUT: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  filature serve                          the page on http://127.0.0.1:8080
  filature list                           what there is to run, with all params
  filature run fan-out                    10 samples on every native executor
  filature run fan-out --set work=sleep --sweep units=10,100,1000,10000
  filature table --quick                  is it true that a thread costs 8 MB?
  filature machine                        how many threads this machine can hold
  filature backup history.sqlite          a copy of the history, also while it is served";

const SERVE_EXAMPLES: &str = "\
Examples:
  filature serve                          for this machine alone
  filature serve --listen 0.0.0.0:8080 --allow-host teacher.local
                                          for a class
  filature serve --config class.toml      with the settings of a file";

const RUN_EXAMPLES: &str = "\
Examples:
  filature run fan-out --set units=10000 --executor threads,tokio-multi
  filature run counter --set lock=atomic --sweep workers=1,2,4,8 --samples 20
  filature run pipeline --set capacity=1 --csv > pipeline.csv

Exit codes: 0 all cells are done or refused with a reason, 1 a cell failed,
2 bad input, 130 interrupted (what was measured until then is printed).";

const TABLE_EXAMPLES: &str = "\
Examples:
  filature table --quick                  an answer within a minute
  filature table --markdown > table.md    the full table, within six minutes, to paste
  filature table --json > here.json       to be shown beside the table of another machine:
  filature table --import here.json --html report.html

Exit codes: 0 everything was measured or refused with a reason, 1 something failed,
2 bad input, 130 interrupted (what was measured until then is printed).";

/// Runs concurrent workloads on OS threads and on Tokio, and measures them honestly.
#[derive(Parser)]
#[command(name = "filature", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the page and the API until Ctrl-C.
    #[command(args_override_self = true, after_help = SERVE_EXAMPLES)]
    Serve(Box<Settings>),
    /// Measure a workload right here; no server is needed.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Measure threads against tasks: the articles' table, on this machine.
    #[command(after_help = TABLE_EXAMPLES)]
    Table(Table),
    /// List the workloads with their params, and the executors.
    List(Output),
    /// Show what this machine is and what it can hold right now.
    Machine(Output),
    /// Copy the history to a file, also while a server uses it.
    Backup(BackupOptions),
    /// Execute one cell, as told on stdin (the lab starts this).
    #[command(hide = true)]
    Worker,
}

#[derive(Args)]
struct Run {
    /// The id of the workload; `filature list` shows them.
    workload: String,
    /// Set a param; may be repeated.
    #[arg(long = "set", value_name = "PARAM=VALUE")]
    params: Vec<String>,
    /// What to run it on, separated by commas [default: all native executors].
    #[arg(long = "executor", value_name = "IDS", value_delimiter = ',')]
    executors: Vec<String>,
    /// Give one param several values in turn.
    #[arg(long, value_name = "PARAM=1,2,3")]
    sweep: Option<String>,
    /// How many samples each cell takes [default: 10].
    #[arg(long, value_name = "N")]
    samples: Option<u32>,
    /// How many executions come before them and are not counted [default: 1].
    #[arg(long, value_name = "N")]
    warmups: Option<u32>,
    /// How many worker threads tokio-multi gets [default: one per core that it may use].
    #[arg(long, value_name = "N")]
    tokio_workers: Option<u32>,
    /// How many cores each cell may use; it is pinned to the first so many [default: all].
    #[arg(long, value_name = "N")]
    cores: Option<u32>,
    /// How many seconds one execution may take; what takes longer fails [default: 120].
    #[arg(long, value_name = "N")]
    time_limit_s: Option<u32>,
    /// End each cell with an execution that notes when each unit was spawned, began and
    /// ended; its cost is printed.
    #[arg(long)]
    observe: bool,
    /// A note that goes with the figures.
    #[arg(long)]
    label: Option<String>,
    /// Print the experiment as JSON instead of a table.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print one row per sample as CSV instead of a table.
    #[arg(long)]
    csv: bool,
}

#[derive(Args)]
struct Table {
    /// Within a minute: fewer units and samples.
    #[arg(long)]
    quick: bool,
    /// Print the whole as JSON, which --import takes on another machine.
    #[arg(long, group = "format")]
    json: bool,
    /// Print Markdown, ready to paste.
    #[arg(long, group = "format")]
    markdown: bool,
    /// Print one row per cell as CSV.
    #[arg(long, group = "format")]
    csv: bool,
    /// Write a report that needs nothing else to this file.
    #[arg(long, value_name = "FILE", group = "format")]
    html: Option<PathBuf>,
    /// Show exported tables of other machines beside this one.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["json", "markdown", "csv"])]
    import: Vec<PathBuf>,
}

#[derive(Args)]
struct BackupOptions {
    /// The file to write; it is a history itself, and readable by its owner alone.
    file: PathBuf,
    /// The folder of the history [default: filature in the user's data folder].
    #[arg(long, value_name = "DIR", env = "FILATURE_DATA")]
    data: Option<PathBuf>,
    /// Replace a file of that name.
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
struct Output {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Why a command ends without success.
enum Failure {
    /// What was asked for makes no sense; one line per mistake.
    BadInput(Vec<String>),
    /// It could not be done.
    Failed(String),
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse().map(with_settings) {
        Ok(Ok(arguments)) => arguments,
        Ok(Err(code)) => return code,
        Err(error) => return not_run(&error),
    };
    let ended = match arguments.command {
        // A child has to start fast: nothing else happens before.
        Command::Worker => return worker::main(),
        Command::Serve(settings) => serve::serve(*settings),
        Command::Run(options) => run::run(&options),
        Command::Table(options) => comparison::table(&options),
        Command::List(Output { json }) => list::list(json),
        Command::Machine(Output { json }) => machine::machine(json),
        Command::Backup(options) => backup::backup(&options),
    };
    ended.unwrap_or_else(|failure| {
        let (lines, code) = match failure {
            Failure::BadInput(lines) => (lines, ExitCode::from(BAD_INPUT)),
            Failure::Failed(line) => (vec![line], ExitCode::FAILURE),
        };
        for line in lines {
            eprintln!("filature: {line}");
        }
        code
    })
}

/// The arguments again, with those before them that a file of settings stands for.
fn with_settings(arguments: Arguments) -> Result<Arguments, ExitCode> {
    let Command::Serve(settings) = &arguments.command else { return Ok(arguments) };
    let Some(file) = &settings.config else { return Ok(arguments) };
    let refused = |reason: String| {
        eprintln!("filature: {reason}");
        ExitCode::from(BAD_INPUT)
    };
    let command = Arguments::command();
    let serve = command.find_subcommand("serve").expect("it has just been parsed");
    let flags = settings::flags_of(file, serve).map_err(refused)?;
    let mut given: Vec<OsString> = std::env::args_os().collect();
    // The command is the first argument: there are none that stand before it.
    given.splice(2..2, flags);
    Arguments::try_parse_from(given)
        .map_err(|error| refused(format!("{}: {}", file.display(), in_one_line(&error))))
}

/// Prints the help that was asked for, or in one line what is wrong with the arguments.
fn not_run(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if error.use_stderr() && error.kind() != DisplayHelpOnMissingArgumentOrSubcommand {
        eprintln!("filature: {}; see --help", in_one_line(error));
        return ExitCode::from(BAD_INPUT);
    }
    // Help for a reader that has gone away is help nobody needs.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { BAD_INPUT } else { 0 })
}

/// What is wrong with the arguments: the first paragraph; usage and tips come after it.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}

/// Writes to stdout. A reader that has gone away has read all that it wanted.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("stdout cannot be written to: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a value to stdout as JSON for people and programs.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value).expect("wire types have only plain values");
    print(&format!("{json}\n"))
}
