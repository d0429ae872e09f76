//! The registry of workloads: one file each, and one line in [`ALL`].

use crate::workload::{Workload, entry};

pub mod blocking;
#[cfg(not(target_arch = "wasm32"))]
pub mod chat;
pub mod collect;
pub mod counter;
pub mod cpu_bound;
#[cfg(not(target_arch = "wasm32"))]
pub mod echo_server;
pub mod fan_out;
pub mod fire_and_forget;
pub mod gauge;
#[cfg(not(target_arch = "wasm32"))]
pub mod http_server;
pub mod interleave;
pub mod panic;
pub mod ping_pong;
pub mod pipeline;
pub mod semaphore;
pub mod timeout;

/// Every workload, in the order in which a learner meets them. Those that serve are native
/// only: a browser opens no sockets.
pub static ALL: &[&dyn Workload] = &[
    // Spawn and join.
    entry!(fan_out, readings),
    entry!(interleave),
    entry!(collect),
    entry!(fire_and_forget),
    // Share.
    entry!(counter),
    // Communicate.
    entry!(pipeline),
    entry!(ping_pong, readings),
    // Limit and cancel.
    entry!(semaphore),
    entry!(timeout),
    entry!(gauge),
    // Fail.
    entry!(panic),
    // Serve.
    #[cfg(not(target_arch = "wasm32"))]
    entry!(echo_server, descriptors, readings),
    #[cfg(not(target_arch = "wasm32"))]
    entry!(http_server, descriptors, readings),
    #[cfg(not(target_arch = "wasm32"))]
    entry!(chat, descriptors),
    // Decide.
    entry!(cpu_bound),
    entry!(blocking),
];

/// The workload of that id.
pub fn find(id: &str) -> Option<&'static dyn Workload> {
    ALL.iter().copied().find(|workload| workload.id() == id)
}
