//! What one connection waits for, and for how long it may.
//!
//! The socket, the service and the bodies note here what happens to a connection; the task
//! that drives it asks what is due. So a connection has one timer, which moves when a limit
//! comes nearer and never once per request.

use crate::settings::ConnectionSettings;
use futures_util::task::AtomicWaker;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Whose turn it is, and at what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The client's, to send the first byte of its first request.
    Silent,
    /// The client's, to send the rest of a request's head.
    Head,
    /// The client's, to send the rest of a request's body.
    Body,
    /// The server's, to answer.
    Answering,
    /// The client's, to send another request, if it wants to.
    Idle,
}

const PHASES: [Phase; 5] = [Phase::Silent, Phase::Head, Phase::Body, Phase::Answering, Phase::Idle];

/// The bits of [`Watch::turn`] that say the phase; the others count its changes.
const PHASE_BITS: u32 = 3;

/// Why a connection was ended, other than by its client or after its last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The head of a request was not there in time.
    HeaderTime,
    /// No further request came in time.
    IdleTime,
    /// The client took nothing of its answer in time, or not the whole of a large one.
    WriteTime,
    /// It had been open for as long as one may.
    Age,
    /// Another client needed its place.
    Room,
    /// The server is stopped.
    Stop,
}

/// What somebody else wants of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// To end when the present answer is over; at once where there is none.
    Finish = 1,
    /// To end at once, since its place is needed.
    Leave = 2,
}

/// What is known of a connection.
pub(super) struct Watch {
    opened: Instant,
    turn: AtomicU64,
    /// Milliseconds after `opened` since which the client is waited for.
    since_ms: AtomicU64,
    /// The socket takes no more at the moment.
    blocked: AtomicBool,
    /// The socket has taken something since that was last looked at.
    moved: AtomicBool,
    /// Bytes came while the server was answering: a further request has begun.
    ahead: AtomicBool,
    /// Milliseconds after `opened` since which a large answer is taken; 0 where none is.
    large_ms: AtomicU64,
    /// Bytes of an answer may still be on their way to the socket.
    flushing: AtomicBool,
    /// The body of a request was not read to its end.
    unread: AtomicBool,
    /// A body was not there in time.
    late_body: AtomicBool,
    order: AtomicU8,
    waker: AtomicWaker,
}

impl Watch {
    /// A connection that has just been opened.
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            turn: AtomicU64::new(Phase::Silent as u64),
            since_ms: AtomicU64::new(0),
            blocked: AtomicBool::new(false),
            moved: AtomicBool::new(false),
            ahead: AtomicBool::new(false),
            large_ms: AtomicU64::new(0),
            flushing: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            late_body: AtomicBool::new(false),
            order: AtomicU8::new(0),
            waker: AtomicWaker::new(),
        }
    }

    /// When it was opened.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// Whose turn it is.
    pub(super) fn phase(&self) -> Phase {
        phase_of(self.turn.load(Relaxed))
    }

    /// Notes a phase that begins now.
    pub(super) fn enter(&self, phase: Phase) {
        let turn = self.turn.load(Relaxed);
        self.turn.store(((turn >> PHASE_BITS) + 1) << PHASE_BITS | phase as u64, Relaxed);
    }

    /// Notes that bytes came: where none were under way, a request has begun.
    pub(super) fn received(&self) {
        match self.phase() {
            Phase::Silent | Phase::Idle => self.enter(Phase::Head),
            Phase::Answering => self.ahead.store(true, Relaxed),
            Phase::Head | Phase::Body => {}
        }
    }

    /// Notes that a large answer begins, which must be taken in time.
    pub(super) fn answers_much(&self) {
        self.large_ms.store(self.age_ms().max(1), Relaxed);
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that the socket took bytes.
    pub(super) fn sent(&self) {
        self.blocked.store(false, Relaxed);
        self.moved.store(true, Relaxed);
    }

    /// Notes that the socket took none.
    pub(super) fn block(&self) {
        self.blocked.store(true, Relaxed);
    }

    /// Whether the socket takes no more at the moment.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Relaxed)
    }

    /// Notes that the last byte of an answer was made.
    pub(super) fn answered(&self) {
        self.flushing.store(true, Relaxed);
        self.large_ms.store(0, Relaxed);
        let is_ahead = self.ahead.swap(false, Relaxed);
        self.enter(if is_ahead { Phase::Head } else { Phase::Idle });
    }

    /// Notes that all bytes of all answers have been handed to the socket.
    pub(super) fn flushed(&self) {
        self.flushing.store(false, Relaxed);
    }

    /// Whether what is written now belongs to no request: then it is the complaint of the
    /// HTTP library about bytes that are none.
    pub(super) fn is_outside_of_requests(&self) -> bool {
        matches!(self.phase(), Phase::Silent | Phase::Head | Phase::Idle)
            && !self.flushing.load(Relaxed)
    }

    /// Notes that a body will not be read to its end; `late` where it took too long.
    pub(super) fn leave_body(&self, late: bool) {
        self.unread.store(true, Relaxed);
        self.late_body.fetch_or(late, Relaxed);
    }

    /// Whether the client may still be sending what nobody reads.
    pub(super) fn left_body(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// Whether a body was not there in time.
    pub(super) fn had_late_body(&self) -> bool {
        self.late_body.load(Relaxed)
    }

    /// Tells the connection what to do.
    pub(super) fn tell(&self, order: Order) {
        self.order.fetch_max(order as u8, Relaxed);
        self.waker.wake();
    }

    /// Whether it was told to end at once.
    #[cfg(test)]
    pub(super) fn is_told_to_leave(&self) -> bool {
        self.order.load(Relaxed) == Order::Leave as u8
    }

    /// Since when the server waits for this client to do something; `None` where it does not.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let waits = self.phase() != Phase::Answering || self.blocked.load(Relaxed);
        waits.then(|| self.opened + Duration::from_millis(self.since_ms.load(Relaxed)))
    }
}

fn phase_of(turn: u64) -> Phase {
    let index = turn & ((1 << PHASE_BITS) - 1);
    PHASES[usize::try_from(index).expect("three bits")]
}

/// The limits of every connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// For the head of a request.
    pub(super) header: Duration,
    /// For its body.
    pub(super) body: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// Without the client taking anything.
    pub(super) write: Duration,
    /// For a client to take a large answer, of which only some exist at a time.
    pub(super) large: Duration,
    /// In all.
    pub(super) age: Duration,
}

impl Times {
    /// As the settings have them.
    pub(super) fn new(settings: &ConnectionSettings) -> Self {
        Self {
            header: Duration::from_secs(settings.header_time_s),
            body: Duration::from_secs(settings.body_time_s),
            idle: Duration::from_secs(settings.idle_time_s),
            write: Duration::from_secs(settings.write_time_s),
            large: Duration::from_secs(3 * settings.write_time_s),
            age: Duration::from_secs(settings.connection_time_s),
        }
    }
}

/// What is due of a connection, and when.
enum Due {
    Cut(Cut),
    /// It has reached its age: the present answer is its last one.
    Finish,
}

/// Holds a connection to its limits.
struct Clock<'a> {
    watch: &'a Watch,
    times: Times,
    turn: u64,
    since: Instant,
    blocked_since: Option<Instant>,
    finishing: bool,
}

impl<'a> Clock<'a> {
    fn new(watch: &'a Watch, times: Times) -> Self {
        let turn = watch.turn.load(Relaxed);
        Self { watch, times, turn, since: Instant::now(), blocked_since: None, finishing: false }
    }

    /// Looks at what has happened, and says what is due next.
    fn next(&mut self) -> (Instant, Due) {
        let (now, turn) = (Instant::now(), self.watch.turn.load(Relaxed));
        let moved = self.watch.moved.swap(false, Relaxed);
        let phase = phase_of(turn);
        if turn != self.turn {
            // The time for the first head runs from the opening, not from its first byte.
            let is_first = phase_of(self.turn) == Phase::Silent && phase == Phase::Head;
            if !is_first {
                self.since = now;
            }
            self.turn = turn;
        }
        let blocked = self.watch.blocked.load(Relaxed);
        self.blocked_since = match self.blocked_since {
            Some(since) if blocked && !moved => Some(since),
            _ => blocked.then_some(now),
        };
        // The end of an answer may be on its way long after its last byte was made.
        if moved && phase == Phase::Idle {
            self.since = now;
        }
        let since = self.blocked_since.unwrap_or(self.since);
        let since_ms = since.saturating_duration_since(self.watch.opened).as_millis();
        self.watch.since_ms.store(u64::try_from(since_ms).unwrap_or(u64::MAX), Relaxed);
        self.earliest(phase)
    }

    fn earliest(&self, phase: Phase) -> (Instant, Due) {
        let oldest = self.watch.opened + self.times.age;
        let aged = if self.finishing {
            (oldest + self.times.write, Due::Cut(Cut::Age))
        } else {
            (oldest, Due::Finish)
        };
        let waiting = match (self.blocked_since, phase) {
            (Some(since), _) => (since + self.times.write, Due::Cut(Cut::WriteTime)),
            (None, Phase::Silent | Phase::Head) => {
                (self.since + self.times.header, Due::Cut(Cut::HeaderTime))
            }
            (None, Phase::Idle) => (self.since + self.times.idle, Due::Cut(Cut::IdleTime)),
            // Who reads a body keeps its time, so that it can be answered.
            (None, Phase::Body | Phase::Answering) => return self.earlier(aged),
        };
        self.earlier(if waiting.0 < aged.0 { waiting } else { aged })
    }

    /// What is due, unless the time for a large answer ends before.
    fn earlier(&self, due: (Instant, Due)) -> (Instant, Due) {
        let since_ms = self.watch.large_ms.load(Relaxed);
        let end = self.watch.opened + Duration::from_millis(since_ms) + self.times.large;
        if since_ms > 0 && end < due.0 { (end, Due::Cut(Cut::WriteTime)) } else { due }
    }

    /// Whether nothing is lost by ending the connection right now.
    fn is_between_requests(&self) -> bool {
        let between = matches!(phase_of(self.turn), Phase::Silent | Phase::Head | Phase::Idle);
        between && self.blocked_since.is_none()
    }
}

/// Does the work of a connection until that is done, or until a limit or an order ends it.
/// `finish` tells the work that its present answer is the last one.
///
/// # Errors
/// Why it was cut short; dropping the work then ends the connection.
pub(super) async fn watched<W: Future + Unpin>(
    mut work: W,
    watch: &Watch,
    times: Times,
    finish: impl Fn(Pin<&mut W>),
) -> Result<W::Output, Cut> {
    let mut clock = Clock::new(watch, times);
    let mut armed = clock.next().0;
    let mut timer = pin!(sleep_until(armed));
    poll_fn(|context| {
        watch.waker.register(context.waker());
        if let Poll::Ready(output) = Pin::new(&mut work).poll(context) {
            return Poll::Ready(Ok(output));
        }
        loop {
            let (at, due) = clock.next();
            match watch.order.load(Relaxed) {
                0 => {}
                order if order == Order::Leave as u8 => return Poll::Ready(Err(Cut::Room)),
                _ if clock.is_between_requests() => return Poll::Ready(Err(Cut::Stop)),
                _ if !clock.finishing => {
                    clock.finishing = true;
                    finish(Pin::new(&mut work));
                    context.waker().wake_by_ref();
                }
                _ => {}
            }
            if at < armed || timer.is_elapsed() {
                armed = at;
                timer.as_mut().reset(at);
            }
            if poll_timer(timer.as_mut(), context).is_pending() {
                return Poll::Pending;
            }
            match due {
                _ if at > Instant::now() => {}
                Due::Cut(cut) => return Poll::Ready(Err(cut)),
                Due::Finish if clock.is_between_requests() => return Poll::Ready(Err(Cut::Age)),
                Due::Finish => {
                    clock.finishing = true;
                    finish(Pin::new(&mut work));
                    context.waker().wake_by_ref();
                }
            }
        }
    })
    .await
}

/// A connection with much to do must not put off its own limits.
fn poll_timer(timer: Pin<&mut tokio::time::Sleep>, context: &mut Context<'_>) -> Poll<()> {
    pin!(tokio::task::coop::unconstrained(timer)).poll(context)
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
