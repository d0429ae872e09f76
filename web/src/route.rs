//! Which view an address names, and moving between views without loading anew.

use crate::dom::{self, window};
use crate::state::App;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, MouseEvent};

/// A view of the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// The form, ready for an experiment.
    Explore,
    /// One experiment, by its id; the form beside it asks for it again.
    Experiment(String),
    /// Threads against tasks: the comparison of this id, or else the newest.
    Compare(Option<String>),
    /// All experiments.
    History,
    /// Native against WebAssembly.
    Versus,
    /// An address that names nothing.
    Unknown,
}

impl Route {
    /// The view that a path names.
    pub fn of_path(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("") | None, None, _) => Self::Explore,
            (Some("history"), None, _) => Self::History,
            (Some("webassembly"), None, _) => Self::Versus,
            (Some("compare"), id, None) => Self::Compare(id.map(str::to_owned)),
            (Some("e"), Some(id), None) if !id.is_empty() => Self::Experiment(id.to_owned()),
            _ => Self::Unknown,
        }
    }

    /// The path of this view.
    pub fn path(&self) -> String {
        match self {
            Self::Explore | Self::Unknown => "/".to_owned(),
            Self::Experiment(id) => format!("/e/{id}"),
            Self::Compare(None) => "/compare".to_owned(),
            Self::Compare(Some(id)) => format!("/compare/{id}"),
            Self::History => "/history".to_owned(),
            Self::Versus => "/webassembly".to_owned(),
        }
    }
}

/// The path and query of the address bar.
pub fn address() -> (String, String) {
    let location = window().location();
    (location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

/// Whether a query holds the form.
pub fn holds_form(query: &str) -> bool {
    query.split(['?', '&']).any(|pair| pair.starts_with("workload="))
}

/// Goes to an address of this page, as a link does.
pub fn navigate(app: App, url: &str) {
    push(url);
    arrive(app);
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Puts an address into the history without showing another view.
pub fn push(url: &str) {
    // Only a foreign address could be refused, and all of ours are paths.
    let history = window().history();
    let _ = history.and_then(|h| h.push_state_with_url(&JsValue::NULL, "", Some(url)));
}

/// Changes the address in place: it is what the form holds now, not a place to go back to.
pub fn replace(url: &str) {
    let history = window().history();
    let _ = history.and_then(|h| h.replace_state_with_url(&JsValue::NULL, "", Some(url)));
}

/// Shows what the address bar names.
pub fn arrive(app: App) {
    let (path, query) = address();
    let route = Route::of_path(&path);
    app.arrive(route, &query);
}

/// Whether a click asks for nothing special, such as another tab.
pub fn is_plain_click(event: &Event) -> bool {
    event.dyn_ref::<MouseEvent>().is_some_and(|event| {
        let held = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        event.button() == 0 && !held
    })
}

/// Follows the browser's back and forward, and every link to this page.
pub fn listen(app: App) {
    dom::listen(&window(), "popstate", Box::new(move |_| arrive(app)));
    let follow = move |event: Event| {
        if event.default_prevented() || !is_plain_click(&event) {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let link = target.and_then(|element| element.closest("a[href^='/']").ok().flatten());
        let Some(href) = link.and_then(|link| link.get_attribute("href")) else { return };
        // Without that view, the server's answer is the page with it.
        let is_elsewhere = !cfg!(feature = "compare") && href.starts_with("/compare");
        if !is_elsewhere && !href.starts_with("/api/") {
            event.prevent_default();
            navigate(app, &href);
        }
    };
    dom::listen(&window(), "click", Box::new(follow));
}

/// Percent-encoding that leaves alone what an address may hold and people can read.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b',' | b':' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What [`escaped`] was given.
pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
