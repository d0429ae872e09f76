//! Creation: what it takes to start a thread, and what to start a task.

use super::book::{self, About, Book, Figure, Place, Sampled, judged_row, per_operation, reading};
use super::claims;
use crate::api::{Cell, Percentiles, Row, Unit};
use crate::executor::{self, Executor};

const THREADS: Place = Place { key: "creation-threads", executors: executor::OS_THREADS };
const TASKS: Place = Place { key: "creation-tasks", executors: executor::TOKIO };
const OUTSIDE: Place = Place { key: "creation-tasks-outside", executors: executor::TOKIO };
const BROWSER: Place = Place {
    key: "creation-browser",
    executors: &[Executor::BrowserLoop, Executor::BrowserWorkers],
};

pub(super) fn row(book: &Book<'_>) -> Row {
    let measures = vec![
        book.measure(
            spawn_loop("spawn-loop", "In the spawn loop", INSIDE),
            &[THREADS, TASKS],
            spawn_loop_ns,
        ),
        book.measure(
            spawn_loop("spawn-loop-outside", "In the spawn loop, from outside", FROM_OUTSIDE),
            &[OUTSIDE],
            spawn_loop_ns,
        ),
        book.measure(spawn_and_join(), &[THREADS, TASKS, BROWSER], per_operation),
        book.measure(
            delay("delay", "Delay to the first instruction, median"),
            &[THREADS, TASKS],
            |cell| delay_ns(cell, |delays| delays.p50),
        ),
        book.measure(
            delay("delay-p99", "Delay to the first instruction, p99"),
            &[THREADS, TASKS],
            |cell| delay_ns(cell, |delays| delays.p99),
        ),
        book.measure(cpu(), &[THREADS, TASKS], cpu_ns),
    ];
    let head =
        ("creation", "Creation", "What does it take to start a thread, and what to start a task?");
    judged_row(head, claims::creation(), measures)
}

const INSIDE: &str = "The time of the loop that calls spawn, divided by the units; tasks are \
                      spawned from a worker of the runtime.";
const FROM_OUTSIDE: &str = "The same for tasks that are spawned from a thread that is no worker \
                            of the runtime.";

fn spawn_loop(id: &'static str, title: &'static str, how: &'static str) -> About {
    About {
        id,
        title,
        unit: Unit::Ns,
        how,
        details: &[
            "The clock is read once before the loop and once after it, never for each unit. \
             Joining is not in it. Units that are done end meanwhile, so that the kernel can give \
             a thread the stack of one that has ended; with other cores idle, units also run \
             while the loop goes on.",
            "From a worker, Tokio puts a task into the worker's own queue; from anywhere else \
             it goes through a queue that all workers share, behind a lock. To a thread it makes \
             no difference from where it is started.",
        ],
        is_claimed: true,
    }
}

fn spawn_and_join() -> About {
    About {
        id: "spawn-and-join",
        title: "Spawned and joined",
        unit: Unit::Ns,
        how: "From before the first spawn until the last unit was joined, divided by the units.",
        details: &[
            "The units do nothing and return a number. This is what a program waits for that \
             starts units and needs their results; the time of one unit alone is longer, since \
             here they overlap.",
            "In a browser there are only as many units as it has workers for, so that its \
             figures say little of thousands; a worker that waits already is handed the body, \
             and starting a new one takes milliseconds.",
        ],
        is_claimed: true,
    }
}

fn delay(id: &'static str, title: &'static str) -> About {
    About {
        id,
        title,
        unit: Unit::Ns,
        how: "From the call of spawn until the unit's first instruction, over all units of one \
              execution that was observed.",
        details: &[
            "Each unit reads the clock when it begins. That costs more than spawning a task, so it \
             happens in an execution of its own after the samples, and its cost is told with the \
             experiment.",
            "Units wait for a free core: with many units that are started at once, most of the \
             delay is the queue in front of them and not the spawn.",
        ],
        is_claimed: false,
    }
}

fn cpu() -> About {
    About {
        id: "cpu",
        title: "Processor time of a unit",
        unit: Unit::Ns,
        how: "Processor time of the whole process in user mode and in the kernel, divided by the \
              units.",
        details: &[
            "It counts what all cores spent, where wall-clock time counts how long it took.",
        ],
        is_claimed: false,
    }
}

fn spawn_loop_ns(cell: &Cell) -> Figure {
    reading(cell, "spawn_loop_ns", units(cell)?)
}

fn cpu_ns(cell: &Cell) -> Figure {
    book::cpu(cell, units(cell)?)
}

fn delay_ns(cell: &Cell, of: impl Fn(&Percentiles) -> u64) -> Figure {
    let observed = cell.observed.as_ref().ok_or("no execution was observed")?;
    let delays = observed.spawn_to_begin_ns.ok_or("no unit was observed")?;
    Ok(Sampled::exact(of(&delays) as f64, observed.units as usize))
}

fn units(cell: &Cell) -> Result<f64, String> {
    book::units(cell).map(|units| units as f64).ok_or_else(|| "it has no units".to_owned())
}
