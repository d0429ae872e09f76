//! One child process: started, asked for executions, killed. Whatever it does, the
//! answer is an execution or a reason in words.

use crate::worker::protocol::{Execution, Job, LINE_BYTES_MAX, Reply, Turn, parse_reply};
use filature_core::api::Refusal;
use filature_core::measure::Kind;
use nix::sys::signal::Signal;
use serde::Serialize;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{self, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a child may take to get ready.
const READY_TIME_MAX: Duration = Duration::from_secs(120);

/// How much of the end of a child's stderr is kept.
const STDERR_BYTES_MAX: usize = 4 * 1024;

/// How long a child that has closed its stdout may take to end.
const EXIT_TIME_MAX: Duration = Duration::from_secs(5);

/// Why a child takes no more turns.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The machine cannot hold the cell.
    Refused(Refusal),
    /// The executor cannot run the cell.
    Impossible(String),
    /// It died since it was given no more memory.
    OutOfMemory(String),
    /// It died, was too slow, or said something that nobody understands.
    Failed(String),
}

/// A child process that executes one cell.
pub struct Child {
    process: process::Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// Reads stderr to its end and returns the last line.
    stderr: JoinHandle<String>,
    turn_time_max: Duration,
}

/// This very program, as a worker.
///
/// Started by the name under which the kernel knows it, since the file may have been
/// replaced by a newer build meanwhile. It gets a process group of its own, so that
/// Ctrl-C in a terminal reaches the lab alone, which then ends its children.
pub fn worker() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("filature").arg("worker").env("RUST_BACKTRACE", "0").process_group(0);
    command
}

impl Child {
    /// Starts `command` and hands it the job. One execution of it may take as long as
    /// `turn_time_max`.
    ///
    /// # Errors
    /// Why the process could not be started.
    pub async fn start(
        mut command: Command,
        job: &Job,
        turn_time_max: Duration,
    ) -> Result<Self, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::Failed(format!("its process did not start: {error}")))?;
        let stdin = process.stdin.take().expect("stdin is piped");
        let stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let stderr = process.stderr.take().expect("stderr is piped");
        let stderr = tokio::spawn(last_line(stderr));
        let mut child = Self { process, stdin, stdout, stderr, turn_time_max };
        match child.say(job).await {
            Ok(()) => Ok(child),
            Err(failure) => {
                child.kill().await;
                Err(failure)
            }
        }
    }

    /// Waits until the child is ready for its first turn.
    ///
    /// # Errors
    /// Why it never will be.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        match self.reply("get ready", READY_TIME_MAX).await? {
            Reply::Ready => Ok(()),
            Reply::Refused { refusal } => Err(Failure::Refused(refusal)),
            Reply::Impossible { reason } => Err(Failure::Impossible(reason)),
            Reply::Sample(_) => Err(Failure::Failed("a sample that was not asked for".to_owned())),
        }
    }

    /// Has the body executed once.
    ///
    /// # Errors
    /// Why there is no execution, or why it does not count.
    pub async fn turn(&mut self, kind: Kind) -> Result<Execution, Failure> {
        self.say(&Turn { turn: kind }).await?;
        match self.reply("execute the body once", self.turn_time_max).await? {
            Reply::Sample(execution) if execution.kind != kind => {
                Err(Failure::Failed("an execution that was not asked for".to_owned()))
            }
            Reply::Sample(Execution { correct: false, outcome, .. }) => Err(Failure::Failed(
                format!("the outcome {outcome} is not the one that the contract promises"),
            )),
            Reply::Sample(execution) => Ok(execution),
            _ => Err(Failure::Failed("a reply that fits no turn".to_owned())),
        }
    }

    /// Its process id, until it has ended and has been waited for.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Kills the child, if it has not ended by itself, and waits until it is gone.
    pub async fn kill(mut self) {
        // An error means that it is gone already and has been waited for.
        let _ = self.process.kill().await;
    }

    /// A failure to write is no failure yet: the child's end says more.
    async fn say(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(line).expect("requests have only plain values");
        line.push(b'\n');
        match self.stdin.write_all(&line).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.end().await),
        }
    }

    /// The next reply, for which the child takes `most` at most.
    async fn reply(&mut self, purpose: &str, most: Duration) -> Result<Reply, Failure> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stdout).take(LINE_BYTES_MAX as u64);
        match timeout(most, limited.read_until(b'\n', &mut line)).await {
            Err(_) => {
                let limit = most.as_secs_f64();
                let text = format!("it took more than {limit} s to {purpose}; that is the limit");
                Err(Failure::Failed(text))
            }
            Ok(Ok(_)) if line.last() == Some(&b'\n') => {
                parse_reply(&line[..line.len() - 1]).map_err(Failure::Failed)
            }
            Ok(Ok(LINE_BYTES_MAX)) => Err(Failure::Failed(format!(
                "a line of more than {LINE_BYTES_MAX} bytes; that is the limit"
            ))),
            Ok(_) => Err(self.end().await),
        }
    }

    /// How a child ended that has closed a pipe.
    async fn end(&mut self) -> Failure {
        match timeout(EXIT_TIME_MAX, self.process.wait()).await {
            Ok(Ok(status)) => {
                let last_line = timeout(EXIT_TIME_MAX, &mut self.stderr).await;
                let last_line = last_line.ok().and_then(Result::ok).unwrap_or_default();
                let how = ending(status, &last_line);
                if is_out_of_memory(status, &last_line) {
                    Failure::OutOfMemory(how)
                } else {
                    Failure::Failed(how)
                }
            }
            Ok(Err(error)) => Failure::Failed(format!("its process cannot be waited for: {error}")),
            Err(_) => Failure::Failed("it closed its pipes and went on".to_owned()),
        }
    }
}

/// Whether a process ended as a Rust program does that is given no more memory.
fn is_out_of_memory(status: ExitStatus, last_line: &str) -> bool {
    let aborted = status.signal() == Some(Signal::SIGABRT as i32);
    aborted && last_line.starts_with("memory allocation of ")
}

/// How a process ended, in words.
fn ending(status: ExitStatus, last_line: &str) -> String {
    let how = match (status.signal(), status.code()) {
        (Some(number), _) => match Signal::try_from(number) {
            Ok(signal) => format!("its process was killed by signal {number} ({signal})"),
            Err(_) => format!("its process was killed by signal {number}"),
        },
        (None, code) => format!("its process ended with exit code {}", code.unwrap_or(0)),
    };
    if last_line.is_empty() { how } else { format!("{how}: {last_line}") }
}

/// Reads to the end, keeps the last bytes, and returns the last line that says something.
async fn last_line(mut stderr: ChildStderr) -> String {
    let mut tail = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        tail.extend_from_slice(&buffer[..count]);
        tail.drain(..tail.len().saturating_sub(STDERR_BYTES_MAX));
    }
    last_telling_line(&String::from_utf8_lossy(&tail))
}

/// A panic ends with a note on backtraces, which tells nobody anything.
fn last_telling_line(text: &str) -> String {
    let telling = |line: &&str| !line.is_empty() && !line.starts_with("note: ");
    let line = text.lines().map(str::trim).rfind(telling).unwrap_or("");
    line.chars().filter(|letter| !letter.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use filature_core::{Executor, ParamValues};

    fn job() -> Job {
        let (workload, params) = ("fan-out".to_owned(), ParamValues::new());
        Job {
            workload,
            params,
            executor: Executor::Threads,
            tokio_workers: 1,
            cores: None,
            memory_budget_bytes: None,
            unit_budget: None,
        }
    }

    /// What becomes of a child that is this shell script.
    async fn fate(script: &str) -> Result<(), Failure> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        let patience = Duration::from_millis(500);
        let mut child = Child::start(command, &job(), patience).await?;
        let fate = match child.ready().await {
            Ok(()) => child.turn(Kind::Sample).await.map(|_| ()),
            Err(failure) => Err(failure),
        };
        child.kill().await;
        fate
    }

    async fn reason(script: &str) -> String {
        match fate(script).await {
            Err(Failure::Failed(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    const READY: &str = r#"read job; echo '{"reply":"ready"}'; read turn;"#;

    #[tokio::test]
    async fn a_child_that_answers_gets_its_turn() {
        let answer = r#"echo '{"reply":"sample","kind":"sample","sample":{"wall_ns":1},"outcome":1,"correct":true}'"#;
        assert_eq!(fate(&format!("{READY} {answer}")).await, Ok(()));
    }

    #[tokio::test]
    async fn a_killed_child_is_reported_with_its_signal() {
        let reason = reason(&format!("{READY} kill -9 $$")).await;
        assert_eq!(reason, "its process was killed by signal 9 (SIGKILL)");
    }

    #[tokio::test]
    async fn a_child_that_is_given_no_more_memory_is_told_from_one_that_aborts() {
        let aborts = |said: &str| format!("{READY} echo {said} >&2; kill -ABRT $$");
        let said = "memory allocation of 64 bytes failed";
        let how = format!("its process was killed by signal 6 (SIGABRT): {said}");
        assert_eq!(fate(&aborts(said)).await, Err(Failure::OutOfMemory(how)));
        assert!(reason(&aborts("a reason of its own")).await.ends_with("a reason of its own"));
    }

    #[tokio::test]
    async fn a_child_that_exits_is_reported_with_what_it_said_last() {
        let script = format!("{READY} echo no room >&2; echo 'note: run with more' >&2; exit 101");
        assert_eq!(reason(&script).await, "its process ended with exit code 101: no room");
        assert_eq!(reason("exit 3").await, "its process ended with exit code 3");
    }

    #[tokio::test]
    async fn garbage_and_endless_lines_are_reported() {
        let garbage = reason("read job; echo '{\"reply\":'").await;
        assert!(garbage.starts_with("a line that is no reply"), "{garbage}");
        let endless = reason("read job; head -c 100000 /dev/zero").await;
        assert_eq!(endless, "a line of more than 65536 bytes; that is the limit");
    }

    #[tokio::test]
    async fn a_silent_child_is_too_slow() {
        let reason = reason(&format!("{READY} exec sleep 60")).await;
        assert_eq!(reason, "it took more than 0.5 s to execute the body once; that is the limit");
    }

    #[tokio::test]
    async fn a_wrong_outcome_is_a_failure() {
        let answer = r#"echo '{"reply":"sample","kind":"sample","sample":{"wall_ns":1},"outcome":7,"correct":false}'"#;
        let reason = reason(&format!("{READY} {answer}")).await;
        assert_eq!(reason, "the outcome 7 is not the one that the contract promises");
    }

    #[tokio::test]
    async fn a_refusal_is_no_failure() {
        let script = r#"read job; echo '{"reply":"impossible","reason":"no such thing"}'"#;
        assert_eq!(fate(script).await, Err(Failure::Impossible("no such thing".to_owned())));
    }
}
