//! What samples can be that a page reports.

use filature_core::FieldError;
use filature_core::api::Sample;

/// The longest time that a sample can have taken.
pub const WALL_NS_MAX: u64 = 24 * 3_600 * 1_000_000_000;

/// The most executions in one sample, as [`filature_core::measure::batch`] has it.
const BATCH_MAX: u32 = 100_000;

/// What is wrong with samples from a page of which `taken` are stored already.
pub(super) fn implausible(samples: &[Sample], taken: usize, wanted: usize) -> Vec<FieldError> {
    if taken + samples.len() > wanted {
        let detail = format!(
            "with {} more samples, the cell would have {}; it takes {wanted}",
            samples.len(),
            taken + samples.len()
        );
        return vec![FieldError::new("/samples", detail)];
    }
    let mut errors = Vec::new();
    for (place, sample) in samples.iter().enumerate() {
        if !(1..=WALL_NS_MAX).contains(&sample.wall_ns) {
            errors.push(FieldError::new(
                format!("/samples/{place}/wall_ns"),
                format!("`wall_ns` is {}; it must be from 1 to {WALL_NS_MAX}", sample.wall_ns),
            ));
        }
        if !(1..=BATCH_MAX).contains(&sample.batch) {
            errors.push(FieldError::new(
                format!("/samples/{place}/batch"),
                format!("`batch` is {}; it must be from 1 to {BATCH_MAX}", sample.batch),
            ));
        }
        let native = [
            ("cpu_user_ns", sample.cpu_user_ns.is_some()),
            ("cpu_system_ns", sample.cpu_system_ns.is_some()),
            ("switches_voluntary", sample.switches_voluntary.is_some()),
            ("switches_involuntary", sample.switches_involuntary.is_some()),
            ("readings", !sample.readings.is_empty()),
        ];
        for (name, _) in native.iter().filter(|(_, is_given)| *is_given) {
            errors.push(FieldError::new(
                format!("/samples/{place}/{name}"),
                format!("`{name}` is not something that a browser reports"),
            ));
        }
    }
    errors
}

#[cfg(test)]
#[path = "plausible_tests.rs"]
mod tests;
