//! The signals that stop a server: the first lets it end in order, the second ends it.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The exit code of what was interrupted.
const INTERRUPTED: i32 = 130;

/// Ctrl-C and SIGTERM.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens to them from now on.
    ///
    /// # Errors
    /// Why that is not possible, in one sentence.
    pub(super) fn new() -> Result<Self, String> {
        let listen =
            |kind| signal(kind).map_err(|error| format!("cannot listen to signals: {error}"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Ends this process at the next one. What was acknowledged is stored by then, and the
    /// child processes end by themselves when nobody holds their stdin any more.
    pub(super) fn end_at_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            eprintln!("filature: ended at once");
            std::process::exit(INTERRUPTED);
        });
    }
}
