//! How WebAssembly with threads is built: on one shared memory, with a standard library
//! that is compiled for it too.

use crate::shell::{root, target};
use filature_core::api::limits::SHARED_MEMORY_BYTES_MAX;
use std::path::PathBuf;
use std::process::Command;

/// Where these builds are kept: with other flags, nothing of them fits any other build.
pub(crate) fn target_folder() -> PathBuf {
    // Relative to this repository, wherever the command that is configured runs.
    root().join(target()).join("web-threads")
}

/// Makes `command`, which runs cargo, build with threads; `tests` where it builds tests.
pub(crate) fn configure(command: &mut Command, tests: bool) {
    let libraries = if tests { "std,panic_abort,test" } else { "std,panic_abort" };
    let mut flags = vec![
        "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals".to_owned(),
        "-Clink-arg=--shared-memory".to_owned(),
        "-Clink-arg=--import-memory".to_owned(),
        format!("-Clink-arg=--max-memory={SHARED_MEMORY_BYTES_MAX}"),
    ];
    // What wasm-bindgen gives every thread its own storage with.
    for symbol in ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"] {
        flags.push(format!("-Clink-arg=--export={symbol}"));
    }
    command
        // The target feature and the building of std are not stable yet; the compiler is.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", libraries)
        .env("CARGO_TARGET_DIR", target_folder())
        .env("RUSTFLAGS", flags.join(" "));
}
