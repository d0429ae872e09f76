//! Memory: what a unit that waits takes, in the process, in the kernel, and as addresses.

use super::book::{About, Book, Place, is_noise, judged_row};
use super::claims;
use super::judge::figure;
use crate::api::{Cell, Estimate, Measure, Memory, Row, Unit};
use crate::executor;

const PLACES: &[Place] = &[
    Place { key: "memory-threads", executors: executor::OS_THREADS },
    Place { key: "memory-tasks", executors: executor::TOKIO },
];

/// Every measure is a slope: what the process has anyway is not in it.
const SLOPE: &str = "Several numbers of units, each in a fresh process; the figure is the slope \
                     of the line through them, so that what the process has anyway is not in it. \
                     Its spread is that of the slopes between neighbours.";
const MACHINE_WIDE: &str = "The kernel tells it for the whole machine only, so that other \
                            programs that start or end meanwhile show in it.";

pub(super) fn row(book: &Book<'_>) -> Row {
    let of = |field: fn(&Memory) -> Option<u64>| {
        move |cell: &Cell| Some(field(cell.memory.as_ref()?)? as f64)
    };
    let mut measures = vec![
        book.slope(resident(), PLACES, of(|memory| Some(memory.peak_bytes))),
        book.slope(kernel_stack(), PLACES, of(|memory| memory.kernel_stack_bytes)),
        book.slope(page_tables(), PLACES, of(|memory| memory.page_table_bytes)),
        book.slope(slab(), PLACES, of(|memory| memory.slab_bytes)),
    ];
    measures.insert(0, sum(&measures));
    measures.push(book.slope(reserved(), PLACES, of(|memory| memory.reserved_bytes)));
    let head = ("memory", "Memory per unit", "How much memory does a unit take that only waits?");
    judged_row(head, claims::memory(), measures)
}

/// The parts together: of each executor, those that grow with the units beyond noise.
fn sum(parts: &[Measure]) -> Measure {
    let mut all = all().with(parts[0].cells.clone());
    for cell in &mut all.cells {
        let same = |part: &Measure| {
            part.cells.iter().find(|other| other.executor == cell.executor)?.estimate
        };
        let kernel = parts[1..].iter().filter_map(same).filter(|part| !is_noise(part));
        if let Some(resident) = cell.estimate {
            let untold = parts[1..].iter().filter(|part| same(part).is_none());
            let untold: Vec<String> = untold.map(|part| part.title.to_lowercase()).collect();
            cell.note = (!untold.is_empty()).then(|| format!("without {}", untold.join(", ")));
            let sum = kernel.fold(resident, |sum, part| Estimate {
                value: sum.value + part.value,
                low: sum.low + part.low,
                high: sum.high + part.high,
                n: sum.n,
            });
            cell.text = figure(sum.value, Unit::Bytes);
            cell.estimate = Some(sum);
        }
    }
    all
}

fn about(
    id: &'static str,
    title: &'static str,
    how: &'static str,
    details: &'static [&'static str],
) -> About {
    About { id, title, unit: Unit::Bytes, how, details, is_claimed: false }
}

fn all() -> About {
    About {
        is_claimed: true,
        ..about(
            "all",
            "All that it takes",
            "Resident memory, kernel stack, page tables and the kernel's records together, as far as \
             the kernel tells them.",
            &[
                "This is the memory that nothing else can use while the unit waits. A part that \
                 does not grow with the units beyond noise is not added.",
                SLOPE,
            ],
        )
    }
}

fn resident() -> About {
    about(
        "resident",
        "In the process",
        "The peak of the process's resident memory without pages of files (VmHWM less RssFile).",
        &[
            SLOPE,
            "Of a thread this is the part of its stack that it has touched, its signal stack and \
             its handle; of a task, its future with Tokio's header, rounded up to cache lines, and \
             its handle. Tokio's version matters: it began to pad tasks to cache lines, which \
             doubled their size.",
        ],
    )
}

fn kernel_stack() -> About {
    about(
        "kernel-stack",
        "Kernel stack",
        "KernelStack of /proc/meminfo, as the lab sees it while the units sleep.",
        &[SLOPE, MACHINE_WIDE, "A task has none: only threads enter the kernel."],
    )
}

fn page_tables() -> About {
    about(
        "page-tables",
        "Page tables",
        "VmPTE of the process, as the lab sees it while the units sleep.",
        &[
            SLOPE,
            "Stacks lie apart from each other, and every region that is touched needs a page \
                  of page tables.",
        ],
    )
}

fn slab() -> About {
    about(
        "slab",
        "Kernel records",
        "SUnreclaim of /proc/meminfo (Slab without what caches files), as the lab sees it while the \
         units sleep: what the kernel notes of each thread and each memory map.",
        &[SLOPE, MACHINE_WIDE],
    )
}

fn reserved() -> About {
    about(
        "reserved",
        "Reserved addresses",
        "The growth of VmSize: addresses that are set aside, most of which never get memory.",
        &[
            SLOPE,
            "The 8 MB of a thread that one reads of are such a reservation: the usual limit of \
             `ulimit -s`, which the C library takes for a thread's stack. Rust's standard library \
             asks for 2 MiB. Either is a number of addresses; memory comes page by page when the \
             stack is touched. The C library's arenas reserve 64 MiB for some of the first threads, \
             which shows where there are few.",
        ],
    )
}
