//! Pinning a process to some of the cores that it may use.

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Pins the calling thread, and all threads that it starts from now on, to the first `count`
/// of the cores that it may use.
///
/// # Errors
/// A sentence, if it may not use that many, or if the kernel forbids it.
pub(crate) fn pin(count: u32) -> Result<(), String> {
    let this_thread = Pid::from_raw(0);
    let refused = |errno: Errno| format!("it cannot be pinned to {count} cores: {errno}");
    let allowed = sched_getaffinity(this_thread).map_err(refused)?;
    let chosen = first(&allowed, count as usize).map_err(|most| {
        format!("`cores` is {count}, but its process may use {most} of the machine's cores")
    })?;
    sched_setaffinity(this_thread, &chosen).map_err(refused)
}

/// The first `count` cores of a mask.
///
/// # Errors
/// How many there are, if those are fewer.
fn first(mask: &CpuSet, count: usize) -> Result<CpuSet, usize> {
    let is_in = |core: &usize| mask.is_set(*core).unwrap_or(false);
    let cores: Vec<usize> = (0..CpuSet::count()).filter(is_in).collect();
    let mut chosen = CpuSet::new();
    for core in cores.get(..count).ok_or(cores.len())? {
        chosen.set(*core).expect("a core of a mask fits into one");
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(cores: &[usize]) -> CpuSet {
        let mut mask = CpuSet::new();
        for core in cores {
            mask.set(*core).unwrap();
        }
        mask
    }

    #[test]
    fn the_first_cores_of_the_mask_are_taken_whatever_their_numbers_are() {
        let allowed = mask(&[3, 5, 64]);
        assert!(first(&allowed, 2) == Ok(mask(&[3, 5])));
        assert!(first(&allowed, 3) == Ok(allowed));
        assert!(first(&allowed, 4) == Err(3));
    }

    #[test]
    fn a_pinned_thread_and_those_that_it_starts_have_one_core() {
        let cores = std::thread::spawn(|| {
            pin(1).unwrap();
            assert!(pin(2).unwrap_err().contains("`cores` is 2"));
            std::thread::spawn(crate::machine::cores).join().unwrap()
        });
        assert_eq!(cores.join().unwrap(), 1);
    }
}
