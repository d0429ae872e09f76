//! What a server says when it starts: where it is, and what a class needs to reach it.

use super::hosts::Hosts;
use super::{session, teacher};
use crate::lab::names::random_word;
use crate::settings::{LogFormat, Settings};
use std::fmt::Write;
use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Logs to stderr; stdout is for the address. `RUST_LOG` chooses what.
pub(super) fn log(format: LogFormat) {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let to_stderr = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Already set where several servers run in one process: then that one stays.
    let _ = match format {
        LogFormat::Text => to_stderr.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => to_stderr.json().flatten_event(true).with_ansi(false).try_init(),
    };
}

/// The teacher's token: the one that was given, or a new one.
///
/// # Errors
/// Why the one that was given is not fit.
pub(super) fn token(settings: &Settings) -> Result<String, String> {
    let least = session::TOKEN_LENGTH_MIN;
    match &settings.admin_token {
        None => Ok(random_word(32)),
        Some(token) if token.len() >= least && token.bytes().all(session::can_be_in_token) => {
            Ok(token.clone())
        }
        Some(_) => Err(format!(
            "--admin-token must have at least {least} characters, all of them letters, digits, \
             `-`, `.`, `_` or `~`"
        )),
    }
}

/// The addresses of this machine under which others reach a server that listens on
/// `address`: those of its interfaces where it listens on all of them. Nobody can let a name
/// of theirs point to what a browser calls by its number, so these need no permission.
pub(super) fn own_addresses(address: SocketAddr) -> Vec<IpAddr> {
    if !address.ip().is_unspecified() {
        return vec![address.ip()];
    }
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let mut own: Vec<IpAddr> = interfaces
        .filter_map(|interface| {
            let at = interface.address?;
            let v4 = at.as_sockaddr_in().map(|at| IpAddr::V4(at.ip()));
            // One of IPv6 that is valid on its link only cannot be written in an address bar.
            let v6 = at.as_sockaddr_in6().map(|at| at.ip());
            v4.or(v6.filter(|ip| !ip.is_unicast_link_local()).map(IpAddr::V6))
        })
        .filter(|ip| ip.is_ipv4() || address.is_ipv6())
        .collect();
    own.sort_unstable();
    own.dedup();
    own
}

/// What is printed on stdout. The first line is always the address that it listens on.
pub(super) fn text(address: SocketAddr, settings: &Settings, hosts: &Hosts, token: &str) -> String {
    let scheme = if settings.tls.tls_cert.is_some() { "https" } else { "http" };
    let mut text = format!("Filature is listening on {scheme}://{address}\n");
    if address.ip().is_loopback() {
        // One that was given is known to whoever gave it.
        if settings.admin_token.is_none() {
            let page = teacher::PAGE;
            let _ = writeln!(
                text,
                "To change what another browser or program has asked for, open \
                 {scheme}://{address}{page}#{token}"
            );
        }
        return text;
    }
    let reached = hosts.reached_from_elsewhere();
    text.push_str("\nFrom other machines it is reached at\n");
    for host in reached {
        let port = if has_port(host) { String::new() } else { format!(":{}", address.port()) };
        let _ = writeln!(text, "  {scheme}://{host}{port}");
    }
    if settings.allowed_hosts.is_empty() {
        text.push_str("and at no name: --allow-host NAME lets it answer to one.\n");
    }
    text.push_str("Everyone who reaches it can run experiments on this machine.\n");
    // One that was given is known to whoever gave it, and need not be in the terminal's log.
    if settings.admin_token.is_none() {
        let here = match address {
            SocketAddr::V4(_) => "127.0.0.1",
            SocketAddr::V6(_) => "[::1]",
        };
        let at = if address.ip().is_unspecified() { here } else { &address.ip().to_string() };
        let _ = write!(
            text,
            "\nThe teacher, who may cancel and delete everything, opens on this machine\n  \
             {scheme}://{at}:{}{}#{token}\nor its like at one of the addresses above.\n",
            address.port(),
            teacher::PAGE
        );
    }
    if settings.tls.tls_cert.is_none() {
        let here = ["DNS:localhost".to_owned(), "IP:127.0.0.1".to_owned()];
        let names: Vec<String> = reached.iter().map(|host| subject(host)).chain(here).collect();
        let _ = write!(
            text,
            "\nBrowsers let Web Workers share memory (browser-workers) only over https, or on\n\
             this machine itself. A certificate of your own is enough; the class confirms once\n\
             that it trusts it:\n\n  \
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 \\\n    \
             -keyout key.pem -out cert.pem -subj /CN=filature \\\n    \
             -addext subjectAltName={}\n\n\
             Then start it with --tls-cert cert.pem --tls-key key.pem\n",
            names.join(",")
        );
    }
    text
}

/// Whether a host was allowed together with a port, as that of a proxy.
fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        && !host.ends_with(']')
}

/// A host as a certificate names it.
fn subject(host: &str) -> String {
    let without_port = host.rsplit_once(':').filter(|_| has_port(host));
    let host = without_port.map_or(host, |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let kind = if bare.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!("{kind}:{bare}")
}
