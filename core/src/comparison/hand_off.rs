//! Hand-off: what it takes to switch from one unit to the other.

use super::book::{About, Book, Figure, Place, Sampled, judged_row, per_operation, reading};
use super::claims;
use crate::api::{Cell, Row, Unit};
use crate::executor::{self, Executor};

const BROWSER: Place = Place {
    key: "hand-off-browser",
    executors: &[Executor::BrowserLoop, Executor::BrowserWorkers],
};

pub(super) fn row(book: &Book<'_>) -> Row {
    let native = |key| Place { key, executors: executor::NATIVE };
    let woken = |threads, tasks| {
        [
            Place { key: threads, executors: executor::OS_THREADS },
            Place { key: tasks, executors: executor::TOKIO },
        ]
    };
    let measures = vec![
        book.measure(
            about("channel", "Over channels", CHANNEL),
            &[native("hand-off"), BROWSER],
            hop,
        ),
        book.measure(
            about("channel-pinned", "Over channels, on one core", PINNED),
            &[native("hand-off-pinned")],
            hop,
        ),
        book.measure(about("wake", "Parked and woken", WAKE), &woken("park", "notify"), hop),
        book.measure(
            about("wake-pinned", "Parked and woken, on one core", PINNED),
            &woken("park-pinned", "notify-pinned"),
            hop,
        ),
        book.measure(about("ring", "Through a ring of 100", RING), &[native("ring")], hop),
        book.measure(
            about("ring-pinned", "Through a ring of 100, on one core", PINNED),
            &[native("ring-pinned")],
            hop,
        ),
        book.measure(switches(), &[native("hand-off")], switches_per_hop),
    ];
    let head = (
        "hand-off",
        "Hand-off (\"context switch\")",
        "What does it take until the other side runs?",
    );
    judged_row(head, claims::hand_off(), measures)
}

const CHANNEL: &str = "One token goes back and forth between two units over bounded channels; the \
                       time of one hop, with all that it takes to wake the other side.";
const PINNED: &str = "The same with the whole process on one core.";
const WAKE: &str = "The same with no more than sleeping and waking: park and unpark for threads, \
                    Notify for tasks.";
const RING: &str = "The token goes round through 100 units over channels; the time of one hop.";

fn about(id: &'static str, title: &'static str, how: &'static str) -> About {
    About {
        id,
        title,
        unit: Unit::Ns,
        how,
        details: &[
            "From when the token is handed over for the first time until it came back for the last \
             time: neither spawning nor joining. Nothing is subtracted: the channel is in it, and \
             so is the wake-up. Only one unit can run at a time. On one core Tokio has one worker.",
            "In a browser it is the time of the whole, spawning and joining included, divided by the \
             hops: its clock is too coarse for less.",
            "With several cores the kernel often wakes the other thread on a core that sleeps, \
             and waking that core takes most of the time; on one core it is a mere switch. Which \
             of the two a program sees depends on how busy its machine is.",
            "A task that wakes another one on the same worker leaves it in a slot that is looked \
             at first, so that a hop between two tasks is little more than a function call. Where \
             the two are on different workers, they have to wake each other like threads.",
        ],
        is_claimed: true,
    }
}

fn switches() -> About {
    About {
        id: "switches",
        title: "Switches by the kernel, for each hop",
        unit: Unit::Number,
        how: "Voluntary context switches of the whole process by getrusage, divided by the hops \
              over channels.",
        details: &[
            "A check on the figures above, over the whole execution: a thread that waits gives its \
             core back to the kernel, about once for each hop. Tasks on one worker switch without \
             the kernel.",
        ],
        is_claimed: false,
    }
}

/// The time of one hop, without spawning and joining. In a browser the clock is too coarse for
/// anything but the whole.
fn hop(cell: &Cell) -> Figure {
    if !cell.executor.is_native() {
        return per_operation(cell);
    }
    reading(cell, "hops_ns", hops(cell)?)
}

/// How many hops one execution makes.
fn hops(cell: &Cell) -> Result<f64, String> {
    let number = |name| cell.params.get(name)?.as_u64();
    let (rounds, units) =
        (number("rounds").ok_or("it has no rounds")?, number("units").unwrap_or(1));
    Ok((rounds * (units + 1)) as f64)
}

fn switches_per_hop(cell: &Cell) -> Figure {
    let hops = hops(cell)?;
    let switches = cell.samples.iter().filter_map(|sample| sample.switches_voluntary);
    Sampled::of(switches.map(|switches| switches as f64 / hops).collect())
        .ok_or_else(|| "not measurable here: the kernel does not tell it".to_owned())
}
