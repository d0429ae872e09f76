//! Ends a child whose lab is gone, even in the middle of an execution.
//!
//! While it works, the kernel is asked to send `SIGIO` as soon as anything happens to
//! stdin. The lab writes nothing then, so the signal means that the pipe was closed, and
//! its default action ends the process: no child outlives a killed lab.
//!
//! A thread that watches stdin would do the same, but a process with a second thread is
//! measured differently: malloc then takes its locks, and spawning a Tokio task on the
//! current thread takes a tenth longer. `PR_SET_PDEATHSIG` would not do either: it fires
//! when the *thread* that started the child ends, and a runtime's threads come and go.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{Stdin, stdin};
use std::os::fd::{AsFd, AsRawFd};
use std::process::exit;

/// While this exists, the process ends with its stdin.
pub(super) struct Lifeline(Stdin);

impl Lifeline {
    /// Ends the process now if stdin is closed already, and from now on when it is closed.
    ///
    /// # Errors
    /// If the kernel cannot watch stdin.
    pub(super) fn hold() -> Result<Self, String> {
        let stdin = stdin();
        let held = own_signals_of(&stdin)
            .and_then(|()| fcntl(&stdin, FcntlArg::F_SETFL(OFlag::O_ASYNC)))
            .and_then(|_| is_closed(&stdin));
        match held {
            Ok(false) => Ok(Self(stdin)),
            Ok(true) => exit(0),
            Err(error) => Err(format!("stdin cannot be watched: {error}")),
        }
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // What could be switched on can be switched off.
        let _ = fcntl(&self.0, FcntlArg::F_SETFL(OFlag::empty()));
    }
}

/// Has the signals of stdin sent to this process.
fn own_signals_of(stdin: &Stdin) -> Result<(), Errno> {
    let process = nix::unistd::getpid().as_raw();
    // SAFETY: the call takes two numbers and touches no memory.
    let answer = unsafe { libc::fcntl(stdin.as_raw_fd(), libc::F_SETOWN, process) };
    Errno::result(answer).map(drop)
}

/// Whether nobody holds the other end of stdin any more.
fn is_closed(stdin: &Stdin) -> Result<bool, Errno> {
    let mut watched = [PollFd::new(stdin.as_fd(), PollFlags::empty())];
    poll(&mut watched, PollTimeout::ZERO)?;
    Ok(watched[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)))
}
