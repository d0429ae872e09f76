//! The pinned experiment: its medians stand beside those of every other experiment of
//! the same workload, until it is unpinned. It outlasts a reload.

use crate::api::{self, Failure, start};
use crate::dom::{El, classed, el, slot, window};
use crate::list::Listed;
use crate::outline::{Outline, cells_at};
use crate::result::asked;
use crate::signal::Live;
use crate::state::App;
use filature_core::api::Experiment;
use filature_core::{Executor, format};
use std::rc::Rc;

/// Where its id is remembered.
const KEY: &str = "filature-pin";

/// Loads what was pinned when the page was last open.
pub fn load(app: App) {
    let storage = window().local_storage().ok().flatten();
    if let Some(id) = storage.and_then(|storage| storage.get_item(KEY).ok().flatten()) {
        pin(app, id);
    }
}

/// Pins an experiment, or unpins it.
fn toggle(app: App, id: &str) {
    if is_pinned(app, id) {
        keep(app, None);
    } else {
        pin(app, id.to_owned());
    }
}

fn pin(app: App, id: String) {
    start(async move {
        match api::get::<Experiment>(&format!("/api/v1/experiments/{id}")).await {
            Ok(experiment) => keep(app, Some(experiment)),
            // It was deleted: there is nothing left to compare with.
            Err(Failure::Problem(_)) => keep(app, None),
            Err(failure) => app.note(&failure),
        }
    });
}

fn keep(app: App, experiment: Option<Experiment>) {
    if let Ok(Some(storage)) = window().local_storage() {
        // Without storage it stays pinned until the next load.
        let _ = match &experiment {
            Some(experiment) => storage.set_item(KEY, &experiment.id),
            None => storage.remove_item(KEY),
        };
    }
    app.pinned.set(experiment.map(Rc::new));
}

fn is_pinned(app: App, id: &str) -> bool {
    app.pinned.with(|pinned| pinned.as_ref().is_some_and(|pinned| pinned.id == id))
}

/// The button that pins an experiment, and unpins it.
pub fn button(app: App, id: &str) -> El {
    let (own, choice) = (id.to_owned(), id.to_owned());
    classed("button", "quiet pin")
        .attr("type", "button")
        .child("Pin to compare")
        .live_attr("aria-pressed", move || Some(is_pinned(app, &own).to_string()))
        .on("click", move |_| toggle(app, &choice))
}

/// The pinned experiment, if it is another one of the same workload.
fn beside(app: App, shown: &Experiment) -> Option<Rc<Experiment>> {
    let pinned = app.pinned.get()?;
    (pinned.id != shown.id && pinned.spec.workload == shown.spec.workload).then_some(pinned)
}

/// The pinned median of an executor, in nanoseconds, to stand beside `shown`.
pub fn median(app: App, shown: &Experiment, executor: Executor, value: Option<u64>) -> Option<f64> {
    median_at(&*beside(app, shown)?, executor, value)
}

fn median_at(experiment: &Experiment, executor: Executor, value: Option<u64>) -> Option<f64> {
    let cells = cells_at(experiment, value);
    let own = cells.into_iter().rev().find(|cell| cell.executor == executor)?;
    Some(own.summary.as_ref()?.wall_ns.median)
}

/// What is pinned, and each executor's median against it.
pub fn line(app: App, outline: Outline, value: Live<Option<u64>>) -> El {
    slot(move || {
        outline.with(|experiment| {
            let shown = experiment.as_ref()?;
            let pinned = beside(app, shown)?;
            let info = app.workload_by_id(&shown.spec.workload);
            let ratio = |executor: &Executor| {
                let then = median_at(&pinned, *executor, value.get())?;
                let now = median_at(shown, *executor, value.get())?;
                let (title, then_ns) = (executor.title(), format::duration_ns(then));
                Some(format!("{title} {} of {then_ns}", format::ratio(now / then)))
            };
            let ratios: Vec<String> = shown.spec.executors.iter().filter_map(ratio).listed();
            let link = el("a").attr("href", &format!("/e/{}", pinned.id));
            let unpin = classed("button", "quiet").attr("type", "button").child("Unpin");
            let words = if ratios.is_empty() {
                ". Nothing of it can be compared. ".to_owned()
            } else {
                format!(". Medians here against there: {}. ", ratios.join(", "))
            };
            let line = classed("p", "pinned").id("pinned").child("Pinned, dashed: ");
            let line = line.child(link.child(asked(&pinned, info.as_deref()))).child(words);
            Some(line.child(unpin.on("click", move |_| keep(app, None))))
        })
    })
}
