//! Chat: a room in which everybody hears what anybody says.
//!
//! The contract: the body listens on a free port of the loopback and spawns two units for
//! every connection that it accepts: one reads lines and offers each to the queues of all
//! the others in the room, and one writes what is in its queue. A queue holds two messages
//! for each client who talks; one that is full takes nothing more, and nobody waits for
//! it. Who closes the connection, or takes too long to read, is taken out of the room. The
//! clients are one thread outside of the units: `clients` say `messages` messages each, in
//! rounds, and hear every message of the others exactly once; `leavers` leave after half
//! of theirs; `slow_readers` say nothing and read nothing until the others have left, and
//! then get what was kept for them. The outcome is how many messages were said and
//! delivered, that every message which a slow reader did not get was counted as lost to
//! it, and how many are left in the room; which of them those were is seen.

use crate::about::{About, Group, Preset};
use crate::api::Fact;
use crate::net::room::{Line, Queue, Room, Served};
use crate::net::talk::{Heard, MESSAGE_BYTES_MIN, Plan, Talk};
use crate::net::{self, CONNECTION_TIME_MAX, accept, done, within};
use crate::params::integer;
use crate::seen::Seen;
use crate::time::Duration;
use crate::{executor, format, params, task, thread};
use serde::{Deserialize, Serialize};
use socket2::SockRef;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

pub const ABOUT: About = About {
    id: "chat",
    title: "Chat",
    group: Group::Serve,
    summary: "Everybody hears what anybody says: many connections that write to one another, a \
              client that leaves in the middle, and one that never reads.",
    look_at: "The slow reader costs nobody anything but itself: its queue is full, what is said \
              then is lost to it, and that is counted. The article gives every client a broadcast \
              channel, where falling more than 100 messages behind is an error, at which it stops \
              writing to that client for good and tells nobody. It never takes a client that left \
              out of its list, so the list only grows; and it sends you what you said yourself.",
    operation: "messages",
    did: "delivered",
    presets: &[
        Preset {
            name: "as in the article",
            params: &[
                ("clients", "10"),
                ("messages", "10"),
                ("leavers", "0"),
                ("slow_readers", "0"),
            ],
        },
        Preset {
            name: "at scale",
            params: &[
                ("clients", "100"),
                ("messages", "100"),
                ("leavers", "0"),
                ("slow_readers", "0"),
            ],
        },
        Preset {
            name: "many who do not read",
            params: &[("leavers", "5"), ("slow_readers", "10"), ("message_bytes", "512")],
        },
    ],
    picture: &["v--v--v----^", " #^-#^-#^-# ", "    #^-x    ", "     ------#"],
    cpu_bound: &[],
    only: Some((executor::NATIVE, "a page in a browser can open no sockets and listen on none")),
};

params! {
    /// How many clients talk, and stay to the end.
    clients: u64 = integer(20).range(2, 1_000).unit("clients"),
    /// How many messages each of them says.
    messages: u64 = integer(30).range(1, 10_000).unit("messages"),
    /// How long a message is.
    message_bytes: u64 = integer(128).range(MESSAGE_BYTES_MIN, 1_024).unit("bytes"),
    /// How many more clients leave after half of their messages.
    leavers: u64 = integer(1).range(0, 100).unit("clients"),
    /// How many more clients only listen, and read nothing until the others have left.
    slow_readers: u64 = integer(1).range(0, 100).unit("clients"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many messages were said, as the units count them.
    pub said: u64,
    /// How many those who talk got from one another, as the clients count them.
    pub delivered: u64,
    /// How many messages for the slow readers are accounted for: delivered in the end, or
    /// counted as lost.
    pub accounted: u64,
    /// How many are in the room when all is over.
    pub left_in_room: u64,
    /// What became of the messages for those who did not read, or left.
    pub fates: Seen<Fates>,
}

/// What became of messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fates {
    /// Those that the slow readers got in the end.
    pub delivered_late: u64,
    /// Those that they did not get, since their queue was full.
    pub lagged: u64,
    /// Those that were for a client that had left, and not noticed as gone yet.
    pub dropped: u64,
}

pub fn expected(params: &Params) -> Outcome {
    let plan = plan(params);
    let talkers = || (0..params.messages).map(|round| plan.talkers(round));
    let said = talkers().sum();
    Outcome {
        said,
        delivered: operations(params),
        accounted: said * params.slow_readers,
        left_in_room: 0,
        fates: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let Outcome { said, delivered, fates: Seen(fates), .. } = outcome;
    let [said, delivered, wanted, late, lagged, dropped] =
        [*said, *delivered, operations(params), fates.delivered_late, fates.lagged, fates.dropped]
            .map(format::count);
    vec![
        Fact::new("messages said", said),
        Fact::new("delivered to those who talk", format!("{delivered} of {wanted}, each once")),
        Fact::new("to slow readers", format!("{late} delivered in the end, {lagged} lost to them")),
        Fact::new("for clients that had just left", format!("{dropped} dropped")),
        Fact::new("clients in the room at the end", format::count(outcome.left_in_room)),
        net::in_one_process(None),
    ]
}

/// In every round, everybody who talks hears everybody else.
pub fn operations(params: &Params) -> u64 {
    let talkers = (0..params.messages).map(|round| plan(params).talkers(round));
    talkers.map(|talkers| talkers * (talkers - 1)).sum()
}

pub fn units(params: &Params) -> u64 {
    2 * plan(params).members()
}

/// Both ends of every connection are in this process.
pub fn descriptors(params: &Params) -> u64 {
    2 * plan(params).members()
}

fn plan(params: &Params) -> Plan {
    let Params { clients, messages, message_bytes, leavers, slow_readers } = *params;
    Plan { clients, messages, message_bytes, leavers, slow_readers }
}

/// The longest line; who sends a longer one is taken out of the room.
const LINE_BYTES_MAX: u64 = 4_096;

/// How much the kernel keeps of what a client has not read, so that a slow one is noticed.
const SEND_BUFFER_BYTES: usize = 16 * 1024;

fn room<Q: Queue>(params: &Params) -> Arc<Room<Q>> {
    let capacity = 2 * (params.clients + params.leavers);
    // A slow reader must not be given up while the others talk.
    Arc::new(Room::new(capacity as usize, CONNECTION_TIME_MAX))
}

fn outcome<Q: Queue>(
    params: &Params,
    room: &Room<Q>,
    ends: Vec<io::Result<Served>>,
    heard: Heard,
) -> Outcome {
    let mut fates = Fates { delivered_late: heard.delivered_late, ..Fates::default() };
    for end in ends {
        let Served { member, lagged, dropped } = done(end, "serve a client");
        // The slow readers are the last to join.
        if member < params.clients + params.leavers {
            fates.dropped += lagged + dropped;
        } else {
            fates.lagged += lagged + dropped;
        }
    }
    Outcome {
        said: room.said(),
        delivered: heard.delivered,
        accounted: fates.delivered_late + fates.lagged,
        left_in_room: room.present(),
        fates: Seen(fates),
    }
}

/// Serves one client on this thread and one more, until it leaves or is too slow.
pub fn serve(stream: TcpStream, room: &Room<SyncSender<Line>>) -> io::Result<Served> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(room.patience))?;
    let stream = Arc::new(stream);
    let (sender, queue) = sync_channel(room.capacity);
    let writing = Arc::clone(&stream);
    let writer = thread::spawn(move || write(&writing, &queue));

    let member = room.join(sender);
    let mut reader = BufReader::new(&*stream);
    let mut line = Vec::new();
    // An error means that the client is gone, or that its writer has given it up.
    while let Ok(1..) = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
        if !line.ends_with(b"\n") {
            break;
        }
        room.say(member, &line);
        line.clear();
    }
    let mut served = room.leave(member);
    served.dropped += writer.join().expect("no unit panics");
    Ok(served)
}

/// Writes what is in the queue, as much as there is at once, until it is closed; returns how
/// many messages could not be written.
fn write(stream: &TcpStream, queue: &Receiver<Line>) -> u64 {
    let mut writer = BufWriter::new(stream);
    while let Ok(first) = queue.recv() {
        // Who says something runs on, and more goes out with the same write.
        std::thread::yield_now();
        let mut lines = 0;
        let mut batch = std::iter::once(first).chain(queue.try_iter()).inspect(|_| lines += 1);
        let written = batch.try_for_each(|line| writer.write_all(&line));
        drop(batch);
        if written.and_then(|()| writer.flush()).is_err() {
            // The unit that reads finds it closed, and closes the queue.
            let _ = stream.shutdown(Shutdown::Both);
            return lines + queue.iter().count() as u64;
        }
    }
    0
}

/// What [`serve`] is, with two tasks.
pub async fn serve_in_task(
    stream: tokio::net::TcpStream,
    room: Arc<Room<mpsc::Sender<Line>>>,
) -> io::Result<Served> {
    stream.set_nodelay(true)?;
    let (reading, writing) = stream.into_split();
    let (sender, queue) = mpsc::channel(room.capacity);
    let writer = task::spawn(write_in_task(writing, queue, room.patience));

    let member = room.join(sender);
    let mut reader = tokio::io::BufReader::new(reading);
    let mut line = Vec::new();
    // An error means that the client is gone, or that its writer has given it up.
    while let Ok(1..) = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await {
        if !line.ends_with(b"\n") {
            break;
        }
        room.say(member, &line);
        line.clear();
    }
    let mut served = room.leave(member);
    served.dropped += writer.await.expect("no unit panics");
    Ok(served)
}

/// What [`write`] is, in a task.
async fn write_in_task(
    stream: tokio::net::tcp::OwnedWriteHalf,
    mut queue: mpsc::Receiver<Line>,
    patience: Duration,
) -> u64 {
    let mut writer = tokio::io::BufWriter::new(stream);
    while let Some(first) = queue.recv().await {
        let mut lines = 0;
        let written = within(patience, async {
            let mut next = Some(first);
            while let Some(line) = next {
                lines += 1;
                writer.write_all(&line).await?;
                next = queue.try_recv().ok();
            }
            writer.flush().await
        });
        if written.await.is_err() {
            // The unit that reads finds it closed, and closes the queue.
            let _ = SockRef::from(writer.get_ref().as_ref()).shutdown(Shutdown::Both);
            while queue.recv().await.is_some() {
                lines += 1;
            }
            return lines;
        }
    }
    0
}

pub fn threads(params: &Params) -> Outcome {
    let listener = done(net::listen(Some(SEND_BUFFER_BYTES)), "listen");
    let talk = done(Talk::start(plan(params), &listener), "start the clients");
    let room = room(params);

    let mut handles = Vec::new();
    for _ in 0..plan(params).members() {
        let (stream, _) = done(listener.accept(), "accept a connection");
        let room = Arc::clone(&room);
        handles.push(thread::spawn(move || serve(stream, &room)));
    }

    let ends = handles.into_iter().map(|handle| handle.join().expect("no unit panics"));
    let ends = ends.collect();
    outcome(params, &room, ends, talk.heard())
}

pub async fn tasks(params: &Params) -> Outcome {
    let listener = done(net::listen(Some(SEND_BUFFER_BYTES)), "listen");
    let talk = done(Talk::start(plan(params), &listener), "start the clients");
    let listener = done(net::into_tokio(listener), "listen");
    let room = room(params);

    let mut handles = Vec::new();
    for _ in 0..plan(params).members() {
        let stream = done(accept(&listener).await, "accept a connection");
        handles.push(task::spawn(serve_in_task(stream, Arc::clone(&room))));
    }

    let mut ends = Vec::new();
    for handle in handles {
        ends.push(handle.await.expect("no unit panics"));
    }
    outcome(params, &room, ends, talk.heard_in_task().await)
}
