//! The keys of the page. They work only while the focus is not in a field.

use crate::dom::{self, document, window};
use crate::gallery;
use crate::run::{cancel, run};
use crate::shell::open_help;
use crate::signal::{Live, untrack};
use crate::state::App;
use filature_core::Executor;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent};

/// Every key and what it does, for the help.
pub const KEYS: [(&str, &str); 7] = [
    ("R", "Run the experiment in the form"),
    ("Esc", "Close what is open, or cancel what is running"),
    ("/", "Open the gallery of workloads"),
    ("1 – 5", "Switch an executor on or off"),
    ("T", "Open the data behind the chart"),
    ("C", "Fold the source away, or unfold it"),
    ("?", "Show this help"),
];

/// Listens to the keys. `source_open` says whether the source is unfolded.
pub fn listen(app: App, source_open: Live<bool>) {
    let pressed = move |event: Event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        let held = key.ctrl_key() || key.meta_key() || key.alt_key() || key.repeat();
        if held || event.default_prevented() || in_field() || is_covered() {
            return;
        }
        if act(app, source_open, &key.key()) {
            event.prevent_default();
        }
    };
    dom::listen(&window(), "keydown", Box::new(pressed));
}

/// Does what a key stands for; says whether it stands for anything.
fn act(app: App, source_open: Live<bool>, key: &str) -> bool {
    match key {
        "r" | "R" => on_form(app, || run(app)),
        "Escape" => {
            match app.route.get_untracked() {
                #[cfg(feature = "compare")]
                crate::route::Route::Compare(_) => crate::compare::buttons::cancel(app),
                _ => cancel(app),
            }
            false
        }
        "/" => on_form(app, gallery::open),
        "t" | "T" => toggle_table(),
        "c" | "C" => on_form(app, || source_open.update(|open| *open = !*open)),
        "?" => {
            open_help();
            true
        }
        key => {
            let place = key.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let Some(executor) = place.and_then(|place| Executor::ALL.get(place)) else {
                return false;
            };
            on_form(app, || {
                if app.obstacle(*executor).is_none() {
                    app.draft.update(|draft| draft.toggle(*executor));
                }
            })
        }
    }
}

/// Does something that needs the form, where the form is.
fn on_form(app: App, action: impl FnOnce()) -> bool {
    use crate::route::Route;
    let there = matches!(app.route.get_untracked(), Route::Explore | Route::Experiment(_));
    if there {
        untrack(action);
    }
    there
}

/// Whether something lies over the page, which has keys of its own.
fn is_covered() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// Whether the focus is where keys are text.
fn in_field() -> bool {
    let Some(element) = document().active_element() else { return false };
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        return !matches!(input.type_().as_str(), "radio" | "checkbox" | "range");
    }
    matches!(element.tag_name().as_str(), "SELECT" | "TEXTAREA")
}

fn toggle_table() -> bool {
    let Some(details) = document().get_element_by_id("data-table") else { return false };
    let open = details.has_attribute("open");
    let changed =
        if open { details.remove_attribute("open") } else { details.set_attribute("open", "") };
    let summary: Option<Element> = details.query_selector("summary").ok().flatten();
    if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok())
        && !open
    {
        // It scrolls into view by taking the focus.
        let _ = summary.focus();
    }
    changed.is_ok()
}
