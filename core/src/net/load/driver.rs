//! One thread that drives all connections of the clients over epoll.

use super::{Client, PIECES, PIPELINED, Plan, Sending, processor_ns};
use crate::net::PATIENCE;
use crate::net::latency::{Latency, Recorder};
use rustix::event::{Timespec, epoll};
use rustix::time::ClockId;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long one execution's load may take: less than the lab waits for an execution, so
/// that the reason says more than that it took too long.
const LOAD_TIME_MAX: Duration = Duration::from_secs(100);

/// How many bytes are read at once.
const READ_BYTES: usize = 64 * 1024;

/// One client's end of a connection.
struct Connection {
    /// Taken away as soon as it has all its answers.
    stream: Option<TcpStream>,
    outgoing: Vec<u8>,
    written: usize,
    /// How many bytes one write takes.
    piece: usize,
    /// The kernel has been asked to say when more can be written.
    blocked: bool,
    incoming: Vec<u8>,
    /// How many requests may be sent by now and have not been.
    due: u64,
    /// How many have been sent, or are being sent.
    begun: u64,
    /// When each that has no answer yet was to be sent, and was.
    waiting: VecDeque<(u64, u64)>,
}

/// All connections, and where the load has got to.
pub(super) struct Driver<C> {
    plan: Plan<C>,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    start: Instant,
    recorder: Recorder,
    /// The next request on the schedule, over all connections.
    scheduled: u64,
    /// The connections that have more pieces to send.
    in_pieces: Vec<usize>,
    done: usize,
    /// On a schedule, connections that have all their answers stay open until the last one has
    /// them: what it takes the server to end its units is no part of serving.
    finished: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl<C: Client> Driver<C> {
    /// Watches connections that are open.
    pub(super) fn new(plan: Plan<C>, opened: Vec<TcpStream>) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::with_capacity(opened.len());
        for (place, stream) in opened.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, key(place), epoll::EventFlags::IN)?;
            connections.push(Connection {
                stream: Some(stream),
                outgoing: Vec::new(),
                written: 0,
                piece: usize::MAX,
                blocked: false,
                incoming: Vec::new(),
                due: 0,
                begun: 0,
                waiting: VecDeque::new(),
            });
        }
        Ok(Self {
            plan,
            epoll,
            connections,
            start: Instant::now(),
            recorder: Recorder::default(),
            scheduled: 0,
            in_pieces: Vec::new(),
            done: 0,
            finished: Vec::new(),
            buffer: vec![0; READ_BYTES],
        })
    }

    /// Sends all requests and takes all answers.
    pub(super) fn drive(mut self) -> Result<Latency, String> {
        let mut events = Vec::with_capacity(1024);
        let mut heard = 0;
        let used_before = Used::so_far();
        self.start = Instant::now();
        if self.plan.rate_per_s.is_none() {
            for place in 0..self.connections.len() {
                self.connections[place].due = self.plan.requests;
                self.begin(place, 0)?;
            }
        }
        while self.done < self.connections.len() {
            self.keep_to_schedule()?;
            for place in std::mem::take(&mut self.in_pieces) {
                self.write(place)?;
            }
            events.clear();
            self.wait(&mut events)?;
            let now = self.now();
            if !events.is_empty() {
                heard = now;
            }
            if now - heard > PATIENCE.as_nanos() as u64 {
                return Err(format!("no answer for {} s", PATIENCE.as_secs()));
            }
            if now > LOAD_TIME_MAX.as_nanos() as u64 {
                let limit = LOAD_TIME_MAX.as_secs();
                return Err(format!("not all requests were answered within {limit} s"));
            }
            for event in &events {
                // A field of a packed struct is copied before use.
                let (place, flags) = ({ event.data }.u64() as usize, { event.flags });
                if flags.contains(epoll::EventFlags::OUT) {
                    self.write(place)?;
                }
                if flags != epoll::EventFlags::OUT {
                    self.read(place)?;
                }
            }
        }
        let server_cpu_ns = Used::so_far().by_others_since(&used_before);
        Ok(Latency { server_cpu_ns, ..self.recorder.latency() })
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// When request `number` of all is to be sent: each a beat after the one before, in turn
    /// over the connections.
    fn intended(&self, number: u64) -> Option<u64> {
        let rate = self.plan.rate_per_s?;
        Some((u128::from(number) * 1_000_000_000 / u128::from(rate)) as u64)
    }

    /// Sends what has come due, on the connections that are free.
    fn keep_to_schedule(&mut self) -> Result<(), String> {
        let total = self.plan.connections * self.plan.requests;
        while self.scheduled < total {
            let Some(intended) = self.intended(self.scheduled) else { break };
            match self.now() {
                now if intended <= now => {
                    let place = (self.scheduled % self.plan.connections) as usize;
                    self.scheduled += 1;
                    self.connections[place].due += 1;
                    self.begin(place, now)?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Waits for an event, but not beyond the next request on the schedule.
    fn wait(&self, events: &mut Vec<epoll::Event>) -> Result<(), String> {
        let longest = if self.in_pieces.is_empty() { PATIENCE } else { Duration::ZERO };
        let next = (self.scheduled < self.plan.connections * self.plan.requests)
            .then(|| self.intended(self.scheduled))
            .flatten();
        let until = next.map(|next| Duration::from_nanos(next.saturating_sub(self.now())));
        let timeout = until.map_or(longest, |until| until.min(longest));
        let timeout = Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        let room = rustix::buffer::spare_capacity(events);
        match epoll::wait(&self.epoll, room, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(format!("epoll: {error}")),
        }
    }

    /// Sends the next requests of a connection that waits for none. It is `now`: the clock is
    /// read as seldom as can be, since its readings are the clients' and not the server's.
    fn begin(&mut self, place: usize, now: u64) -> Result<(), String> {
        let together = if matches!(self.plan.sending, Sending::Pipelined) { PIPELINED } else { 1 };
        let connection = &self.connections[place];
        let count = connection.due.min(together);
        if !connection.waiting.is_empty() || count == 0 {
            return Ok(());
        }
        let first = connection.begun;
        for number in first..first + count {
            let turn = number * self.plan.connections + place as u64;
            let intended = self.intended(turn).unwrap_or(now);
            let connection = &mut self.connections[place];
            connection.waiting.push_back((intended, now));
            self.plan.client.write_request(place as u64, number, &mut connection.outgoing);
        }
        let connection = &mut self.connections[place];
        connection.begun += count;
        connection.due -= count;
        if matches!(self.plan.sending, Sending::Split) {
            connection.piece = connection.outgoing.len().div_ceil(PIECES);
        }
        self.write(place)
    }

    /// Writes as much as the socket takes, or one piece.
    fn write(&mut self, place: usize) -> Result<(), String> {
        let connection = &mut self.connections[place];
        let Some(stream) = &mut connection.stream else { return Ok(()) };
        let end =
            connection.outgoing.len().min(connection.written.saturating_add(connection.piece));
        let mut blocked = false;
        while connection.written < end {
            match stream.write(&connection.outgoing[connection.written..end]) {
                Ok(count) => connection.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    blocked = true;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("could not send a request: {error}")),
            }
        }
        if blocked != connection.blocked {
            let more = if blocked { epoll::EventFlags::OUT } else { epoll::EventFlags::empty() };
            epoll::modify(&self.epoll, stream, key(place), epoll::EventFlags::IN | more)
                .map_err(|error| format!("epoll: {error}"))?;
            connection.blocked = blocked;
        }
        if connection.written == connection.outgoing.len() {
            connection.outgoing.clear();
            connection.written = 0;
        } else if !blocked {
            self.in_pieces.push(place);
        }
        Ok(())
    }

    /// Takes in what has arrived, and sends the next request if that was the last answer
    /// that the connection waited for.
    fn read(&mut self, place: usize) -> Result<(), String> {
        let connection = &mut self.connections[place];
        let Some(stream) = &mut connection.stream else { return Ok(()) };
        match stream.read(&mut self.buffer) {
            Ok(0) => return Err("the server closed a connection that waited for an answer".into()),
            Ok(count) => connection.incoming.extend_from_slice(&self.buffer[..count]),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                return Ok(());
            }
            Err(error) => return Err(format!("could not receive an answer: {error}")),
        }
        let now = self.start.elapsed().as_nanos() as u64;
        let mut taken = 0;
        while let Some((intended, sent)) = connection.waiting.front().copied() {
            let number = connection.begun - connection.waiting.len() as u64;
            let received = &connection.incoming[taken..];
            let Some(bytes) = self.plan.client.answer_bytes(place as u64, number, received)? else {
                break;
            };
            taken += bytes;
            connection.waiting.pop_front();
            self.recorder.answer(intended, sent, now);
        }
        connection.incoming.drain(..taken);
        if !connection.waiting.is_empty() {
            return Ok(());
        }
        if !connection.incoming.is_empty() {
            return Err("the server answered more than it was asked".to_owned());
        }
        if connection.begun == self.plan.requests {
            if let Some(stream) =
                connection.stream.take().filter(|_| self.plan.rate_per_s.is_some())
            {
                epoll::delete(&self.epoll, &stream).map_err(|error| format!("epoll: {error}"))?;
                self.finished.push(stream);
            }
            self.recorder.done(now);
            self.done += 1;
            return Ok(());
        }
        self.begin(place, now)
    }
}

/// Processor time, by the kernel's clocks.
struct Used {
    process_ns: u64,
    /// Of the calling thread.
    own_ns: u64,
}

impl Used {
    fn so_far() -> Self {
        Self {
            process_ns: processor_ns(ClockId::ProcessCPUTime),
            own_ns: processor_ns(ClockId::ThreadCPUTime),
        }
    }

    /// What the other threads of the process have used since.
    fn by_others_since(&self, before: &Self) -> u64 {
        let process_ns = self.process_ns - before.process_ns;
        process_ns.saturating_sub(self.own_ns - before.own_ns)
    }
}

fn key(place: usize) -> epoll::EventData {
    epoll::EventData::new_u64(place as u64)
}
