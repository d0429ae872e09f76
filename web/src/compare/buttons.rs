//! The buttons of the view: start a comparison, cancel it, take it along.

use super::known::Known;
use super::{MINE, View, path, shelf};
use crate::api::{self, start};
use crate::dom::{document, window};
use crate::state::App;
use crate::{browser, route, share};
use filature_core::api::Depth;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

/// Does what the button that was clicked says.
pub fn clicked(view: View, event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let button = target.and_then(|target| target.closest("button").ok().flatten());
    let Some(button) = button else { return };
    let id = view.id.get_untracked().unwrap_or_default();
    match button.id().as_str() {
        "compare-quick" => measure(view, Depth::Quick),
        "compare-full" => measure(view, Depth::Full),
        "compare-cancel" => cancel(view.app),
        "compare-look" => view.refresh(),
        "compare-link" => {
            let origin = window().location().origin().unwrap_or_default();
            let with = view.with.with_untracked(|with| shelf::query(with));
            copy(button, [&origin, "/compare/", &id, &with].concat(), false);
        }
        "compare-copy" => copy(button, path(&id, "/export.md"), true),
        _ => {}
    }
}

/// Copies a text, or what is found at an address, and says so on the button for a while.
fn copy(button: Element, text: String, is_address: bool) {
    start(async move {
        let text = if is_address { api::text(&text).await.unwrap_or_default() } else { text };
        let copied = !text.is_empty() && share::put(&text).await;
        let label = button.text_content();
        button.set_text_content(Some(if copied { "Copied" } else { "Not allowed here" }));
        api::sleep(share::SAID_FOR).await;
        button.set_text_content(label.as_deref());
    });
}

/// Asks for a comparison and shows it.
fn measure(view: View, depth: Depth) {
    let app = view.app;
    if app.sending.get_untracked() {
        return;
    }
    app.sending.set(true);
    app.run_failure.set(None);
    let browser = document()
        .get_element_by_id("compare-browser")
        .is_some_and(|field| field.unchecked_ref::<web_sys::HtmlInputElement>().checked());
    start(async move {
        let request = format!(r#"{{"depth":"{}","browser":{browser}}}"#, depth.id());
        match api::post_text::<Known>("/api/v1/comparisons", &request).await {
            Ok(accepted) => {
                browser::remember(MINE, &accepted.id);
                route::navigate(app, &format!("/compare/{}", accepted.id));
                view.is_new.set(true);
            }
            Err(failure) => view.tell(&failure),
        }
        app.sending.set(false);
    });
}

/// Cancels the comparison that is shown, if it is under way.
pub fn cancel(app: App) {
    let open = app.comparison.with_untracked(|known| {
        known.as_ref().filter(|known| known.is_under_way()).map(|known| known.id.clone())
    });
    let Some(id) = open else { return };
    let part = app.experiment.with_untracked(|part| part.as_ref().map(|part| part.id.clone()));
    if let Some(part) = part {
        browser::give_up(&part);
    }
    start(async move {
        if let Err(failure) = api::delete(&path(&id, "?if_finished=keep")).await {
            app.note(&failure);
            app.run_failure.set(Some(failure.text()));
        }
    });
}
