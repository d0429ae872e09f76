//! `cargo xtask test`: all tests, each kind with its own runner, whose words stay visible.

mod api;

use crate::shell::{cargo, find, root, run, say};
use crate::{serve, tools, web};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What `test` is told. Without any of these, all kinds of tests run but the nightly ones.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run the native tests: units, the registry, the server over a socket, the command line
    #[arg(long)]
    native: bool,
    /// Run the tests of the page and the engine as WebAssembly in a headless browser
    #[arg(long)]
    wasm: bool,
    /// Run the end-to-end tests: the release server and its page in a browser
    #[arg(long)]
    e2e: bool,
    /// Run schemathesis against the served OpenAPI, for up to three minutes
    #[arg(long)]
    api: bool,
    /// Run what takes a quarter of an hour and wants a machine that is left alone: a server killed
    /// 1000 times under load, and timed answers: from a history of 100 000 experiments, to
    /// hostile requests, and beside 2500 bad connections
    #[arg(long)]
    nightly: bool,
}

/// How often the server is killed in the nightly tests.
const NIGHTLY_KILLS: &str = "1000";

/// One kind of tests and how it ended.
struct Outcome {
    kind: &'static str,
    result: Result<(), String>,
}

/// Runs the chosen kinds of tests, each even if another one failed.
///
/// # Errors
/// If a test failed or could not be run.
pub(crate) fn run_tests(options: &Options) -> Result<(), String> {
    let all = !(options.native || options.wasm || options.e2e || options.api || options.nightly);
    let mut outcomes = Vec::new();
    let mut note = |kind, result| outcomes.push(Outcome { kind, result });
    if all || options.native || options.e2e || options.api || options.nightly {
        // They all test the very program that users get, with the page inside.
        match release_server() {
            Ok(server) => {
                if all || options.native {
                    note("native", native(&server));
                }
                if all || options.e2e {
                    note("end to end", end_to_end(&server));
                }
                if all || options.api {
                    note("API", api::conformance(&server));
                }
                if options.nightly {
                    note("nightly", nightly(&server));
                }
            }
            Err(error) => note("build of the server with its page", Err(error)),
        }
    }
    if all || options.wasm {
        note("WebAssembly", webassembly());
    }
    summary(&outcomes)
}

fn release_server() -> Result<PathBuf, String> {
    tools::node_for_tests()?;
    web::build(&web::Options::default())?;
    serve::build_server()
}

fn native(server: &PathBuf) -> Result<(), String> {
    say("cargo test: all native tests");
    run(cargo(&["test", "--no-fail-fast"]).env("FILATURE_BIN", server))
}

fn nightly(server: &PathBuf) -> Result<(), String> {
    say(format!(
        "cargo test kills, history, hostile, connections, crowd: the server is killed {NIGHTLY_KILLS} \
         times under load, and what it answers is timed"
    ));
    let test = ["test", "--package", "filature-tests", "--test", "system", "--", "--nocapture"];
    // One after another: beside another test, nothing could be timed.
    run(cargo(&test)
        .args(["--test-threads=1", "kills::", "history::", "hostile::", "connections::", "crowd::"])
        .env("FILATURE_BIN", server)
        .env("FILATURE_NIGHTLY", "1")
        .env("FILATURE_KILLS", NIGHTLY_KILLS))
}

fn webassembly() -> Result<(), String> {
    let wasm = tools::wasm()?;
    let browser = tools::browser()?;
    let test = |folder: &str, profile: &[&str], threads: bool| {
        let how = if threads { "with threads, " } else { "" };
        say(format!("wasm-pack test {folder}: its tests, {how}in a headless browser"));
        let mut command = Command::new(&wasm.wasm_pack);
        if threads {
            web::threads::configure(&mut command, true);
        }
        run(command
            .env("PATH", &wasm.path)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
            .args([
                "--log-level",
                "error",
                "test",
                "--mode",
                "no-install",
                "--headless",
                "--chrome",
                "--chromedriver",
            ])
            .arg(&browser.chromedriver)
            .args(profile)
            .arg(root().join(folder)))
    };
    // Only an optimised engine could lose the work that it is to measure.
    let engine = test("web/engine", &["--release"], false);
    let threads = test("web/engine", &["--release"], true);
    engine.and(threads).and(test("web", &[], false))
}

fn end_to_end(server: &PathBuf) -> Result<(), String> {
    tools::npm_packages()?;
    let browser = tools::browser()?;
    let folder = root().join("tests/e2e");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        return Err("tests/e2e has no *.test.mjs".to_owned());
    }
    say("node --test tests/e2e: the page in a browser, from the first load to a chart");
    let node = find("node").ok_or("node is not on PATH")?;
    // One file at a time: a second browser would disturb what the first one measures.
    run(Command::new(node)
        .current_dir(folder)
        .env("FILATURE_BIN", server)
        .env("CHROMIUM", browser.chromium)
        .args(["--test", "--test-concurrency=1"])
        .args(files))
}

/// Prints how each kind ended.
fn summary(outcomes: &[Outcome]) -> Result<(), String> {
    println!("\nSummary");
    for Outcome { kind, result } in outcomes {
        match result {
            Ok(()) => println!("  {kind}: passed"),
            Err(error) => println!("  {kind}: FAILED ({error})"),
        }
    }
    match outcomes.iter().filter(|outcome| outcome.result.is_err()).count() {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} kinds of tests failed", outcomes.len())),
    }
}
