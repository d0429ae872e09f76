//! This page as a machine: measures the browser cells of an experiment that was
//! started here, in a dedicated worker, and posts the samples to the server.

use crate::api::{self, Failure, start};
use crate::dom::window;
use crate::engine::Engine;
use crate::state::App;
use filature_core::api::{
    BrowserCard, BrowserClaim, BrowserEnd, BrowserLease, BrowserReport, Cell, CellState,
    Experiment, Sample, Spec, State,
};
use filature_core::{Executor, ParamValues};

use std::cell::{Cell as Slot, RefCell};
use std::time::Duration;
use web_sys::Storage;

/// How often the samples so far are posted.
const REPORT_EVERY: Duration = Duration::from_millis(300);
/// How often the worker's messages are looked at in between.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the engine may take to load.
const READY_WITHIN: Duration = Duration::from_secs(8);
/// How long counting the workers may take.
const COUNTED_WITHIN: Duration = Duration::from_secs(30);
/// Where this tab remembers which experiment it started.
const MINE: &str = "filature-experiment";
/// Where this tab remembers how many workers were counted.
const WORKERS: &str = "filature-workers";

thread_local! {
    /// Whether a cell is being measured right now: one at a time.
    static BUSY: Slot<bool> = const { Slot::new(false) };
    /// The experiment whose browser cells this tab measures, if there is one.
    static OWN: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The engine, once a browser cell was wanted.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Why this browser cannot run the browser executors, if so.
pub fn obstacle() -> Option<String> {
    let has = |name: &str| js_sys::Reflect::has(&js_sys::global(), &name.into()).unwrap_or(false);
    if !has("Worker") {
        return Some("This browser has no Web Workers.".to_owned());
    }
    if crate::engine::url().is_none() {
        return Some("This page was built without the engine that runs workloads here.".to_owned());
    }
    None
}

/// Why this browser cannot run threads on one shared memory, although it runs the rest.
pub fn workers_obstacle() -> Option<String> {
    let isolated = js_sys::Reflect::get(&js_sys::global(), &"crossOriginIsolated".into());
    if !isolated.is_ok_and(|isolated| isolated.is_truthy()) {
        return Some(
            "This page is not cross-origin isolated, without which a browser shares no memory \
             between workers: open it over https, or on localhost."
                .to_owned(),
        );
    }
    let wanted = js_sys::JSON::parse(r#"{"initial":1,"maximum":1,"shared":true}"#);
    let shared = wanted.and_then(|wanted| js_sys::WebAssembly::Memory::new(&wanted.into()));
    let none = "This browser has no shared memory for WebAssembly: a current one does.";
    shared.is_err().then(|| none.to_owned())
}

/// How many workers this browser can start at once, if that was counted in this tab.
pub fn workers_max() -> Option<u32> {
    remembered(WORKERS)?.parse().ok()
}

/// Counts how many workers this browser can start at once, by starting them.
///
/// # Errors
/// Why they could not be counted.
pub async fn count_workers() -> Result<u32, String> {
    if BUSY.replace(true) {
        return Err("this browser is measuring; count when it has finished".to_owned());
    }
    let counted = counted().await;
    BUSY.set(false);
    match counted {
        Ok(most) => {
            remember(WORKERS, &most.to_string());
            // The card that the engine gave is older than the count.
            stop();
        }
        Err(_) => stop(),
    }
    counted
}

async fn counted() -> Result<u32, String> {
    ready_engine(|| true).await?;
    ENGINE.with_borrow(|engine| {
        if let Some(engine) = engine {
            engine.count_workers();
        }
    });
    let mut waited = Duration::ZERO;
    while waited < COUNTED_WITHIN {
        api::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
        let seen = ENGINE.with_borrow(|engine| {
            engine.as_ref().map(|engine| (engine.take_workers(), engine.take_end()))
        });
        match seen {
            Some((Some(most), _)) => return Ok(most),
            Some((None, Some(BrowserEnd::Failed { reason }))) => return Err(reason),
            Some(_) => {}
            None => return Err("cancelled".to_owned()),
        }
    }
    Err(format!("not all had started within {} s", COUNTED_WITHIN.as_secs()))
}

/// Remembers that this tab started an experiment, so that it measures its browser cells.
/// The engine is loaded at once where no native cell is measured meanwhile: on the same
/// machine that would disturb it.
pub fn started_here(experiment: &Experiment) {
    if experiment.spec.executors.iter().all(|executor| executor.is_native()) {
        return;
    }
    OWN.set(Some(experiment.id.clone()));
    remember(MINE, &experiment.id);
    if experiment.spec.executors.iter().any(|executor| executor.is_native()) {
        return;
    }
    ENGINE.with_borrow_mut(|engine| {
        if engine.is_none() {
            *engine = Engine::start().ok();
        }
    });
}

/// Measures nothing more of an experiment that is cancelled, and ends what is being measured.
pub fn give_up(id: &str) {
    if !is_mine(id) {
        return;
    }
    OWN.set(None);
    if let Some(storage) = storage() {
        let _ = storage.remove_item(MINE);
    }
    stop();
}

fn is_mine(id: &str) -> bool {
    OWN.with_borrow(|own| own.as_deref() == Some(id)) || remembered(MINE).as_deref() == Some(id)
}

/// Remembers something in this tab, across reloads.
pub fn remember(name: &str, value: &str) {
    if let Some(storage) = storage() {
        // Without storage it is forgotten with the page.
        let _ = storage.set_item(name, value);
    }
}

/// What this tab remembers under a name.
pub fn remembered(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// A browser cell that this page measures next.
struct Turn {
    experiment: String,
    spec: Spec,
    cell: usize,
    executor: Executor,
    params: ParamValues,
}

/// Measures the next browser cell, if it is this page's turn.
pub fn take_part(app: App) {
    let next = app.experiment.with_untracked(|shown| {
        let experiment = shown.as_ref()?;
        let cell = claimable(experiment)?;
        let turn = || Turn {
            experiment: experiment.id.clone(),
            spec: experiment.spec.clone(),
            cell: cell.index,
            executor: cell.executor,
            params: cell.params.clone(),
        };
        is_mine(&experiment.id).then(turn)
    });
    if let Some(turn) = next
        && !BUSY.replace(true)
    {
        start(async move {
            if let Err(failure) = measure(app, turn).await {
                app.note(&failure);
            }
            BUSY.set(false);
            take_part(app);
        });
    }
}

/// The browser cell whose turn it is: the native ones are over, and nobody measures it.
pub fn claimable(experiment: &Experiment) -> Option<&Cell> {
    let native_over =
        experiment.cells.iter().filter(|c| c.executor.is_native()).all(|c| c.state.is_final());
    let mut own = experiment.cells.iter().filter(|cell| !cell.executor.is_native());
    let next = own.find(|cell| !cell.state.is_final())?;
    let open = experiment.state == State::Running && next.state == CellState::Pending;
    (open && native_over).then_some(next)
}

/// Ends the engine, whatever it is doing.
fn stop() {
    ENGINE.with_borrow_mut(|engine| drop(engine.take()));
}

async fn measure(app: App, turn: Turn) -> Result<(), Failure> {
    let base = format!("/api/v1/experiments/{}/cells/{}", turn.experiment, turn.cell);
    let started = ready_engine(|| is_mine(&turn.experiment)).await;
    if !is_mine(&turn.experiment) {
        return Ok(());
    }
    let browser = match &started {
        Ok(card) => card.clone(),
        Err(_) => crate::engine::card(0, false),
    };
    let lease = match api::post::<BrowserLease>(&format!("{base}/claim"), &BrowserClaim { browser })
        .await
    {
        Ok(lease) => lease.lease,
        Err(failure) if failure.status() == Some(409) => {
            // Not open yet, or another page was faster: the next event tells.
            api::sleep(REPORT_EVERY).await;
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    app.experiment.update(|shown| {
        let own = shown.as_mut().filter(|experiment| experiment.id == turn.experiment);
        if let Some(cell) = own.and_then(|experiment| experiment.cells.get_mut(turn.cell)) {
            cell.state = CellState::Running;
        }
    });
    app.settled.set(());
    let reports = format!("{base}/samples");
    let post = async |samples: Vec<Sample>, end: Option<BrowserEnd>| {
        api::tell(&reports, &BrowserReport { lease: lease.clone(), samples, end }).await
    };
    if let Err(reason) = started {
        return post(Vec::new(), Some(BrowserEnd::Failed { reason })).await;
    }
    ENGINE.with_borrow(|engine| {
        if let Some(engine) = engine {
            engine.run(&turn.spec, turn.executor, &turn.params);
        }
    });
    let mut since_report = Duration::ZERO;
    let mut samples = Vec::new();
    loop {
        api::sleep(LOOK_EVERY).await;
        since_report += LOOK_EVERY;
        let seen = ENGINE.with_borrow(|engine| {
            engine.as_ref().map(|engine| (engine.take_samples(), engine.take_end()))
        });
        // The engine is gone: the run was cancelled, and the server knows.
        let Some((new, end)) = seen else { return Ok(()) };
        samples.extend(new);
        if let Some(end) = end {
            if matches!(end, BrowserEnd::Failed { .. }) {
                // A trapped engine answers no more; the next cell gets a new one.
                stop();
            }
            return post(samples, Some(end)).await;
        }
        if since_report >= REPORT_EVERY {
            since_report = Duration::ZERO;
            if let Err(failure) = post(std::mem::take(&mut samples), None).await {
                // The lease is over or the server is gone: nobody wants these samples.
                stop();
                return Err(failure);
            }
        }
    }
}

/// Waits until the engine is loaded, for as long as it is wanted; the card says what it found
/// of this browser.
async fn ready_engine(is_wanted: impl Fn() -> bool) -> Result<BrowserCard, String> {
    let mut waited = Duration::ZERO;
    while waited < READY_WITHIN {
        if !is_wanted() {
            return Err("the experiment was cancelled".to_owned());
        }
        let state = ENGINE.with_borrow_mut(|engine| {
            if engine.is_none() {
                *engine = Some(Engine::start()?);
            }
            engine.as_ref().map_or(Ok(None), Engine::ready)
        });
        match state {
            Ok(Some(card)) => return Ok(card),
            Ok(None) => {}
            Err(reason) => {
                stop();
                return Err(reason);
            }
        }
        api::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
    stop();
    let seconds = READY_WITHIN.as_secs();
    Err(format!("the engine did not load in this browser within {seconds} s"))
}
