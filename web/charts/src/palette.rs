//! The colours of the executors: on the page's background each has a contrast of at
//! least 4.5:1, in light and dark, and colour-blind readers can tell them apart.

/// The colour of one executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutorColour {
    /// The executor's id, such as `tokio-multi`.
    pub id: &'static str,
    /// The colour on a light background, such as `#fbfaf7`.
    pub light: &'static str,
    /// The colour on a dark background, such as `#15171a`.
    pub dark: &'static str,
}

/// The colours of all executors, in the order in which they are shown.
pub const PALETTE: [ExecutorColour; 5] = [
    ExecutorColour { id: "threads", light: "#b3401a", dark: "#ff9466" },
    ExecutorColour { id: "tokio-multi", light: "#1a56b0", dark: "#6ea8ff" },
    ExecutorColour { id: "tokio-current", light: "#0a7a72", dark: "#4fd1c0" },
    ExecutorColour { id: "browser-loop", light: "#8a2f8f", dark: "#d98be0" },
    ExecutorColour { id: "browser-workers", light: "#6b5500", dark: "#d8bc4a" },
];
