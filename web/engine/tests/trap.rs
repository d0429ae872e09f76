//! What happens when a worker of the pool traps.
#![cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::thread;
use filature_engine::workers::Pool;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

// The only test here: what has trapped is not fit for another one.
#[wasm_bindgen_test]
async fn who_joins_a_unit_that_traps_gets_an_error_and_the_other_units_go_on() {
    let mut pool = Pool::new("/thread-worker.js");
    pool.resize(3).await.unwrap();
    let panicking = thread::spawn(|| -> u64 { panic!("as the test wants it") });
    let healthy = thread::spawn(|| 7_u64);
    let trapping = thread::spawn(|| std::arch::wasm32::unreachable());
    assert!(panicking.join().is_err());
    assert_eq!(healthy.join().unwrap(), 7);
    assert!(trapping.join().is_err());
}
