//! Elements, built once and then kept in step with the signals that they read.
//!
//! A page of code in place of `view!`: its types, one per place in the page, made the
//! download three times as large. Here a closure is boxed where it enters, so that all
//! of them share one piece of machine code.

use crate::signal::follow;
use leptos::prelude::{Owner, document};
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

/// An element that is being built. A handle: clones are the same element.
#[derive(Clone, Debug)]
pub struct El(HtmlElement);

/// What can stand inside an element.
#[derive(Debug)]
pub enum Content {
    /// Plain text. It is never read as HTML.
    Text(String),
    /// Elements, in order.
    Elements(Vec<El>),
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<El> for Content {
    fn from(element: El) -> Self {
        Self::Elements(vec![element])
    }
}

impl From<Option<El>> for Content {
    fn from(element: Option<El>) -> Self {
        Self::Elements(element.into_iter().collect())
    }
}

impl From<Vec<El>> for Content {
    fn from(elements: Vec<El>) -> Self {
        Self::Elements(elements)
    }
}

/// A new element.
pub fn el(tag: &str) -> El {
    let element = document().create_element(tag).expect("tags are names");
    El(element.unchecked_into())
}

/// A new element with classes.
pub fn classed(tag: &str, class: &str) -> El {
    el(tag).attr("class", class)
}

/// An element that shows what `view` gives, anew whenever that changes; it has no box of its own.
pub fn slot<C: Into<Content>>(view: impl FnMut() -> C + 'static) -> El {
    classed("div", "slot").live(view)
}

/// Puts a view into the document and returns what owns it: dropping that ends its effects.
pub fn mount(place: &Element, view: impl FnOnce() -> Content) -> Owner {
    // It can be set once only, and tests mount often.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new();
    let content = owner.with(view);
    append(place, content);
    owner
}

fn append(place: &Element, content: Content) {
    match content {
        Content::Text(text) => {
            let node = document().create_text_node(&text);
            place.append_child(&node).expect("an element takes text");
        }
        Content::Elements(elements) => {
            for El(element) in elements {
                place.append_child(&element).expect("a tree has no circles");
            }
        }
    }
}

fn set(element: &Element, name: &str, value: Option<&str>) {
    let done = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
    done.expect("attributes have valid names");
}

impl El {
    /// The element itself.
    pub fn node(&self) -> &HtmlElement {
        &self.0
    }

    /// Appends text or elements.
    pub fn child(self, content: impl Into<Content>) -> Self {
        append(&self.0, content.into());
        self
    }

    /// Sets an attribute.
    pub fn attr(self, name: &str, value: &str) -> Self {
        set(&self.0, name, Some(value));
        self
    }

    /// Sets the id.
    pub fn id(self, id: &str) -> Self {
        self.attr("id", id)
    }

    /// Keeps an attribute in step: `None` takes it away.
    pub fn live_attr<T: Into<String>>(
        self,
        name: &'static str,
        mut value: impl FnMut() -> Option<T> + 'static,
    ) -> Self {
        let element = self.0.clone();
        let mut before = None;
        follow(move || {
            let now = Some(value().map(Into::into));
            if now != before {
                set(&element, name, now.as_ref().and_then(|now: &Option<String>| now.as_deref()));
                before = now;
            }
        });
        self
    }

    /// Keeps an attribute without a value in step, such as `hidden` or `disabled`.
    pub fn live_flag(self, name: &'static str, mut on: impl FnMut() -> bool + 'static) -> Self {
        let element = self.0.clone();
        follow(move || set(&element, name, on().then_some("")));
        self
    }

    /// Keeps a class in step.
    pub fn live_class(self, name: &'static str, mut on: impl FnMut() -> bool + 'static) -> Self {
        let element = self.0.clone();
        follow(move || {
            let list = element.class_list();
            let done = if on() { list.add_1(name) } else { list.remove_1(name) };
            done.expect("classes have no spaces");
        });
        self
    }

    /// Keeps a property of the style in step. Set by script, it needs no leave from the
    /// content security policy.
    pub fn live_style(
        self,
        name: &'static str,
        mut value: impl FnMut() -> String + 'static,
    ) -> Self {
        let element = self.0.clone();
        follow(move || {
            // An invalid value is ignored by the browser, not refused.
            let _ = element.style().set_property(name, &value());
        });
        self
    }

    /// Keeps the text in step; it replaces what was there.
    pub fn live_text<T: Into<String>>(self, mut text: impl FnMut() -> T + 'static) -> Self {
        let element = self.0.clone();
        let mut before = None;
        follow(move || {
            let now = Some(text().into());
            if now != before {
                element.set_text_content(now.as_deref());
                before = now;
            }
        });
        self
    }

    /// Keeps the HTML in step. Only for what this program has written and escaped itself.
    pub fn live_html(self, mut html: impl FnMut() -> String + 'static) -> Self {
        let element = self.0.clone();
        follow(move || element.set_inner_html(&html()));
        self
    }

    /// Keeps the content in step; it replaces what was there.
    pub fn live<C: Into<Content>>(self, mut view: impl FnMut() -> C + 'static) -> Self {
        let element = self.0.clone();
        follow(move || {
            let content = view().into();
            element.set_text_content(None);
            append(&element, content);
        });
        self
    }

    /// Keeps a field's value in step, without disturbing what is being typed.
    pub fn live_value(self, mut value: impl FnMut() -> String + 'static) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        follow(move || {
            let now = value();
            if input.value() != now {
                input.set_value(&now);
            }
        });
        self
    }

    /// Keeps a checkbox or radio button in step.
    pub fn live_checked(self, mut checked: impl FnMut() -> bool + 'static) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        follow(move || input.set_checked(checked()));
        self
    }

    /// Calls `handle` on every event of that name.
    pub fn on(self, event: &str, handle: impl FnMut(Event) + 'static) -> Self {
        listen(&self.0, event, Box::new(handle));
        self
    }

    /// Calls `handle` with the text of a field whenever it changes.
    pub fn on_value(self, event: &str, mut handle: impl FnMut(String) + 'static) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        self.on(event, move |_| handle(input.value()))
    }
}

/// Calls `handle` on every event of that name at `target`, for as long as the target is there.
pub fn listen(target: &web_sys::EventTarget, event: &str, handle: Box<dyn FnMut(Event)>) {
    let handle = Closure::wrap(handle).into_js_value();
    target
        .add_event_listener_with_callback(event, handle.unchecked_ref())
        .expect("an event's name is a string");
}
