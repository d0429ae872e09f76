//! How many threads, tasks and sockets the machine can hold right now, and which setting
//! binds.
//!
//! Past a limit a program does not always get an error: out of memory maps, the
//! standard library's stack guard dies by SIGSEGV. So the limits are read beforehand.

use super::cgroup;
use filature_core::api::{Limit, Refusal};
use filature_core::{Executor, executor::Body, format};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use procfs::{Current, LoadAverage, Meminfo, process::Process};
use std::fs;
use std::os::unix::fs::MetadataExt;

/// A thread of the standard library maps four areas: its stack and its signal stack,
/// each with a guard.
const MAPS_PER_THREAD: u64 = 4;

/// Kept free of memory maps, in threads: for the arenas of the allocator and for what
/// else a program maps while its threads start.
const MAPS_MARGIN_THREADS: u64 = 32;

/// At least so many maps are taken to be in use, which is more than any process of this
/// program needs: so all of them, the server and its children, name the same limit.
const MAPS_IN_USE_MIN: u64 = 256;

/// Kept free of process ids: the kernel hands out none of the first 300 a second time.
const PIDS_MARGIN: u64 = 400;

/// What a thread takes at least: about 10 KiB resident, 16 KiB of kernel stack, the
/// kernel's own records and page tables.
const THREAD_BYTES: u64 = 40 * 1024;

/// The addresses that a thread reserves at least: its stack, its signal stack, and a guard
/// before each.
const THREAD_ADDRESS_BYTES: u64 = 2 * 1024 * 1024 + 24 * 1024;

/// What a task takes at least, with its handle.
const TASK_BYTES: u64 = 1024;

/// Kept free of descriptors: for listeners, runtimes and what else an execution opens once.
const DESCRIPTORS_MARGIN: u64 = 32;

/// The name of the only limit that is counted in bytes.
const MEMORY: &str = "memory";

/// What the limits are computed from.
#[derive(Clone, Debug, Default, PartialEq)]
struct Readings {
    /// `vm.max_map_count`.
    max_map_count: Option<u64>,
    /// The lines of `/proc/self/maps`.
    maps_in_use: u64,
    /// `kernel.pid_max`.
    pid_max: Option<u64>,
    /// `kernel.threads-max`.
    threads_max: Option<u64>,
    /// All threads of the machine.
    threads_in_use: u64,
    /// The tightest `pids.max` of the control groups above this process, and how many
    /// of it are in use.
    cgroup_pids: Option<cgroup::Quota>,
    /// The soft limit, where it applies to this process, and the user's threads.
    processes: Option<cgroup::Quota>,
    /// The soft limit on the size of this process's address space, less what is in use.
    addresses: Option<cgroup::Quota>,
    /// Memory that can be had without swapping, within the control groups.
    memory_available_bytes: Option<u64>,
}

impl Readings {
    fn now() -> Self {
        let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse().ok();
        Self {
            max_map_count: number("/proc/sys/vm/max_map_count"),
            maps_in_use: fs::read_to_string("/proc/self/maps")
                .map_or(0, |maps| maps.lines().count() as u64),
            pid_max: number("/proc/sys/kernel/pid_max"),
            threads_max: number("/proc/sys/kernel/threads-max"),
            threads_in_use: LoadAverage::current().map_or(0, |load| u64::from(load.max)),
            cgroup_pids: cgroup::pids(),
            processes: process_limit(),
            addresses: address_limit(),
            memory_available_bytes: memory_available_bytes(),
        }
    }

    /// One limit for each reading there is, the tightest first.
    fn thread_limits(&self) -> Vec<Limit> {
        let maps = self.max_map_count.map(|value| Limit {
            name: "vm.max_map_count".to_owned(),
            value,
            threads: (value.saturating_sub(self.maps_in_use.max(MAPS_IN_USE_MIN))
                / MAPS_PER_THREAD)
                .saturating_sub(MAPS_MARGIN_THREADS),
            how_to_raise: "sysctl -w vm.max_map_count=1000000 (a thread takes 4 maps)".to_owned(),
        });
        let pids = self.pid_max.map(|value| Limit {
            name: "kernel.pid_max".to_owned(),
            value,
            threads: value.saturating_sub(self.threads_in_use + PIDS_MARGIN),
            how_to_raise: "sysctl -w kernel.pid_max=4194304".to_owned(),
        });
        let threads = self.threads_max.map(|value| Limit {
            name: "kernel.threads-max".to_owned(),
            value,
            threads: value.saturating_sub(self.threads_in_use),
            how_to_raise: "sysctl -w kernel.threads-max=1000000".to_owned(),
        });
        let cgroup = self.cgroup_pids.map(|quota| Limit {
            name: "cgroup pids.max".to_owned(),
            value: quota.max,
            threads: quota.free(),
            how_to_raise: "raise TasksMax= of the systemd unit, or --pids-limit of the container"
                .to_owned(),
        });
        let processes = self.processes.map(|quota| Limit {
            name: "RLIMIT_NPROC".to_owned(),
            value: quota.max,
            threads: quota.free(),
            how_to_raise: "ulimit -u, or nproc in /etc/security/limits.conf".to_owned(),
        });
        let addresses = self.addresses.map(|quota| Limit {
            name: "RLIMIT_AS".to_owned(),
            value: quota.max,
            threads: quota.free() / THREAD_ADDRESS_BYTES,
            how_to_raise: "ulimit -v (in KiB; each thread reserves 2 MiB of addresses)".to_owned(),
        });
        let memory = self.memory_available_bytes.map(|bytes| memory_limit(bytes, THREAD_BYTES));
        let mut limits: Vec<Limit> = [maps, pids, threads, cgroup, processes, addresses, memory]
            .into_iter()
            .flatten()
            .collect();
        limits.sort_by_key(|limit| limit.threads);
        limits
    }
}

/// Memory as a limit, where one unit takes `unit_bytes`.
fn memory_limit(available_bytes: u64, unit_bytes: u64) -> Limit {
    Limit {
        name: MEMORY.to_owned(),
        value: available_bytes,
        threads: available_bytes / unit_bytes,
        how_to_raise: "free memory, or give the machine or container more".to_owned(),
    }
}

/// A limit's name and value, for a sentence.
pub fn in_words(limit: &Limit) -> String {
    match limit.name.as_str() {
        MEMORY => format!("available memory of {}", format::bytes(limit.value as f64)),
        name => format!("{name} of {}", limit.value),
    }
}

/// What limits the number of threads, the tightest limit first.
pub fn thread_limits() -> Vec<Limit> {
    Readings::now().thread_limits()
}

/// What limits the number of tasks.
pub fn task_limit() -> Option<Limit> {
    memory_available_bytes().map(|bytes| memory_limit(bytes, TASK_BYTES))
}

/// Why this process cannot run `units` more on `executor`, which have so many `descriptors`
/// open at once, or may not where there is a budget; `None` if it can.
pub(crate) fn refusal(
    executor: Executor,
    units: u64,
    descriptors: u64,
    unit_budget: Option<u64>,
) -> Option<Refusal> {
    let of_units = match executor.body() {
        Body::Threads => thread_limits().into_iter().next(),
        Body::Tasks => task_limit(),
    };
    let of_descriptors = (descriptors > 0).then(|| descriptor_limit(units, descriptors)).flatten();
    let of_budget = unit_budget.map(|value| Limit {
        name: "the server's --unit-budget".to_owned(),
        value,
        threads: value,
        how_to_raise: "start the server with a larger --unit-budget".to_owned(),
    });
    let limits = of_budget.into_iter().chain(of_units).chain(of_descriptors);
    let limit = limits.min_by_key(|limit| limit.threads)?;
    let available_units = limit.threads;
    (units > available_units).then_some(Refusal { needed_units: units, available_units, limit })
}

/// Lets this process open as many descriptors as its hard limit allows, and says how many
/// that are. The soft limit is low only for programs that use `select`, which this one does
/// not.
pub(crate) fn raise_descriptor_limit() -> Option<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    // One that cannot be raised binds, and is named.
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft)
}

/// How many units fit, where so many of them have so many descriptors open.
fn descriptor_limit(units: u64, descriptors: u64) -> Option<Limit> {
    let (value, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let open = fs::read_dir("/proc/self/fd").map_or(0, |open| open.count() as u64);
    let free = value.saturating_sub(open + DESCRIPTORS_MARGIN);
    let fitting = u128::from(free) * u128::from(units) / u128::from(descriptors);
    Some(Limit {
        name: "RLIMIT_NOFILE".to_owned(),
        value,
        threads: u64::try_from(fitting).unwrap_or(u64::MAX),
        how_to_raise: format!(
            "ulimit -n, or nofile in /etc/security/limits.conf ({descriptors} descriptors are \
             needed: each connection has both its ends here)"
        ),
    })
}

/// Memory that can be had without swapping, within the machine and the control groups.
pub(crate) fn memory_available_bytes() -> Option<u64> {
    let machine = Meminfo::current().ok().and_then(|memory| memory.mem_available);
    [machine, cgroup::memory_available_bytes()].into_iter().flatten().min()
}

/// `RLIMIT_NPROC` and the user's threads; `None` where the limit does not apply: the
/// kernel spares root and who may override resource limits.
fn process_limit() -> Option<cgroup::Quota> {
    const OVERRIDING: u64 = 1 << 21 | 1 << 24; // CAP_SYS_ADMIN, CAP_SYS_RESOURCE
    let status = Process::myself().ok()?.status().ok()?;
    if status.ruid == 0 || status.capeff & OVERRIDING != 0 {
        return None;
    }
    let (max, _) = getrlimit(Resource::RLIMIT_NPROC).ok()?;
    let limited = max != nix::libc::RLIM_INFINITY;
    limited.then(|| cgroup::Quota { max, used: threads_of_user(status.ruid) })
}

/// `RLIMIT_AS` and the addresses in use. Fewer threads than it leaves room for may fit: the
/// allocator reserves an arena of 64 MiB for some of them.
fn address_limit() -> Option<cgroup::Quota> {
    let (max, _) = getrlimit(Resource::RLIMIT_AS).ok()?;
    let used = Process::myself().ok()?.status().ok()?.vmsize? * 1024;
    (max != nix::libc::RLIM_INFINITY).then_some(cgroup::Quota { max, used })
}

fn threads_of_user(user: u32) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let own = processes.flatten().filter(|entry| {
        let name = entry.file_name();
        let is_process = name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        is_process && entry.metadata().is_ok_and(|metadata| metadata.uid() == user)
    });
    own.map(|entry| fs::read_dir(entry.path().join("task")).map_or(0, |tasks| tasks.count() as u64))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Readings {
        Readings {
            max_map_count: Some(65_530),
            maps_in_use: 50,
            pid_max: Some(32_768),
            threads_max: Some(192_729),
            threads_in_use: 100,
            cgroup_pids: None,
            processes: None,
            addresses: None,
            memory_available_bytes: Some(24_000_000_000),
        }
    }

    fn tightest(readings: &Readings) -> (String, u64) {
        let limit = readings.thread_limits().remove(0);
        (limit.name, limit.threads)
    }

    #[test]
    fn memory_maps_bind_first_on_a_usual_machine() {
        assert_eq!(tightest(&usual()), ("vm.max_map_count".to_owned(), 16_286));
        let names: Vec<String> = usual().thread_limits().into_iter().map(|l| l.name).collect();
        assert_eq!(names, ["vm.max_map_count", "kernel.pid_max", "kernel.threads-max", "memory"]);
    }

    #[test]
    fn with_many_maps_the_process_ids_bind() {
        let readings = Readings { max_map_count: Some(1_000_000), ..usual() };
        assert_eq!(tightest(&readings), ("kernel.pid_max".to_owned(), 32_268));
    }

    #[test]
    fn a_container_binds_by_its_quota_and_its_memory() {
        let quota = cgroup::Quota { max: 512, used: 12 };
        let readings = Readings { cgroup_pids: Some(quota), ..usual() };
        assert_eq!(tightest(&readings), ("cgroup pids.max".to_owned(), 500));
        let readings = Readings { memory_available_bytes: Some(40 * 1024 * 1024), ..usual() };
        assert_eq!(tightest(&readings), ("memory".to_owned(), 1_024));
    }

    #[test]
    fn a_limit_that_is_used_up_allows_none() {
        let quota = cgroup::Quota { max: 10, used: 12 };
        let readings = Readings { processes: Some(quota), ..usual() };
        assert_eq!(tightest(&readings), ("RLIMIT_NPROC".to_owned(), 0));
        let readings = Readings { addresses: Some(quota), ..usual() };
        assert_eq!(tightest(&readings), ("RLIMIT_AS".to_owned(), 0));
        assert_eq!(Readings { max_map_count: Some(10), ..usual() }.thread_limits()[0].threads, 0);
    }

    #[test]
    fn what_cannot_be_read_is_no_limit() {
        assert!(Readings::default().thread_limits().is_empty());
    }

    #[test]
    fn more_units_than_fit_are_refused_with_the_limit_that_binds() {
        let refusal = refusal(Executor::TokioMulti, u64::MAX, 0, None).unwrap();
        assert_eq!(refusal.limit.name, "memory");
        assert_eq!(refusal.available_units, refusal.limit.threads);
        assert_eq!(super::refusal(Executor::TokioCurrent, 1, 0, None), None);
    }

    #[test]
    fn more_units_than_the_budget_allows_are_refused_unless_the_machine_allows_fewer() {
        let of = |units, budget| super::refusal(Executor::TokioMulti, units, 0, Some(budget));
        let refusal = of(11, 10).unwrap();
        assert_eq!((refusal.needed_units, refusal.available_units), (11, 10));
        assert!(refusal.limit.name.contains("--unit-budget"), "{refusal:?}");
        assert_eq!(of(10, 10), None);
        assert_eq!(of(u64::MAX, u64::MAX - 1).unwrap().limit.name, "memory");
    }

    #[test]
    fn more_sockets_than_fit_are_refused_whatever_runs_them() {
        raise_descriptor_limit();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
        for executor in [Executor::Threads, Executor::TokioMulti, Executor::TokioCurrent] {
            assert_eq!(super::refusal(executor, 4, 8, None), None);
            // Few units that open far too much: nothing else can bind.
            let refusal = super::refusal(executor, 100, hard.saturating_mul(50), None).unwrap();
            assert_eq!((refusal.limit.name.as_str(), refusal.limit.value), ("RLIMIT_NOFILE", hard));
            assert!(refusal.available_units <= 2, "{refusal:?}");
        }
    }
}
