//! The README is true: its commands exist and do what it says.

use filature_tests::server::Server;
use filature_tests::{binary, root, text};
use std::process::{Command, Output};

/// The lines of the README's shell blocks, continued ones joined.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let joined: String = blocks.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn shell(line: &str) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let folder = binary().parent().unwrap().display().to_string();
    Command::new("sh")
        .args(["-c", line])
        .env("PATH", format!("{folder}:{path}"))
        .current_dir(root())
        .output()
        .unwrap()
}

fn assert_works(line: &str) {
    let output = shell(line);
    assert!(output.status.success(), "{line}\n{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn every_command_line_of_the_readme_works() {
    let server = Server::start();
    let mut tried = 0;
    for line in commands() {
        let line = line.replace("127.0.0.1:8080", server.address());
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            // A server runs until it is stopped: the tests above start enough of them.
            "filature" if words[1] == "serve" => assert_works("filature serve --help"),
            // It measures for minutes: its own tests run it.
            "filature" if words[1] == "table" => assert_works("filature table --help"),
            // Who tests may have no history of their own.
            "filature" if words[1] == "backup" => assert_works("filature backup --help"),
            "filature" | "curl" => assert_works(&line),
            "cargo" if words[1] == "xtask" => {
                assert_works(&format!("cargo xtask {} --help", words[2]));
            }
            "cargo" if words[1] == "build" => {}
            "git" | "cd" | "wasm-pack" | "./target/release/filature" => {}
            other => panic!("nobody checks the README's {other}: {line}"),
        }
        tried += 1;
    }
    assert!(tried >= 8, "only {tried} commands found");
}
