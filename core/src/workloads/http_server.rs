//! HTTP server: requests with a head, a length and a body, on connections that stay open.
//!
//! The contract: the body listens on a free port of the loopback and spawns one unit for
//! every connection that it accepts. A unit answers one HTTP/1.1 request after another
//! with status 200, after `delay_ms` as if there were work to do: with the request's own
//! body, or with `Hello, World!` where it has none; what is no HTTP it answers with
//! status 400 and closes the connection. The clients are one thread outside of the units:
//! `connections` connections with `requests` requests each, sent as `sending` and paced
//! as `load` says, every answer checked, and before them `garbage` connections that send
//! nonsense. The outcome is how many requests were answered and how many connections
//! served and refused; how long each answer took is seen.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::net::http::{self, Answer, BODY_BYTES_MAX, HEAD_BYTES_MAX, Received, Requests};
use crate::net::latency::{self, Latency};
use crate::net::load::{Client, Load, Pacing, Plan, Report, Sending};
use crate::net::{self, CONNECTION_TIME_MAX, PATIENCE, accept, done, within};
use crate::params::{choice, integer};
use crate::seen::Seen;
use crate::time::{Duration, sleep};
use crate::{executor, format, params, task, thread};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub const ABOUT: About = About {
    id: "http-server",
    title: "HTTP server",
    group: Group::Serve,
    summary: "The same with HTTP/1.1, done right: a small server of threads that reads requests \
              however they arrive, against hyper with a task for each connection.",
    look_at: "Send the requests split or pipelined: nothing changes but the time, and that is the \
              point. The articles read once into 1 KB and call it the request, so a split one is \
              answered before it has arrived, of two in one packet the second is lost, and a body \
              is taken for nothing, whatever Content-Length says. They close after one answer \
              without saying so, where HTTP/1.1 promises to stay open, and closing with something \
              unread resets the connection, so that the answer itself can get lost; the answer of \
              the threads even has no length, and write() may send only a part of it.",
    operation: "requests",
    did: "answered",
    presets: &[
        Preset {
            name: "as in the article",
            params: &[("connections", "10"), ("requests", "1"), ("delay_ms", "100")],
        },
        Preset {
            name: "what breaks the article's server",
            params: &[("sending", "split"), ("body_bytes", "2000"), ("garbage", "10")],
        },
        Preset { name: "several at once", params: &[("sending", "pipelined"), ("requests", "80")] },
        Preset { name: "at scale", params: &[("connections", "2000"), ("requests", "5")] },
    ],
    picture: &["v--v--v----", " #^-#^-#^  ", "    #^-#^-#", "       #x  "],
    cpu_bound: &[],
    only: Some((executor::NATIVE, "a page in a browser can open no sockets and listen on none")),
};

params! {
    /// How many clients are connected at the same time.
    connections: u64 = integer(50).range(1, 50_000).unit("connections"),
    /// How many requests each of them sends.
    requests: u64 = integer(20).range(1, 100_000).unit("requests"),
    /// How long the body of a request is, and so its answer. With none it is a GET, which is
    /// answered with `Hello, World!`.
    body_bytes: u64 = integer(0).range(0, 65_536).unit("bytes"),
    /// How a request reaches the server.
    sending: Sending = choice(Sending::Whole),
    /// How long the server waits before each answer, as if it asked a database: a thread
    /// sleeps, a task lets others run.
    delay_ms: u64 = integer(0).range(0, 1_000).unit("ms"),
    /// When the clients send.
    load: Pacing = choice(Pacing::Closed),
    /// How many requests they send per second, over all connections. The schedule then fixes
    /// how long it takes: compare the latencies.
    rate_per_s: u64 = integer(10_000).range(2_000, 1_000_000).unit("requests").when("load", Pacing::Open),
    /// How many more clients send nonsense, and must be told so.
    garbage: u64 = integer(0).range(0, 1_000).unit("clients"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many requests got status 200 and the right body, as the clients count them.
    pub answered: u64,
    /// How many the units answered, as they count them.
    pub responses: u64,
    /// How many connections were served to their end.
    pub served: u64,
    /// How many sent nonsense and were refused.
    pub refused: u64,
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
    Outcome {
        answered,
        responses: answered,
        served: params.connections,
        refused: params.garbage,
        latency: Seen::default(),
        clients_cpu_ns: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let [answered, sent] = [outcome.answered, operations(params)].map(format::count);
    let [served, refused] = [outcome.served, outcome.refused].map(format::count);
    let garbage = format::count(params.garbage);
    let mut facts = vec![
        Fact::new("answers with status 200 and the right body", format!("{answered} of {sent}")),
        Fact::new("connections served to their end", served),
        Fact::new("nonsense answered with status 400", format!("{refused} of {garbage}")),
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
    params.connections + params.garbage
}

/// Both ends of every connection are in this process.
pub fn descriptors(params: &Params) -> u64 {
    2 * units(params)
}

/// What a request without a body is answered with.
const GREETING: &[u8] = b"Hello, World!";

/// What the clients send: bodies that differ from one connection and request to the next.
struct Browsers {
    body_bytes: usize,
}

impl Browsers {
    fn body(&self, connection: u64, number: u64) -> impl Iterator<Item = u8> + use<> {
        let first = connection.wrapping_mul(31).wrapping_add(number) as u8;
        (0..self.body_bytes).map(move |place| first.wrapping_add(place as u8))
    }
}

impl Client for Browsers {
    fn write_request(&self, connection: u64, number: u64, to: &mut Vec<u8>) {
        let length = self.body_bytes;
        if length == 0 {
            to.extend_from_slice(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            return;
        }
        let head =
            format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        to.extend_from_slice(head.as_bytes());
        to.extend(self.body(connection, number));
    }

    fn answer_bytes(
        &self,
        connection: u64,
        number: u64,
        received: &[u8],
    ) -> Result<Option<usize>, String> {
        let Some(answer) = Answer::parse(received)? else { return Ok(None) };
        let right = match self.body_bytes {
            0 => answer.body == GREETING,
            _ => self.body(connection, number).eq(answer.body.iter().copied()),
        };
        match (answer.status, right) {
            (200, true) => Ok(Some(answer.bytes)),
            (status, _) => Err(format!("an answer with status {status} and a wrong body")),
        }
    }

    fn spoil(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.write_all(b"\x01 nonsense\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let told = answer.starts_with(b"HTTP/1.1 400 ");
        told.then_some(()).ok_or_else(|| {
            io::Error::other(format!(
                "its nonsense was answered with {:?} and not with status 400",
                String::from_utf8_lossy(&answer)
            ))
        })
    }
}

fn plan(params: &Params) -> Plan<Browsers> {
    Plan {
        client: Browsers { body_bytes: params.body_bytes as usize },
        connections: params.connections,
        requests: params.requests,
        sending: params.sending,
        rate_per_s: matches!(params.load, Pacing::Open).then_some(params.rate_per_s),
        spoilers: params.garbage,
    }
}

/// How a unit serves its connection.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// How long each answer takes.
    pub delay: Duration,
    /// How long a client may neither send nor receive.
    pub patience: Duration,
}

impl Service {
    fn new(params: &Params) -> Self {
        Self { delay: Duration::from_millis(params.delay_ms), patience: PATIENCE }
    }
}

/// How a unit ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// How many requests it answered with status 200.
    pub responses: u64,
    /// Whether it refused what came then.
    pub refused: bool,
}

fn outcome(ends: Vec<io::Result<Served>>, report: Report) -> Outcome {
    let mut outcome = Outcome {
        answered: report.answered,
        responses: 0,
        served: 0,
        refused: 0,
        latency: Seen(report.latency),
        clients_cpu_ns: Seen(report.clients_cpu_ns),
    };
    for end in ends {
        let Served { responses, refused } = done(end, "serve a connection");
        outcome.responses += responses;
        outcome.served += u64::from(!refused);
        outcome.refused += u64::from(refused);
    }
    outcome
}

/// Serves one connection, blocking its thread.
pub fn serve(stream: TcpStream, service: Service) -> io::Result<Served> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(service.patience))?;
    stream.set_write_timeout(Some(service.patience))?;
    let mut requests = Requests::new(&stream);
    let mut served = Served::default();
    loop {
        match requests.receive()? {
            Received::Request(request) => {
                if !service.delay.is_zero() {
                    thread::sleep(service.delay);
                }
                let body = if request.body.is_empty() { GREETING } else { &request.body };
                http::respond(&stream, &request, body)?;
                served.responses += 1;
                if !request.keep_alive {
                    break;
                }
            }
            Received::Refused(status) => {
                http::refuse(&stream, status)?;
                served.refused = true;
                break;
            }
            Received::End => return Ok(served),
        }
    }
    http::close(&stream)?;
    Ok(served)
}

/// Serves one connection in a task, by hyper.
pub async fn serve_in_task(stream: tokio::net::TcpStream, service: Service) -> io::Result<Served> {
    stream.set_nodelay(true)?;
    let responses = Arc::new(AtomicU64::new(0));
    let respond = service_fn(|request: hyper::Request<Incoming>| {
        let responses = Arc::clone(&responses);
        async move {
            let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
            let Ok(body) = within(service.patience, async { Ok(body.await) }).await? else {
                let mut refusal = Response::new(Full::default());
                *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
                return Ok(refusal);
            };
            if !service.delay.is_zero() {
                sleep(service.delay).await;
            }
            responses.fetch_add(1, Relaxed);
            let body = body.to_bytes();
            let body = if body.is_empty() { Bytes::from_static(GREETING) } else { body };
            io::Result::Ok(Response::new(Full::new(body)))
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.patience)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), respond);
    let refused = match within(CONNECTION_TIME_MAX, async { Ok(connection.await) }).await? {
        Ok(()) => false,
        Err(error) if error.is_parse() => true,
        Err(error) => return Err(io::Error::other(error)),
    };
    Ok(Served { responses: responses.load(Relaxed), refused })
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
