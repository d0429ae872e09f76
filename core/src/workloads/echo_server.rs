//! Echo server: many clients at once, each on a connection of its own.
//!
//! The contract: the body listens on a free port of the loopback and spawns one unit for
//! every connection that it accepts. A unit reads a request of `payload_bytes`, however it
//! arrives, waits for `delay_ms` as if there were work to do, sends the same bytes back,
//! and so on until the client closes the connection. The clients are one thread outside
//! of the units: `connections` connections with `requests` requests each, paced as `load`
//! says, every answer compared with what was sent, and before them `hang_ups` connections
//! that close in the middle of a request. The outcome is how many requests were answered
//! and how many connections ended whole and cut short; how long each answer took is seen, and
//! how much processor time the clients used.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::net::latency::{self, Latency};
use crate::net::load::{Client, Load, Pacing, Plan, Report, Sending};
use crate::net::{self, PATIENCE, accept, done, while_it_moves};
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, sleep};
use crate::{executor, format, params, task, thread};
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub const ABOUT: About = About {
    id: "echo-server",
    title: "Echo server",
    group: Group::Serve,
    summary: "A thread for each connection against a task for each connection: how many clients \
              can a server answer at once, and how long does the unluckiest of them wait?",
    look_at: "With a hundred connections both answer alike; with thousands, look at the slowest \
              answers and not at the median, and set the load to open: a closed loop stops asking \
              while the server stalls, and so hides the stall. The articles read once into 1 KB \
              and take that for the request: TCP knows no messages, so a request can arrive in \
              pieces or two in one, and a client that hangs up makes their unwrap() panic. One \
              thread does serve thousands of connections, as the text says; what limits threads \
              is memory maps and process ids, at some 16 000, and not 8 MB of memory for each.",
    operation: "requests",
    did: "answered",
    presets: &[
        Preset {
            name: "as in the article",
            params: &[
                ("connections", "10"),
                ("requests", "1"),
                ("payload_bytes", "13"),
                ("delay_ms", "100"),
            ],
        },
        Preset {
            name: "on a schedule",
            params: &[("requests", "50"), ("load", "open"), ("rate_per_s", "10000")],
        },
        Preset { name: "at scale", params: &[("connections", "5000"), ("requests", "4")] },
    ],
    picture: &["v--v--------", " #^-#^-#^   ", "    #^--#^-#", "   ###-#-###"],
    cpu_bound: &[],
    only: Some((executor::NATIVE, "a page in a browser can open no sockets and listen on none")),
};

params! {
    /// How many clients are connected at the same time.
    connections: u64 = integer(100).range(1, 50_000).unit("connections"),
    /// How many requests each of them sends.
    requests: u64 = integer(20).range(1, 100_000).unit("requests"),
    /// How long a request is, and its answer. Every byte of it is checked.
    payload_bytes: u64 = integer(64).range(1, 65_536).unit("bytes"),
    /// How long the server waits before each answer, as if it asked a database: a thread
    /// sleeps, a task lets others run.
    delay_ms: u64 = integer(0).range(0, 1_000).unit("ms"),
    /// When the clients send.
    load: Pacing = choice(Pacing::Closed),
    /// How many requests they send per second, over all connections. The schedule then fixes
    /// how long it takes: compare the latencies.
    rate_per_s: u64 = integer(10_000).range(2_000, 1_000_000).unit("requests").when("load", Pacing::Open),
    /// How many more clients hang up in the middle of a request. A request of one byte has
    /// no middle: they then hang up before it.
    hang_ups: u64 = integer(0).range(0, 1_000).unit("clients"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many requests got the right answer, as the clients count them.
    pub answered: u64,
    /// How many the units answered, as they count them.
    pub echoed: u64,
    /// How many connections were served to their end.
    pub served: u64,
    /// How many the client closed in the middle of a request.
    pub cut_short: u64,
    /// How long the answers took.
    pub latency: Seen<Latency>,
    /// The processor time of the clients, which is a part of the process's: from before they
    /// connect until they have all answers. On the loopback the kernel charges the way to the
    /// server to them, and the way back to the server.
    #[serde(default)]
    pub clients_cpu_ns: Seen<u64>,
}

pub fn expected(params: &Params) -> Outcome {
    let answered = params.connections * params.requests;
    let cut_short = if params.payload_bytes > 1 { params.hang_ups } else { 0 };
    let served = params.connections + params.hang_ups - cut_short;
    Outcome {
        answered,
        echoed: answered,
        served,
        cut_short,
        latency: Seen::default(),
        clients_cpu_ns: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [answered, sent] = [outcome.answered, operations(params)].map(format::count);
    let [served, cut] = [outcome.served, outcome.cut_short].map(format::count);
    let bytes = format::bytes((outcome.echoed * params.payload_bytes) as f64);
    let mut facts = vec![
        Fact::new("requests answered", format!("{answered} of {sent}, {bytes} as they were sent")),
        Fact::new("connections", format!("{served} served to their end, {cut} cut short")),
    ];
    let is_open = matches!(params.load, Pacing::Open);
    facts.extend(latency::facts(&outcome.latency.0, is_open, outcome.clients_cpu_ns.0));
    facts
}

pub fn readings(_: &Params, outcome: &Outcome) -> Vec<(&'static str, f64)> {
    latency::readings(&outcome.latency.0, outcome.clients_cpu_ns.0)
}

pub fn operations(params: &Params) -> u64 {
    params.connections * params.requests
}

pub fn units(params: &Params) -> u64 {
    params.connections + params.hang_ups
}

/// Both ends of every connection are in this process.
pub fn descriptors(params: &Params) -> u64 {
    2 * units(params)
}

/// What the clients send: bytes that differ from one connection and request to the next.
struct Echoes {
    bytes: usize,
    /// All payloads, each beginning one byte after another: made once, since the clients
    /// have to cost little beside the server.
    pattern: Vec<u8>,
}

impl Echoes {
    fn new(bytes: usize) -> Self {
        Self { bytes, pattern: (0..bytes + 256).map(|place| place as u8).collect() }
    }

    fn payload(&self, connection: u64, number: u64) -> &[u8] {
        let first = usize::from(connection.wrapping_mul(31).wrapping_add(number) as u8);
        &self.pattern[first..first + self.bytes]
    }
}

impl Client for Echoes {
    fn write_request(&self, connection: u64, number: u64, to: &mut Vec<u8>) {
        to.extend_from_slice(self.payload(connection, number));
    }

    fn answer_bytes(
        &self,
        connection: u64,
        number: u64,
        received: &[u8],
    ) -> Result<Option<usize>, String> {
        let Some(answer) = received.get(..self.bytes) else { return Ok(None) };
        let right = self.payload(connection, number) == answer;
        right.then_some(Some(self.bytes)).ok_or_else(|| "an answer is not what was sent".to_owned())
    }

    fn spoil(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.write_all(&vec![0; self.bytes / 2])?;
        stream.shutdown(Shutdown::Both)
    }
}

fn plan(params: &Params) -> Plan<Echoes> {
    Plan {
        client: Echoes::new(params.payload_bytes as usize),
        connections: params.connections,
        requests: params.requests,
        sending: Sending::Whole,
        rate_per_s: matches!(params.load, Pacing::Open).then_some(params.rate_per_s),
        spoilers: params.hang_ups,
    }
}

/// How a unit serves its connection.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// How long a request is.
    pub payload_bytes: usize,
    /// How long each answer takes.
    pub delay: Duration,
    /// How long a client may neither send nor receive.
    pub patience: Duration,
}

impl Service {
    fn new(params: &Params) -> Self {
        Self {
            payload_bytes: params.payload_bytes as usize,
            delay: Duration::from_millis(params.delay_ms),
            patience: PATIENCE,
        }
    }
}

/// Counts how the units ended, each with the requests that it answered.
fn outcome(ends: Vec<io::Result<u64>>, report: Report) -> Outcome {
    let mut outcome = Outcome {
        answered: report.answered,
        echoed: 0,
        served: 0,
        cut_short: 0,
        latency: Seen(report.latency),
        clients_cpu_ns: Seen(report.clients_cpu_ns),
    };
    for end in ends {
        match end {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => outcome.cut_short += 1,
            end => {
                outcome.echoed += done(end, "serve a connection");
                outcome.served += 1;
            }
        }
    }
    outcome
}

/// Serves one connection, blocking its thread, and returns how many requests it answered.
pub fn serve(mut stream: TcpStream, service: Service) -> io::Result<u64> {
    let Service { payload_bytes, delay, patience } = service;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let mut payload = vec![0; payload_bytes];
    let mut answered = 0;
    loop {
        // Only before a request may the connection end.
        let arrived = match stream.read(&mut payload) {
            Ok(0) => return Ok(answered),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            arrived => arrived?,
        };
        stream.read_exact(&mut payload[arrived..])?;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        stream.write_all(&payload)?;
        answered += 1;
    }
}

/// Serves one connection in a task, and returns how many requests it answered.
pub async fn serve_in_task(mut stream: tokio::net::TcpStream, service: Service) -> io::Result<u64> {
    let Service { payload_bytes, delay, patience } = service;
    stream.set_nodelay(true)?;
    let mut payload = vec![0; payload_bytes];
    let answered = AtomicU64::new(0);
    while_it_moves(patience + delay, &answered, async {
        loop {
            let arrived = stream.read(&mut payload).await?;
            if arrived == 0 {
                return Ok(());
            }
            stream.read_exact(&mut payload[arrived..]).await?;
            if !delay.is_zero() {
                sleep(delay).await;
            }
            stream.write_all(&payload).await?;
            answered.fetch_add(1, Relaxed);
        }
    })
    .await?;
    Ok(answered.into_inner())
}

pub fn threads(params: &Params) -> Outcome {
    let listener = done(net::listen(None), "listen");
    let mut load = done(Load::start(plan(params), &listener), "start the clients");
    let service = Service::new(params);

    let mut handles = Vec::new();
    for _ in 0..units(params) {
        let (stream, _) = load.accepted(listener.accept());
        handles.push(thread::spawn(move || serve(stream, service)));
    }

    let ends = handles.into_iter().map(|handle| handle.join().expect("no unit panics"));
    outcome(ends.collect(), load.report())
}

pub async fn tasks(params: &Params) -> Outcome {
    let listener = done(net::listen(None), "listen");
    let mut load = done(Load::start(plan(params), &listener), "start the clients");
    let listener = done(net::into_tokio(listener), "listen");
    let service = Service::new(params);

    let mut handles = Vec::new();
    for _ in 0..units(params) {
        let stream = load.accepted(accept(&listener).await);
        handles.push(task::spawn(serve_in_task(stream, service)));
    }

    let mut ends = Vec::new();
    for handle in handles {
        ends.push(handle.await.expect("no unit panics"));
    }
    outcome(ends, load.report_in_task().await)
}
