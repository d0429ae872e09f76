//! Ends a child whose lab is gone, even in the middle of an execution.
//!
//! While it works, the kernel is asked to send `SIGIO` when anything happens to stdin. The
//! handler looks whether the pipe was closed, and if so ends the process: no child
//! outlives a killed lab. It has to look, since the signal may also be late: the kernel
//! wakes the reader of a line before it signals that there is one, so the line that
//! started an execution can send its signal into it.
//!
//! A thread that watches stdin would do the same, but a process with a second thread is
//! measured differently: malloc then takes its locks, and spawning a Tokio task on the
//! current thread takes a tenth longer. `PR_SET_PDEATHSIG` would not do either: it fires
//! when the *thread* that started the child ends, and a runtime's threads come and go.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::io::{Stdin, stdin};
use std::os::fd::AsRawFd;

/// While this exists, the process ends with its stdin.
pub(super) struct Lifeline(Stdin);

impl Lifeline {
    /// Ends the process now if stdin is closed already, and from now on when it is closed.
    ///
    /// # Errors
    /// If the kernel cannot watch stdin.
    pub(super) fn hold() -> Result<Self, String> {
        let stdin = stdin();
        own_signals_of(&stdin)
            .and_then(|()| fcntl(&stdin, FcntlArg::F_SETFL(OFlag::O_ASYNC)))
            .map_err(|error| format!("stdin cannot be watched: {error}"))?;
        // It may have been closed before anybody was told.
        end_if_closed(0);
        Ok(Self(stdin))
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // What could be switched on can be switched off.
        let _ = fcntl(&self.0, FcntlArg::F_SETFL(OFlag::empty()));
    }
}

/// Has the signals of stdin sent to this process, and handled.
fn own_signals_of(stdin: &Stdin) -> Result<(), Errno> {
    // What the signal interrupts goes on, wherever the kernel can do that.
    let flags = SaFlags::SA_RESTART;
    let action = SigAction::new(SigHandler::Handler(end_if_closed), flags, SigSet::empty());
    // SAFETY: the handler calls only what POSIX allows in one, and keeps `errno`.
    unsafe { sigaction(Signal::SIGIO, &action) }?;
    let process = nix::unistd::getpid().as_raw();
    // SAFETY: the call takes two numbers and touches no memory.
    let answer = unsafe { libc::fcntl(stdin.as_raw_fd(), libc::F_SETOWN, process) };
    Errno::result(answer).map(drop)
}

/// Ends the process if nobody holds the other end of stdin any more. It is a signal
/// handler, so it allocates nothing, locks nothing and runs no destructors.
extern "C" fn end_if_closed(_signal: libc::c_int) {
    let mut watched = libc::pollfd { fd: libc::STDIN_FILENO, events: 0, revents: 0 };
    // SAFETY: `poll` gets one entry that lives long enough, `_exit` only ends the process,
    // and the place of `errno` is this thread's own.
    unsafe {
        let errno = *libc::__errno_location();
        if libc::poll(&raw mut watched, 1, 0) == 1 && watched.revents & libc::POLLHUP != 0 {
            libc::_exit(0);
        }
        *libc::__errno_location() = errno;
    }
}
