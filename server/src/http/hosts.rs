//! Who may ask. A server on localhost can be reached by every web page that its user
//! opens: the `Host` header tells a rebound DNS name apart, the `Origin` header a page
//! of somebody else.

use axum::http::{HeaderMap, Method, Uri, header};
use std::net::SocketAddr;

/// The names under which this server answers.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Hosts {
    /// The loopback names, the address listened on, and the `extra` names.
    pub(super) fn new(listening: SocketAddr, extra: &[String]) -> Self {
        let port = listening.port();
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        if !listening.ip().is_unspecified() {
            names.push(match listening {
                SocketAddr::V4(address) => address.ip().to_string(),
                SocketAddr::V6(address) => format!("[{}]", address.ip()),
            });
        }
        let own: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        let extra: Vec<String> = extra.iter().map(|name| name.to_ascii_lowercase()).collect();
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
        Self { hosts, origins }
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
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?"));
        if let Some(origin) = origin.filter(|origin| !among(&self.origins, origin)) {
            let shown: String = origin.chars().take(100).collect();
            return Err(format!("pages of \"{shown}\" may not change anything here"));
        }
        let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
        if site == Some(b"cross-site") {
            return Err("pages of another site may not change anything here".to_owned());
        }
        Ok(())
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
