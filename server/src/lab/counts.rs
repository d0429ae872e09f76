//! What has been measured since the start, for the metrics.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// From an empty queue to one of a large class.
const WAIT_BUCKETS_S: [f64; 8] = [0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0];

/// What has been measured since the start.
pub struct Counts {
    /// Cells by the state they ended in.
    pub cells: Family<[(&'static str, &'static str); 1], Counter>,
    /// Samples stored.
    pub samples: Counter,
    /// Comparisons by the state they ended in.
    pub comparisons: Family<[(&'static str, &'static str); 1], Counter>,
    /// Child processes started.
    pub children: Counter,
    /// How long experiments have waited until their turn came, in seconds.
    pub waits: Histogram,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            cells: Family::default(),
            samples: Counter::default(),
            comparisons: Family::default(),
            children: Counter::default(),
            waits: Histogram::new(WAIT_BUCKETS_S),
        }
    }
}
