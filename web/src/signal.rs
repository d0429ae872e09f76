//! Values that views follow: Leptos' triggers, effects and owners around plain cells.
//!
//! Leptos' own signals are compiled once for every type of value and for every closure
//! that reads one. Here the reactive part knows no types at all, which is a third of
//! the download.

use reactive_graph::effect::RenderEffect;
use reactive_graph::owner::{LocalStorage, StoredValue};
use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{GetValue, Notify, Track};
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

pub use reactive_graph::graph::untrack;
pub use reactive_graph::owner::Owner;

/// A value that is followed by all that read it. A handle: copies are the same value. It
/// lives as long as the part of the page in which it was made.
pub struct Live<T: 'static> {
    slot: StoredValue<Rc<dyn Any>, LocalStorage>,
    of: PhantomData<fn() -> T>,
}

struct Inner<T> {
    value: RefCell<T>,
    changed: ArcTrigger,
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Live<T> {}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Live")
    }
}

impl<T: 'static> Live<T> {
    /// A value to begin with.
    pub fn new(value: T) -> Self {
        let inner = Inner { value: RefCell::new(value), changed: ArcTrigger::new() };
        Self { slot: stored(Rc::new(inner)), of: PhantomData }
    }

    /// The value's place, unless the part of the page that it belonged to is gone.
    #[inline(never)]
    fn inner(&self) -> Option<Rc<Inner<T>>> {
        place(self.slot)?.downcast().ok()
    }

    #[inline(never)]
    fn known(&self, is_followed: bool) -> Rc<Inner<T>> {
        let inner = self.inner().expect("a value is read only while its part of the page stands");
        if is_followed {
            inner.changed.track();
        }
        inner
    }

    /// Whether its part of the page still stands.
    pub fn is_there(&self) -> bool {
        self.slot.try_get_value().is_some()
    }

    /// Follows the value without reading it.
    pub fn track(&self) {
        self.known(true);
    }

    /// Reads the value, and follows it.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.known(true).value.borrow())
    }

    /// Reads the value this once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.known(false).value.borrow())
    }

    /// Changes the value, and tells all that follow it. Nothing happens once its part of
    /// the page is gone.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        if let Some(inner) = self.inner() {
            change(&mut inner.value.borrow_mut());
            inner.changed.notify();
        }
    }

    /// Replaces the value, and tells all that follow it.
    pub fn set(&self, value: T) {
        self.update(|now| *now = value);
    }
}

impl<T: Clone + 'static> Live<T> {
    /// A copy of the value, which is followed.
    pub fn get(&self) -> T {
        self.with(T::clone)
    }

    /// A copy of the value as it is now.
    pub fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }
}

/// Here only the arena is known, and no type: the code is compiled once.
fn place(slot: StoredValue<Rc<dyn Any>, LocalStorage>) -> Option<Rc<dyn Any>> {
    slot.try_get_value()
}

fn stored(value: Rc<dyn Any>) -> StoredValue<Rc<dyn Any>, LocalStorage> {
    StoredValue::new_local(value)
}

/// Does something at once, and again whenever a value that it reads changes, for as
/// long as the part of the page that asked for it stands.
pub fn follow(run: impl FnMut() + 'static) {
    follow_boxed(Box::new(run));
}

/// The same for a closure that is boxed already.
pub fn follow_boxed(mut run: Box<dyn FnMut()>) {
    // The owner that is current now drops it together with its other values.
    stored(Rc::new(RenderEffect::new(move |_| run())));
}

/// A value that is made of others, and changes only when what comes out is another.
pub fn memo<T: PartialEq + Default + 'static>(mut make: impl FnMut() -> T + 'static) -> Live<T> {
    let made = Live::new(T::default());
    follow(move || {
        let now = make();
        if made.with_untracked(|before| *before != now) {
            made.set(now);
        }
    });
    made
}

/// Keeps a value for as long as the part of the page stands that is being built.
pub fn keep(value: impl Any) {
    stored(Rc::new(value));
}
