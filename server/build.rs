//! Records which compiler and which Tokio make this program, for the machine card.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Embedded files are read by macros, of whose reading cargo does not know.
    println!("cargo:rerun-if-changed=migrations");
    // Watching a folder that is not there would build this program anew every time.
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist").exists();
    println!("cargo:rerun-if-changed=../web{}", if built { "/dist" } else { "" });
    println!("cargo:rustc-env=FILATURE_RUSTC={}", rustc().as_deref().unwrap_or("rustc, unknown"));

    let lock_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    println!("cargo:rerun-if-changed={}", lock_file.display());
    let lock = fs::read_to_string(lock_file).unwrap_or_default();
    println!("cargo:rustc-env=FILATURE_TOKIO={}", tokio(&lock).unwrap_or("unknown"));
}

fn rustc() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn tokio(lock: &str) -> Option<&str> {
    let (_, package) = lock.split_once("name = \"tokio\"\nversion = \"")?;
    package.split_once('"').map(|(version, _)| version)
}
