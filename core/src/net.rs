//! Sockets on the loopback, for the workloads that serve: how their servers listen, and
//! the clients that they serve, which are the same whatever runs the server. Native only.
//!
//! - [`load`]: clients that send requests at once or on a schedule; [`latency`]: what they
//!   saw.
//! - [`room`]: where they hear one another; [`talk`]: clients that talk.
//! - [`http`]: as much of HTTP/1.1 as a small server of threads needs.

pub mod http;
pub mod latency;
pub mod load;
pub mod room;
pub mod talk;

use crate::api::Fact;
use crate::format;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How long a server waits for a client, and a client for its server: longer than either
/// ever takes, so that whatever breaks is an error in the end and never a hang.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a connection may take in all, where a server cannot say how long its client has
/// been silent: longer than a whole execution may.
pub const CONNECTION_TIME_MAX: Duration = Duration::from_secs(110);

/// How many connections may wait to be accepted. With the usual 128, thousands that arrive
/// at once find no room, and the kernel lets each of those try again a second later.
const BACKLOG: i32 = 4_096;

/// Listens on a free port of the loopback. Its `accept` gives up after [`PATIENCE`]. What
/// its connections have sent and nobody has read takes no more than about twice
/// `send_buffer_bytes` in the kernel, where that is given.
///
/// # Errors
/// As the kernel says.
pub fn listen(send_buffer_bytes: Option<usize>) -> io::Result<TcpListener> {
    listen_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), send_buffer_bytes)
}

/// What [`listen`] does, on an address of one's choice.
///
/// # Errors
/// As the kernel says: most often, that the address is in use.
pub fn listen_at(address: SocketAddr, send_buffer_bytes: Option<usize>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let Some(bytes) = send_buffer_bytes {
        // Every accepted socket inherits it.
        socket.set_send_buffer_size(bytes)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    // On Linux, `accept` keeps to it too.
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket.into())
}

/// Hands a listener to the Tokio runtime that calls this.
///
/// # Errors
/// As the kernel says.
pub fn into_tokio(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// What `future` brings, unless it takes longer than `patience`.
///
/// # Errors
/// Its own, or that it took too long.
pub async fn within<T>(
    patience: Duration,
    future: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::time::timeout(patience, future).await?
}

/// What `work` brings, unless `progress` stands still: it is looked at once in a `patience`,
/// so that its timer is set once in a while and not for every step, which would cost more
/// than many a step does.
///
/// # Errors
/// Those of `work`, or that it made no progress for longer than `patience`.
pub async fn while_it_moves<T>(
    patience: Duration,
    progress: &AtomicU64,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut work = pin!(work);
    let mut seen = progress.load(Relaxed);
    loop {
        let timed_out = match tokio::time::timeout(patience, &mut work).await {
            Ok(done) => return done,
            Err(elapsed) => elapsed,
        };
        let now = progress.load(Relaxed);
        if now == seen {
            return Err(timed_out.into());
        }
        seen = now;
    }
}

/// Waits for the next connection, as long as `accept` of a blocking listener does.
///
/// # Errors
/// As the kernel says, or that nobody came.
pub async fn accept(listener: &tokio::net::TcpListener) -> io::Result<tokio::net::TcpStream> {
    let (stream, _) = within(PATIENCE, listener.accept()).await?;
    Ok(stream)
}

/// What has to be said beside the figures of a process that holds the clients too, of which
/// the processor time may be known apart.
pub fn in_one_process(clients_cpu_ns: Option<u64>) -> Fact {
    let together = "of the server and its clients together: one process";
    let value = match clients_cpu_ns {
        None => together.to_owned(),
        Some(ns) => {
            let clients = format::duration_ns(ns as f64);
            format!("{together}; of the CPU time, the clients took {clients}")
        }
    };
    Fact::new("CPU time and memory", value)
}

/// Ends the execution with a sentence where something failed that has to work: the cell
/// then fails with that sentence.
pub fn done<T>(result: io::Result<T>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("could not {what}: {error}"))
}
