//! Who terminates the engine's worker ends all workers that it has started.
#![cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::thread;
use filature_core::time::{Duration, sleep};
use filature_engine::workers::Pool;
use js_sys::{Object, Reflect};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const WORKERS: usize = 2;

/// One count per worker that works for ever.
static COUNTS: [AtomicU64; WORKERS] = [const { AtomicU64::new(0) }; WORKERS];

#[wasm_bindgen(inline_js = "
    export function start_engine(init) {
        const script = `addEventListener('message', async ({ data }) => {
            const engine = await import(data.glue);
            await engine.default({ module_or_path: data.module, memory: data.memory });
            await engine.work_for_ever(data.worker_url);
        })`;
        const blob = new Blob([script], { type: 'text/javascript' });
        const worker = new Worker(URL.createObjectURL(blob), { type: 'module' });
        worker.postMessage(init);
        return worker;
    }
")]
extern "C" {
    fn start_engine(init: &Object) -> Worker;
}

#[wasm_bindgen]
extern "C" {
    type Worker;
    #[wasm_bindgen(method)]
    fn terminate(this: &Worker);

    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static GLUE_URL: String;
    #[wasm_bindgen(thread_local_v2, js_namespace = location, js_name = origin)]
    static ORIGIN: String;
}

/// What the worker in the engine's place does.
#[wasm_bindgen]
pub async fn work_for_ever(worker_url: String) {
    let mut pool = Pool::new(&worker_url);
    pool.resize(WORKERS).await.unwrap();
    for count in &COUNTS {
        thread::spawn(move || {
            loop {
                count.fetch_add(1, Relaxed);
            }
        });
    }
    // The pool has to live as long as this worker does.
    std::mem::forget(pool);
}

fn counts() -> Vec<u64> {
    COUNTS.iter().map(|count| count.load(Relaxed)).collect()
}

#[wasm_bindgen_test]
async fn who_terminates_the_engine_ends_the_workers_of_its_pool() {
    let init = Object::new();
    // A script that comes from a blob cannot resolve a path.
    let worker_url = ORIGIN.with(|origin| format!("{origin}/thread-worker.js"));
    for (name, value) in [
        ("glue", GLUE_URL.with(|url| url.into())),
        ("module", wasm_bindgen::module()),
        ("memory", wasm_bindgen::memory()),
        ("worker_url", worker_url.into()),
    ] {
        Reflect::set(&init, &name.into(), &value).unwrap();
    }
    let engine = start_engine(&init);
    while counts().contains(&0) {
        sleep(Duration::from_millis(5)).await;
    }

    engine.terminate();

    // Two equal readings with time in between: nobody counts any more.
    let mut last = counts();
    loop {
        sleep(Duration::from_millis(300)).await;
        if counts() == last {
            break;
        }
        last = counts();
    }
}
