//! The table, as the server made it. It comes anew whenever a part has ended; what the
//! reader has opened, where the focus is and what is on the screen stay as they were.

use crate::dom::{El, document, window};
use crate::signal::{Live, follow};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Keeps the place of the table in step with its HTML.
pub fn table(place: El, html: Live<String>) {
    let node = place.node().clone();
    let mut before = String::new();
    follow(move || {
        let now = html.get();
        if now != before {
            let kept = Kept::of(&node);
            node.set_inner_html(&now);
            kept.restore(&node);
            if before.is_empty() {
                to_named_place();
            }
            before = now;
        }
    });
}

/// What a new table must not change.
struct Kept {
    /// The ids of the panels that are open.
    open: Vec<String>,
    /// The id of the panel whose summary has the focus, or the address of the link.
    focus: Option<String>,
    /// The uppermost element on the screen that has an id, and where it is.
    anchor: Option<(String, f64)>,
    /// How far each wide table is scrolled.
    scrolled: Vec<i32>,
}

impl Kept {
    fn of(node: &HtmlElement) -> Self {
        let id = |element: &Element| element.id();
        Self {
            open: all(node, "details[open]").iter().map(id).collect(),
            focus: document().active_element().filter(|it| node.contains(Some(it))).and_then(
                |element| match element.get_attribute("href") {
                    Some(href) => Some(format!("a[href=\"{href}\"]")),
                    None => {
                        let panel = element.closest("details").ok().flatten()?;
                        Some(format!("#{} > summary", panel.id()))
                    }
                },
            ),
            anchor: all(node, "section[id], details[id], td[id]").iter().find_map(|element| {
                let top = element.get_bounding_client_rect().top();
                (top >= 0.0).then(|| (element.id(), top))
            }),
            scrolled: all(node, ".scroll").iter().map(Element::scroll_left).collect(),
        }
    }

    fn restore(self, node: &HtmlElement) {
        for id in self.open {
            if let Some(panel) = document().get_element_by_id(&id) {
                // The name is valid, so it is never refused.
                let _ = panel.set_attribute("open", "");
            }
        }
        for (element, left) in all(node, ".scroll").iter().zip(self.scrolled) {
            element.set_scroll_left(left);
        }
        let focused = self.focus.and_then(|which| node.query_selector(&which).ok().flatten());
        if let Some(element) = focused {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = element.unchecked_ref::<HtmlElement>().focus_with_options(&options);
        }
        let now = self.anchor.and_then(|(id, before)| {
            let element = document().get_element_by_id(&id)?;
            Some(element.get_bounding_client_rect().top() - before)
        });
        if let Some(moved) = now {
            window().scroll_by_with_x_and_y(0.0, moved);
        }
    }
}

/// The elements below `node` that a selector names.
pub fn all(node: &HtmlElement, which: &str) -> Vec<Element> {
    let Ok(list) = node.query_selector_all(which) else { return Vec::new() };
    let mut found = Vec::new();
    for place in 0..list.length() {
        found.extend(list.get(place).and_then(|node| node.dyn_into::<Element>().ok()));
    }
    found
}

/// A link may name a row or a cell, which is there only now.
fn to_named_place() {
    let hash = window().location().hash().unwrap_or_default();
    let named = hash.strip_prefix('#').and_then(|id| document().get_element_by_id(id));
    if let Some(element) = named {
        element.scroll_into_view();
    }
}
