//! The clients of a server: one thread that opens all connections, sends the requests,
//! checks the answers and takes the times, by a clock of its own.
//!
//! It is one thread over the kernel's epoll, and neither tasks of the runtime that is
//! measured nor a thread per client: so it is the same whatever runs the server, takes no
//! turns of its scheduler, and costs little beside it. Epoll is asked directly, since
//! Tokio's timers know milliseconds only, and a schedule needs microseconds.

mod driver;

use super::PATIENCE;
use super::latency::Latency;
use crate::choices;
use driver::Driver;
use rustix::time::{ClockId, clock_gettime};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::thread;
use std::time::Instant;
use tokio::sync::oneshot;

/// How many requests are sent at once where they are pipelined.
pub const PIPELINED: u64 = 8;

/// Into how many pieces a request is split, at most.
pub const PIECES: usize = 8;

choices! {
    /// When the clients send.
    pub enum Pacing {
        /// Each connection sends its next request when it has the answer to the one before:
        /// as fast as the server answers, and never faster.
        Closed = "closed",
        /// On a schedule, whatever the server does: what comes due while a connection still
        /// waits is sent late, and its latency counts from when it was to be sent.
        Open = "open",
    }
}

choices! {
    /// How a request reaches the server.
    pub enum Sending {
        /// Whole, with one write.
        Whole = "whole",
        /// In up to 8 pieces, one write each.
        Split = "split",
        /// With up to 7 more behind it, in one write, before the first answer.
        Pipelined = "pipelined",
    }
}

/// What is sent, and what is right as an answer.
pub trait Client: Send + 'static {
    /// Appends request `number` of a connection.
    fn write_request(&self, connection: u64, number: u64, to: &mut Vec<u8>);

    /// How many bytes the answer to it takes at the start of `received`; `None` while it
    /// is not complete.
    ///
    /// # Errors
    /// What is wrong with it.
    fn answer_bytes(
        &self,
        connection: u64,
        number: u64,
        received: &[u8],
    ) -> Result<Option<usize>, String>;

    /// Uses a connection of its own as no good client would.
    ///
    /// # Errors
    /// What went wrong with that.
    fn spoil(&self, stream: TcpStream) -> io::Result<()>;
}

/// What the clients do.
pub struct Plan<C> {
    /// What they say.
    pub client: C,
    /// How many connections they open before the first request is sent.
    pub connections: u64,
    /// How many requests each connection sends.
    pub requests: u64,
    /// How requests are sent.
    pub sending: Sending,
    /// When they are sent: how many per second over all connections; `None` in a closed loop.
    pub rate_per_s: Option<u64>,
    /// How many more connections are spoilt, before the first request.
    pub spoilers: u64,
}

/// What the clients saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many requests got the right answer.
    pub answered: u64,
    /// How long they took.
    pub latency: Latency,
    /// The processor time of the clients.
    pub clients_cpu_ns: u64,
}

/// Clients at work.
pub struct Load {
    report: oneshot::Receiver<Result<Report, String>>,
    thread: thread::JoinHandle<()>,
    /// How many connections the server has not accepted yet.
    to_accept: u64,
    all_accepted: Arc<AtomicBool>,
}

impl Load {
    /// Sends the clients to the server that listens.
    ///
    /// # Errors
    /// If there is no thread for them.
    pub fn start<C: Client>(plan: Plan<C>, server: &TcpListener) -> io::Result<Self> {
        let address = server.local_addr()?;
        let to_accept = plan.connections + plan.spoilers;
        let all_accepted = Arc::new(AtomicBool::new(to_accept == 0));
        let told = Arc::clone(&all_accepted);
        let (sender, report) = oneshot::channel();
        let thread = thread::Builder::new().name("load".to_owned()).spawn(move || {
            // A receiver that is gone has failed already.
            let _ = sender.send(run(plan, address, &told));
        })?;
        Ok(Self { report, thread, to_accept, all_accepted })
    }

    /// What the server accepted; ends the execution with a sentence where it could not.
    pub fn accepted<T>(&mut self, accepted: io::Result<T>) -> T {
        if accepted.is_ok() {
            self.to_accept = self.to_accept.saturating_sub(1);
            if self.to_accept == 0 {
                self.all_accepted.store(true, Release);
                self.thread.thread().unpark();
            }
        }
        accepted.unwrap_or_else(|error| match self.report.try_recv() {
            Ok(Err(reason)) => panic!("the clients gave up: {reason}"),
            _ => panic!("the server could not accept a connection: {error}"),
        })
    }

    /// Waits until the clients have ended, on a thread of its own.
    ///
    /// # Panics
    /// With a sentence, if they did not get what they wanted.
    pub fn report(self) -> Report {
        told(self.report.blocking_recv(), self.thread)
    }

    /// The same in a task.
    ///
    /// # Panics
    /// With a sentence, if they did not get what they wanted.
    pub async fn report_in_task(self) -> Report {
        told(self.report.await, self.thread)
    }
}

/// Joins a thread that has said its last word.
fn told(
    report: Result<Result<Report, String>, oneshot::error::RecvError>,
    thread: thread::JoinHandle<()>,
) -> Report {
    thread.join().expect("the clients do not panic");
    let report = report.expect("a thread that ends has sent its report");
    report.unwrap_or_else(|reason| panic!("the clients gave up: {reason}"))
}

fn run<C: Client>(
    plan: Plan<C>,
    address: SocketAddr,
    all_accepted: &AtomicBool,
) -> Result<Report, String> {
    // Without it the kernel lets a timer be 50 µs late, which is more than an answer takes.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
    let mut connect = Connect { address, opened: 0 };
    let awaited = plan.connections + plan.spoilers;
    let report = connect_and_drive(plan, &mut connect, all_accepted);
    if report.is_err() {
        // The server waits for so many connections: it gets them, and finds them closed.
        while connect.opened < awaited && connect.next().is_ok() {}
    }
    report.map(|latency| Report {
        answered: latency.requests,
        latency,
        clients_cpu_ns: processor_ns(ClockId::ThreadCPUTime),
    })
}

/// The processor time that the process or the calling thread has used.
fn processor_ns(of: ClockId) -> u64 {
    let used = clock_gettime(of);
    used.tv_sec as u64 * 1_000_000_000 + used.tv_nsec as u64
}

fn connect_and_drive<C: Client>(
    plan: Plan<C>,
    connect: &mut Connect,
    all_accepted: &AtomicBool,
) -> Result<Latency, String> {
    let opened: io::Result<Vec<TcpStream>> =
        (0..plan.connections).map(|_| connect.next()).collect();
    let opened = opened.map_err(|error| format!("could not connect: {error}"))?;
    for _ in 0..plan.spoilers {
        let spoilt = connect.next().and_then(|stream| plan.client.spoil(stream));
        spoilt.map_err(|error| format!("a client that is no good one: {error}"))?;
    }
    let plan_is_open = plan.rate_per_s.is_some();
    let driver = Driver::new(plan, opened).map_err(|error| format!("epoll: {error}"))?;
    // On a schedule the server has to have started: what it takes in meanwhile would
    // delay the first requests. In a closed loop the clients wait by themselves.
    if plan_is_open {
        await_server(all_accepted)?;
    }
    driver.drive()
}

/// Waits until the server has accepted all connections.
fn await_server(all_accepted: &AtomicBool) -> Result<(), String> {
    let since = Instant::now();
    while !all_accepted.load(Acquire) {
        let left = PATIENCE.saturating_sub(since.elapsed());
        if left.is_zero() {
            let limit = PATIENCE.as_secs();
            return Err(format!("the server did not accept all connections within {limit} s"));
        }
        thread::park_timeout(left);
    }
    Ok(())
}

/// Opens connections and counts them.
struct Connect {
    address: SocketAddr,
    opened: u64,
}

impl Connect {
    fn next(&mut self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        self.opened += 1;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}
