//! The rules of the house, as far as a program can check them.

use filature_core::workloads;
use filature_tests::root;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every file that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is there");
    let list = filature_tests::text(&output.stdout);
    let paths: Vec<PathBuf> =
        list.lines().map(PathBuf::from).filter(|path| root().join(path).is_file()).collect();
    assert!(paths.len() > 20, "git lists only {paths:?}");
    paths
}

fn with_extension(extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let wanted =
        |path: &Path| path.extension().is_some_and(|e| extensions.iter().any(|known| e == *known));
    let paths = files().into_iter().filter(|path| wanted(path));
    paths.map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn workload_files() -> Vec<(PathBuf, String)> {
    let all = with_extension(&["rs"]);
    all.into_iter().filter(|(path, _)| path.starts_with("core/src/workloads")).collect()
}

#[test]
fn every_file_says_first_what_lives_in_it() {
    for (path, text) in with_extension(&["rs"]) {
        assert!(text.starts_with("//! "), "{}", path.display());
    }
    for (path, text) in with_extension(&["js", "mjs", "css"]) {
        assert!(text.starts_with("//") || text.starts_with("/*"), "{}", path.display());
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    for (path, text) in with_extension(&["rs", "js", "mjs", "css", "html", "md"]) {
        let lines = text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_half_done() {
    for (path, text) in with_extension(&["rs", "js", "mjs"]) {
        if path.ends_with("tidy.rs") {
            continue;
        }
        let rust = ["TODO", "FIXME", "XXX", "todo!(", "dbg!(", "#[ignore"];
        let script = ["TODO", "FIXME", "XXX", ".only(", ".skip(", ".todo("];
        let marks = if path.extension().is_some_and(|e| e == "rs") { rust } else { script };
        for mark in marks {
            assert!(!text.contains(mark), "{} has {mark}", path.display());
        }
    }
}

#[test]
fn every_workload_file_is_registered() {
    let ids: HashSet<String> =
        workloads::ALL.iter().map(|workload| workload.id().to_owned()).collect();
    let files = workload_files();
    for (path, _) in &files {
        let stem = path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
        assert!(ids.contains(&stem), "{} is not in the registry", path.display());
    }
    assert_eq!(files.len(), ids.len());
}

#[test]
fn a_workload_mentions_no_host_no_clock_but_the_facades_and_nothing_unsafe() {
    for (path, text) in workload_files() {
        // Moments are those of `core::time`, which every host has.
        let hosts = ["std::time", "SystemTime", "js_sys", "wasm_bindgen"];
        for word in hosts.into_iter().chain(["cfg(", "unsafe", "println"]) {
            assert!(!text.contains(word), "{} mentions {word}", path.display());
        }
        for import in text.lines().filter_map(|line| line.strip_prefix("use ")) {
            let allowed = ["std::", "tokio::sync", "tokio_util::sync", "crate::", "serde::"];
            // What a server is made of.
            let served = ["tokio::io", "bytes::", "http_body_util::", "hyper", "socket2::"];
            let mut allowed = allowed.iter().chain(&served);
            assert!(allowed.any(|a| import.starts_with(a)), "{}: {import}", path.display());
        }
    }
}

#[test]
fn imports_between_the_crates_go_one_way() {
    let allowed: [(&str, &[&str]); 6] = [
        ("core", &[]),
        ("web/charts", &[]),
        ("web/engine", &["filature-core"]),
        ("web", &["filature-core", "filature-charts"]),
        ("server", &["filature-core", "filature-charts"]),
        ("tests", &["filature-core", "filature-charts"]),
    ];
    for (folder, allowed) in allowed {
        let manifest = read(format!("{folder}/Cargo.toml"));
        let imports = manifest
            .lines()
            .filter(|line| line.starts_with("filature-"))
            .map(|line| line.split(['.', ' ', '=']).next().unwrap());
        for import in imports {
            assert!(allowed.contains(&import), "{folder} imports {import}");
        }
    }
}

#[test]
fn the_paths_in_the_architecture_exist() {
    let text = read("ARCHITECTURE.md");
    let mut checked = 0;
    for word in text.split('`').skip(1).step_by(2) {
        let is_path = word.contains('/')
            && !word.contains([' ', '{', '*', '<', ':'])
            && !word.starts_with('/');
        if is_path {
            assert!(root().join(word).exists(), "{word} is not there");
            checked += 1;
        }
    }
    assert!(checked > 15, "only {checked} paths found");
}

#[test]
fn nothing_built_and_nothing_of_others_is_committed() {
    for path in files() {
        let name = path.to_str().unwrap();
        for part in ["node_modules/", "target/", "web/dist/", ".wasm", ".sqlite"] {
            assert!(!name.contains(part), "{name}");
        }
        let size = std::fs::metadata(root().join(&path)).unwrap().len();
        assert!(size < 400_000, "{name} has {size} bytes");
    }
}
