//! Who may ask. A server on localhost can be reached by every web page that its user
//! opens: the `Host` header tells a rebound DNS name apart, `Origin` and `Sec-Fetch-Site` a
//! page of somebody else. Such a page may neither start anything nor read anything; it may
//! link to what people look at.

use super::guard::DOCS;
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use std::net::{IpAddr, SocketAddr};

/// The names under which this server answers.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    /// Those by which other machines reach it, without a port.
    elsewhere: Vec<String>,
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Hosts {
    /// The loopback names, the machine's `own` addresses, and the `extra` names.
    pub(super) fn new(listening: SocketAddr, own: &[IpAddr], extra: &[String]) -> Self {
        let port = listening.port();
        let extra: Vec<String> = extra.iter().map(|name| name.to_ascii_lowercase()).collect();
        let reachable = own.iter().filter(|ip| !ip.is_loopback()).map(bracketed);
        let elsewhere: Vec<String> = extra.iter().cloned().chain(reachable).collect();
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        names.extend(own.iter().map(bracketed));
        let own: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        let extra_here: Vec<String> = extra.iter().map(|name| format!("{name}:{port}")).collect();

        // A page at http://localhost is another server's, unless this one has the port
        // that browsers leave out. A name that was allowed may be that of a proxy.
        let mut origins =
            origins_of(&["http", "https"], own.iter().chain(&extra).chain(&extra_here));
        match port {
            80 => origins.extend(origins_of(&["http"], names.iter())),
            443 => origins.extend(origins_of(&["https"], names.iter())),
            _ => {}
        }
        let hosts = [names, own, extra, extra_here].concat();
        Self { elsewhere, hosts, origins }
    }

    /// The names and addresses by which other machines reach this server, without its port.
    pub(super) fn reached_from_elsewhere(&self) -> &[String] {
        &self.elsewhere
    }

    /// Why a request is not answered, if it is not.
    ///
    /// # Errors
    /// The reason, in a sentence for the client.
    pub(super) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), String> {
        let mut given = headers.get_all(header::HOST).iter();
        let host = given.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        let authority = uri.authority().map(|authority| authority.as_str());
        let asked = [Some(host), authority];
        let wrong = asked.into_iter().flatten().find(|name| !among(&self.hosts, name));
        if wrong.is_some() || given.next().is_some() {
            let shown: String = wrong.unwrap_or(host).chars().take(100).collect();
            return Err(format!(
                "the host \"{shown}\" is not one of this server's; start it with --allow-host NAME \
                 to be reached under that name"
            ));
        }
        for origin in headers.get_all(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or("?");
            if !among(&self.origins, origin) {
                let shown: String = origin.chars().take(100).collect();
                return Err(format!(
                    "pages of \"{shown}\" may neither read nor change anything here"
                ));
            }
        }
        let is_foreign = |site: &[u8]| !matches!(site, b"same-origin" | b"none");
        let mut sites = headers.get_all(SITE).iter();
        if sites.any(|site| is_foreign(site.as_bytes())) && !is_link(method, uri, headers) {
            return Err("pages of another site may neither read nor change anything here, but \
                        link to its page"
                .to_owned());
        }
        Ok(())
    }
}

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether somebody has followed a link to what people look at. No page gets to see what
/// another one has opened in this way.
fn is_link(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let is = |name, value: &str| headers.get(name).is_some_and(|given| given == value);
    let path = uri.path();
    let is_page = !["/api/", "/metrics", "/healthz"].iter().any(|start| path.starts_with(start))
        || path.strip_prefix(DOCS).is_some_and(|rest| matches!(rest, "" | "/"))
        || path.ends_with("/report.html");
    is_page
        && matches!(*method, Method::GET | Method::HEAD)
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
}

/// An address as it stands in a `Host` header.
fn bracketed(ip: &IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn origins_of<'a>(
    schemes: &[&str],
    authorities: impl Iterator<Item = &'a String> + Clone,
) -> Vec<String> {
    let of = |scheme: &&str| {
        let scheme = (*scheme).to_owned();
        authorities.clone().map(move |authority| format!("{scheme}://{authority}"))
    };
    schemes.iter().flat_map(of).collect()
}

fn among(known: &[String], given: &str) -> bool {
    known.iter().any(|name| name.eq_ignore_ascii_case(given))
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
