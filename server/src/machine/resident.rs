//! Watches how much resident memory a process has, from outside and at hardly any cost.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval_at};

/// How often it is looked at. A look takes some 5 µs: a ten-thousandth of this.
const INTERVAL: Duration = Duration::from_millis(50);

/// Watches one process.
#[derive(Debug)]
pub struct Resident {
    statm: Option<File>,
    looked: Instant,
    bytes: u64,
}

/// A process that has more memory than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch {
    /// How much it has.
    pub bytes: u64,
}

impl Resident {
    /// Looks at a process for the first time. One that is not there has no memory.
    pub fn of(process: u32) -> Self {
        let statm = File::open(format!("/proc/{process}/statm")).ok();
        let mut resident = Self { statm, looked: Instant::now(), bytes: 0 };
        resident.look();
        resident
    }

    /// How much it has, as of a moment ago.
    pub fn bytes(&mut self) -> u64 {
        if self.looked.elapsed() >= INTERVAL {
            self.look();
        }
        self.bytes
    }

    /// What `execution` results in, unless the process has more than `most_bytes` before.
    ///
    /// # Errors
    /// [`TooMuch`]; then `execution` has been dropped.
    pub async fn during<T>(
        &mut self,
        most_bytes: u64,
        execution: impl Future<Output = T>,
    ) -> Result<T, TooMuch> {
        let mut execution = pin!(execution);
        let mut ticks = interval_at(tokio::time::Instant::now() + INTERVAL, INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                ended = &mut execution => return Ok(ended),
                _ = ticks.tick() => self.look(),
            }
            if self.bytes > most_bytes {
                return Err(TooMuch { bytes: self.bytes });
            }
        }
    }

    fn look(&mut self) {
        // Seven numbers of pages; the second one is what is resident.
        let mut buffer = [0; 256];
        let count = self.statm.as_ref().and_then(|file| file.read_at(&mut buffer, 0).ok());
        let text = str::from_utf8(&buffer[..count.unwrap_or(0)]).unwrap_or("");
        let pages: Option<u64> = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        self.bytes = pages.unwrap_or(0) * procfs::page_size();
        self.looked = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    const MIB: u64 = 1024 * 1024;

    /// A process that does nothing else meanwhile, as other tests in this one do.
    #[test]
    fn memory_that_is_used_is_seen_from_outside() {
        let script = "echo; read go; x=$(head -c 67108864 /dev/zero | tr '\\0' x); echo; read go";
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut go = shell.stdin.take().unwrap();
        let mut told = BufReader::new(shell.stdout.take().unwrap()).lines();
        told.next().unwrap().unwrap();
        let mut resident = Resident::of(shell.id());
        let before = resident.bytes();
        assert!(before > 0);
        go.write_all(b"\n").unwrap();
        told.next().unwrap().unwrap();
        resident.look();
        let grown = resident.bytes().saturating_sub(before);
        assert!(grown > 60 * MIB, "{grown} after {before}");
        drop(go);
        shell.wait().unwrap();
    }

    #[tokio::test]
    async fn what_takes_too_much_is_ended_and_what_does_not_is_left_alone() {
        let mut resident = Resident::of(std::process::id());
        let most = resident.bytes() / 2;
        let endless = resident.during(most, std::future::pending::<()>()).await;
        assert!(endless.is_err_and(|much| much.bytes > most));
        let short = async {
            tokio::time::sleep(3 * INTERVAL).await;
            7
        };
        assert_eq!(resident.during(u64::MAX, short).await, Ok(7));
    }

    #[tokio::test]
    async fn a_process_that_is_gone_has_no_memory() {
        let mut resident = Resident::of(u32::MAX);
        assert_eq!(resident.bytes(), 0);
        assert_eq!(resident.during(0, async { 1 }).await, Ok(1));
    }
}
