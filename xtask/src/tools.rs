//! The tools that cargo does not bring: found where they are, installed where that
//! needs no question, else explained.
//!
//! What is compiled here is kept outside the clone, keyed by version, so that a
//! second clone does not pay for it again.

pub(crate) mod python;

use crate::shell::{cargo, find, output, root, run, say};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release of wasm-pack that the commands were tried with.
const WASM_PACK_VERSION: &str = "0.15.1";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What builds WebAssembly.
pub(crate) struct WasmTools {
    /// The wasm-pack program.
    pub(crate) wasm_pack: PathBuf,
    /// A `PATH` on which wasm-pack finds the wasm-bindgen that fits Cargo.lock.
    pub(crate) path: OsString,
}

/// What the tests in a browser need.
pub(crate) struct Browser {
    /// The browser.
    pub(crate) chromium: PathBuf,
    /// The program through which wasm-pack steers it.
    pub(crate) chromedriver: PathBuf,
}

/// Makes sure of everything that any command needs.
///
/// # Errors
/// The first tool that is missing and cannot be installed, and how to get it.
pub(crate) fn all() -> Result<(), String> {
    wasm()?;
    let browser = browser()?;
    node_for_tests()?;
    npm_packages()?;
    python::schemathesis()?;
    say(format!("all there; the tests use {}", browser.chromium.display()));
    Ok(())
}

/// Makes sure of the wasm target, the source of Rust's library, wasm-pack and the matching wasm-bindgen.
///
/// # Errors
/// If one is missing and its installation fails.
pub(crate) fn wasm() -> Result<WasmTools, String> {
    wasm_target()?;
    rust_source()?;
    let wasm_pack = cargo_tool("wasm-pack", "wasm-pack", WASM_PACK_VERSION, &["--locked"])?;
    let version = locked_version("wasm-bindgen")?;
    // Its own lock file does not resolve, hence no `--locked`.
    let wasm_bindgen = cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &version, &[])?;
    let folder = wasm_bindgen.parent().expect("a program lies in a folder").to_owned();
    let old_path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(folder).chain(env::split_paths(&old_path)))
        .map_err(|error| format!("a folder on PATH has an impossible name: {error}"))?;
    Ok(WasmTools { wasm_pack, path })
}

fn wasm_target() -> Result<(), String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    say(format!("rustup target add {WASM_TARGET}: the page and the engine are WebAssembly"));
    run(Command::new("rustup").args(["target", "add", WASM_TARGET])).map_err(|error| {
        format!(
            "{error}\nThe page needs Rust's standard library for WebAssembly. With rustup: \
             `rustup target add {WASM_TARGET}`; with a distribution's Rust, its package for \
             that target."
        )
    })
}

fn rust_source() -> Result<(), String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").is_dir() {
        return Ok(());
    }
    say("rustup component add rust-src: the engine's threads need the library built for them");
    run(Command::new("rustup").args(["component", "add", "rust-src"])).map_err(|error| {
        format!(
            "{error}\nThe engine with threads needs the source of Rust's standard library. With \
             rustup: `rustup component add rust-src`; with a distribution's Rust, its package \
             of that name."
        )
    })
}

/// A program from crates.io in that very version: from `PATH`, or from the tools folder,
/// or installed into it now.
fn cargo_tool(
    package: &str,
    program: &str,
    version: &str,
    extra: &[&str],
) -> Result<PathBuf, String> {
    let folder = tools_folder()?.join(format!("{package}-{version}"));
    let kept = folder.join("bin").join(program);
    let found = find(program).into_iter().chain([kept.clone()]);
    if let Some(path) = found.into_iter().find(|path| has_version(path, version)) {
        return Ok(path);
    }
    say(format!(
        "cargo install {package} {version} (some minutes, once): into {}",
        folder.display()
    ));
    let exact = format!("={version}");
    let arguments = ["install", "--quiet", package, "--version", &exact, "--root"];
    run(cargo(&arguments).arg(&folder).args(extra).env_remove("CARGO_TARGET_DIR"))?;
    Ok(kept)
}

fn has_version(program: &Path, version: &str) -> bool {
    program.is_file()
        && output(Command::new(program).arg("--version"))
            .is_ok_and(|text| text.split_whitespace().nth(1) == Some(version))
}

fn tools_folder() -> Result<PathBuf, String> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set: there is no folder for tools")?;
    Ok(cache.join("filature/tools"))
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String, String> {
    let path = root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let start = format!("name = \"{package}\"\nversion = \"");
    let version = lock.split_once(&start).and_then(|(_, rest)| rest.split('"').next());
    version.map(str::to_owned).ok_or_else(|| format!("Cargo.lock has no package {package}"))
}

/// Finds Chromium and its driver; installs them where that needs no question.
///
/// # Errors
/// If they are missing and cannot be installed.
pub(crate) fn browser() -> Result<Browser, String> {
    if let Some(browser) = installed_browser() {
        return Ok(browser);
    }
    install_with_apt(
        &["chromium", "chromium-driver"],
        "the tests of the page need a browser and its driver (or set CHROMIUM and CHROMEDRIVER \
         to their paths)",
    )?;
    installed_browser().ok_or_else(|| "chromium was installed but is not on PATH".to_owned())
}

fn installed_browser() -> Option<Browser> {
    let chosen = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    let chromium = chosen("CHROMIUM")
        .or_else(|| ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find))?;
    let chromedriver = chosen("CHROMEDRIVER").or_else(|| find("chromedriver"))?;
    Some(Browser { chromium, chromedriver })
}

/// Whether Node and npm are there.
pub(crate) fn has_node() -> bool {
    find("node").is_some() && find("npm").is_some()
}

/// Makes sure of Node and npm, which run the end-to-end tests.
///
/// # Errors
/// If they are missing and cannot be installed.
pub(crate) fn node_for_tests() -> Result<(), String> {
    if has_node() {
        return Ok(());
    }
    install_with_apt(&["nodejs", "npm"], "the end-to-end tests run on Node 20 or later")
}

/// Makes sure of wrk, which puts servers under load.
///
/// # Errors
/// If it is missing and cannot be installed.
pub(crate) fn wrk() -> Result<PathBuf, String> {
    if find("wrk").is_none() {
        install_with_apt(&["wrk"], "requests per second are measured by wrk")?;
    }
    find("wrk").ok_or_else(|| "wrk was installed but is not on PATH".to_owned())
}

/// Installs the npm packages that tests/e2e/package-lock.json names, and returns their folder.
///
/// # Errors
/// If npm fails.
pub(crate) fn npm_packages() -> Result<PathBuf, String> {
    let folder = root().join("tests/e2e");
    let packages = folder.join("node_modules");
    let marker = packages.join(".installed-lock");
    let lock_path = folder.join("package-lock.json");
    let lock = fs::read_to_string(&lock_path)
        .map_err(|error| format!("{}: {error}", lock_path.display()))?;
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == lock) {
        return Ok(packages);
    }
    say("npm ci in tests/e2e: wasm-opt and what steers and audits the page in a browser");
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(Command::new("npm").current_dir(&folder).args(arguments))?;
    fs::write(&marker, lock).map_err(|error| format!("{}: {error}", marker.display()))?;
    Ok(packages)
}

/// Installs Debian packages where this is root on Debian; elsewhere says what is needed.
fn install_with_apt(packages: &[&str], why: &str) -> Result<(), String> {
    let names = packages.join(" ");
    let by_hand = format!("apt-get install --no-install-recommends {names}");
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    if !is_root || find("apt-get").is_none() {
        return Err(format!("{why}: install {names}, on Debian by `sudo {by_hand}`"));
    }
    say(format!("{by_hand}: {why}"));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        command
    };
    run(apt().arg("update"))?;
    run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}
