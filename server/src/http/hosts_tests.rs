//! Who is answered, and who is not.

use super::*;
use axum::http::HeaderName;

fn hosts(listening: &str) -> Hosts {
    let listening: SocketAddr = listening.parse().unwrap();
    let own = if listening.ip().is_unspecified() {
        vec!["192.168.1.5".parse().unwrap(), "fd00::5".parse().unwrap()]
    } else {
        vec![listening.ip()]
    };
    Hosts::new(listening, &own, &["Lab.example".to_owned()])
}

fn asked(hosts: &Hosts, method: Method, headers: &[(&str, &str)]) -> bool {
    asked_at(hosts, method, "/api/v1/machine", headers)
}

fn asked_at(hosts: &Hosts, method: Method, path: &str, headers: &[(&str, &str)]) -> bool {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    hosts.check(&method, &path.parse().unwrap(), &map).is_ok()
}

#[test]
fn only_its_own_names_are_answered() {
    let hosts = hosts("127.0.0.1:8080");
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "lab.example"] {
        assert!(asked(&hosts, Method::GET, &[("host", host)]), "{host}");
    }
    for host in ["", "evil.example", "localhost:8081", "localhost.evil.example", "127.0.0.2"] {
        assert!(!asked(&hosts, Method::GET, &[("host", host)]), "{host}");
    }
    assert!(!asked(&hosts, Method::GET, &[]));
    assert!(!asked(&hosts, Method::GET, &[("host", "localhost"), ("host", "localhost")]));
}

#[test]
fn an_absolute_target_counts_as_well_as_the_header() {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, "localhost".parse().unwrap());
    let target =
        |uri| hosts("127.0.0.1:8080").check(&Method::GET, &Uri::from_static(uri), &headers);
    assert!(target("http://localhost:8080/healthz").is_ok());
    assert!(target("http://evil.example/healthz").is_err());
}

#[test]
fn the_address_listened_on_is_a_name_too() {
    let ask = |listening, host| asked(&hosts(listening), Method::GET, &[("host", host)]);
    assert!(ask("192.168.1.5:80", "192.168.1.5") && ask("192.168.1.5:80", "192.168.1.5:80"));
    assert!(!ask("0.0.0.0:80", "0.0.0.0") && !ask("0.0.0.0:80", "192.168.1.6"));
    assert!(ask("0.0.0.0:80", "192.168.1.5") && ask("0.0.0.0:80", "[fd00::5]:80"));
    assert!(ask("[fd00::1]:80", "[fd00::1]:80"));
}

#[test]
fn only_its_own_pages_may_change_something() {
    let hosts = hosts("127.0.0.1:8080");
    let post = |headers: &[(&str, &str)]| {
        let headers = [&[("host", "localhost:8080")], headers].concat();
        asked(&hosts, Method::POST, &headers)
    };
    assert!(post(&[]), "a program sends no origin");
    assert!(post(&[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")]));
    assert!(post(&[("origin", "https://lab.example")]), "a proxy brings TLS and its own port");
    for origin in [
        "null",
        "http://evil.example",
        "http://localhost",
        "http://localhost:8081",
        "ftp://localhost:8080",
        "http://localhost:8080.evil.example",
    ] {
        assert!(!post(&[("origin", origin)]), "{origin}");
    }
    assert!(!post(&[("sec-fetch-site", "cross-site")]));
    let read = [("host", "localhost:8080"), ("origin", "http://evil.example")];
    assert!(!asked(&hosts, Method::GET, &read));
}

#[test]
fn pages_of_others_may_link_to_the_page_and_read_nothing() {
    let hosts = hosts("127.0.0.1:8080");
    let get = |path, site, mode, dest| {
        let headers = [
            ("host", "localhost:8080"),
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", dest),
        ];
        asked_at(&hosts, Method::GET, path, &headers)
    };
    for site in ["cross-site", "same-site", "anything"] {
        for path in ["/", "/e/0123456789abcdef", "/api/docs/"] {
            assert!(get(path, site, "navigate", "document"), "{site} {path}");
            assert!(!get(path, site, "navigate", "iframe"), "{site} {path}");
            assert!(!get(path, site, "no-cors", "script"), "{site} {path}");
        }
        for path in ["/api/v1/experiments", "/api/docs/index.css", "/metrics", "/healthz"] {
            assert!(!get(path, site, "navigate", "document"), "{site} {path}");
            assert!(!get(path, site, "cors", "empty"), "{site} {path}");
        }
    }
    for site in ["same-origin", "none"] {
        assert!(get("/api/v1/experiments", site, "cors", "empty"), "{site}");
    }
    let link = [
        ("host", "localhost:8080"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    assert!(asked_at(&hosts, Method::GET, "/api/v1/experiments/a/report.html", &link));
    assert!(!asked_at(&hosts, Method::POST, "/", &link), "a form is no link");
    let twice = [("host", "localhost"), ("sec-fetch-site", "none"), ("sec-fetch-site", "x")];
    assert!(!asked(&hosts, Method::GET, &twice));
}

#[test]
fn the_port_that_browsers_leave_out_may_be_left_out() {
    let hosts = hosts("127.0.0.1:80");
    let post = [("host", "localhost"), ("origin", "http://localhost")];
    assert!(asked(&hosts, Method::POST, &post));
}
