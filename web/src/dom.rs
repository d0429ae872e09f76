//! Elements, built once and then kept in step with the signals that they read.
//!
//! Leptos' reactive core without Leptos' `view!`: the types of its views, one per place
//! in the page, made the download three times as large. Here a closure is boxed where
//! it enters, so that all of them share one piece of machine code.

use crate::list::Listed;
use crate::signal::{Owner, follow_boxed};
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, HtmlElement, HtmlInputElement, Window};

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
        Self::Elements(element.into_iter().listed())
    }
}

impl From<Vec<El>> for Content {
    fn from(elements: Vec<El>) -> Self {
        Self::Elements(elements)
    }
}

/// The window that the page is in.
pub fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

/// The page's document.
pub fn document() -> Document {
    window().document().expect("a page has a document")
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

/// Text whose names in backticks become code.
pub fn with_code(text: &str) -> Vec<El> {
    let part =
        |(place, text): (usize, &str)| el(if place % 2 == 0 { "span" } else { "code" }).child(text);
    text.split('`').enumerate().map(part).listed()
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
    /// An element that is there already, among the children of `node`.
    pub fn found(node: &HtmlElement, which: &str) -> Option<Self> {
        let element = node.query_selector(which).ok().flatten()?;
        Some(Self(element.unchecked_into()))
    }

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
        self.follow_text(Box::new(move || value().map(Into::into)), move |element, value| {
            set(element, name, value);
        })
    }

    /// Calls `show` with the text at first and whenever it has changed.
    fn follow_text(
        self,
        mut text: Box<dyn FnMut() -> Option<String>>,
        show: impl Fn(&HtmlElement, Option<&str>) + 'static,
    ) -> Self {
        let element = self.0.clone();
        let mut before = None;
        follow_boxed(Box::new(move || {
            let now = Some(text());
            if now != before {
                show(&element, now.as_ref().and_then(Option::as_deref));
                before = now;
            }
        }));
        self
    }

    /// Keeps an attribute without a value in step, such as `hidden` or `disabled`.
    pub fn live_flag(self, name: &'static str, on: impl FnMut() -> bool + 'static) -> Self {
        self.follow_truth(Box::new(on), move |element, on| set(element, name, on.then_some("")))
    }

    fn follow_truth(
        self,
        mut truth: Box<dyn FnMut() -> bool>,
        show: impl Fn(&HtmlElement, bool) + 'static,
    ) -> Self {
        let element = self.0.clone();
        follow_boxed(Box::new(move || show(&element, truth())));
        self
    }

    /// Keeps a class in step.
    pub fn live_class(self, name: &'static str, on: impl FnMut() -> bool + 'static) -> Self {
        self.follow_truth(Box::new(on), move |element, on| {
            let list = element.class_list();
            let done = if on { list.add_1(name) } else { list.remove_1(name) };
            done.expect("classes have no spaces");
        })
    }

    /// Keeps a property of the style in step. Set by script, it needs no leave from the
    /// content security policy.
    pub fn live_style(
        self,
        name: &'static str,
        mut value: impl FnMut() -> String + 'static,
    ) -> Self {
        self.follow_text(Box::new(move || Some(value())), move |element, value| {
            // An invalid value is ignored by the browser, not refused.
            let _ = element.style().set_property(name, value.unwrap_or_default());
        })
    }

    /// Keeps the text in step; it replaces what was there.
    pub fn live_text<T: Into<String>>(self, mut text: impl FnMut() -> T + 'static) -> Self {
        self.follow_text(Box::new(move || Some(text().into())), |element, text| {
            element.set_text_content(text);
        })
    }

    /// Keeps the HTML in step. Only for what this program has written and escaped itself.
    pub fn live_html(self, mut html: impl FnMut() -> String + 'static) -> Self {
        self.follow_text(Box::new(move || Some(html())), |element, html| {
            element.set_inner_html(html.unwrap_or_default());
        })
    }

    /// Keeps the content in step; it replaces what was there.
    pub fn live<C: Into<Content>>(self, mut view: impl FnMut() -> C + 'static) -> Self {
        self.live_boxed(Box::new(move || view().into()))
    }

    fn live_boxed(self, mut view: Box<dyn FnMut() -> Content>) -> Self {
        let element = self.0.clone();
        follow_boxed(Box::new(move || {
            let content = view();
            element.set_text_content(None);
            append(&element, content);
        }));
        self
    }

    /// Keeps a field's value in step, without disturbing what is being typed.
    pub fn live_value(self, value: impl FnMut() -> String + 'static) -> Self {
        self.live_value_boxed(Box::new(value))
    }

    fn live_value_boxed(self, mut value: Box<dyn FnMut() -> String>) -> Self {
        let input: HtmlInputElement = self.0.clone().unchecked_into();
        follow_boxed(Box::new(move || {
            let now = value();
            if input.value() != now {
                input.set_value(&now);
            }
        }));
        self
    }

    /// Keeps a checkbox or radio button in step.
    pub fn live_checked(self, checked: impl FnMut() -> bool + 'static) -> Self {
        self.follow_truth(Box::new(checked), |element, checked| {
            element.unchecked_ref::<HtmlInputElement>().set_checked(checked);
        })
    }

    /// Calls `handle` on every event of that name.
    pub fn on(self, event: &str, handle: impl FnMut(Event) + 'static) -> Self {
        listen(&self.0, event, Box::new(handle));
        self
    }

    /// Calls `handle` with the text of a field on every event of that name.
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
