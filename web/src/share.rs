//! Taking an experiment along: links, files, and the same for a terminal.

use crate::commands;
use crate::dom::{El, classed, el, window};
use crate::draft::Draft;
use crate::signal::{Live, untrack};
use crate::state::App;
use std::time::Duration;
use wasm_bindgen_futures::JsFuture;

/// How long a button says that it has copied.
pub const SAID_FOR: Duration = Duration::from_secs(2);

/// A button that copies what `text` gives; it is off while there is nothing to copy.
pub fn copy_button(
    id: &str,
    label: &'static str,
    text: impl Fn() -> Option<String> + Clone + 'static,
) -> El {
    let said = Live::new(None::<&'static str>);
    let what = text.clone();
    let copy = move |_| {
        let Some(text) = untrack(&what) else { return };
        crate::api::start(async move {
            said.set(Some(if put(&text).await { "Copied" } else { "Not allowed here" }));
            crate::api::sleep(SAID_FOR).await;
            said.set(None);
        });
    };
    let words =
        el("span").attr("aria-live", "polite").live_text(move || said.get().unwrap_or(label));
    let button = classed("button", "quiet").attr("type", "button").id(id).on("click", copy);
    button.child(words).live_flag("disabled", move || text().is_none())
}

/// Puts a text into the clipboard; says whether that was allowed.
pub async fn put(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // Over plain http on another machine there is no clipboard at all.
    !clipboard.is_undefined() && JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

fn links(label: &str) -> El {
    classed("div", "links").attr("role", "group").attr("aria-label", label)
}

/// The form for a terminal, and a link to it.
pub fn form_links(app: App) -> El {
    let request = move || app.request().and_then(Result::ok);
    links("Take this setup along")
        .child(copy_button("copy-curl", "Copy as curl", move || {
            request().map(|request| commands::curl(&request, &origin()))
        }))
        .child(copy_button("copy-command", "Copy as command", move || {
            request().map(|request| commands::command_line(&request))
        }))
        .child(copy_button("copy-setup", "Copy link to setup", move || {
            Some(format!("{}/?{}", origin(), app.draft.with(Draft::to_query)))
        }))
}

/// The permanent link and the downloads of an experiment.
pub fn result_links(id: &str) -> El {
    let link = format!("{}/e/{id}", origin());
    let file = |kind: &str, name: &str, label: &str| {
        classed("a", "quiet")
            .id(&format!("download-{kind}"))
            .attr("href", &format!("/api/v1/experiments/{id}/{name}.{kind}"))
            .attr("download", "")
            .child(label)
    };
    links("Take this result along")
        .child(copy_button("copy-link", "Copy link", move || Some(link.clone())))
        .child(file("html", "report", "Report"))
        .child(file("json", "export", "JSON"))
        .child(file("csv", "export", "CSV"))
}
