//! A copy of the history, also while a server writes to it.

use super::schema;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many experiments.
    pub experiments: u64,
    /// How many comparisons.
    pub comparisons: u64,
    /// How large its file is.
    pub bytes: u64,
}

/// The database in the data folder `data`.
pub fn database(data: &Path) -> PathBuf {
    data.join(schema::FILE)
}

/// How a copy becomes the history in the folder `data` again. A journal that was left there
/// would be taken for that of the copy, and damage it.
pub fn how_to_restore(data: &Path) -> String {
    let history = database(data);
    let journal = |suffix| schema::beside(&history, suffix);
    format!(
        "To restore it, stop the server, remove\n  {}\n  {}\nif they are there, and copy it to\n  \
         {}",
        journal("-wal").display(),
        journal("-shm").display(),
        history.display()
    )
}

/// Copies the history in the folder `data` to `target`, as it is at one moment, checks the
/// copy, and only then gives it its name. It can be read by its owner alone. A file of that
/// name is replaced only if `force` says so.
///
/// # Errors
/// In one sentence, why there is no copy; then `target` is as it was.
pub fn copy(data: &Path, target: &Path, force: bool) -> Result<Copied, String> {
    let source = database(data);
    let Ok(metadata) = fs::metadata(&source) else {
        return Err(format!(
            "there is no history in {}; name its folder with --data",
            data.display()
        ));
    };
    let shown = target.display();
    if let Ok(there) = fs::metadata(target) {
        if (there.dev(), there.ino()) == (metadata.dev(), metadata.ino()) {
            return Err(format!("{shown} is the history itself; name another file"));
        }
        if !there.is_file() {
            return Err(format!("{shown} is no file; name one"));
        }
        if !force {
            return Err(format!("{shown} is there already; --force replaces it"));
        }
    }
    let part = Part::beside(target)?;
    let copied = fill(&source, &part.0)
        .map_err(|reason| format!("no backup of {}: {reason}", source.display()))?;
    File::open(&part.0)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&part.0, target))
        .and_then(|()| File::open(folder(target))?.sync_all())
        .map_err(|error| format!("cannot write {shown}: {error}"))?;
    Ok(copied)
}

/// A file that is removed again unless it gets another name.
struct Part(PathBuf);

impl Part {
    /// A new one in the folder of `target`, for its owner alone.
    fn beside(target: &Path) -> Result<Self, String> {
        let part = schema::beside(target, &format!(".part-{}", std::process::id()));
        let made = File::options().write(true).create_new(true).mode(0o600).open(&part);
        made.map_err(|error| format!("cannot write {}: {error}", part.display()))?;
        Ok(Self(part))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(schema::beside(&self.0, suffix));
        }
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn fill(source: &Path, part: &Path) -> Result<Copied, String> {
    let failed = |error: rusqlite::Error| error.to_string();
    let from = schema::reader(source).map_err(failed)?;
    let mut to =
        Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    {
        let backup = Backup::new(&from, &mut to).map_err(failed)?;
        // All in one step: it reads one moment of the history, and no writer has to wait for it.
        match backup.step(-1).map_err(failed)? {
            StepResult::Done => {}
            other => return Err(format!("it is in use ({other:?}); try again")),
        }
    }
    // One file alone, without a journal beside it.
    to.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(failed)?;
    let checked: String =
        to.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if checked != "ok" {
        return Err(format!("the copy is damaged ({checked}), and so may be the history"));
    }
    let count = |table: &str| {
        to.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .map_err(|error| format!("it is no history of Filature: {error}"))
    };
    let (experiments, comparisons) = (count("experiments")?, count("comparisons")?);
    to.close().map_err(|(_, error)| error.to_string())?;
    let bytes = fs::metadata(part).map_or(0, |metadata| metadata.len());
    Ok(Copied { experiments, comparisons, bytes })
}
