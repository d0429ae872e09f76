//! `filature backup`.

use super::{BackupOptions, Failure, print};
use crate::store::backup;
use filature_core::format;
use std::process::ExitCode;

pub(super) fn backup(options: &BackupOptions) -> Result<ExitCode, Failure> {
    let data = super::serve::data_folder(options.data.as_ref())?;
    let copied = backup::copy(&data, &options.file, options.force).map_err(Failure::Failed)?;
    let count = |number: u64, what: &str| {
        format!("{} {what}{}", format::count(number), if number == 1 { "" } else { "s" })
    };
    print(&format!(
        "{}: {}, {}, {}\n{}\n",
        options.file.display(),
        count(copied.experiments, "experiment"),
        count(copied.comparisons, "comparison"),
        format::bytes(copied.bytes as f64),
        backup::how_to_restore(&data)
    ))?;
    Ok(ExitCode::SUCCESS)
}
