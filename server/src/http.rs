//! The HTTP server.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What `filature serve` was told.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The folder of the history.
    pub data: PathBuf,
    /// `Host` names that are answered besides those of the loopback interface.
    pub allowed_hosts: Vec<String>,
    /// How many experiments may wait for the measuring slot.
    pub queue_max: usize,
}

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// Why the server could not start, in one sentence.
pub async fn serve(options: ServeOptions) -> Result<(), String> {
    Err(format!("nothing is served on {} yet", options.listen))
}
