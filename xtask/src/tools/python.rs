//! Python and what is installed for it: schemathesis, in a virtual environment of its own.

use super::{install_with_apt, tools_folder};
use crate::shell::{find, output, root, run, say};
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;
use std::process::Command;

const WHY: &str = "the API is tested by schemathesis, which needs Python 3.10 or later with its \
                   module venv";

/// Makes sure of schemathesis in the versions that tests/api/requirements.txt names, and
/// returns its program.
///
/// # Errors
/// If Python is missing and cannot be installed, or the installation of its packages fails.
pub(crate) fn schemathesis() -> Result<PathBuf, String> {
    let list = root().join("tests/api/requirements.txt");
    let text = fs::read(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&text);
    let folder = tools_folder()?.join(format!("schemathesis-{:016x}", hasher.finish()));
    let program = folder.join("bin/schemathesis");
    // Made last: without it the installation was broken off.
    let marker = folder.join(".installed");
    if marker.is_file() && output(Command::new(&program).arg("--version")).is_ok() {
        return Ok(program);
    }
    let python = python()?;
    say(format!("pip install schemathesis (a minute, once): into {}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(folder.join("bin/python"))
        .args(arguments)
        .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
        .arg(&list))?;
    fs::write(&marker, "").map_err(|error| format!("{}: {error}", marker.display()))?;
    Ok(program)
}

/// A Python that can make virtual environments.
fn python() -> Result<PathBuf, String> {
    if let Some(python) = usable() {
        return Ok(python);
    }
    install_with_apt(&["python3", "python3-venv"], WHY)?;
    usable().ok_or_else(|| WHY.to_owned())
}

fn usable() -> Option<PathBuf> {
    let python = find("python3")?;
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    output(Command::new(&python).args(["-c", check])).is_ok().then_some(python)
}
