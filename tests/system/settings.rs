//! A server's settings: flags, and a file that gives the same ones their values.

use filature_tests::server::Server;
use filature_tests::{filature, root, text};
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

fn file(folder: &TempDir, lines: &str) -> PathBuf {
    let path = folder.path().join("class.toml");
    std::fs::write(&path, lines).unwrap();
    path
}

/// The value that the server publishes of one of its budgets.
fn budget(server: &Server, flag: &str) -> Value {
    let machine = server.json("/api/v1/machine");
    let budgets = machine["budgets"].as_array().unwrap().clone();
    let found = budgets.into_iter().find(|budget| budget["flag"] == flag);
    found.unwrap_or_else(|| panic!("no {flag} in {machine}"))["value"].clone()
}

#[test]
fn the_file_of_the_readme_is_taken_and_a_flag_wins_over_it() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, block);
    let data = folder.path().join("data");
    let arguments = ["--config", path.to_str().unwrap(), "--time-budget-s", "77"];
    // The harness gives an address of its own: that flag wins, too.
    let server = Server::start_in(&data, &arguments);
    assert_eq!(budget(&server, "--queue-client-max"), json!(5));
    assert_eq!(budget(&server, "--time-budget-s"), json!(77));
    let named = server.request("GET", "/healthz").header("Host", "teacher.local").send().unwrap();
    assert_eq!(named.status(), 200);
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (lines, part) in [
        ("queue-mx = 3", "`queue-mx`"),
        ("config = \"other.toml\"", "`config`"),
        ("queue-max = \"many\"", "--queue-max"),
        ("header-time-s = 0", "0 is not in 1..="),
        ("queue-max = 0", "--queue-max"),
        ("queue-client-max = 0", "--queue-client-max"),
        ("connections-max = 0", "--connections-max"),
        ("streams-max = 0", "--streams-max"),
        ("streams-client-max = 0", "--streams-client-max"),
        ("queue-max = true", "`queue-max`"),
        ("queue-max = ", "no TOML"),
        ("tls-cert = \"cert.pem\"", "--tls-key"),
    ] {
        let path = file(&folder, lines);
        let ended = filature(&["serve", "--config", path.to_str().unwrap()]);
        let said = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{lines}: {said}");
        assert!(said.contains(part) && said.contains("class.toml"), "{lines}: {said}");
    }
    let missing = filature(&["serve", "--config", "/nowhere/class.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("/nowhere/class.toml"));
}
