//! How the page is built small: with a standard library that is compiled for size too,
//! and without the words of panics, which nobody could read in a browser anyway. That is
//! a tenth of the download.

use crate::shell::{root, target};
use std::process::Command;

/// Makes `command`, which runs cargo, build for size.
pub(crate) fn configure(command: &mut Command) {
    command
        // The building of std and this way to panic are not stable yet; the compiler is.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
        .env("CARGO_TARGET_DIR", root().join(target()).join("web-small"))
        .env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort -Zfmt-debug=none");
}
