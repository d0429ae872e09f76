//! A unit of pure computation that no compiler can shorten or remove.

use std::hint::black_box;

/// Computes for `iterations` steps and returns the last value.
///
/// One step is a 64-bit rotation, multiplication and addition that needs the step
/// before it, so that it takes about the same few processor cycles everywhere and
/// cannot be vectorised. The rotation is what keeps compilers from folding several
/// multiplications into one; a black box in every step would do as well, but goes
/// through memory in WebAssembly, and so doubles its time there alone. Zero
/// iterations cost nothing.
#[inline]
pub fn spin(iterations: u64, seed: u64) -> u64 {
    if iterations == 0 {
        return seed;
    }
    let mut value = black_box(seed);
    for _ in 0..iterations {
        value = value
            .rotate_left(29)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    // So who calls it again with the same arguments has it computed again.
    black_box(value)
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
