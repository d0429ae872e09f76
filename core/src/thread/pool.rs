//! Threads in WebAssembly: [`spawn`] hands its closure to one of the Web Workers that
//! the host has started on the shared memory.
//!
//! A worker that blocks cannot start another one, since that needs its event loop, and
//! the `threads` bodies block. So the host starts the workers beforehand: each calls
//! [`work`], and the host says by [`admit`] how many there are. What the pool hides,
//! the start of a worker, the host measures and reports.

use super::scope::Member;
use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What is to be done, by whichever worker is idle first.
enum Order {
    /// Run a unit.
    Run(Unit<'static>),
    /// Leave the pool.
    Leave,
}

/// A spawned closure on its way to a worker.
pub(super) struct Unit<'a> {
    /// Runs the closure and hands in its result.
    body: Box<dyn FnOnce() + Send + 'a>,
    who_waits: Waiting<'a>,
}

/// Who waits for a unit's end. The scope's turn to hear of it comes last, when nothing else
/// is left of the unit: the fields are dropped in this order.
struct Waiting<'a> {
    /// Where its joiner waits.
    end: Arc<dyn Trapped + 'a>,
    /// Its membership in a scope.
    member: Option<Member>,
}

/// The workers and their orders.
struct Pool {
    orders: VecDeque<Order>,
    /// How many workers there are.
    workers: usize,
    /// How many units are on their way or running.
    units: usize,
}

impl Pool {
    /// Counts one more unit, if there is a worker for it.
    fn admits(&mut self) -> bool {
        let admits = self.units < self.workers;
        self.units += usize::from(admits);
        admits
    }
}

/// How long who spawns waits for a worker to become free.
const PATIENCE_MS: u32 = 1_000;

static POOL: Mutex<Pool> = Mutex::new(Pool { orders: VecDeque::new(), workers: 0, units: 0 });
/// Wakes one idle worker for each new order.
static ORDERED: Condvar = Condvar::new();

thread_local! {
    /// The unit that this worker runs.
    static CURRENT: RefCell<Option<Waiting<'static>>> = const { RefCell::new(None) };
}

pub(super) const UNPOISONED: &str = "in WebAssembly a panic does not unwind, so it poisons no lock";

/// Runs `body` on an idle worker of the pool.
///
/// # Panics
/// If every worker of the pool has a unit already, and keeps it. The host has asked
/// [`Prepared::units`](crate::Prepared::units) how many it takes.
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (unit, end) = unit(body, None);
    hand_over(unit);
    JoinHandle(end)
}

/// A closure on its way to a worker, and where its result will be.
pub(super) fn unit<'a, F, T>(body: F, member: Option<Member>) -> (Unit<'a>, Arc<End<T>>)
where
    F: FnOnce() -> T + Send + 'a,
    T: Send + 'a,
{
    let end = Arc::new(End { state: Mutex::new(State::Running), changed: Condvar::new() });
    let handed_in = Arc::clone(&end);
    let body = Box::new(move || {
        let result = body();
        // First the worker counts as free, so that who joins can spawn at once.
        POOL.lock().expect(UNPOISONED).units -= 1;
        handed_in.set(State::Returned(result));
    });
    let who_waits = Waiting { end: Arc::clone(&end) as Arc<dyn Trapped + 'a>, member };
    (Unit { body, who_waits }, end)
}

/// Leaves a unit to the worker that is idle first.
pub(super) fn hand_over(unit: Unit<'static>) {
    // Who has seen the effects of a unit without joining it may come a moment too early.
    let admitted = (0..PATIENCE_MS).any(|_| {
        let admitted = POOL.lock().expect(UNPOISONED).admits();
        if !admitted {
            std::thread::sleep(Duration::from_millis(1));
        }
        admitted
    });
    assert!(admitted, "all workers of the pool have a unit");
    POOL.lock().expect(UNPOISONED).orders.push_back(Order::Run(unit));
    ORDERED.notify_one();
}

/// Waits for the result of a unit, like the standard library's handle.
#[derive(Debug)]
pub struct JoinHandle<T>(Arc<End<T>>);

impl<T> JoinHandle<T> {
    /// Waits until the unit has ended, and returns its result.
    ///
    /// # Errors
    /// If the unit's worker trapped, which is what a panic does in WebAssembly. The
    /// memory is then in an unknown state, and the whole instance should be given up.
    pub fn join(self) -> std::thread::Result<T> {
        self.0.wait()
    }
}

/// How a unit ended, and who waits for it.
#[derive(Debug)]
pub(super) struct End<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
enum State<T> {
    Running,
    Returned(T),
    Trapped,
}

impl<T> End<T> {
    /// Waits for the result, and takes it.
    pub(super) fn wait(&self) -> std::thread::Result<T> {
        let running = |state: &mut State<T>| matches!(state, State::Running);
        let state = self.state.lock().expect(UNPOISONED);
        let mut state = self.changed.wait_while(state, running).expect(UNPOISONED);
        match std::mem::replace(&mut *state, State::Trapped) {
            State::Returned(result) => Ok(result),
            _ => Err(Box::new("the worker trapped") as Box<dyn Any + Send>),
        }
    }

    fn set(&self, state: State<T>) {
        *self.state.lock().expect(UNPOISONED) = state;
        self.changed.notify_one();
    }
}

/// An [`End`] whose worker has trapped, whatever it would have returned.
trait Trapped: Send + Sync {
    fn set_trapped(&self);
}

impl<T: Send> Trapped for End<T> {
    fn set_trapped(&self) {
        self.set(State::Trapped);
    }
}

/// For the host: the pool has that many workers from now on, each of which calls, or is
/// about to call, [`work`]. Where it had more, the idle ones are told to leave.
pub fn admit(workers: usize) {
    let mut pool = POOL.lock().expect(UNPOISONED);
    let leaving = pool.workers.saturating_sub(workers);
    pool.workers = workers;
    pool.orders.extend((0..leaving).map(|_| Order::Leave));
    drop(pool);
    ORDERED.notify_all();
}

/// For a worker: runs one unit after another, and returns when it is told to leave.
pub fn work() {
    loop {
        let pool = POOL.lock().expect(UNPOISONED);
        let mut pool = ORDERED.wait_while(pool, |pool| pool.orders.is_empty()).expect(UNPOISONED);
        let order = pool.orders.pop_front().expect("it was not empty, and the lock is held");
        drop(pool);
        let Order::Run(Unit { body, who_waits }) = order else {
            return;
        };
        CURRENT.set(Some(who_waits));
        body();
        // No destructor of a thread-local runs when a worker leaves.
        CURRENT.set(None);
    }
}

/// For a worker whose [`work`] has trapped: tells so to who joins its unit. The worker is
/// not replaced, since the memory is in an unknown state.
pub fn trapped() {
    if let Some(Waiting { end, member }) = CURRENT.take() {
        if let Some(member) = &member {
            member.trapped();
        }
        end.set_trapped();
        // As after a unit that returned: the scope hears of it last.
        drop(end);
        drop(member);
    }
}
