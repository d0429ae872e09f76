//! What `filature serve` is told: flags, and a file that gives the same ones their values.
//!
//! A file is turned into flags before those of the command line, so that both are checked by
//! the same code and a flag wins over the file.

use crate::store::Keep;
use clap::builder::RangedU64ValueParser;
use clap::{Args, Command, ValueEnum};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// All that a server can be told.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The address to listen on; port 0 takes a free one. Beyond loopback it is
    /// also reached at the addresses that this machine has at the start; --allow-host adds names.
    #[arg(long, env = "FILATURE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The folder of the history [default: filature in the user's data folder].
    #[arg(long, value_name = "DIR", env = "FILATURE_DATA")]
    pub data: Option<PathBuf>,
    /// A TOML file with settings: the names of these flags without the dashes in front, as
    /// in `queue-max = 500`. A flag wins over the file.
    #[arg(long, value_name = "FILE", env = "FILATURE_CONFIG")]
    pub config: Option<PathBuf>,
    /// A host name to answer to, besides the loopback ones; may be repeated.
    #[arg(long = "allow-host", value_name = "HOST")]
    pub allowed_hosts: Vec<String>,
    /// The secret that lets a teacher cancel and delete everything; at least 16 characters
    /// [default: a new one at every start, which is printed then].
    #[arg(long, value_name = "TOKEN", env = "FILATURE_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,
    /// How the log on stderr is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How long open connections get to end when the server is stopped.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = seconds(0, 600))]
    pub stop_time_s: u64,
    /// Who waits for the measuring slot.
    #[command(flatten)]
    pub queue: QueueSettings,
    /// What an experiment may take.
    #[command(flatten)]
    pub budgets: BudgetSettings,
    /// What clients may hold open.
    #[command(flatten)]
    pub connections: ConnectionSettings,
    /// What is kept.
    #[command(flatten)]
    pub history: HistorySettings,
    /// HTTPS.
    #[command(flatten)]
    pub tls: TlsSettings,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Who waits for the measuring slot.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Queue")]
pub struct QueueSettings {
    /// How many experiments may wait to be measured, of all clients.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = at_least_one())]
    pub queue_max: usize,
    /// How many experiments of one client may wait.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = at_least_one())]
    pub queue_client_max: usize,
}

/// What an experiment may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Budgets")]
pub struct BudgetSettings {
    /// How long the measuring of one experiment may take; what is not measured by then
    /// fails, with the reason.
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = seconds(1, 86_400))]
    pub time_budget_s: u64,
    /// How much memory the processes may have that measure; a cell that takes more fails
    /// [default: three quarters of what this program may have].
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(64..=1 << 30))]
    pub memory_budget_mib: Option<u64>,
    /// How many units (threads or tasks) one native cell may have at once; one that needs
    /// more is refused.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub unit_budget: u64,
}

/// What clients may hold open.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionSettings {
    /// How many connections may be open at once; for one more, the one that has kept the
    /// server waiting for the longest time is closed, or else one of the address with most.
    #[arg(long, value_name = "N", default_value_t = 2_048, value_parser = at_least_one())]
    pub connections_max: usize,
    /// How many event streams may be open at once, at most three quarters of them from one
    /// address.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = at_least_one())]
    pub streams_max: usize,
    /// How many event streams of one client may be open at once.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = at_least_one())]
    pub streams_client_max: usize,
    /// How long a client may take to send the headers of a request, and to agree on TLS.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = seconds(1, 600))]
    pub header_time_s: u64,
    /// How long it may take to send the body of one.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = seconds(1, 600))]
    pub body_time_s: u64,
    /// How long a connection may stay open between two requests.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = seconds(1, 3_600))]
    pub idle_time_s: u64,
    /// How long a client may take nothing of an answer that waits for it; for the whole of a
    /// large one it gets three times as long.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = seconds(1, 600))]
    pub write_time_s: u64,
    /// How long a connection may be used in all; an event stream resumes on a new one.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = seconds(1, 86_400))]
    pub connection_time_s: u64,
}

/// What is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "History")]
pub struct HistorySettings {
    /// What is kept of the history, as a number of experiments, an age and a size in any
    /// combination, as in `5000,90d,2GB`; the oldest finished ones go first, and tables of
    /// threads against tasks outlive the experiments that they are made of.
    #[arg(long, value_name = "LIMITS", default_value = "10GB")]
    pub keep: Keep,
}

/// HTTPS.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "HTTPS")]
pub struct TlsSettings {
    /// The certificate chain in PEM: serves HTTPS, and HTTP no more.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

fn seconds(least: u64, most: u64) -> RangedU64ValueParser {
    clap::value_parser!(u64).range(least..=most)
}

/// The settings of a file as the flags of `command` that they stand for. A setting that the
/// environment gives as well is left out, since the environment wins.
///
/// # Errors
/// In one sentence, why the file cannot be used.
pub fn flags_of(file: &Path, command: &Command) -> Result<Vec<OsString>, String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read the settings {shown}: {error}"))?;
    let table: Table =
        text.parse().map_err(|error: toml::de::Error| format!("{shown} is no TOML: {error}"))?;
    let mut flags = Vec::new();
    for (name, value) in &table {
        let known = command.get_arguments().find(|argument| argument.get_long() == Some(name));
        let argument = known.filter(|_| name != "config" && name != "help").ok_or_else(|| {
            format!("{shown}: there is no setting `{name}`; `filature serve --help` lists them")
        })?;
        if argument.get_env().is_some_and(|variable| std::env::var_os(variable).is_some()) {
            continue;
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
                other => {
                    return Err(format!(
                        "{shown}: `{name}` is {other}; it must be a text or a whole number"
                    ));
                }
            };
            flags.push(format!("--{name}={text}").into());
        }
    }
    Ok(flags)
}
