//! What the whole-system tests share: a server as a process of its own, a client
//! for it, its event stream, raw HTTP and plain sockets, and the command line as a process.

pub mod events;
pub mod history;
pub mod server;
pub mod socket;
pub mod visitor;
pub mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the repository")
}

/// The program under test: `FILATURE_BIN`, or else a debug build made here.
pub fn binary() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| match std::env::var_os("FILATURE_BIN") {
        Some(path) => root().join(path),
        None => {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "--quiet", "--package", "filature-server"]);
            let status = build.current_dir(root()).status().expect("cargo can be started");
            assert!(status.success(), "the server does not build");
            root().join("target/debug/filature")
        }
    });
    &BINARY
}

/// Whether this is the nightly run (`cargo xtask test --nightly`): a release build on a machine
/// that is left alone, where tests take long and may hold answers to their times.
pub fn is_nightly() -> bool {
    std::env::var_os("FILATURE_NIGHTLY").is_some()
}

/// Runs the command line to its end.
pub fn filature(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().expect("the program can be started")
}

/// What a process wrote, as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8")
}
