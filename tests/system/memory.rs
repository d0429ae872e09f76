//! The memory of a cell beside its resident pages.

use filature_tests::{filature, text};
use serde_json::Value;

#[test]
fn what_threads_take_beside_resident_pages_is_told_apart() {
    const UNITS: u64 = 300;
    let units = format!("units={UNITS}");
    let setting = ["--set", &units, "--set", "work=sleep", "--set", "duration_ms=1000"];
    let taking = ["--executor", "threads", "--samples", "2", "--warmups", "0", "--json"];
    let output = filature(&[&["run", "fan-out"], setting.as_slice(), &taking].concat());
    let experiment: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    let memory = &experiment["cells"][0]["memory"];
    let figure = |name: &str| memory[name].as_u64().unwrap_or_else(|| panic!("{name}: {memory}"));

    assert_eq!(figure("threads_peak"), UNITS + 1);
    // The standard library gives each thread a stack of 2 MiB, and it is address space.
    assert!(figure("reserved_bytes") >= UNITS * 2 * 1024 * 1024, "{memory}");
    assert!(figure("peak_bytes") < UNITS * 1024 * 1024, "{memory}");
    // No kernel has smaller stacks than 8 KiB; other programs' threads come and go.
    assert!(figure("kernel_stack_bytes") >= UNITS * 4 * 1024, "{memory}");
    assert!(figure("page_table_bytes") > 0, "{memory}");
    assert!(memory["slab_bytes"].is_u64(), "{memory}");
}
