//! The machine behind the figures: what it is, what it can hold right now.

use filature_core::api::{Limit, MachineCard, MachineReport};
use std::sync::OnceLock;

/// The machine and the versions of this program; read once.
pub fn card() -> &'static MachineCard {
    static CARD: OnceLock<MachineCard> = OnceLock::new();
    CARD.get_or_init(|| MachineCard {
        cpu: "unknown".to_owned(),
        cores: cores(),
        kernel: "unknown".to_owned(),
        memory_bytes: 0,
        rustc: "unknown".to_owned(),
        tokio: "unknown".to_owned(),
        filature: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
    })
}

/// How many cores this program may use.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32)
}

/// The machine and what it can hold right now.
pub fn report() -> MachineReport {
    MachineReport {
        card: card().clone(),
        memory_available_bytes: 0,
        load_1m: 0.0,
        thread_limits: thread_limits(),
        clock_read_ns: 0.0,
    }
}

/// What limits the number of threads, the tightest limit first.
pub fn thread_limits() -> Vec<Limit> {
    Vec::new()
}
