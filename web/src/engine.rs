//! The engine: a dedicated worker that runs workloads in this browser. Messages in
//! and out, nothing else.

use crate::dom::{document, window};
use crate::from_js::{FromJs, field, read};
use filature_core::api::{BrowserCard, BrowserEnd, Sample, Spec};
use filature_core::{Executor, ParamValues};
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Where the engine's worker script is; `None` in a page that was built without one.
pub fn url() -> Option<String> {
    let meta = document().query_selector("meta[name='filature-engine']").ok().flatten()?;
    meta.get_attribute("content").filter(|url| !url.is_empty())
}

/// This browser, with what the engine found out about its clock.
pub fn card(clock_resolution_ns: u64, cross_origin_isolated: bool) -> BrowserCard {
    let navigator = window().navigator();
    BrowserCard {
        browser: name_of(&navigator.user_agent().unwrap_or_default()),
        cores: navigator.hardware_concurrency() as u32,
        clock_resolution_ns,
        cross_origin_isolated,
        workers_max: crate::browser::workers_max(),
    }
}

/// Name and version from a user agent string, which names its ancestors as well.
pub fn name_of(user_agent: &str) -> String {
    let known = [
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("HeadlessChrome", "Chromium (headless)"),
        ("Chrome", "Chromium"),
        ("Version", "Safari"),
    ];
    let found = known.into_iter().find_map(|(mark, name)| {
        let part = user_agent.split(' ').find_map(|part| part.strip_prefix(mark))?;
        let major = part.strip_prefix('/')?.split('.').next()?;
        Some(format!("{name} {major}"))
    });
    found.unwrap_or_else(|| "an unknown browser".to_owned())
}

#[derive(Default)]
struct Inbox {
    ready: Option<BrowserCard>,
    samples: Vec<Sample>,
    end: Option<BrowserEnd>,
    workers: Option<u32>,
    broken: Option<String>,
}

/// A started worker. Dropping it ends the worker, whatever it is doing.
pub struct Engine {
    worker: Worker,
    inbox: Rc<RefCell<Inbox>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Engine {
    /// Starts a worker, which then loads the engine.
    ///
    /// # Errors
    /// Why this browser cannot.
    pub fn start() -> Result<Self, String> {
        let url = url().ok_or("this page was built without the engine")?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&url, &options)
            .map_err(|_| "this browser cannot start a module worker".to_owned())?;
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let into = Rc::clone(&inbox);
        let on_message = Closure::new(move |event: MessageEvent| {
            receive(&mut into.borrow_mut(), &event.data());
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let into = Rc::clone(&inbox);
        let on_error = Closure::new(move |event: ErrorEvent| {
            let what = Some(event.message()).filter(|message| !message.is_empty());
            let what = what.unwrap_or_else(|| "it could not be loaded".to_owned());
            break_down(&mut into.borrow_mut(), format!("the engine failed: {what}"));
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, inbox, _on_message: on_message, _on_error: on_error })
    }

    /// The card of this browser, once the engine is loaded.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn ready(&self) -> Result<Option<BrowserCard>, String> {
        let inbox = self.inbox.borrow();
        match &inbox.broken {
            Some(reason) => Err(reason.clone()),
            None => Ok(inbox.ready.clone()),
        }
    }

    /// Begins to measure a cell.
    pub fn run(&self, spec: &Spec, executor: Executor, params: &ParamValues) {
        self.ask(&json!({
            "type": "run", "executor": executor, "workload": spec.workload, "params": params,
            "warmups": spec.warmups, "samples": spec.samples,
        }));
    }

    /// Begins to count how many workers this browser can start at once.
    pub fn count_workers(&self) {
        self.ask(&json!({ "type": "count-workers" }));
    }

    fn ask(&self, message: &serde_json::Value) {
        let ready = self.inbox.borrow().ready.clone();
        *self.inbox.borrow_mut() = Inbox { ready, ..Inbox::default() };
        let posted = js_sys::JSON::parse(&message.to_string())
            .and_then(|message| self.worker.post_message(&message));
        if posted.is_err() {
            break_down(&mut self.inbox.borrow_mut(), "the engine takes no messages".to_owned());
        }
    }

    /// The samples since the last call.
    pub fn take_samples(&self) -> Vec<Sample> {
        std::mem::take(&mut self.inbox.borrow_mut().samples)
    }

    /// How many workers were counted, once they were.
    pub fn take_workers(&self) -> Option<u32> {
        self.inbox.borrow_mut().workers.take()
    }

    /// How the cell ended, once it has.
    pub fn take_end(&self) -> Option<BrowserEnd> {
        self.inbox.borrow_mut().end.take()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn receive(inbox: &mut Inbox, message: &JsValue) {
    match read::<Message>(message) {
        Ok(Message::Ready(card)) => inbox.ready = Some(card),
        Ok(Message::Sample(sample)) => inbox.samples.push(sample),
        Ok(Message::End(end)) => inbox.end = Some(end),
        Ok(Message::Workers(most)) => inbox.workers = Some(most),
        Ok(Message::Nothing) => {}
        Err(field) => {
            break_down(inbox, format!("the engine said what the page can't read: `{field}`"));
        }
    }
}

/// What the worker says.
enum Message {
    /// It is loaded, in this browser.
    Ready(BrowserCard),
    /// It has timed an execution.
    Sample(Sample),
    /// The cell is over.
    End(BrowserEnd),
    /// So many workers can be started at once.
    Workers(u32),
    /// Something that the page need not know, such as a warm-up.
    Nothing,
}

impl FromJs for Message {
    fn from_js(message: &JsValue) -> Self {
        match field::<String>(message, "type").as_str() {
            "ready" => Self::Ready(card(
                field(message, "clock_resolution_ns"),
                field(message, "cross_origin_isolated"),
            )),
            "sample" if field::<String>(message, "kind") == "sample" => {
                Self::Sample(field(message, "sample"))
            }
            "done" => Self::End(BrowserEnd::Done {
                outcome: field(message, "outcome"),
                spawn_costs: field(message, "spawn_costs"),
            }),
            "refused" => Self::End(BrowserEnd::Refused {
                reason: field(message, "reason"),
                refusal: field(message, "refusal"),
            }),
            "workers" => Self::Workers(field(message, "most")),
            "failed" => Self::End(BrowserEnd::Failed { reason: field(message, "reason") }),
            _ => Self::Nothing,
        }
    }
}

fn break_down(inbox: &mut Inbox, reason: String) {
    inbox.end = Some(BrowserEnd::Failed { reason: reason.clone() });
    inbox.broken = Some(reason);
}
