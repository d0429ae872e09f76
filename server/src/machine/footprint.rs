//! What a process takes beside its resident memory: kernel stacks, page tables, the kernel's
//! records, addresses. Watched from outside, so that the process itself is left alone.

use filature_core::api::Memory;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked at. Reading both files takes some 50 µs, a hundredth of this.
const INTERVAL: Duration = Duration::from_millis(5);

/// More than either file has: the kernel writes some 1 500 bytes into each.
const FILE_BYTES_MAX: usize = 16 * 1024;

/// Watches one process while it executes something.
pub struct Footprint {
    status: Option<File>,
    meminfo: Option<File>,
    buffer: Vec<u8>,
    before: Look,
    most: Look,
}

impl Footprint {
    /// Looks at a process for the first time.
    pub fn of(process: u32) -> Self {
        let mut footprint = Self {
            status: File::open(format!("/proc/{process}/status")).ok(),
            meminfo: File::open("/proc/meminfo").ok(),
            buffer: vec![0; FILE_BYTES_MAX],
            before: Look::default(),
            most: Look::default(),
        };
        footprint.before = footprint.look();
        footprint.most = footprint.before;
        footprint
    }

    /// Looks at the process again and again until `execution` has ended.
    pub async fn during<T>(&mut self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut execution => break ended,
                _ = ticks.tick() => self.most = self.most.or_more(self.look()),
            }
        };
        // The kernel remembers the peak of the address space, however short it was.
        self.most = self.most.or_more(self.look());
        ended
    }

    /// The same memory, with what was seen.
    pub fn added_to(&self, memory: Memory) -> Memory {
        let Self { before, most, .. } = self;
        Memory {
            kernel_stack_bytes: grown(before.kernel_stack_bytes, most.kernel_stack_bytes),
            page_table_bytes: grown(before.page_table_bytes, most.page_table_bytes),
            slab_bytes: grown(before.slab_bytes, most.slab_bytes),
            reserved_bytes: grown(before.size_bytes, most.size_peak_bytes),
            threads_peak: most.threads,
            ..memory
        }
    }

    fn look(&mut self) -> Look {
        let Self { status, meminfo, buffer, .. } = self;
        let status = Look::of_status(read(status.as_ref(), buffer));
        Look::of_meminfo(read(meminfo.as_ref(), buffer)).or_more(status)
    }
}

/// The text of a file of `/proc`, as it is now; nothing where it cannot be read, as that of a
/// process that is gone.
fn read<'a>(file: Option<&File>, buffer: &'a mut [u8]) -> &'a str {
    let count = file.and_then(|file| file.read_at(buffer, 0).ok()).unwrap_or(0);
    str::from_utf8(&buffer[..count]).unwrap_or("")
}

/// By how much something grew; nothing is known where either is not.
fn grown(before: Option<u64>, most: Option<u64>) -> Option<u64> {
    Some(most?.saturating_sub(before?))
}

/// What `/proc` says at one moment. What a kernel or a container does not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    page_table_bytes: Option<u64>,
    size_bytes: Option<u64>,
    size_peak_bytes: Option<u64>,
    threads: Option<u64>,
    kernel_stack_bytes: Option<u64>,
    slab_bytes: Option<u64>,
}

impl Look {
    /// What `/proc/<process>/status` says.
    fn of_status(text: &str) -> Self {
        Self {
            page_table_bytes: bytes(text, "VmPTE"),
            size_bytes: bytes(text, "VmSize"),
            size_peak_bytes: bytes(text, "VmPeak"),
            threads: field(text, "Threads").and_then(|value| value.parse().ok()),
            ..Self::default()
        }
    }

    /// What `/proc/meminfo` says.
    fn of_meminfo(text: &str) -> Self {
        Self {
            kernel_stack_bytes: bytes(text, "KernelStack"),
            slab_bytes: bytes(text, "SUnreclaim"),
            ..Self::default()
        }
    }

    /// The larger one of each figure.
    fn or_more(self, other: Self) -> Self {
        Self {
            page_table_bytes: self.page_table_bytes.max(other.page_table_bytes),
            size_bytes: self.size_bytes.max(other.size_bytes),
            size_peak_bytes: self.size_peak_bytes.max(other.size_peak_bytes),
            threads: self.threads.max(other.threads),
            kernel_stack_bytes: self.kernel_stack_bytes.max(other.kernel_stack_bytes),
            slab_bytes: self.slab_bytes.max(other.slab_bytes),
        }
    }
}

/// The value of a line such as `Threads:\t2`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    text.lines().find_map(value).map(str::trim)
}

/// The value of a line such as `VmPTE:\t      60 kB`.
fn bytes(text: &str, name: &str) -> Option<u64> {
    let kib: u64 = field(text, name)?.strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
#[path = "footprint_tests.rs"]
mod tests;
