//! A unit of pure computation that no compiler can shorten or remove.

use std::hint::black_box;

/// Computes for `iterations` steps and returns the last value.
///
/// One step is a 64-bit multiply and add that needs the step before it (the
/// generator of Knuth's MMIX, *The Art of Computer Programming* vol. 2, 3.3.4),
/// so that it takes about the same few processor cycles everywhere and cannot be
/// vectorised. Zero iterations cost nothing.
#[inline]
pub fn spin(iterations: u64, seed: u64) -> u64 {
    let mut value = seed;
    for _ in 0..iterations {
        value = black_box(
            value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407),
        );
    }
    value
}

#[cfg(test)]
mod tests {
    use super::spin;

    #[test]
    fn spinning_is_deterministic_and_depends_on_every_step() {
        assert_eq!(spin(0, 7), 7);
        assert_eq!(spin(5, 7), spin(5, 7));
        assert_ne!(spin(5, 7), spin(6, 7));
    }
}
