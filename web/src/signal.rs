//! Values that views follow. What reads a value while it runs is run again, a moment
//! later, when the value changes; what it made in the meantime is given back first.
//!
//! The model is that of Leptos' signals, effects and owners, in a file. Theirs are made
//! for servers and threads as well, and compiled once for every type and closure:
//! that was more than the page itself.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::rc::{Rc, Weak};
use wasm_bindgen_futures::spawn_local;

/// Something that is run again when a value changes that it read, and the owner of all
/// that is made while it runs.
struct Effect {
    /// Effects are run again in the order in which they were made: owners first.
    number: u64,
    run: RefCell<Box<dyn FnMut()>>,
    owned: RefCell<Vec<Rc<dyn Any>>>,
    /// How often it has run; a value that was read in an earlier run no longer matters.
    runs: Cell<u64>,
    is_due: Cell<bool>,
}

/// A slot for a value. Its number in the arena makes a handle that can be copied.
#[derive(Default)]
struct Slot {
    value: Option<Rc<dyn Any>>,
    generation: u32,
}

#[derive(Default)]
struct Runtime {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<usize>>,
    current: RefCell<Option<Rc<Effect>>>,
    is_untracked: Cell<bool>,
    due: RefCell<Vec<Weak<Effect>>>,
    effects: Cell<u64>,
}

thread_local! {
    static RUNTIME: Runtime = Runtime::default();
}

/// Owns what is made in a part of the page; dropping it ends that part's effects.
pub struct Owner {
    _root: Rc<Effect>,
}

impl fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Owner")
    }
}

/// Makes a part of the page: all that `make` makes belongs to the owner that is returned.
pub fn owned<R>(make: impl FnOnce() -> R) -> (R, Owner) {
    let root = effect(Box::new(|| ()));
    let made = within(Some(Rc::clone(&root)), make);
    (made, Owner { _root: root })
}

fn effect(run: Box<dyn FnMut()>) -> Rc<Effect> {
    RUNTIME.with(|runtime| {
        runtime.effects.set(runtime.effects.get() + 1);
        Rc::new(Effect {
            number: runtime.effects.get(),
            run: RefCell::new(run),
            owned: RefCell::default(),
            runs: Cell::new(0),
            is_due: Cell::new(false),
        })
    })
}

fn within<R>(effect: Option<Rc<Effect>>, action: impl FnOnce() -> R) -> R {
    let before = RUNTIME.with(|r| (r.current.replace(effect), r.is_untracked.replace(false)));
    let result = action();
    RUNTIME.with(|runtime| {
        runtime.current.replace(before.0);
        runtime.is_untracked.set(before.1);
    });
    result
}

/// Keeps a value for as long as the part of the page stands that is being built.
pub fn keep(value: impl Any) {
    keep_shared(Rc::new(value));
}

fn keep_shared(value: Rc<dyn Any>) {
    RUNTIME.with(|runtime| match &*runtime.current.borrow() {
        Some(owner) => owner.owned.borrow_mut().push(value),
        // Outside of any part there is nothing to outlive.
        None => std::mem::forget(value),
    });
}

/// Does something at once, and again whenever a value that it reads changes, for as
/// long as the part of the page that asked for it stands.
pub fn follow(run: impl FnMut() + 'static) {
    follow_boxed(Box::new(run));
}

/// The same for a closure that is boxed already.
pub fn follow_boxed(run: Box<dyn FnMut()>) {
    let effect = effect(run);
    keep_shared(Rc::clone(&effect) as Rc<dyn Any>);
    execute(effect);
}

fn execute(effect: Rc<Effect>) {
    effect.is_due.set(false);
    effect.runs.set(effect.runs.get() + 1);
    // Taken out first: what ends may look at its owner.
    let old = effect.owned.take();
    drop(old);
    within(Some(Rc::clone(&effect)), || (effect.run.borrow_mut())());
}

/// Runs what is due, owners before what they own.
async fn run_due() {
    while let Some(effect) = next_due() {
        if let Some(effect) = effect.upgrade() {
            execute(effect);
        }
    }
}

fn next_due() -> Option<Weak<Effect>> {
    RUNTIME.with(|runtime| {
        let mut due = runtime.due.borrow_mut();
        let number = |effect: &Weak<Effect>| effect.upgrade().map_or(0, |effect| effect.number);
        let first = (0..due.len()).min_by_key(|place| number(&due[*place]))?;
        Some(due.swap_remove(first))
    })
}

/// Reads without following.
pub fn untrack<R>(read: impl FnOnce() -> R) -> R {
    let before = RUNTIME.with(|runtime| runtime.is_untracked.replace(true));
    let result = read();
    RUNTIME.with(|runtime| runtime.is_untracked.set(before));
    result
}

/// Who follows a value.
#[derive(Default)]
struct Followers(RefCell<Vec<(Weak<Effect>, u64)>>);

impl Followers {
    /// The effect that runs now follows from now on.
    fn track(&self) {
        RUNTIME.with(|runtime| {
            if runtime.is_untracked.get() {
                return;
            }
            if let Some(effect) = &*runtime.current.borrow() {
                let mut all = self.0.borrow_mut();
                let (weak, runs) = (Rc::downgrade(effect), effect.runs.get());
                if !all.iter().any(|(other, at)| *at == runs && other.ptr_eq(&weak)) {
                    all.push((weak, runs));
                }
            }
        });
    }

    /// All that follow are due. They follow again when they read again.
    fn notify(&self) {
        for (weak, runs) in self.0.take() {
            let Some(effect) = weak.upgrade() else { continue };
            if effect.runs.get() == runs && !effect.is_due.replace(true) {
                let first = RUNTIME.with(|runtime| {
                    let mut due = runtime.due.borrow_mut();
                    due.push(weak);
                    due.len() == 1
                });
                if first {
                    spawn_local(run_due());
                }
            }
        }
    }
}

/// A value that is followed by all that read it. A handle: copies are the same value. It
/// lives as long as the part of the page in which it was made.
pub struct Live<T: 'static> {
    place: usize,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

struct Inner<T> {
    value: RefCell<T>,
    followers: Followers,
}

/// Gives a slot back.
struct Tenant(usize);

impl Drop for Tenant {
    fn drop(&mut self) {
        let value = RUNTIME.with(|runtime| {
            let slot = &mut runtime.slots.borrow_mut()[self.0];
            slot.generation += 1;
            runtime.free.borrow_mut().push(self.0);
            slot.value.take()
        });
        // Only now, when the arena is free again: its end may end other values.
        drop(value);
    }
}

fn rent(value: Rc<dyn Any>) -> (usize, u32) {
    let rented = RUNTIME.with(|runtime| {
        let mut slots = runtime.slots.borrow_mut();
        let place = runtime.free.borrow_mut().pop().unwrap_or_else(|| {
            slots.push(Slot::default());
            slots.len() - 1
        });
        slots[place].value = Some(value);
        (place, slots[place].generation)
    });
    keep(Tenant(rented.0));
    rented
}

fn tenant(place: usize, generation: u32) -> Option<Rc<dyn Any>> {
    RUNTIME.with(|runtime| {
        let slots = runtime.slots.borrow();
        slots.get(place).filter(|slot| slot.generation == generation)?.value.clone()
    })
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
        let inner = Inner { value: RefCell::new(value), followers: Followers::default() };
        let (place, generation) = rent(Rc::new(inner));
        Self { place, generation, of: PhantomData }
    }

    /// The value's place, unless the part of the page that it belonged to is gone.
    #[inline(never)]
    fn inner(&self) -> Option<Rc<Inner<T>>> {
        tenant(self.place, self.generation)?.downcast().ok()
    }

    #[inline(never)]
    fn known(&self, is_followed: bool) -> Rc<Inner<T>> {
        let inner = self.inner().expect("a value is read only while its part of the page stands");
        if is_followed {
            inner.followers.track();
        }
        inner
    }

    /// Whether its part of the page still stands.
    pub fn is_there(&self) -> bool {
        tenant(self.place, self.generation).is_some()
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
            inner.followers.notify();
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
