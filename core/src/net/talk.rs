//! The clients of a chat: one thread that joins them all to the room, has them talk, and
//! counts what each of them hears.
//!
//! They talk in rounds: each says its next message when it has heard the one of this round
//! from all the others. So nobody is ever more than one round ahead of anybody who still
//! talks, and a queue of two messages for each who talks is never full, unless its client
//! does not read.

use super::PATIENCE;
use rustix::event::epoll;
use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;
use tokio::sync::oneshot;

/// What the server says to a client that has joined the room.
pub const WELCOME: &[u8] = b"welcome\n";

/// The shortest message: who says it, its number, and the end of its line.
pub const MESSAGE_BYTES_MIN: u64 = 16;

/// About how much the kernel keeps for a client that does not read.
const SLOW_BUFFER_BYTES: usize = 16 * 1024;

/// How long the segments are that it gets. Those of the loopback, of 64 KiB, would not fit
/// its buffer, and the kernel would then open and close its window by timers.
const SLOW_SEGMENT_BYTES: u32 = 1_460;

/// Who is in the room, and how much they say.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many stay to the end.
    pub clients: u64,
    /// How many messages each of those says.
    pub messages: u64,
    /// How long a message is, with the end of its line.
    pub message_bytes: u64,
    /// How many leave after half of their messages.
    pub leavers: u64,
    /// How many only listen, and read nothing until all others have left.
    pub slow_readers: u64,
}

impl Plan {
    /// How many connections there are.
    pub fn members(&self) -> u64 {
        self.clients + self.leavers + self.slow_readers
    }

    /// How many messages a member says.
    fn messages_of(&self, member: u64) -> u64 {
        if member < self.clients { self.messages } else { self.messages / 2 }
    }

    /// How many say something in a round.
    pub fn talkers(&self, round: u64) -> u64 {
        let leavers = if round < self.messages / 2 { self.leavers } else { 0 };
        self.clients + leavers
    }
}

/// What the clients heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Messages that those who talk got: each once, and in the order in which it was said.
    pub delivered: u64,
    /// Messages that the slow readers got in the end.
    pub delivered_late: u64,
}

/// Clients at work.
pub struct Talk {
    heard: oneshot::Receiver<Result<Heard, String>>,
    thread: thread::JoinHandle<()>,
}

impl Talk {
    /// Sends the clients to the server that listens.
    ///
    /// # Errors
    /// If there is no thread for them.
    pub fn start(plan: Plan, server: &TcpListener) -> io::Result<Self> {
        let address = server.local_addr()?;
        let (sender, heard) = oneshot::channel();
        let thread = thread::Builder::new().name("talk".to_owned()).spawn(move || {
            let mut members = Members { plan, address, joined: Vec::new() };
            let heard = members.talk();
            let reached = members.joined.len() as u64;
            drop(members);
            if heard.is_err() {
                // The server waits for so many: it gets them, and finds them gone.
                let _ = (reached..plan.members())
                    .try_for_each(|_| TcpStream::connect(address).map(drop));
            }
            // A receiver that is gone has failed already.
            let _ = sender.send(heard);
        })?;
        Ok(Self { heard, thread })
    }

    /// Waits until the clients have ended, on a thread of its own.
    ///
    /// # Panics
    /// With a sentence, if they did not hear what they had to.
    pub fn heard(self) -> Heard {
        told(self.heard.blocking_recv(), self.thread)
    }

    /// The same in a task.
    ///
    /// # Panics
    /// With a sentence, if they did not hear what they had to.
    pub async fn heard_in_task(self) -> Heard {
        told(self.heard.await, self.thread)
    }
}

/// Joins a thread that has said its last word.
fn told(
    heard: Result<Result<Heard, String>, oneshot::error::RecvError>,
    thread: thread::JoinHandle<()>,
) -> Heard {
    thread.join().expect("the clients do not panic");
    let heard = heard.expect("a thread that ends has sent what was heard");
    heard.unwrap_or_else(|reason| panic!("the clients gave up: {reason}"))
}

/// One client.
struct Member {
    /// Closed when it leaves.
    stream: Option<TcpStream>,
    /// The round that it is in: it has said its message and waits for those of the others.
    round: u64,
    /// How many messages of this round have arrived, and of the next.
    arrived: [u64; 2],
    /// The number of the next message of everybody.
    next: Vec<u64>,
    /// The start of a message whose end has not arrived.
    incoming: Vec<u8>,
}

/// All clients.
struct Members {
    plan: Plan,
    address: SocketAddr,
    joined: Vec<Member>,
}

impl Members {
    fn talk(&mut self) -> Result<Heard, String> {
        let plan = self.plan;
        let talkers = plan.talkers(0).max(plan.clients + plan.leavers) as usize;
        for member in 0..plan.members() as usize {
            let joined = self.join(member >= talkers);
            self.joined.push(joined.map_err(|error| format!("could not join the room: {error}"))?);
        }
        let delivered = self.rounds(talkers)?;
        let slow = self.joined.split_off(talkers);
        let mut delivered_late = 0;
        for member in slow {
            let read = listen_to_the_end(member, plan.message_bytes as usize);
            delivered_late += read.map_err(|error| format!("a slow reader: {error}"))?;
        }
        Ok(Heard { delivered, delivered_late })
    }

    /// Connects a client and waits until it is in the room.
    fn join(&self, slow: bool) -> io::Result<Member> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        if slow {
            socket.set_recv_buffer_size(SLOW_BUFFER_BYTES)?;
            socket.set_tcp_mss(SLOW_SEGMENT_BYTES)?;
        }
        socket.connect(&self.address.into())?;
        let mut stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut welcome = [0; WELCOME.len()];
        stream.read_exact(&mut welcome)?;
        if welcome != WELCOME {
            return Err(io::Error::other("it was not welcomed"));
        }
        Ok(Member {
            stream: Some(stream),
            round: 0,
            arrived: [0; 2],
            next: vec![0; self.plan.members() as usize],
            incoming: Vec::new(),
        })
    }

    /// Has them talk until those who talk have left, and counts what they heard.
    fn rounds(&mut self, talkers: usize) -> Result<u64, String> {
        let in_words = |error: io::Error| format!("while they talked: {error}");
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|e| in_words(e.into()))?;
        let mut present = talkers;
        let mut delivered = 0;
        for member in 0..talkers {
            self.watch(&epoll, member).map_err(in_words)?;
            self.enter_round(member).map_err(in_words)?;
            present -= self.advance(member, &mut delivered).map_err(in_words)?;
        }
        let mut events = Vec::with_capacity(256);
        let mut buffer = vec![0; 64 * 1024];
        let patience = rustix::event::Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        while present > 0 {
            events.clear();
            let room = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&epoll, room, Some(&patience)) {
                Ok(0) => return Err(format!("nothing was heard for {} s", PATIENCE.as_secs())),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(in_words(error.into())),
            }
            for event in &events {
                // A field of a packed struct is copied before use.
                let member = { event.data }.u64() as usize;
                self.hear(member, &mut buffer).map_err(in_words)?;
                present -= self.advance(member, &mut delivered).map_err(in_words)?;
            }
        }
        Ok(delivered)
    }

    fn watch(&self, epoll: &OwnedFd, member: usize) -> io::Result<()> {
        let Some(stream) = &self.joined[member].stream else { return Ok(()) };
        stream.set_nonblocking(true)?;
        let key = epoll::EventData::new_u64(member as u64);
        Ok(epoll::add(epoll, stream, key, epoll::EventFlags::IN)?)
    }

    /// Says the message of the round that a client is in, or leaves if it has none.
    fn enter_round(&mut self, member: usize) -> io::Result<()> {
        let Self { plan, joined, .. } = self;
        let Member { stream, round, .. } = &mut joined[member];
        if *round == plan.messages_of(member as u64) {
            *stream = None;
        }
        let Some(stream) = stream else { return Ok(()) };
        let mut line = format!("{member:06} {round:07}").into_bytes();
        line.resize(plan.message_bytes as usize - 1, b'.');
        line.push(b'\n');
        // It has room: no client has more than two messages under way.
        stream.write_all(&line)
    }

    /// Takes in what has arrived.
    fn hear(&mut self, member: usize, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.plan.message_bytes as usize;
        let said = self.plan.messages_of(member as u64);
        let Member { stream, round, arrived, next, incoming } = &mut self.joined[member];
        let Some(stream) = stream else { return Ok(()) };
        match stream.read(buffer) {
            Ok(0) => return Err(io::Error::other("the server closed the connection of a client")),
            Ok(count) => incoming.extend_from_slice(&buffer[..count]),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let whole = incoming.len() / bytes * bytes;
        for line in incoming[..whole].chunks_exact(bytes) {
            let (sender, number) = parsed(line)
                .filter(|(sender, _)| *sender < next.len())
                .ok_or_else(|| io::Error::other("something was heard that nobody said"))?;
            // A leaver is in its last round while the others, who need it no more, go on.
            if number >= said {
                continue;
            }
            let ahead = number.wrapping_sub(*round);
            if sender == member || number != next[sender] || ahead > 1 {
                let text = format!(
                    "client {member} heard message {number} of client {sender} out of turn"
                );
                return Err(io::Error::other(text));
            }
            next[sender] += 1;
            arrived[(number % 2) as usize] += 1;
        }
        incoming.drain(..whole);
        Ok(())
    }

    /// Moves a client on to the next round as often as it has heard everybody; 1 if it has
    /// left.
    fn advance(&mut self, member: usize, delivered: &mut u64) -> io::Result<usize> {
        loop {
            let plan = self.plan;
            let Member { stream, round, arrived, .. } = &mut self.joined[member];
            if stream.is_none() {
                return Ok(1);
            }
            let others = plan.talkers(*round) - 1;
            let parity = (*round % 2) as usize;
            if arrived[parity] < others {
                return Ok(0);
            }
            *delivered += others;
            arrived[parity] = 0;
            *round += 1;
            self.enter_round(member)?;
        }
    }
}

/// Who said a message, and its number.
fn parsed(line: &[u8]) -> Option<(usize, u64)> {
    let sender = std::str::from_utf8(line.get(..6)?).ok()?.parse().ok()?;
    let number = std::str::from_utf8(line.get(7..14)?).ok()?.parse().ok()?;
    line.ends_with(b"\n").then_some((sender, number))
}

/// Reads all that the server has kept for a slow reader: of everybody an ascending row,
/// perhaps with gaps.
fn listen_to_the_end(member: Member, message_bytes: usize) -> io::Result<u64> {
    let Member { stream, mut next, .. } = member;
    let Some(mut stream) = stream else { return Ok(0) };
    stream.shutdown(Shutdown::Write)?;
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard)?;
    let lines = heard.chunks(message_bytes);
    let mut delivered = 0;
    for line in lines {
        let (sender, number) = parsed(line).ok_or_else(|| io::Error::other("a torn message"))?;
        let expected = next.get_mut(sender).filter(|next| **next <= number);
        *expected.ok_or_else(|| io::Error::other("a message for the second time"))? = number + 1;
        delivered += 1;
    }
    Ok(delivered)
}
