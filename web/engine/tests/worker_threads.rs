//! What `thread` promises to the bodies, on Web Workers: the same as on native.
#![cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::thread;
use filature_core::time::Duration;
use filature_engine::workers::Pool;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Barrier, Mutex};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A pool with so many workers. Send them away with `resize(0)` before the next test's.
async fn pool(workers: usize) -> Pool {
    let mut pool = Pool::new("/thread-worker.js");
    pool.resize(workers).await.unwrap();
    pool
}

#[wasm_bindgen_test]
async fn units_see_one_memory_and_not_copies_of_it() {
    static SUM: AtomicU64 = AtomicU64::new(0);
    let mut pool = pool(2).await;
    let (shared, meeting) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Barrier::new(3)));
    let units: Vec<_> = [1_u64, 2]
        .into_iter()
        .map(|number| {
            let (shared, meeting) = (Arc::clone(&shared), Arc::clone(&meeting));
            thread::spawn(move || {
                // With a copy each, none would ever come past here.
                meeting.wait();
                shared.lock().unwrap().push(number);
                for _ in 0..100_000 {
                    SUM.fetch_add(number, Relaxed);
                }
                meeting.wait();
                let seen = (SUM.load(Relaxed), shared.lock().unwrap().len());
                (&raw const SUM as usize, seen)
            })
        })
        .collect();
    meeting.wait();
    meeting.wait();
    for unit in units {
        assert_eq!(unit.join().unwrap(), (&raw const SUM as usize, (300_000, 2)));
    }
    assert_eq!(SUM.load(Relaxed), 300_000);
    shared.lock().unwrap().sort_unstable();
    assert_eq!(*shared.lock().unwrap(), [1, 2]);
    pool.resize(0).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_channel_without_room_hands_every_item_over_in_order() {
    let mut pool = pool(2).await;
    let (there, stage_input) = sync_channel(0);
    let (stage_output, back) = sync_channel(0);
    let source = thread::spawn(move || (0..1_000_u64).for_each(|item| there.send(item).unwrap()));
    let stage = thread::spawn(move || {
        for item in stage_input {
            stage_output.send(item * 2).unwrap();
        }
    });
    assert!(back.into_iter().eq((0..1_000).map(|item| item * 2)));
    source.join().unwrap();
    stage.join().unwrap();
    pool.resize(0).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_worker_is_free_for_the_next_unit_as_soon_as_the_last_one_is_joined() {
    let mut pool = pool(1).await;
    for number in 0..10_000_u64 {
        assert_eq!(thread::spawn(move || number).join().unwrap(), number);
    }
    pool.resize(0).await.unwrap();
}

#[wasm_bindgen_test]
async fn who_drops_a_handle_does_not_stop_the_unit() {
    let mut pool = pool(1).await;
    let (sender, receiver) = sync_channel(1);
    drop(thread::spawn(move || sender.send(7).unwrap()));
    assert_eq!(receiver.recv().unwrap(), 7);
    pool.resize(0).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_scope_lends_what_its_caller_has_and_returns_when_all_units_have_ended() {
    let mut pool = pool(3).await;
    for _ in 0..1_000 {
        let (mut numbers, text) = (vec![0; 2], "lent".to_owned());
        let returned = thread::scope(|scope| {
            for (unit, number) in (1..).zip(&mut numbers) {
                // Not joined: the scope waits all the same.
                scope.spawn(move || *number = unit);
            }
            let joined = scope.spawn(|| text.len());
            joined.join().unwrap()
        });
        assert_eq!((numbers, returned, text.as_str()), (vec![1, 2], 4, "lent"));
    }
    pool.resize(0).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_scope_waits_for_a_unit_that_is_slow_and_not_joined() {
    let mut pool = pool(1).await;
    let ended = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            ended.store(1, Relaxed);
        });
    });
    assert_eq!(ended.load(Relaxed), 1);
    pool.resize(0).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_unit_in_a_scope_can_spawn_another_one_in_it() {
    let mut pool = pool(2).await;
    let sum = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            sum.fetch_add(1, Relaxed);
            scope.spawn(|| sum.fetch_add(2, Relaxed));
        });
    });
    assert_eq!(sum.into_inner(), 3);
    pool.resize(0).await.unwrap();
}
