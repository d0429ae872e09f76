//! `filature worker`: the child process that executes one cell.
//!
//! It speaks [`protocol`]: a job, then turns, on stdin; one reply for each on stdout.
//! Every cell has a process of its own, so that its memory is its own, a kill really
//! ends it, and a crash is a result instead of an outage.

mod body;
pub mod protocol;

pub(crate) use body::clock;

use body::Body;
use protocol::{Job, LINE_BYTES_MAX, Reply, Turn};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ExitCode, exit};
use std::sync::mpsc::{Receiver, channel};

/// Executes one cell as told on stdin; returns only where it was told nonsense.
pub fn main() -> ExitCode {
    let lines = lines_of_stdin();
    match serve(&lines) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("filature worker: {reason}");
            ExitCode::from(2)
        }
    }
}

fn serve(lines: &Receiver<Vec<u8>>) -> Result<(), String> {
    let Some(job) = next::<Job>(lines)? else { return Ok(()) };
    let body = match Body::bind(&job)? {
        Ok(body) => body,
        Err(reply) => {
            // The lab has nothing more to ask: this ends with the process's stdin.
            say(&reply);
            return next::<Turn>(lines).map(|_| ());
        }
    };
    say(&Reply::Ready);
    let mut first = true;
    while let Some(Turn { turn }) = next(lines)? {
        say(&Reply::Sample(body.execute(turn, first)));
        first = false;
    }
    Ok(())
}

/// Reads stdin on a thread of its own, which ends the process as soon as stdin is
/// closed, even in the middle of an execution: so no child outlives a killed lab.
///
/// `PR_SET_PDEATHSIG` would not do: it fires when the *thread* that started the child
/// ends, and a runtime's threads come and go.
fn lines_of_stdin() -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut stdin = BufReader::new(std::io::stdin());
        loop {
            let mut line = Vec::new();
            let read = (&mut stdin).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line);
            if !line.ends_with(b"\n") || read.is_err() || sender.send(line).is_err() {
                exit(0);
            }
        }
    });
    receiver
}

/// The next line; `None` where there will be none.
fn next<T: DeserializeOwned>(lines: &Receiver<Vec<u8>>) -> Result<Option<T>, String> {
    let Ok(line) = lines.recv() else { return Ok(None) };
    serde_json::from_slice(&line).map(Some).map_err(|error| format!("stdin: {error}"))
}

/// Writes one reply; if nobody listens any more, there is nothing left to do.
fn say(reply: &Reply) {
    let mut line = serde_json::to_vec(reply).expect("a reply has only plain values");
    line.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    if stdout.write_all(&line).and_then(|()| stdout.flush()).is_err() {
        exit(0);
    }
}
