//! `filature worker`: the child process that executes one cell.
//!
//! It speaks [`protocol`]: a job, then turns, on stdin; one reply for each on stdout.
//! Every cell has a process of its own, so that its memory is its own, a kill really
//! ends it, and a crash is a result instead of an outage.

mod body;
mod lifeline;
pub mod protocol;

pub(crate) use body::clock;

use body::Body;
use lifeline::Lifeline;
use protocol::{Job, LINE_BYTES_MAX, Reply, Turn};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write, stdin};
use std::process::{ExitCode, exit};

/// Executes one cell as told on stdin; returns only where it was told nonsense.
pub fn main() -> ExitCode {
    match serve(&mut BufReader::new(stdin())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("filature worker: {reason}");
            ExitCode::from(2)
        }
    }
}

fn serve(stdin: &mut impl BufRead) -> Result<(), String> {
    let Some(job) = next::<Job>(stdin)? else { return Ok(()) };
    let bound = {
        let _lifeline = Lifeline::hold()?;
        Body::bind(&job)?
    };
    let body = match bound {
        Ok(body) => body,
        Err(reply) => {
            // The lab has nothing more to ask: this ends with the process's stdin.
            say(&reply)?;
            return next::<Turn>(stdin).map(|_| ());
        }
    };
    say(&Reply::Ready)?;
    let mut first = true;
    while let Some(Turn { turn }) = next(stdin)? {
        let execution = {
            let _lifeline = Lifeline::hold()?;
            body.execute(turn, first)
        };
        say(&Reply::Sample(execution))?;
        first = false;
    }
    Ok(())
}

/// The next line of stdin; `None` where there will be none.
fn next<T: DeserializeOwned>(stdin: &mut impl BufRead) -> Result<Option<T>, String> {
    let mut line = Vec::new();
    let read = Read::take(&mut *stdin, LINE_BYTES_MAX as u64).read_until(b'\n', &mut line);
    read.map_err(|error| format!("stdin: {error}"))?;
    if !line.ends_with(b"\n") {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(|error| format!("stdin: {error}"))
}

/// Writes one reply; if nobody listens any more, there is nothing left to do.
fn say(reply: &Reply) -> Result<(), String> {
    let mut line = serde_json::to_vec(reply).expect("a reply has only plain values");
    line.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(&line).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit(0),
        written => written.map_err(|error| format!("stdout: {error}")),
    }
}
