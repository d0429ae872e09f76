//! Scoped threads in WebAssembly: units of the pool that may borrow from who spawns them,
//! since [`scope`] returns only after the last one has ended.

use super::pool::{End, UNPOISONED, Unit, hand_over, unit};
use std::marker::PhantomData;
use std::mem::transmute;
use std::sync::{Arc, Condvar, Mutex};

/// Calls `body` with a scope to spawn units in, waits until all of them have ended, joined
/// or not, and returns what `body` returned.
///
/// # Panics
/// As the standard library's: if a unit trapped whose handle was not joined.
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope { members: Arc::default(), scope: PhantomData, env: PhantomData };
    // If it panics, this thread stops here for good and keeps all that units may borrow: in
    // WebAssembly nothing unwinds.
    let result = body(&scope);
    let untold = scope.members.wait();
    assert!(untold == 0, "a scoped thread panicked");
    result
}

/// Where units are spawned that may borrow, like the standard library's.
#[derive(Debug)]
pub struct Scope<'scope, 'env: 'scope> {
    members: Arc<Members>,
    // Both lifetimes may neither shrink nor grow, as in the standard library.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope> Scope<'scope, '_> {
    /// Runs `body` on an idle worker of the pool.
    ///
    /// # Panics
    /// If every worker of the pool has a unit already.
    pub fn spawn<F, T>(&'scope self, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (unit, end) = unit(body, Some(Member::of(&self.members)));
        // SAFETY: only the lifetime changes. `scope` does not return, and so `'scope` does not
        // end, before this unit's `Member` is dropped, which the worker does after all else
        // that it holds of the unit. A worker that traps keeps the rest, but never runs again.
        let unit = unsafe { transmute::<Unit<'scope>, Unit<'static>>(unit) };
        hand_over(unit);
        ScopedJoinHandle { end, members: Arc::clone(&self.members), scope: PhantomData }
    }
}

/// Waits for the result of a scoped unit, like the standard library's handle.
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    end: Arc<End<T>>,
    members: Arc<Members>,
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits until the unit has ended, and returns its result.
    ///
    /// # Errors
    /// If the unit's worker trapped.
    pub fn join(self) -> std::thread::Result<T> {
        let result = self.end.wait();
        if result.is_err() {
            self.members.count.lock().expect(UNPOISONED).untold -= 1;
        }
        result
    }
}

/// The units of a scope.
#[derive(Debug, Default)]
struct Members {
    count: Mutex<Count>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Count {
    /// Those of which a worker still holds something.
    alive: usize,
    /// Those that trapped without their joiner having been told.
    untold: usize,
}

impl Members {
    /// Waits until none is alive; returns how many trapped and were not joined.
    fn wait(&self) -> usize {
        let count = self.count.lock().expect(UNPOISONED);
        self.changed.wait_while(count, |count| count.alive > 0).expect(UNPOISONED).untold
    }
}

/// A unit's place in a scope, for as long as a worker holds anything of the unit.
pub(super) struct Member(Arc<Members>);

impl Member {
    fn of(members: &Arc<Members>) -> Self {
        members.count.lock().expect(UNPOISONED).alive += 1;
        Self(Arc::clone(members))
    }

    /// The unit's worker has trapped. To be called before its joiner is told.
    pub(super) fn trapped(&self) {
        self.0.count.lock().expect(UNPOISONED).untold += 1;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.count.lock().expect(UNPOISONED).alive -= 1;
        self.0.changed.notify_one();
    }
}
