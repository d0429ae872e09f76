//! The registry of workloads: one file each, and one line in [`ALL`].

use crate::workload::{Workload, entry};

pub mod counter;
pub mod fan_out;
pub mod pipeline;

/// Every workload, in the order in which a learner meets them.
pub static ALL: &[&dyn Workload] = &[entry!(fan_out), entry!(counter), entry!(pipeline)];

/// The workload of that id.
pub fn find(id: &str) -> Option<&'static dyn Workload> {
    ALL.iter().copied().find(|workload| workload.id() == id)
}
