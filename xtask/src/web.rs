//! `cargo xtask build-web`: the page and the engine, compiled, shrunk, named by their
//! content and compressed, in web/dist.

mod dist;
mod small;
mod stamp;
pub(crate) mod threads;

use crate::shell::{root, run, say, target};
use crate::tools;
use dist::Part;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most that the first load may weigh, brotli-compressed: all but the engines, which
/// are fetched when a browser executor is run for the first time.
const FIRST_LOAD_MAX_BYTES: usize = 200_000;

/// The most that one engine may weigh, brotli-compressed.
const ENGINE_MAX_BYTES: usize = 120_000;

/// What `build-web` is told.
#[derive(clap::Args, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Build fast and with debug information, without shrinking and without the size limit
    #[arg(long)]
    debug: bool,
}

/// A crate that becomes a WebAssembly module and its glue.
struct Module {
    /// Its folder in the repository.
    folder: &'static str,
    /// What its files are called in the page.
    name: &'static str,
    /// The cargo profile of a build that is not for debugging.
    profile: &'static str,
    /// wasm-opt's level for it.
    level: &'static str,
    /// Whether it has threads, on shared memory. It is then loaded on demand.
    threads: bool,
    /// Whether it is built without its default features.
    bare: bool,
}

const MODULES: [Module; 4] = [
    Module {
        folder: "web",
        name: "page",
        profile: "page",
        level: "-Oz",
        threads: false,
        bare: true,
    },
    // The same with the view of threads against tasks, for the addresses of that view.
    Module {
        folder: "web",
        name: "page-compare",
        profile: "page",
        level: "-Oz",
        threads: false,
        bare: false,
    },
    // The engines are measured, so they are built for speed, like the native side.
    Module {
        folder: "web/engine",
        name: "engine",
        profile: "release",
        level: "-O3",
        threads: false,
        bare: false,
    },
    Module {
        folder: "web/engine",
        name: "engine-threads",
        profile: "release",
        level: "-O3",
        threads: true,
        bare: false,
    },
];

/// Builds web/dist, unless it is there already and nothing that goes into it has changed.
///
/// # Errors
/// If a tool is missing, something does not compile, or the page is over its budget.
pub(crate) fn build(options: &Options) -> Result<(), String> {
    let shrink = !options.debug && tools::has_node();
    let stamp = stamp::Stamp::of_inputs(options.debug, shrink)?;
    let dist = root().join("web/dist");
    if stamp.is_on(&dist) {
        say("web/dist is up to date");
        return Ok(());
    }
    let packages = compile(options.debug)?;
    if shrink {
        shrink_modules(&packages)?;
    } else if !options.debug {
        say("Node and npm are not on PATH, so wasm-opt is skipped: the page works, but is larger");
    }
    let sizes = dist::write(&packages, &dist, options.debug)?;
    print!("{}", sizes.table());
    if shrink {
        within("the first load", sizes.bytes_of(Part::FirstLoad), FIRST_LOAD_MAX_BYTES)?;
        within("threads or tasks", sizes.bytes_of(Part::Compare), FIRST_LOAD_MAX_BYTES)?;
        within("the engine", sizes.bytes_of(Part::Engine), ENGINE_MAX_BYTES)?;
        within("the engine with threads", sizes.bytes_of(Part::Threads), ENGINE_MAX_BYTES)?;
    }
    stamp.put_on(&dist)
}

fn within(what: &str, bytes: usize, most: usize) -> Result<(), String> {
    if bytes > most {
        return Err(format!("{what} weighs {bytes} bytes; the limit is {most}"));
    }
    Ok(())
}

/// Compiles every module with wasm-pack and returns the folder with the results.
fn compile(debug: bool) -> Result<PathBuf, String> {
    let tools = tools::wasm()?;
    let packages = target().join("web").join(if debug { "debug" } else { "page" });
    for module in &MODULES {
        say(format!("wasm-pack build {}: compiles {} and its glue", module.folder, module.name));
        let out = packages.join(module.name);
        if out.exists() {
            fs::remove_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
        }
        let profile: &[&str] = if debug { &["--dev"] } else { &["--profile", module.profile] };
        let mut command = Command::new(&tools.wasm_pack);
        if module.threads {
            threads::configure(&mut command, false);
        } else if module.profile == "page" && !debug {
            small::configure(&mut command);
        }
        let features: &[&str] = if module.bare { &["--", "--no-default-features"] } else { &[] };
        run(command
            .env("PATH", &tools.path)
            .args(["--log-level", "error", "build", "--mode", "no-install"])
            .args(["--target", "web", "--no-typescript", "--no-pack", "--no-opt"])
            .args(profile)
            .args(["--out-name", module.name, "--out-dir"])
            .arg(&out)
            .arg(root().join(module.folder))
            .args(features))?;
    }
    Ok(packages)
}

/// Shrinks every module in place by wasm-opt.
fn shrink_modules(packages: &Path) -> Result<(), String> {
    let wasm_opt = tools::npm_packages()?.join("binaryen/bin/wasm-opt");
    for module in &MODULES {
        say(format!("wasm-opt {} {}: smaller to download", module.level, module.name));
        let wasm = packages.join(module.name).join(format!("{}_bg.wasm", module.name));
        // The section that names the features is stripped with the symbols; these are
        // the ones that Rust's WebAssembly target has on.
        let threads: &[&str] = if module.threads { &["--enable-threads"] } else { &[] };
        // The lowest addresses are the far end of the stack, and no field of anything: so a
        // field's place can be a part of every load and store. Only size asks for that.
        let small: &[&str] = if module.level == "-Oz" { &["--low-memory-unused"] } else { &[] };
        run(Command::new("node")
            .arg(&wasm_opt)
            .args(threads)
            .args(small)
            .args([module.level, "--enable-bulk-memory", "--enable-nontrapping-float-to-int"])
            .args(["--enable-sign-ext", "--enable-mutable-globals", "--enable-multivalue"])
            .args(["--enable-reference-types", "--output"])
            .args([&wasm, &wasm]))?;
    }
    Ok(())
}
