//! The registry of workloads: one file each, and one line in [`ALL`].

use crate::workload::{Workload, entry};

#[cfg(not(target_arch = "wasm32"))]
pub mod chat;
pub mod counter;
#[cfg(not(target_arch = "wasm32"))]
pub mod echo_server;
pub mod fan_out;
#[cfg(not(target_arch = "wasm32"))]
pub mod http_server;
pub mod pipeline;

/// Every workload, in the order in which a learner meets them. Those that serve are native
/// only: a browser opens no sockets.
pub static ALL: &[&dyn Workload] = &[
    entry!(fan_out),
    entry!(counter),
    entry!(pipeline),
    #[cfg(not(target_arch = "wasm32"))]
    entry!(echo_server, echo_server::descriptors),
    #[cfg(not(target_arch = "wasm32"))]
    entry!(http_server, http_server::descriptors),
    #[cfg(not(target_arch = "wasm32"))]
    entry!(chat, chat::descriptors),
];

/// The workload of that id.
pub fn find(id: &str) -> Option<&'static dyn Workload> {
    ALL.iter().copied().find(|workload| workload.id() == id)
}
