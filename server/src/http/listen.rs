//! The listener: it takes connections, as many as may be open, until the server is stopped.
//!
//! Where one more comes than may be open, the one that has kept the server waiting for the
//! longest time has to leave. So whoever opens connections and does nothing with them keeps
//! nobody out. Where every single one is being answered, one of the address with the most
//! connections has to leave, unless the new one would then have no fewer. So whoever keeps
//! the server busy over all of them keeps out those at the same address only.

use super::connection::{self, Ending, Serving};
use super::places;
use super::problem::Failure;
use super::watch::{Order, Watch};
use crate::machine;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many connections may wait in the kernel until they are taken.
const BACKLOG: u32 = 1024;

/// What the kernel keeps of an answer for a slow reader (it takes twice as much memory).
/// Left to itself it would keep several megabytes for each.
const SEND_BUFFER_BYTES: u32 = 128 * 1024;

/// Descriptors that are not connections: the history, child processes, those who leave.
const DESCRIPTORS_KEPT: u64 = 256;

/// How long to wait after the kernel had no descriptor or no memory for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the log says so while that lasts.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// How many of those that are refused at once get to read why.
const REFUSALS_MAX: usize = 64;

/// Connections by their ids, each with what is known of it and where it comes from.
type Open = HashMap<u64, (Arc<Watch>, IpAddr)>;

/// The connections that are open.
pub(super) struct Connections {
    most: usize,
    open: Mutex<Open>,
    changed: Notify,
    accepted: Counter,
    closed: Family<[(&'static str, Ending); 1], Counter>,
    gauge: Gauge,
}

impl Connections {
    /// At most so many, or as many as this process may have descriptors for.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: fitting(most),
            open: Mutex::default(),
            changed: Notify::new(),
            accepted: Counter::default(),
            closed: Family::default(),
            gauge: Gauge::default(),
        }
    }

    /// Adds what is counted here to the server's metrics.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections that are open", self.gauge.clone());
        registry.register(
            "connections_accepted",
            "Connections taken from the listener",
            self.accepted.clone(),
        );
        registry.register(
            "connections_closed",
            "Connections by why they were closed",
            self.closed.clone(),
        );
    }

    /// A place for one more connection; `None` where none has to leave for it.
    fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Entry> {
        let (id, address) = (self.accepted.inc(), places::whose(peer));
        let mut open = self.lock();
        if open.len() >= self.most && !make_room(&mut open) && !share(&mut open, address) {
            return None;
        }
        let watch = Arc::new(Watch::new());
        open.insert(id, (Arc::clone(&watch), address));
        self.gauge.inc();
        Some(Entry { connections: Arc::clone(self), id, watch })
    }

    /// Tells every connection to end with its present answer, and waits until all have.
    pub(super) async fn finish(&self) {
        for (watch, _) in self.lock().values() {
            watch.tell(Order::Finish);
        }
        loop {
            // Waiting begins before it is looked, so that no end is missed.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.gauge.get() == 0 {
                return;
            }
            changed.await;
        }
    }

    fn count(&self, ending: Ending) {
        self.closed.get_or_create(&[("reason", ending)]).inc();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends away the one that has kept the server waiting for the longest time, if any does.
fn make_room(open: &mut Open) -> bool {
    let waiting = open.iter().filter_map(|(id, (watch, _))| Some((watch.waits_since()?, *id)));
    let Some((_, id)) = waiting.min() else { return false };
    send_away(open, id);
    true
}

/// Sends away the newest one of the address with the most, if it has more of them than
/// `address` will have with one more.
fn share(open: &mut Open, address: IpAddr) -> bool {
    let mut counts: HashMap<IpAddr, usize> = HashMap::new();
    for (_, whose) in open.values() {
        *counts.entry(*whose).or_default() += 1;
    }
    let own = counts.get(&address).copied().unwrap_or(0);
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    let Some((crowded, _)) = most.filter(|(_, count)| *count > own + 1) else { return false };
    let of_crowded = open.iter().filter(|(_, (_, whose))| *whose == crowded);
    let Some(newest) = of_crowded.map(|(id, _)| *id).max() else { return false };
    send_away(open, newest);
    true
}

fn send_away(open: &mut Open, id: u64) {
    if let Some((watch, _)) = open.remove(&id) {
        watch.tell(Order::Leave);
    }
}

/// The place of one connection.
pub(super) struct Entry {
    connections: Arc<Connections>,
    id: u64,
    watch: Arc<Watch>,
}

impl Entry {
    /// What is known of the connection.
    pub(super) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Counts how the connection ended.
    pub(super) fn end(&self, ending: Ending) {
        self.connections.count(ending);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.id);
        self.connections.gauge.dec();
        self.connections.changed.notify_waiters();
    }
}

/// How many of so many connections there are descriptors for.
fn fitting(wanted: usize) -> usize {
    let Some(most) = machine::limits::raise_descriptor_limit() else { return wanted };
    let room = most.saturating_sub(DESCRIPTORS_KEPT).max(most / 2).max(1);
    let fitting = usize::try_from(room).unwrap_or(usize::MAX).min(wanted);
    if fitting < wanted {
        tracing::warn!(
            "at most {fitting} connections instead of {wanted} (--connections-max): this process \
             may open {most} descriptors; raise that with ulimit -n or LimitNOFILE="
        );
    }
    fitting
}

/// Begins to listen.
///
/// # Errors
/// Why that is not possible.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections and serves them until `stopping`.
pub(super) async fn accept(
    listener: TcpListener,
    serving: Arc<Serving>,
    connections: Arc<Connections>,
    stopping: CancellationToken,
) {
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let mut told: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => take(socket, peer, &serving, &connections, &refusals),
            Err(error) if is_of_one_connection(&error) => {
                tracing::debug!(%error, "a connection was gone before it was taken");
            }
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() > TELL_EVERY) {
                    tracing::error!(%error, "no connection can be taken; trying on");
                    told = Some(Instant::now());
                }
                make_room(&mut connections.lock());
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether a failed `accept` says something about its connection only, and not about this
/// process.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn take(
    socket: TcpStream,
    peer: SocketAddr,
    serving: &Arc<Serving>,
    connections: &Arc<Connections>,
    refusals: &Arc<Semaphore>,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a connection without TCP_NODELAY");
    }
    if let Some(entry) = connections.enter(peer.ip()) {
        let serving = Arc::clone(serving);
        tokio::spawn(async move { connection::serve(&serving, socket, peer, &entry).await });
        return;
    }
    connections.count("refused");
    // Beyond so many at once, and where only TLS is understood, it is closed without a word.
    if let Ok(permit) = Arc::clone(refusals).try_acquire_owned()
        && serving.tls.is_none()
    {
        let most = connections.most;
        let failure = Failure::unavailable(format!(
            "{most} connections are open, which is the limit (--connections-max)"
        ));
        tokio::spawn(async move {
            connection::refuse(socket, failure).await;
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::watch::Phase;
    use super::*;

    fn entered(connections: &Arc<Connections>, host: u8) -> Option<Entry> {
        let entry = connections.enter(IpAddr::from([10, 0, 0, host]))?;
        entry.watch().enter(Phase::Answering);
        Some(entry)
    }

    #[test]
    fn an_address_that_keeps_all_busy_makes_room_for_others_up_to_their_share() {
        let connections = Arc::new(Connections::new(4));
        let busy: Vec<Entry> = (0..4).map(|_| entered(&connections, 1).unwrap()).collect();
        assert!(entered(&connections, 1).is_none(), "its own are not sent away for it");
        let others = [entered(&connections, 2), entered(&connections, 2)];
        assert!(others.iter().all(Option::is_some));
        assert!(entered(&connections, 2).is_none(), "both have two");
        let left = |entry: &&Entry| entry.watch().is_told_to_leave();
        assert_eq!(busy.iter().filter(left).count(), 2);
        assert_eq!(others.iter().flatten().filter(left).count(), 0);
        assert!(entered(&connections, 3).is_some(), "one of the two addresses with two gives one");
    }

    #[test]
    fn who_waits_leaves_before_anybody_who_is_answered() {
        let connections = Arc::new(Connections::new(2));
        let busy = entered(&connections, 1).unwrap();
        let idle = connections.enter(IpAddr::from([10, 0, 0, 2])).unwrap();
        assert!(entered(&connections, 1).is_some());
        assert!(idle.watch().is_told_to_leave() && !busy.watch().is_told_to_leave());
    }
}
