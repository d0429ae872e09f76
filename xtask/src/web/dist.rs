//! The layout of web/dist: `index.html`, `index-compare.html` (the same with the view of
//! threads against tasks), and every other file in `assets` under a name
//! that its content decides, so that browsers may keep it for ever; each with a `.br` sibling.
//!
//! A file refers to another by a placeholder such as `{{page.js}}`, which becomes the
//! URL of that file. Nothing else is replaced.

use super::MODULES;
use super::stamp::{entries, hex};
use crate::shell::root;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The kinds of files beside web/index.html that belong to the page.
const KINDS: [&str; 6] = ["js", "css", "html", "svg", "png", "webp"];
/// The style sheets of the page, in their order: together they are one file, which compresses
/// better than several.
const STYLES: [&str; 5] = ["style.css", "marks.css", "setup.css", "result.css", "chart.css"];
/// Where the server serves the assets.
const URL: &str = "/assets/";

/// The files of the page, by the names that placeholders use.
type Files = BTreeMap<String, Vec<u8>>;

/// What every file weighs.
pub(crate) struct Sizes(Vec<Size>);

struct Size {
    name: String,
    bytes: usize,
    compressed_bytes: usize,
}

/// Writes web/dist anew.
///
/// # Errors
/// If a file cannot be read or written, or a placeholder names no file.
pub(crate) fn write(packages: &Path, dist: &Path, quick: bool) -> Result<Sizes, String> {
    let named = name_by_content(collect(packages)?)?;
    let at = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    if dist.exists() {
        fs::remove_dir_all(dist).map_err(|error| at(dist, error))?;
    }
    fs::create_dir_all(dist.join("assets")).map_err(|error| at(dist, error))?;
    let mut sizes = Vec::new();
    for (name, content) in named {
        let compressed = compressed(&content, quick)?;
        let path = dist.join(&name);
        let sibling = dist.join(format!("{name}.br"));
        fs::write(&path, &content).map_err(|error| at(&path, error))?;
        fs::write(&sibling, &compressed).map_err(|error| at(&sibling, error))?;
        sizes.push(Size { name, bytes: content.len(), compressed_bytes: compressed.len() });
    }
    Ok(Sizes(sizes))
}

/// Reads what web holds and what was compiled.
fn collect(packages: &Path) -> Result<Files, String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut files = Files::new();
    let web = root().join("web");
    files.insert("index.html".to_owned(), read(&web.join("index.html"))?);
    files.insert("engine-worker.js".to_owned(), read(&web.join("engine/worker.js"))?);
    files.insert("chart.css".to_owned(), read(&web.join("charts/src/chart.css"))?);
    files.insert("thread-worker.js".to_owned(), read(&web.join("engine/thread-worker.js"))?);
    for path in entries(&web)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if KINDS.iter().any(|kind| name.ends_with(&format!(".{kind}"))) {
            files.insert(name, read(&path)?);
        }
    }
    for (_, content) in files.iter_mut().filter(|(name, _)| name.ends_with(".css")) {
        *content = without_comments(&String::from_utf8_lossy(content)).into_bytes();
    }
    let styles: Option<Vec<Vec<u8>>> = STYLES.iter().map(|name| files.remove(*name)).collect();
    let styles = styles.ok_or_else(|| format!("not all of {} are there", STYLES.join(", ")))?;
    files.insert("styles.css".to_owned(), styles.concat());
    for module in &MODULES {
        let folder = packages.join(module.name);
        if folder.join("snippets").exists() {
            return Err(format!(
                "{}: a dependency brings JavaScript of its own, which web/dist has no place for",
                folder.join("snippets").display()
            ));
        }
        let (script, wasm) = (format!("{}.js", module.name), format!("{}.wasm", module.name));
        let compiled = format!("{}_bg.wasm", module.name);
        let glue = without_indent(&String::from_utf8_lossy(&read(&folder.join(&script))?));
        files.insert(script, glue.replace(&compiled, &format!("{{{{{wasm}}}}}")).into_bytes());
        files.insert(wasm, read(&folder.join(&compiled))?);
    }
    for (name, with_view) in [("index.html", "index-compare.html"), ("boot.js", "boot-compare.js")]
    {
        let text = String::from_utf8_lossy(&files[name]).replace("{{page.", "{{page-compare.");
        let text = text.replace("{{boot.js}}", "{{boot-compare.js}}");
        files.insert(with_view.to_owned(), text.into_bytes());
    }
    Ok(files)
}

/// A style sheet without its comments. None of ours has a text that looks like one.
fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once("*/").map_or("", |(_, rest)| rest.trim_start())
    })
}

/// Generated code as nobody reads it: lines without what is before their first letter.
fn without_indent(code: &str) -> String {
    code.lines()
        .fold(String::with_capacity(code.len()), |text, line| text + line.trim_start() + "\n")
}

/// Gives every file but the two documents a name that its content decides, and fills the placeholders.
fn name_by_content(mut files: Files) -> Result<Files, String> {
    let mut urls: BTreeMap<String, String> = BTreeMap::new();
    let mut named = Files::new();
    // A file's content, and so its name, is known once those that it refers to have theirs.
    while !files.is_empty() {
        let (ready, waiting): (Files, Files) = files
            .into_iter()
            .partition(|(_, content)| placeholders(content).all(|name| urls.contains_key(name)));
        if ready.is_empty() {
            return Err(unresolved(&waiting));
        }
        for (name, content) in ready {
            let content = filled(content, &urls);
            if name.starts_with("index") {
                named.insert(name, content);
                continue;
            }
            let hash = &hex(&Sha256::digest(&content))[..16];
            let (stem, kind) = name.rsplit_once('.').unwrap_or((&name, "bin"));
            let new_name = format!("{stem}-{hash}.{kind}");
            urls.insert(name.clone(), format!("{URL}{new_name}"));
            named.insert(format!("assets/{new_name}"), content);
        }
        files = waiting;
    }
    Ok(named)
}

fn unresolved(waiting: &Files) -> String {
    let lines = waiting.iter().map(|(name, content)| {
        format!("{name} refers to {}", placeholders(content).collect::<Vec<_>>().join(", "))
    });
    format!(
        "these refer to files that are not there, or to each other in a circle:\n{}",
        lines.collect::<Vec<_>>().join("\n")
    )
}

/// The names in the `{{…}}` of a text file; none in a binary one.
fn placeholders(content: &[u8]) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(content).unwrap_or_default();
    let ends = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    ends.map(|(name, _)| name).filter(|name| is_file_name(name))
}

fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.contains('.') && name.chars().all(plain)
}

fn filled(content: Vec<u8>, urls: &BTreeMap<String, String>) -> Vec<u8> {
    let names: Vec<String> = placeholders(&content).map(str::to_owned).collect();
    if names.is_empty() {
        return content;
    }
    let mut text = String::from_utf8_lossy(&content).into_owned();
    for name in names {
        text = text.replace(&format!("{{{{{name}}}}}"), &urls[&name]);
    }
    text.into_bytes()
}

fn compressed(content: &[u8], quick: bool) -> Result<Vec<u8>, String> {
    let quality = if quick { 4 } else { 11 };
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, quality, 22);
    writer.write_all(content).map_err(|error| format!("brotli: {error}"))?;
    Ok(writer.into_inner())
}

/// What is fetched together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What it takes to show the page and run on the server.
    FirstLoad,
    /// What is loaded in place of the page, and besides, when the table of threads against
    /// tasks is opened.
    Compare,
    /// What comes besides when a browser executor is run.
    Engine,
    /// What comes besides that when Web Workers are to be threads.
    Threads,
}

impl Part {
    fn of(name: &str) -> Self {
        let begins =
            |start: &str| name.strip_prefix("assets/").is_some_and(|n| n.starts_with(start));
        if begins("engine-threads-") || begins("thread-worker-") {
            Self::Threads
        } else if ["compar", "page-compare-", "boot-compare-"].iter().any(|start| begins(start))
            || name == "index-compare.html"
        {
            Self::Compare
        } else if begins("engine-") {
            Self::Engine
        } else {
            Self::FirstLoad
        }
    }
}

impl Sizes {
    fn sum(&self, title: &str, part: Part) -> Size {
        let wanted = || self.0.iter().filter(|size| Part::of(&size.name) == part);
        Size {
            name: title.to_owned(),
            bytes: wanted().map(|size| size.bytes).sum(),
            compressed_bytes: wanted().map(|size| size.compressed_bytes).sum(),
        }
    }

    /// What a part weighs, compressed.
    pub(crate) fn bytes_of(&self, part: Part) -> usize {
        self.sum("", part).compressed_bytes
    }

    /// All sizes, aligned for a terminal.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{:<44} {:>10} {:>10}\n", "file", "bytes", "brotli");
        let sums = [
            self.sum("first load", Part::FirstLoad),
            self.sum("threads or tasks, when it is opened", Part::Compare),
            self.sum("engine, with a browser run", Part::Engine),
            self.sum("its threads, with a run on Web Workers", Part::Threads),
        ];
        for Size { name, bytes, compressed_bytes } in self.0.iter().chain(&sums) {
            writeln!(table, "{name:<44} {bytes:>10} {compressed_bytes:>10}")
                .expect("a string takes every line");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_style_sheet_loses_its_comments_and_nothing_else() {
        let style = "/* one */\na { b: c } /* two\nlines */ d { e: f }\n";
        assert_eq!(without_comments(style), "a { b: c } d { e: f }\n");
        assert_eq!(without_comments("a { b: c }"), "a { b: c }");
    }

    #[test]
    fn generated_code_loses_its_indent_and_nothing_else() {
        assert_eq!(without_indent("a {\n    b  c\n}"), "a {\nb  c\n}\n");
    }

    #[test]
    fn placeholders_become_urls_of_files_named_by_their_content() {
        let named = name_by_content(files(&[
            ("index.html", "<script src=\"{{boot.js}}\">"),
            ("boot.js", "import \"{{page.js}}\""),
            ("page.js", "1"),
        ]))
        .unwrap();
        let names: Vec<&str> = named.keys().map(String::as_str).collect();
        let [boot, page, index] = names[..] else { panic!("{names:?}") };
        assert_eq!(index, "index.html");
        assert_eq!(named[index], format!("<script src=\"/{boot}\">").into_bytes());
        assert_eq!(named[boot], format!("import \"/{page}\"").into_bytes());
    }

    #[test]
    fn a_change_in_one_file_renames_all_that_refer_to_it() {
        let names = |text: &str| -> Vec<String> {
            let list = files(&[("a.js", "{{b.js}}"), ("b.js", text), ("c.css", "same")]);
            name_by_content(list).unwrap().into_keys().collect()
        };
        let (old, new) = (names("1"), names("2"));
        assert_ne!(old[0], new[0]);
        assert_ne!(old[1], new[1]);
        assert_eq!(old[2], new[2]);
    }

    #[test]
    fn a_placeholder_without_a_file_is_an_error_that_names_both() {
        let error = name_by_content(files(&[("a.js", "{{missing.js}}")])).unwrap_err();
        assert!(error.contains("a.js refers to missing.js"), "{error}");
    }

    #[test]
    fn other_double_braces_are_left_alone() {
        let named = name_by_content(files(&[("index.html", "{{ x }} {{}}")])).unwrap();
        assert_eq!(named["index.html"], b"{{ x }} {{}}");
    }
}
