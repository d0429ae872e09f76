//! Whether web/dist still fits what it was made of.

use crate::shell::{output, root, target};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that goes into web/dist.
const INPUTS: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", "core", "web", "xtask/src", "tests/e2e/package-lock.json"];
/// What lies among the inputs but is made by programs.
const MADE: [&str; 3] = ["dist", "node_modules", "target"];

/// A digest of everything that goes into web/dist.
pub(crate) struct Stamp {
    inputs: String,
}

impl Stamp {
    /// The stamp of the present inputs and of how they would be built.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(crate) fn of_inputs(debug: bool, shrink: bool) -> Result<Self, String> {
        let mut digest = Sha256::new();
        digest.update(output(Command::new("rustc").arg("--version"))?);
        digest.update(format!("debug {debug} shrink {shrink}"));
        for input in INPUTS {
            add(&mut digest, &root().join(input))?;
        }
        Ok(Self { inputs: hex(&digest.finalize()) })
    }

    /// Whether `dist` was made of these inputs and has not been touched since.
    pub(crate) fn is_on(&self, dist: &Path) -> bool {
        let kept = fs::read_to_string(path()).unwrap_or_default();
        self.line(dist).is_ok_and(|line| line == kept)
    }

    /// Notes that `dist` was made of these inputs.
    ///
    /// # Errors
    /// If the note cannot be written.
    pub(crate) fn put_on(&self, dist: &Path) -> Result<(), String> {
        let path = path();
        fs::write(&path, self.line(dist)?).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn line(&self, dist: &Path) -> Result<String, String> {
        let mut digest = Sha256::new();
        for entry in entries(dist)? {
            add(&mut digest, &entry)?;
        }
        Ok(format!("{} {}", self.inputs, hex(&digest.finalize())))
    }
}

fn path() -> PathBuf {
    target().join("web/stamp")
}

/// Adds the names and contents of all files under `path`.
fn add(digest: &mut Sha256, path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default();
    if MADE.iter().any(|made| name == *made) {
        return Ok(());
    }
    digest.update(path.as_os_str().as_encoded_bytes());
    if path.is_dir() {
        return entries(path)?.iter().try_for_each(|entry| add(digest, entry));
    }
    digest.update(fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?);
    Ok(())
}

/// What a folder holds, in the order of the names.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = read().map_err(|error| format!("{}: {error}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
