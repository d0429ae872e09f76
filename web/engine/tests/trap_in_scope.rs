//! What happens when a worker of the pool traps in a scoped unit.
#![cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::thread;
use filature_engine::workers::Pool;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

// The only test here: what has trapped is not fit for another one.
#[wasm_bindgen_test]
async fn a_scope_ends_though_a_unit_traps_and_who_joins_it_gets_an_error() {
    let mut pool = Pool::new("/thread-worker.js");
    pool.resize(3).await.unwrap();
    let mut numbers = [0, 0];
    let [first, second] = &mut numbers;
    thread::scope(|scope| {
        let panicking = scope.spawn(|| panic!("as the test wants it"));
        scope.spawn(|| *first = 1);
        let healthy = scope.spawn(|| {
            *second = 2;
            7
        });
        assert!(panicking.join().is_err());
        assert_eq!(healthy.join().unwrap(), 7);
    });
    assert_eq!(numbers, [1, 2]);
}
