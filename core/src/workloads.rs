//! The registry of workloads: one file each, and one line in [`ALL`].

use crate::workload::{Workload, entry};

pub mod blocking;
pub mod collect;
pub mod counter;
pub mod cpu_bound;
pub mod fan_out;
pub mod fire_and_forget;
pub mod gauge;
pub mod interleave;
pub mod panic;
pub mod ping_pong;
pub mod pipeline;
pub mod semaphore;
pub mod timeout;

/// Every workload, in the order in which a learner meets them.
pub static ALL: &[&dyn Workload] = &[
    // Spawn and join.
    entry!(fan_out),
    entry!(interleave),
    entry!(collect),
    entry!(fire_and_forget),
    // Share.
    entry!(counter),
    // Communicate.
    entry!(pipeline),
    entry!(ping_pong),
    // Limit and cancel.
    entry!(semaphore),
    entry!(timeout),
    entry!(gauge),
    // Fail.
    entry!(panic),
    // Decide.
    entry!(cpu_bound),
    entry!(blocking),
];

/// The workload of that id.
pub fn find(id: &str) -> Option<&'static dyn Workload> {
    ALL.iter().copied().find(|workload| workload.id() == id)
}
