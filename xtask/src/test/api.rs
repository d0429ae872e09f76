//! The API against its own description: schemathesis makes requests of the served OpenAPI,
//! good ones and bad ones, and holds every answer to it.

use crate::shell::{root, run, say};
use crate::tools::python;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, process};

/// What the server under test may spend on experiments that nobody waits for.
const SETTINGS: [&str; 4] = ["--time-budget-s", "5", "--queue-max", "1000"];

/// Runs all checks of schemathesis against a server of their own.
///
/// # Errors
/// If one fails, or schemathesis cannot be installed or started.
pub(super) fn conformance(server: &Path) -> Result<(), String> {
    let schemathesis = python::schemathesis()?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let data = env::temp_dir().join(format!("filature-api-{}-{since}", process::id()));
    let tested = Server::start(server, &data).and_then(|server| {
        say("schemathesis run: the served OpenAPI, with all checks, for up to three minutes");
        let folder = root().join("tests/api");
        let description = format!("{}/api/openapi.json", server.url);
        run(Command::new(schemathesis).current_dir(&folder).args([
            "--config-file",
            "schemathesis.toml",
            "--no-color",
            "run",
            &description,
        ]))
    });
    // What is left in the folder for temporary files is no failure of the API.
    let _ = fs::remove_dir_all(&data);
    tested
}

/// A server for the time of the tests.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(program: &Path, data: &Path) -> Result<Self, String> {
        let not_started = |error| format!("{} could not be started: {error}", program.display());
        let mut process = Command::new(root().join(program))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(SETTINGS)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(not_started)?;
        let stdout = process.stdout.take().expect("stdout is piped");
        let mut server = Self { process, url: String::new() };
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(place) = line.find("http://") {
                let url = line[place..].split_whitespace().next();
                url.unwrap_or_default().clone_into(&mut server.url);
                return Ok(server);
            }
        }
        Err(format!("{} ended before it listened", program.display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
