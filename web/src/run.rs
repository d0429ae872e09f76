//! Running: the button, why it may not work right now, how long it may take, the
//! progress, and Cancel.

use crate::api::{self, Failure, start};
use crate::dom::{El, classed, el, slot};
use crate::draft::Draft;
use crate::list::Listed;
use crate::live;
use crate::route::{self, Route};
use crate::signal::{memo, untrack};
use crate::state::{App, Connection};
use filature_core::api::{Cell, CellState, Experiment, ExperimentLine, State};
use filature_core::{format, stats};
use std::time::Duration;

/// Runs the form, unless something speaks against it.
pub fn run(app: App) {
    if hindrance(app).is_some() {
        return;
    }
    let Some(Ok(request)) = untrack(|| app.request()) else { return };
    app.sending.set(true);
    app.refused.set(Vec::new());
    app.run_failure.set(None);
    start(async move {
        match api::post::<Experiment>("/api/v1/experiments", &request).await {
            Ok(experiment) => {
                crate::browser::started_here(&experiment);
                app.experiment_failure.set(None);
                crate::dom::window().scroll_to_with_x_and_y(0.0, 0.0);
                route::push(&format!("/e/{}", experiment.id));
                app.route.set(Route::Experiment(experiment.id.clone()));
                live::show_accepted(app, experiment);
                app.refresh_newest(Duration::ZERO);
            }
            Err(Failure::Problem(problem)) if !problem.errors.is_empty() => {
                app.refused.set(problem.errors);
            }
            Err(failure) => {
                app.note(&failure);
                app.run_failure.set(Some(failure.text()));
            }
        }
        app.sending.set(false);
    });
}

/// Cancels the experiment that is shown, if it is under way.
pub fn cancel(app: App) {
    let id = app.experiment.with_untracked(|experiment| {
        experiment.as_ref().filter(|e| !e.state.is_final()).map(|e| e.id.clone())
    });
    let Some(id) = id else { return };
    crate::browser::give_up(&id);
    start(async move {
        if let Err(failure) = api::delete(&format!("/api/v1/experiments/{id}")).await {
            app.note(&failure);
            app.run_failure.set(Some(failure.text()));
        }
    });
}

/// Why Run does nothing right now, if so.
fn hindrance(app: App) -> Option<String> {
    if app.connection.get() != Connection::Up {
        return Some("The server is away.".to_owned());
    }
    if app.sending.get() {
        return Some("Sending…".to_owned());
    }
    match app.request() {
        None if app.catalogue.with(Vec::is_empty) => Some("Loading the catalogue…".to_owned()),
        None => Some("Choose a workload.".to_owned()),
        Some(Err(errors)) => match &errors[..] {
            [only] if only.pointer == "/executors" => Some(only.detail.clone()),
            [_] => Some("One field needs another value.".to_owned()),
            several => Some(format!("{} fields need other values.", several.len())),
        },
        Some(Ok(_)) => None,
    }
}

/// Run or Cancel, with a line about what to expect.
pub fn run_bar(app: App) -> El {
    let under_way = memo(move || app.is_under_way());
    let note = move || {
        let failure = app.run_failure.get();
        failure.or_else(|| hindrance(app)).or_else(|| estimate(app)).unwrap_or_default()
    };
    let button = move || {
        if under_way.get() {
            button("secondary", "cancel-button", "Cancel ", "Esc").on("click", move |_| cancel(app))
        } else {
            button("primary", "run-button", "Run ", "R")
                .attr("type", "submit")
                .attr("aria-describedby", "run-note")
                .live_attr("aria-disabled", move || hindrance(app).map(|_| "true"))
        }
    };
    let note = el("p")
        .id("run-note")
        .live_class("error", move || app.run_failure.with(Option::is_some))
        .live_text(note);
    classed("div", "run-bar").child(slot(button)).child(note)
}

fn button(class: &str, id: &str, label: &str, key: &str) -> El {
    let button = classed("button", class).attr("type", "button").id(id).child(label);
    button.child(el("kbd").child(key))
}

/// How long the same took last time; nothing where it never ran.
fn estimate(app: App) -> Option<String> {
    if app.is_under_way() {
        return None;
    }
    let info = app.workload()?;
    let cores = app.cores();
    let mut wanted = app.draft.get();
    let samples = wanted.samples.parse::<u32>().ok()?;
    app.newest.with(|lines| {
        lines.iter().filter(|line| line.state == State::Done).find_map(|line| {
            let mut then = Draft::of_spec(&line.spec, &info.params, cores);
            then.label.clone_from(&wanted.label);
            wanted.samples.clone_from(&then.samples);
            if then != wanted {
                return None;
            }
            let took_ns = duration_ns(line)? * (f64::from(samples) / f64::from(line.spec.samples));
            Some(format!("About {}, going by the last time.", format::duration_ns(took_ns)))
        })
    })
}

fn duration_ns(line: &ExperimentLine) -> Option<f64> {
    let time = |text: &str| {
        let millis = js_sys::Date::parse(text);
        millis.is_finite().then_some(millis)
    };
    Some((time(line.finished_at.as_ref()?)? - time(&line.created_at)?) * 1e6)
}

/// How far an experiment is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Samples so far.
    pub done: usize,
    /// Samples in all, of the cells that can still be measured.
    pub of: usize,
    /// Where it stands, in words.
    pub words: String,
}

/// How far `experiment` is; `None` once it is finished.
pub fn progress(experiment: &Experiment) -> Option<Progress> {
    let asked = experiment.spec.samples as usize;
    let expected = |cell: &Cell| match cell.state {
        CellState::Pending | CellState::Running | CellState::Done => asked,
        _ => cell.samples.len(),
    };
    let done = experiment.cells.iter().map(|cell| cell.samples.len()).sum();
    let of = experiment.cells.iter().map(expected).sum();
    let wait = match experiment.wait_s {
        None | Some(0) => String::new(),
        Some(seconds @ 1..100) => format!(", about {seconds} s"),
        Some(seconds) => format!(", about {} min", seconds.div_ceil(60)),
    };
    let words = match (experiment.state, experiment.position) {
        (State::Queued, Some(0)) => "Next in the queue.".to_owned(),
        (State::Queued, Some(1)) => format!("In the queue: one experiment before this one{wait}."),
        (State::Queued, Some(n)) => format!("In the queue: {n} experiments before this one{wait}."),
        (State::Queued, None) => "In the queue.".to_owned(),
        (State::Running, _) => running_words(experiment, done, of),
        _ => return None,
    };
    Some(Progress { done, of, words })
}

fn running_words(experiment: &Experiment, done: usize, of: usize) -> String {
    let open: Vec<&Cell> = experiment.cells.iter().filter(|cell| !cell.state.is_final()).listed();
    let in_browser = open.iter().all(|cell| !cell.executor.is_native());
    let place = if in_browser && !open.is_empty() { " (in this browser)" } else { "" };
    let count = format!("{done} of {of} samples{place}");
    let asked = experiment.spec.samples as usize;
    let left = |cell: &&Cell| {
        let walls: Vec<f64> = cell.samples.iter().map(|sample| sample.wall_ns as f64).listed();
        stats::median(&walls).map(|median| median * asked.saturating_sub(walls.len()) as f64)
    };
    let known_ns: f64 = open.iter().filter_map(left).sum();
    let all_known = open.iter().all(|cell| !cell.samples.is_empty());
    let seconds = (known_ns / 1e9).ceil() as u64;
    // Below a second it is over before it is read; and what never ran cannot be foretold.
    match (known_ns >= 1e9, all_known) {
        (false, _) => format!("{count}."),
        (true, true) => format!("{count}, about {} s left.", seconds),
        (true, false) => format!("{count}, at least {} s left.", seconds),
    }
}

/// The progress of the experiment that is shown.
pub fn progress_line(app: App) -> El {
    let now = move || app.experiment.with(|e| e.as_ref().and_then(progress));
    // A screen reader hears of every quarter, not of every sample.
    let spoken = move || {
        let Some(now) = now() else { return String::new() };
        match (now.done * 4).checked_div(now.of) {
            Some(0) | None => now.words,
            Some(quarters) => format!("{} % of the samples.", quarters * 25),
        }
    };
    let share = move || now().map_or(0.0, |now| now.done as f64 / now.of.max(1) as f64);
    let bar = classed("div", "bar")
        .attr("role", "progressbar")
        .attr("aria-label", "Samples taken")
        .attr("aria-valuemin", "0")
        .live_attr("aria-valuemax", move || now().map(|now| now.of.to_string()))
        .live_attr("aria-valuenow", move || now().map(|now| now.done.to_string()))
        .child(el("span").live_style("transform", move || format!("scaleX({:.4})", share())));
    let words = el("p").live_text(move || now().map(|now| now.words).unwrap_or_default());
    let shown = classed("div", "progress").id("progress").child(bar).child(words);
    classed("div", "slot")
        .child(classed("p", "visually-hidden").attr("role", "status").live_text(spoken))
        .child(shown.live_flag("hidden", move || now().is_none()))
}
