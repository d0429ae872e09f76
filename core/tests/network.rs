//! The servers over real sockets, with clients that are not as they should be.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::net::room::{Queue, Room, Served};
use filature_core::net::talk::WELCOME;
use filature_core::net::{accept, into_tokio, listen, listen_at};
use filature_core::workloads::{chat, echo_server};
use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// How long the servers of these tests wait for a client.
const PATIENCE: Duration = Duration::from_millis(300);

fn service(payload_bytes: usize) -> echo_server::Service {
    echo_server::Service { payload_bytes, delay: Duration::ZERO, patience: PATIENCE }
}

/// How the echo server ends with this client, as a thread and as a task.
fn ends(payload_bytes: usize, client: fn(TcpStream)) -> [io::Result<u64>; 2] {
    let listener = listen(None).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = move || client(TcpStream::connect(address).unwrap());

    let talking = thread::spawn(connect);
    let (stream, _) = listener.accept().unwrap();
    let threads = echo_server::serve(stream, service(payload_bytes));
    talking.join().unwrap();

    let talking = thread::spawn(connect);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = runtime.block_on(async {
        let stream = accept(&into_tokio(listener).unwrap()).await.unwrap();
        echo_server::serve_in_task(stream, service(payload_bytes)).await
    });
    talking.join().unwrap();
    [threads, tasks]
}

fn kinds(ends: [io::Result<u64>; 2]) -> [ErrorKind; 2] {
    ends.map(|end| end.unwrap_err().kind())
}

/// Reads until the server closes the connection, which it may also reset.
fn wait_for_the_end(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn a_client_that_closes_between_two_requests_has_been_served() {
    let served = ends(8, |mut stream| {
        // In pieces, and the second before the first is answered.
        for piece in [&b"eight by"[..5], b" byteeight", b"by"] {
            stream.write_all(piece).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert_eq!(answers, "eight byteeightb");
    });
    // What was sent are two requests of eight bytes and one byte of a third.
    assert_eq!(kinds(served), [ErrorKind::UnexpectedEof; 2]);
    let served = ends(8, |mut stream| {
        stream.write_all(b"eight by").unwrap();
        stream.read_exact(&mut [0; 8]).unwrap();
    });
    assert_eq!(served.map(Result::unwrap), [1, 1]);
}

#[test]
fn a_client_that_hangs_up_in_the_middle_of_a_request_is_cut_short() {
    let ended = ends(64, |mut stream| stream.write_all(&[7; 63]).unwrap());
    assert_eq!(kinds(ended), [ErrorKind::UnexpectedEof; 2]);
}

#[test]
fn a_client_that_never_ends_its_request_is_given_up() {
    let start = Instant::now();
    let ended = kinds(ends(64, |mut stream| {
        stream.write_all(&[7; 63]).unwrap();
        wait_for_the_end(stream);
    }));
    // The standard library calls a socket's timeout by the kernel's name for it.
    assert_eq!(ended, [ErrorKind::WouldBlock, ErrorKind::TimedOut]);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_client_that_never_reads_is_given_up() {
    let ended = kinds(ends(1024 * 1024, |mut stream| {
        // It sends until the server has stopped reading, since nobody takes its answers.
        stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        while stream.write_all(&[7; 64 * 1024]).is_ok() {}
    }));
    assert_eq!(ended, [ErrorKind::WouldBlock, ErrorKind::TimedOut]);
}

#[test]
fn a_port_in_use_is_an_error_that_says_so() {
    let taken = listen(None).unwrap();
    let error = listen_at(taken.local_addr().unwrap(), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let panic = thread::spawn(move || filature_core::net::done::<()>(Err(error), "listen"));
    let message = panic.join().unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*message, "could not listen: Address already in use (os error 98)");
}

#[test]
fn servers_listen_on_the_loopback_only() {
    assert!(listen(None).unwrap().local_addr().unwrap().ip().is_loopback());
}

/// How many messages the client says of whom it is seen whether anybody reads.
const SAID: usize = 2_000;

/// A client that joins the room. For one that does not read, the kernel keeps little.
fn joined(address: std::net::SocketAddr, reads: bool) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    if !reads {
        socket.set_recv_buffer_size(4_096).unwrap();
    }
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut welcome = [0; WELCOME.len()];
    stream.read_exact(&mut welcome).unwrap();
    assert_eq!(welcome, WELCOME);
    stream
}

/// Three in a room: one talks, one listens, one never reads. The listener hears everything,
/// and the one that does not read is taken out, though it never closes its connection.
fn a_room_with_one_who_never_reads<Q: Queue>(room: &Room<Q>, address: std::net::SocketAddr) {
    let (mut talker, mut listener) = (joined(address, true), joined(address, true));
    let never_reads = joined(address, false);
    assert_eq!(room.present(), 3);
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let mut heard = vec![0; line.len()];
    for _ in 0..SAID {
        talker.write_all(&line).unwrap();
        listener.read_exact(&mut heard).unwrap();
        assert!(heard == line);
    }
    let start = Instant::now();
    while room.present() > 2 {
        assert!(start.elapsed() < Duration::from_secs(10), "it is still there");
        thread::sleep(Duration::from_millis(10));
    }
    // Half a line is nothing said.
    talker.write_all(b"half").unwrap();
    drop((talker, listener));
    while room.present() > 0 {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(room.said(), SAID as u64);
    drop(never_reads);
}

/// The third client is the one that lost messages: some to a full queue, some in the end.
fn check(served: &[Served]) {
    let [talker, listener, never_reads] = served else { panic!("{served:?}") };
    assert_eq!((talker.lagged, listener.lagged), (0, 0), "{served:?}");
    assert!(never_reads.lagged > 1_000 && never_reads.dropped > 0, "{served:?}");
}

#[test]
fn a_client_that_never_reads_blocks_nobody_in_a_room_of_threads() {
    let listener = listen(Some(4_096)).unwrap();
    let address = listener.local_addr().unwrap();
    let room = Arc::new(Room::new(16, PATIENCE));
    let server = {
        let room = Arc::clone(&room);
        thread::spawn(move || {
            let serve = |_| {
                let (stream, _) = listener.accept().unwrap();
                let room = Arc::clone(&room);
                thread::spawn(move || chat::serve(stream, &room).unwrap())
            };
            let units: Vec<_> = (0..3).map(serve).collect();
            units.into_iter().map(|unit| unit.join().unwrap()).collect::<Vec<_>>()
        })
    };
    a_room_with_one_who_never_reads(&room, address);
    check(&server.join().unwrap());
}

#[test]
fn a_client_that_never_reads_blocks_nobody_in_a_room_of_tasks() {
    let listener = listen(Some(4_096)).unwrap();
    let address = listener.local_addr().unwrap();
    let room = Arc::new(Room::new(16, PATIENCE));
    let server = {
        let room = Arc::clone(&room);
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = into_tokio(listener).unwrap();
                let mut units = Vec::new();
                for _ in 0..3 {
                    let stream = accept(&listener).await.unwrap();
                    units.push(tokio::spawn(chat::serve_in_task(stream, Arc::clone(&room))));
                }
                let mut served = Vec::new();
                for unit in units {
                    served.push(unit.await.unwrap().unwrap());
                }
                served
            })
        })
    };
    a_room_with_one_who_never_reads(&room, address);
    check(&server.join().unwrap());
}
