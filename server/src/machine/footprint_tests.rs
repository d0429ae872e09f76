//! What is read of `/proc`, on texts that kernels wrote and on what containers leave of them.

use super::*;

/// A child with 1 001 threads, on Linux 6.18; lines that nothing reads are left out.
const STATUS: &str = "\
Name:\tfilature
Umask:\t0022
State:\tS (sleeping)
Tgid:\t9063
NSpid:\t9063
VmPeak:\t 2154664 kB
VmSize:\t 2123872 kB
VmLck:\t       0 kB
VmHWM:\t   13740 kB
VmRSS:\t   13628 kB
VmData:\t 2113360 kB
VmPTE:\t    4192 kB
VmSwap:\t       0 kB
Threads:\t1001
SigQ:\t0/96551
voluntary_ctxt_switches:\t14
";

/// The same machine.
const MEMINFO: &str = "\
MemTotal:       24731708 kB
MemFree:          384456 kB
KReclaimable:     744980 kB
Slab:             832224 kB
SReclaimable:     744980 kB
SUnreclaim:        87244 kB
KernelStack:       17584 kB
PageTables:         5736 kB
HugePages_Total:       0
";

#[test]
fn the_figures_of_a_process_and_of_the_machine_are_read_in_bytes() {
    let expected = Look {
        page_table_bytes: Some(4_192 * 1024),
        size_bytes: Some(2_123_872 * 1024),
        size_peak_bytes: Some(2_154_664 * 1024),
        threads: Some(1_001),
        kernel_stack_bytes: Some(17_584 * 1024),
        slab_bytes: Some(87_244 * 1024),
    };
    assert_eq!(Look::of_status(STATUS).or_more(Look::of_meminfo(MEMINFO)), expected);
}

#[test]
fn what_the_kernel_does_not_say_is_missing_and_the_rest_is_there() {
    let without = |text: &str, name: &str| {
        text.lines().filter(|line| !line.starts_with(name)).collect::<Vec<_>>().join("\n")
    };
    let look = Look::of_status(&without(STATUS, "VmPTE"));
    assert_eq!((look.page_table_bytes, look.threads), (None, Some(1_001)));
    let look = Look::of_meminfo(&without(MEMINFO, "SUnreclaim"));
    assert_eq!((look.slab_bytes, look.kernel_stack_bytes), (None, Some(17_584 * 1024)));
    // A process that has ended, and is not waited for yet, has no memory and one thread.
    let ended = Look::of_status("Name:\tfilature\nState:\tZ (zombie)\nThreads:\t1\n");
    assert_eq!(ended, Look { threads: Some(1), ..Look::default() });
    assert_eq!(Look::of_status("").or_more(Look::of_meminfo("")), Look::default());
}

#[test]
fn what_is_written_in_no_known_way_is_missing() {
    for text in
        ["VmPTE:", "VmPTE:\t12", "VmPTE:\t-1 kB", "VmPTE:\t12 MB", "VmPTE 12 kB", "VmPTEs:\t1 kB"]
    {
        assert_eq!(bytes(text, "VmPTE"), None, "{text}");
    }
    assert_eq!(bytes(&format!("VmPTE:\t{} kB", u64::MAX), "VmPTE"), None);
    assert_eq!(bytes("VmPTE:\t12 kB", "VmPTE"), Some(12 * 1024));
}

#[test]
fn only_growth_is_told_and_only_of_what_was_known_before() {
    assert_eq!(grown(Some(10), Some(15)), Some(5));
    assert_eq!(grown(Some(15), Some(10)), Some(0));
    assert_eq!((grown(None, Some(5)), grown(Some(5), None)), (None, None));
}

#[tokio::test]
async fn a_process_that_reserves_and_fills_memory_is_seen_to_do_so() {
    const BYTES: usize = 256 * 1024 * 1024;
    let mut footprint = Footprint::of(std::process::id());
    let kept = footprint.during(async {
        // Enough for a mapping of its own, of which one byte on each page is touched.
        let mut kept = vec![0_u8; BYTES];
        kept.iter_mut().step_by(4_096).for_each(|byte| *byte = 1);
        kept
    });
    assert_eq!(kept.await.len(), BYTES);
    let memory = footprint.added_to(Memory::new(0, 0, 1));
    assert!(memory.reserved_bytes.unwrap() >= BYTES as u64 / 2, "{memory:?}");
    assert!(memory.threads_peak.unwrap() >= 2, "{memory:?}");
    assert!(memory.page_table_bytes.is_some(), "{memory:?}");
}

#[tokio::test]
async fn a_process_that_is_not_there_has_no_figures_of_its_own() {
    let mut footprint = Footprint::of(u32::MAX);
    footprint.during(async {}).await;
    let memory = footprint.added_to(Memory::new(1, 2, 3));
    let own = (memory.page_table_bytes, memory.reserved_bytes, memory.threads_peak);
    assert_eq!(own, (None, None, None));
}
