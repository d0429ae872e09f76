//! The engine's Web Workers: started, counted, sent away.

use super::median;
use crate::clock;
use filature_core::api::limits::BROWSER_WORKERS_MAX;
use filature_core::thread::pool;
use filature_core::time::{Duration, sleep};
use js_sys::{Object, Reflect};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use wasm_bindgen::prelude::*;

/// How many workers are started together.
const STARTED_TOGETHER: usize = 16;

/// How long that may take before the browser is taken to hold no more.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// The stack of a worker: the bodies need little. A multiple of 64 KiB.
const STACK_BYTES: u32 = 256 * 1024;

#[wasm_bindgen]
extern "C" {
    type Worker;
    #[wasm_bindgen(constructor, catch)]
    fn new(url: &str, options: &Object) -> Result<Worker, JsValue>;
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &Worker, message: &Object);
    #[wasm_bindgen(method)]
    fn terminate(this: &Worker);
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &Worker, handler: Option<&js_sys::Function>);
    #[wasm_bindgen(method, setter)]
    fn set_onerror(this: &Worker, handler: Option<&js_sys::Function>);

    /// The `postMessage` of the worker that this runs on, to the one that started it.
    #[wasm_bindgen(js_name = postMessage)]
    fn post_to_parent(message: &Object);

    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static GLUE_URL: String;
}

/// What a worker tells the engine's own thread, in the words of `thread-worker.js`.
pub(super) enum Message {
    /// It is about to work.
    Ready {
        /// When it made its first instruction on the shared memory, on the shared clock.
        first_instruction_ns: u64,
    },
    /// What the body's worker has to tell the page, to be passed on as it is.
    Event(String),
    /// The same, and it is the last one.
    End(String),
    /// It has given its stack back and is gone.
    Left,
    /// It could not be started, or has trapped.
    Lost(String),
    /// Not from a worker: the time for a start is over.
    TimeIsUp,
}

impl Message {
    fn read(data: &JsValue) -> Self {
        let text = |name| get(data, name).as_string().unwrap_or_default();
        match text("type").as_str() {
            "ready" => {
                let first_ns = get(data, "first_instruction_ns").as_f64().unwrap_or_default();
                Self::Ready { first_instruction_ns: first_ns as u64 }
            }
            "event" => Self::Event(text("json")),
            "end" => Self::End(text("json")),
            "left" => Self::Left,
            "lost" => Self::Lost(text("reason")),
            other => Self::Lost(format!("it sent a message of the type \"{other}\"")),
        }
    }
}

/// Tells the engine's own thread what to pass on to the page.
pub(super) fn tell(json: &str, is_last: bool) {
    let kind = if is_last { "end" } else { "event" };
    post_to_parent(&object(&[("type", kind.into()), ("json", json.into())]));
}

/// Why there are fewer workers than wanted.
#[derive(Debug)]
pub enum Shortage {
    /// The browser, or the engine's own limit, allows only so many.
    Limit {
        /// How many there can be.
        most: usize,
    },
    /// A worker could not be started at all: why, in words.
    Lost(String),
}

/// The workers that wait for units.
pub struct Pool {
    worker_url: String,
    /// By the numbers that `inbox` names them by.
    workers: BTreeMap<usize, Started>,
    /// How many were ever started; the number of the next one.
    started: usize,
    /// How many are ready and have not been told to leave.
    size: usize,
    /// How many the browser is known to hold at most.
    most: usize,
    outbox: mpsc::UnboundedSender<(usize, Message)>,
    inbox: mpsc::UnboundedReceiver<(usize, Message)>,
}

struct Started {
    worker: Worker,
    asked_ns: u64,
    /// From then until its first instruction.
    start_ns: Option<u64>,
    /// Lives as long as the worker may call it.
    _on_message: Closure<dyn FnMut(JsValue)>,
    /// Likewise.
    _on_error: Closure<dyn FnMut(JsValue)>,
}

impl Pool {
    /// An empty pool, whose workers will run the script at `worker_url`.
    pub fn new(worker_url: &str) -> Self {
        let (outbox, inbox) = mpsc::unbounded_channel();
        Self {
            worker_url: worker_url.to_owned(),
            workers: BTreeMap::new(),
            started: 0,
            size: 0,
            most: BROWSER_WORKERS_MAX,
            outbox,
            inbox,
        }
    }

    /// Starts workers, or sends some away, until there are as many as `wanted`.
    ///
    /// # Errors
    /// If there cannot be so many.
    pub async fn resize(&mut self, wanted: usize) -> Result<(), Shortage> {
        if wanted > self.most {
            return Err(Shortage::Limit { most: self.most });
        }
        while self.size < wanted {
            self.start((wanted - self.size).min(STARTED_TOGETHER)).await?;
        }
        pool::admit(self.size);
        let staying = self.workers.len() - (self.size - wanted);
        self.size = wanted;
        pool::admit(wanted);
        while self.workers.len() > staying {
            self.next_message().await;
        }
        Ok(())
    }

    /// Starts so many workers together and waits until they are ready.
    async fn start(&mut self, count: usize) -> Result<(), Shortage> {
        let wanted = self.size + count;
        let not_started = |error: JsValue| Shortage::Lost(words(&error));
        for _ in 0..count {
            self.start_one().map_err(not_started)?;
        }
        let (outbox, deadline) = (self.outbox.clone(), self.started);
        wasm_bindgen_futures::spawn_local(async move {
            sleep(START_TIMEOUT).await;
            // Without the pool nobody waits any more.
            let _ = outbox.send((deadline, Message::TimeIsUp));
        });
        while self.size < wanted {
            match self.next_message().await {
                (_, Message::Lost(reason)) => return Err(Shortage::Lost(reason)),
                // A worker that is late is not terminated, since it may hold the lock of the
                // memory's allocator: once it is ready it is one more than was hoped for.
                (wave, Message::TimeIsUp) if wave == deadline => {
                    self.most = self.size;
                    return Err(Shortage::Limit { most: self.most });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn start_one(&mut self) -> Result<(), JsValue> {
        let number = self.started;
        let outbox = self.outbox.clone();
        let on_message = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            // Without the pool nobody listens any more.
            let _ = outbox.send((number, Message::read(&get(&event, "data"))));
        });
        let outbox = self.outbox.clone();
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let reason = get(&event, "message").as_string();
            let reason = reason.unwrap_or_else(|| "its script could not be loaded".to_owned());
            let _ = outbox.send((number, Message::Lost(reason)));
        });
        let asked_ns = clock::shared_now_ns();
        let worker = Worker::new(&self.worker_url, &object(&[("type", "module".into())]))?;
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.post_message(&object(&[
            ("glue", GLUE_URL.with(|url| url.into())),
            ("module", wasm_bindgen::module()),
            ("memory", wasm_bindgen::memory()),
            ("stack_bytes", STACK_BYTES.into()),
        ]));
        self.started += 1;
        let (_on_message, _on_error) = (on_message, on_error);
        let started = Started { worker, asked_ns, start_ns: None, _on_message, _on_error };
        self.workers.insert(number, started);
        Ok(())
    }

    /// Waits for the next message, and notes who came and who left.
    pub(super) async fn next_message(&mut self) -> (usize, Message) {
        let (number, message) = self.inbox.recv().await.expect("the pool holds a sender itself");
        match &message {
            Message::Ready { first_instruction_ns } => {
                self.size += 1;
                if let Some(started) = self.workers.get_mut(&number) {
                    let start_ns = first_instruction_ns.saturating_sub(started.asked_ns);
                    started.start_ns = Some(start_ns);
                }
            }
            Message::Left => {
                self.workers.remove(&number);
            }
            Message::Event(_) | Message::End(_) | Message::Lost(_) | Message::TimeIsUp => {}
        }
        (number, message)
    }

    /// From the creation of a worker until its first instruction: the median of all.
    pub(super) fn median_start_ns(&self) -> u64 {
        median(self.workers.values().filter_map(|started| started.start_ns).collect())
    }

    /// Ends all workers at once, whatever they do, and with that the engine.
    pub(super) fn abandon(self) {
        for Started { worker, .. } in self.workers.values() {
            worker.terminate();
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // What is still on its way finds nobody to call, instead of a closure that is gone.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
    }
}

fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &(*name).into(), value).expect("a new object takes every property");
    }
    object
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// What a thrown value says.
fn words(error: &JsValue) -> String {
    let said = get(error, "message").as_string().or_else(|| error.as_string());
    said.unwrap_or_else(|| "the browser gives no reason".to_owned())
}
