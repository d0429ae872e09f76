//! What processes use: memory, processor time, context switches; and how busy the
//! whole machine is meanwhile.

use filature_core::api::Disturbance;
use nix::sys::resource::{Usage as Rusage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use procfs::process::all_processes;
use procfs::{CurrentSI, KernelStats};
use std::collections::HashMap;
use std::time::Instant;

/// What a process (all its threads, also those that have ended) has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub user_ns: u64,
    /// Processor time in the kernel.
    pub system_ns: u64,
    /// How often a thread gave up its processor to wait.
    pub switches_voluntary: u64,
    /// How often the kernel took the processor from a thread.
    pub switches_involuntary: u64,
}

impl Usage {
    /// What was used since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            user_ns: self.user_ns.saturating_sub(before.user_ns),
            system_ns: self.system_ns.saturating_sub(before.system_ns),
            switches_voluntary: self.switches_voluntary.saturating_sub(before.switches_voluntary),
            switches_involuntary: self
                .switches_involuntary
                .saturating_sub(before.switches_involuntary),
        }
    }

    fn cpu_ns(&self) -> u64 {
        self.user_ns + self.system_ns
    }
}

impl From<Rusage> for Usage {
    fn from(usage: Rusage) -> Self {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
        Self {
            user_ns: unsigned(usage.user_time().num_nanoseconds()),
            system_ns: unsigned(usage.system_time().num_nanoseconds()),
            switches_voluntary: unsigned(usage.voluntary_context_switches()),
            switches_involuntary: unsigned(usage.involuntary_context_switches()),
        }
    }
}

/// What this process has used.
pub fn of_this_process() -> Usage {
    usage(UsageWho::RUSAGE_SELF)
}

fn usage(who: UsageWho) -> Usage {
    getrusage(who).expect("getrusage fails only for an unknown `who`").into()
}

/// The resident memory of this process, without pages of files: of its own code, the
/// first execution touches some that have nothing to do with the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident {
    /// `VmRSS` − `RssFile`: what is resident now.
    pub resident_bytes: u64,
    /// `VmHWM` − `RssFile`: the most that was resident at once. The kernel keeps no peak
    /// without files, but pages of files hardly ever leave while there is memory.
    pub peak_bytes: u64,
}

/// The resident memory of this process; `None` where `/proc` does not say.
pub fn memory() -> Option<Resident> {
    let status = procfs::process::Process::myself().ok()?.status().ok()?;
    let without_files = |kib: u64| Some(kib.saturating_sub(status.rssfile?) * 1024);
    Some(Resident {
        resident_bytes: without_files(status.vmrss?)?,
        peak_bytes: without_files(status.vmhwm?)?,
    })
}

/// Watches how much processor time the machine spends on other programs.
pub struct Watch {
    start: Instant,
    machine: Option<MachineTime>,
    own_ns: u64,
}

/// Processor time that all cores together spent on programs, and that a hypervisor took.
///
/// What the kernel does on its own account, in interrupts and in threads of its own, is
/// not in it, since much of it is done for the body that is measured: it frees the stacks of
/// threads that have ended, and carries what goes over the loopback.
struct MachineTime {
    /// All ticks but those of interrupts.
    ticks: u64,
    /// What each thread of the kernel has taken of them.
    kernel: HashMap<i32, u64>,
    cores: usize,
}

impl MachineTime {
    /// What programs took since `before`. A thread of the kernel that has ended meanwhile
    /// has taken its whole life's ticks with it: only those that are left are subtracted.
    fn ticks_of_programs_since(&self, before: &Self) -> u64 {
        let kernel = self.kernel.iter().map(|(thread, ticks)| {
            ticks.saturating_sub(before.kernel.get(thread).copied().unwrap_or(0))
        });
        self.ticks.saturating_sub(before.ticks).saturating_sub(kernel.sum())
    }
}

/// Shorter measurements are never called disturbed: the kernel counts the machine's
/// time in ticks of 10 ms, and on 2 cores a tick of each is 5 % of 200 ms.
const DISTURBED_AFTER_NS: u64 = 200_000_000;

/// From this share on, other programs are said to have disturbed the figures.
const DISTURBED_SHARE: f64 = 0.05;

impl Watch {
    /// Starts watching.
    pub fn start() -> Self {
        Self { start: Instant::now(), machine: machine_time(), own_ns: own_ns() }
    }

    /// The share of other programs since the start. All children must have been waited
    /// for: only then does the kernel count their time as ours.
    ///
    /// Time that a hypervisor took from this machine counts as other programs' too.
    pub fn disturbance(&self) -> Disturbance {
        let elapsed_ns = self.start.elapsed().as_nanos() as u64;
        let (Some(before), Some(after)) = (&self.machine, machine_time()) else {
            return Disturbance { outside_share: 0.0, disturbed: false };
        };
        let ticks = after.ticks_of_programs_since(before);
        let busy_ns = ticks * 1_000_000_000 / procfs::ticks_per_second();
        let own_ns = own_ns().saturating_sub(self.own_ns);
        disturbance(busy_ns.saturating_sub(own_ns), elapsed_ns, after.cores)
    }
}

fn disturbance(outside_ns: u64, elapsed_ns: u64, cores: usize) -> Disturbance {
    let all_ns = elapsed_ns.max(1) as f64 * cores.max(1) as f64;
    let outside_share = (outside_ns as f64 / all_ns).clamp(0.0, 1.0);
    let disturbed = elapsed_ns >= DISTURBED_AFTER_NS && outside_share > DISTURBED_SHARE;
    Disturbance { outside_share, disturbed }
}

/// The processor time of this process and of its children that were waited for.
fn own_ns() -> u64 {
    usage(UsageWho::RUSAGE_SELF).cpu_ns() + usage(UsageWho::RUSAGE_CHILDREN).cpu_ns()
}

fn machine_time() -> Option<MachineTime> {
    let stat = KernelStats::current().ok()?;
    let total = &stat.total;
    let ticks = total.user + total.nice + total.system + total.steal.unwrap_or(0);
    Some(MachineTime { ticks, kernel: kernel_threads(), cores: stat.cpu_time.len() })
}

/// What each thread of the kernel has taken, in ticks; nothing where a container hides them.
fn kernel_threads() -> HashMap<i32, u64> {
    /// `PF_KTHREAD` of the kernel's `sched.h`.
    const KERNEL_THREAD: u32 = 0x0020_0000;
    let Ok(processes) = all_processes() else { return HashMap::new() };
    let stats = processes.filter_map(|process| process.ok()?.stat().ok());
    let of_kernel = stats.filter(|stat| stat.flags & KERNEL_THREAD != 0);
    of_kernel.map(|stat| (stat.pid, stat.utime + stat.stime)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_neighbour_disturbs_a_long_measurement() {
        let second = 1_000_000_000;
        assert!(disturbance(second, second, 2).disturbed);
        assert!((disturbance(second, second, 2).outside_share - 0.5).abs() < 1e-9);
        assert!(!disturbance(second / 20, second, 2).disturbed);
    }

    #[test]
    fn threads_of_the_kernel_are_no_programs_and_one_that_ends_adds_nothing() {
        let machine = |ticks, kernel: &[(i32, u64)]| MachineTime {
            ticks,
            kernel: kernel.iter().copied().collect(),
            cores: 1,
        };
        let before = machine(10_000, &[(2, 3_000), (3, 4_000)]);
        let after = machine(10_100, &[(2, 3_030), (4, 20)]);
        assert_eq!(after.ticks_of_programs_since(&before), 50);
    }

    #[test]
    fn a_short_measurement_is_never_called_disturbed() {
        assert!(!disturbance(90_000_000, 100_000_000, 1).disturbed);
    }

    #[test]
    fn this_process_has_memory_and_a_peak_above_it() {
        let memory = memory().unwrap();
        assert!(memory.resident_bytes > 0 && memory.peak_bytes >= memory.resident_bytes);
    }

    #[test]
    fn work_shows_in_the_processor_time() {
        let before = of_this_process();
        while of_this_process().since(&before).cpu_ns() == 0 {
            std::hint::black_box(filature_core::work::spin(100_000, 1));
        }
    }
}
