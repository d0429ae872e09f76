//! The experiment that is shown, kept up to date while it runs: the stream of
//! events, and what each event changes.

use crate::api::start;
use crate::route::Route;
use crate::state::App;
use crate::{api, browser, from_js};
use filature_core::api::{CellState, Event, Experiment, ExperimentLine, State};

use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, MessageEvent};

/// The events that the server sends, by their SSE names.
const NAMES: [&str; 4] = ["experiment", "cell", "samples", "gap"];

thread_local! {
    /// The one stream of the page: of the experiment that is shown.
    static STREAM: RefCell<Option<Stream>> = const { RefCell::new(None) };
    /// The id of that experiment.
    static FOLLOWED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A stream of events, which is closed when it is dropped.
#[derive(Debug)]
pub struct Stream {
    source: EventSource,
    _handlers: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Stream {
    /// Opens the stream at `url`. `told` hears of every event of these `names` by its text,
    /// and without one whenever the stream is opened: what happened before was missed.
    pub fn open(
        app: App,
        url: &str,
        names: &[&str],
        told: Rc<dyn Fn(Option<String>)>,
    ) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let mut handlers = Vec::new();
        for name in names {
            let told = Rc::clone(&told);
            let handler = Closure::new(move |message: MessageEvent| {
                if let Some(text) = message.data().as_string() {
                    told(Some(text));
                }
            });
            // A listener can only be refused for a name that is no string.
            let _ = source.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
            handlers.push(handler);
        }
        let opened = Closure::new(move |_| told(None));
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        let failed = Closure::new(move |_| app.lost());
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        handlers.extend([opened, failed]);
        Some(Self { source, _handlers: handlers })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// What an event asks of the page besides what it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Nothing,
    /// The experiment has to be fetched again: events were lost, or figures and verdicts are due.
    Fetch,
}

/// Changes `experiment` as `event` says. Events may come twice or be older than what is known.
pub fn apply(experiment: &mut Experiment, event: Event) -> Next {
    if event.experiment().is_some_and(|id| id != experiment.id) {
        return Next::Nothing;
    }
    match event {
        Event::Experiment { state, position, wait_s, .. } => {
            if experiment.state.is_final() {
                return Next::Nothing;
            }
            let started = experiment.state != state;
            experiment.state = state;
            experiment.position = position;
            experiment.wait_s = wait_s;
            if started { Next::Fetch } else { Next::Nothing }
        }
        Event::Cell { cell, state, reason, .. } => {
            let Some(cell) = experiment.cells.get_mut(cell) else { return Next::Fetch };
            if !cell.state.is_final() {
                cell.state = state;
                cell.reason = reason;
            }
            Next::Nothing
        }
        Event::Samples { cell, first, samples, .. } => {
            let Some(cell) = experiment.cells.get_mut(cell) else { return Next::Fetch };
            let known = cell.samples.len();
            if first > known {
                return Next::Fetch;
            }
            cell.samples.extend(samples.into_iter().skip(known - first));
            Next::Nothing
        }
        Event::Comparison { .. } => Next::Nothing,
        Event::Gap => Next::Fetch,
    }
}

/// Brings an answer up to what events have told while it was on its way, so that it
/// does not undo them: the server stores before it announces, and states only go forward.
/// Returns whether the answer is still worth showing.
pub fn catch_up(answer: &mut Experiment, shown: &Experiment) -> bool {
    if answer.id != shown.id || answer.state.is_final() {
        return true;
    }
    if shown.state.is_final() {
        return false;
    }
    if answer.state == State::Queued {
        answer.state = shown.state;
    }
    for (cell, known) in answer.cells.iter_mut().zip(&shown.cells) {
        if cell.samples.len() < known.samples.len() {
            cell.samples.clone_from(&known.samples);
        }
        let is_behind = known.state.is_final() || cell.state == CellState::Pending;
        if !cell.state.is_final() && is_behind {
            cell.state = known.state;
            cell.reason.clone_from(&known.reason);
        }
    }
    true
}

/// Whether a line of the history is behind the experiment that is shown, which has begun. Of
/// its end the line hears with the verdict, when it is loaded again.
pub fn is_behind(line: &ExperimentLine, shown: &Experiment) -> bool {
    line.id == shown.id && line.state == State::Queued && shown.state == State::Running
}

/// Loads an experiment, shows it, and follows it while it is not finished.
pub fn show(app: App, id: String) {
    close();
    start(load(app, id));
}

/// Shows an experiment that the server has just accepted.
pub fn show_accepted(app: App, experiment: Experiment) {
    close();
    let id = experiment.id.clone();
    app.show(Some(experiment));
    open(app, &id);
}

/// After the server was away: fetches again what is shown, and follows it again.
pub fn resume(app: App) {
    if let Route::Experiment(id) = app.route.get_untracked() {
        show(app, id);
    }
}

/// Stops following.
pub fn close() {
    STREAM.with_borrow_mut(|stream| drop(stream.take()));
    FOLLOWED.set(None);
}

async fn load(app: App, id: String) {
    let answer = api::get::<Experiment>(&format!("/api/v1/experiments/{id}")).await;
    if !is_wanted(app, &id) {
        return;
    }
    match answer {
        Ok(mut experiment) => {
            let is_current = app.experiment.with_untracked(|shown| {
                shown.as_ref().is_none_or(|shown| catch_up(&mut experiment, shown))
            });
            if !is_current {
                return;
            }
            let is_final = experiment.state.is_final();
            app.experiment_failure.set(None);
            app.show(Some(experiment));
            browser::take_part(app);
            if is_final {
                close();
                if let Err(failure) = app.load_newest().await {
                    app.note(&failure);
                }
            } else if STREAM.with_borrow(|stream| stream.is_none()) {
                open(app, &id);
            }
        }
        Err(failure) => {
            app.note(&failure);
            if app.experiment.with_untracked(Option::is_none) {
                app.experiment_failure.set(Some(failure.text()));
            }
        }
    }
}

/// Whether this experiment is still the one to show.
fn is_wanted(app: App, id: &str) -> bool {
    match app.route.get_untracked() {
        Route::Experiment(wanted) => wanted == id,
        Route::Versus | Route::Compare(_) => {
            app.experiment.with_untracked(|shown| shown.as_ref().is_some_and(|e| e.id == id))
        }
        _ => false,
    }
}

fn open(app: App, id: &str) {
    let url = format!("/api/v1/events?experiment={id}");
    let opened_id = id.to_owned();
    let told = move |text: Option<String>| match text {
        Some(text) => received(app, &text),
        None => start(load(app, opened_id.clone())),
    };
    FOLLOWED.set(Some(id.to_owned()));
    STREAM.set(Stream::open(app, &url, &NAMES, Rc::new(told)));
}

fn received(app: App, text: &str) {
    let Some(id) = FOLLOWED.with_borrow(Option::clone) else { return };
    let next = match from_js::parse::<Event>(text) {
        Ok(event) => {
            let is_samples = matches!(event, Event::Samples { .. });
            let mut next = Next::Nothing;
            app.experiment.update(|shown| {
                if let Some(experiment) = shown {
                    next = apply(experiment, event);
                }
            });
            if !is_samples {
                app.settled.set(());
                app.tell_newest();
            }
            next
        }
        Err(_) => Next::Fetch,
    };
    browser::take_part(app);
    if next == Next::Fetch {
        start(load(app, id));
    }
}
