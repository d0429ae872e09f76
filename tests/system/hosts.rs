//! Who is answered: on every route there is, only who names this server, and no page of
//! another site.

use filature_tests::binary;
use filature_tests::server::Server;
use reqwest::blocking::Response;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

fn assert_refused(response: Response, what: &str) {
    assert_eq!(response.status(), 403, "{what}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{what}");
    for header in ["content-security-policy", "x-content-type-options"] {
        assert!(response.headers().contains_key(header), "{what}: {header}");
    }
}

#[test]
fn no_route_answers_another_name_or_another_sites_page() {
    let server = Server::start();
    let description = server.json("/api/openapi.json");
    let mut checked = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "0000000000000000").replace("{cell}", "0");
        for method in item.as_object().unwrap().keys() {
            let ask = |name: &str, value: &str| {
                let request = server.request(&method.to_uppercase(), &path).header(name, value);
                assert_refused(
                    request.send().unwrap(),
                    &format!("{method} {path} {name}: {value}"),
                );
            };
            ask("Host", "evil.example");
            ask("Origin", "http://evil.example");
            ask("Origin", "null");
            ask("Sec-Fetch-Site", "cross-site");
            ask("Sec-Fetch-Site", "same-site");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
    for path in ["/", "/history", "/assets/none.js", "/nothing"] {
        assert_refused(
            server.request("GET", path).header("Host", "evil.example").send().unwrap(),
            path,
        );
    }
    let history: Value = server.json("/api/v1/experiments");
    assert_eq!(history["experiments"].as_array().unwrap().len(), 0);
}

#[test]
fn a_link_of_another_site_leads_to_the_page_and_to_nothing_else() {
    let server = Server::start();
    let follow = |path: &str, dest: &str| {
        let request = server.request("GET", path).header("Sec-Fetch-Site", "cross-site");
        let request = request.header("Sec-Fetch-Mode", "navigate").header("Sec-Fetch-Dest", dest);
        request.send().unwrap()
    };
    for page in ["/", "/history", "/e/0123456789abcdef", "/api/docs/"] {
        assert_eq!(follow(page, "document").status(), 200, "{page}");
        assert_refused(follow(page, "iframe"), page);
    }
    for path in ["/api/v1/experiments", "/api/openapi.json", "/healthz", "/metrics"] {
        assert_refused(follow(path, "document"), path);
    }
}

#[test]
fn the_documentation_of_the_api_needs_no_inline_code() {
    let server = Server::start();
    let page = server.get("/api/docs/");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("unsafe"), "{policy}");
    let page = page.text().unwrap();
    assert!(!page.contains("<style") && !page.contains(" style="), "{page}");
    // The style element of the logo, whose hash the policy names, is still the same.
    let style = ".logo_small_svg__cls-2{fill:#fff}.logo_small_svg__cls-3{fill:#85ea2d}";
    let script = server.get("/api/docs/swagger-ui-standalone-preset.js").text().unwrap();
    assert!(script.contains(style), "Swagger UI has another logo: see its hash in guard.rs");
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_for_others_says_how_it_is_reached_and_answers_there() {
    let data = tempfile::tempdir().unwrap();
    let process = Command::new(binary())
        .args(["serve", "--listen", "0.0.0.0:0", "--allow-host", "teacher.local", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut process = Killed(process);
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let port = first.strip_prefix("Filature is listening on http://0.0.0.0:").unwrap().to_owned();
    let text: Vec<String> = lines.take_while(|line| !line.contains("--tls-key")).collect();
    let text = text.join("\n");
    assert!(text.contains(&format!("  http://teacher.local:{port}\n")), "{text}");
    assert!(text.contains("openssl req -x509") && text.contains("DNS:teacher.local"), "{text}");
    assert!(text.contains("/teacher#"), "{text}");
    let here = text.lines().filter(|line| !line.contains("/teacher#"));
    let here = here.filter_map(|line| line.strip_prefix("  http://"));
    for host in here.chain(["localhost", "127.0.0.1", "teacher.local"]) {
        let request = reqwest::blocking::Client::new()
            .get(format!("http://127.0.0.1:{port}/healthz"))
            .header("Host", host);
        assert_eq!(request.send().unwrap().status(), 200, "{host}");
    }
    for host in ["0.0.0.0", "203.0.113.9", "evil.example"] {
        let request = reqwest::blocking::Client::new()
            .get(format!("http://127.0.0.1:{port}/healthz"))
            .header("Host", host);
        assert_eq!(request.send().unwrap().status(), 403, "{host}");
    }
}
