//! What surrounds every view: header, theme, help, and the banner for a server that is away.

use crate::dom::{El, classed, document, el, window};
use crate::keyboard::KEYS;
use crate::route::Route;
use crate::signal::Live;
use crate::state::{App, Connection};
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

/// Where the chosen theme is remembered; boot.js reads it before the first paint.
const THEME: &str = "filature-theme";
/// The id of the help.
const HELP: &str = "help";

/// The header: name, views, theme, help.
pub fn header(app: App) -> El {
    let link = move |path: &'static str, name: &str, leads_to: fn(&Route) -> bool| {
        let current = move || leads_to(&app.route.get()).then_some("page");
        el("a").attr("href", path).child(name).live_attr("aria-current", current)
    };
    let is_explore = |route: &Route| matches!(route, Route::Explore | Route::Experiment(_));
    let dark = Live::new(is_dark());
    let switch = move |_| {
        let next = !dark.get_untracked();
        set_theme(if next { "dark" } else { "light" });
        dark.set(next);
    };
    let nav = el("nav")
        .attr("aria-label", "Views")
        .child(link("/", "Explore", is_explore))
        .child(link("/compare", "Threads or tasks?", |route| matches!(route, Route::Compare(_))))
        .child(link("/webassembly", "Native or WebAssembly?", |route| *route == Route::Versus))
        .child(link("/history", "History", |route| *route == Route::History));
    let button = |id: &str, label: &str| {
        classed("button", "quiet").attr("type", "button").id(id).child(label)
    };
    let theme = button("theme-toggle", "Dark")
        .live_attr("aria-pressed", move || Some(dark.get().to_string()))
        .on("click", switch);
    let help = button("help-button", "Help ")
        .attr("aria-haspopup", "dialog")
        .child(el("kbd").child("?"))
        .on("click", |_| open_help());
    classed("header", "top")
        .child(classed("a", "name").attr("href", "/").child("Filature"))
        .child(nav)
        .child(classed("span", "tools").child(theme).child(help))
}

fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some(theme) => theme == "dark",
        None => {
            let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
            query.is_some_and(|query| query.matches())
        }
    }
}

fn set_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        // The name is valid, so it is never refused.
        let _ = root.set_attribute("data-theme", theme);
    }
    if let Ok(Some(storage)) = window().local_storage() {
        // Without storage the choice lasts until the next load.
        let _ = storage.set_item(THEME, theme);
    }
}

/// Says that the server is away, and when it is tried again.
pub fn banner(app: App) -> El {
    let away = move || app.connection.get() != Connection::Up;
    let words = el("p")
        .child("The server is away. What is shown stays; ")
        .child(el("span").attr("aria-live", "off").live_text(move || countdown(app)));
    let now = classed("button", "quiet").attr("type", "button").child("Try now");
    classed("div", "banner")
        .id("banner")
        .attr("role", "alert")
        .live_flag("hidden", move || !away())
        .child(words)
        .child(now.on("click", move |_| app.connection.set(Connection::Lost(0))))
}

fn countdown(app: App) -> String {
    match app.connection.get() {
        Connection::Up | Connection::Lost(0) => "trying again now.".to_owned(),
        Connection::Lost(1) => "next attempt in 1 second.".to_owned(),
        Connection::Lost(seconds) => format!("next attempt in {seconds} seconds."),
    }
}

/// The help: the keys, and how to read the page.
pub fn help() -> El {
    let keys = KEYS.into_iter().fold(el("dl"), |keys, (key, what)| {
        keys.child(el("dt").child(el("kbd").child(key))).child(el("dd").child(what))
    });
    let close = classed("button", "secondary").attr("type", "button").child("Close");
    classed("dialog", "help-dialog")
        .id(HELP)
        .attr("aria-labelledby", "help-title")
        .child(el("h2").id("help-title").child("Keys"))
        .child(keys)
        .child(el("p").child(
            "They work while the focus is not in a field. In a chart the arrow keys read its values.",
        ))
        .child(el("p").child(
            "Words with a dotted underline explain themselves when you point at them, focus them or tap them.",
        ))
        .child(el("p").child(el("a").attr("href", "/api/docs").child("The HTTP interface")))
        .child(close.on("click", |_| {
            if let Some(dialog) = help_dialog() {
                dialog.close();
            }
        }))
}

fn help_dialog() -> Option<HtmlDialogElement> {
    document().get_element_by_id(HELP)?.dyn_into().ok()
}

/// Opens the help over the page.
pub fn open_help() {
    if let Some(dialog) = help_dialog() {
        // It is refused only where it is open already.
        let _ = dialog.show_modal();
    }
}
