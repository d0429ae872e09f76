//! `filature serve`.

use super::Failure;
use crate::http;
use crate::machine::priority::step_back;
use crate::settings::Settings;
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Builder;

pub(super) fn serve(settings: Settings) -> Result<ExitCode, Failure> {
    let data = data_folder(settings.data.as_ref())?;
    // The main thread measures and all others serve: see `http::serve`.
    let runtime = Builder::new_multi_thread().enable_all().on_thread_start(step_back).build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no Tokio runtime: {error}")))?;
    let served = runtime.block_on(http::serve(settings, &data));
    // What is still being computed for a connection has nobody to go to.
    runtime.shutdown_background();
    served.map_err(Failure::Failed)?;
    Ok(ExitCode::SUCCESS)
}

/// The folder of the history: the one that was named, or the user's.
pub(super) fn data_folder(named: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    named.cloned().or_else(user_data_folder).ok_or_else(|| {
        let reason = "there is neither HOME nor XDG_DATA_HOME; name a folder with --data";
        Failure::BadInput(vec![reason.to_owned()])
    })
}

/// As the XDG base directory specification has it: relative paths are ignored.
fn user_data_folder() -> Option<PathBuf> {
    let folder =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?;
    Some(data.join("filature"))
}
