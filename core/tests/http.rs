//! HTTP/1.1 over real sockets: the small server of threads, and hyper in a task, get the
//! same bytes and have to mean the same by them.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use filature_core::net::http::{BODY_BYTES_MAX, HEAD_BYTES_MAX, Received, Requests, Status};
use filature_core::net::{accept, into_tokio, listen};
use filature_core::workloads::http_server::{Served, Service, serve, serve_in_task};
use proptest::prelude::*;
use std::io::{self, Cursor, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;

const SERVICE: Service = Service { delay: Duration::ZERO, patience: Duration::from_secs(5) };

/// What a client gets that sends these pieces and then closes its side, without the dates.
fn answers(pieces: &[&[u8]], server: impl FnOnce(std::net::TcpListener) -> Served) -> String {
    let listener = listen(None).unwrap();
    let address = listener.local_addr().unwrap();
    thread::scope(|scope| {
        let client = scope.spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            for piece in pieces {
                // One that was refused may have been closed.
                let _ = stream.write_all(piece);
                thread::sleep(Duration::from_millis(10));
            }
            let _ = stream.shutdown(Shutdown::Write);
            let mut answers = String::new();
            let _ = stream.read_to_string(&mut answers);
            answers
        });
        let served = server(listener);
        let answers = client.join().unwrap().to_lowercase();
        let lines = answers.split_inclusive("\r\n").filter(|line| !line.starts_with("date:"));
        assert_eq!(served.responses, answers.matches(" 200 ok\r\n").count() as u64);
        lines.collect()
    })
}

/// The same of both servers.
fn both(pieces: &[&[u8]]) -> [String; 2] {
    let threads = answers(pieces, |listener| serve(listener.accept().unwrap().0, SERVICE).unwrap());
    let tasks = answers(pieces, |listener| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stream = accept(&into_tokio(listener).unwrap()).await.unwrap();
            serve_in_task(stream, SERVICE).await.unwrap()
        })
    });
    [threads, tasks]
}

fn status_lines(answers: &str) -> Vec<&str> {
    answers.split("\r\n").filter(|line| line.starts_with("http/1.1")).collect()
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HELLO: &str = "http/1.1 200 ok\r\ncontent-length: 13\r\n\r\nhello, world!";

#[test]
fn a_request_in_pieces_is_answered_once() {
    for answers in both(&[&GET[..3], &GET[3..16], &GET[16..25], &GET[25..]]) {
        assert_eq!(answers, HELLO);
    }
}

#[test]
fn requests_in_one_packet_are_all_answered_in_order() {
    let posts = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none\
                  POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo";
    for answers in both(&[&[GET, posts, GET].concat()]) {
        let bodies = ["hello, world!", "one", "two", "hello, world!"];
        let expected: Vec<String> = bodies
            .map(|body| format!("http/1.1 200 ok\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
            .into();
        assert_eq!(answers, expected.concat());
    }
}

#[test]
fn a_body_is_as_long_as_its_content_length_says() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 2000\r\n\r\n";
    let body = [b'x'; 2_000];
    for answers in both(&[head, &body[..500], &body[500..]]) {
        assert!(answers.ends_with(&"x".repeat(2_000)) && answers.len() < 2_100, "{answers}");
    }
}

#[test]
fn a_connection_is_closed_where_the_client_wants_it() {
    let close = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let old = b"GET / HTTP/1.0\r\n\r\n";
    for last in [&close[..], &old[..]] {
        for answers in both(&[&[GET, last, GET].concat()]) {
            assert_eq!(answers.matches(" 200 ok\r\n").count(), 2, "{answers}");
        }
    }
}

#[test]
fn what_is_no_http_is_answered_with_400() {
    for garbage in [&b"\x01 nonsense\r\n\r\n"[..], b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n"] {
        for answers in both(&[garbage]) {
            assert_eq!(status_lines(&answers), ["http/1.1 400 bad request"], "{answers}");
        }
    }
}

#[test]
fn a_head_without_end_is_refused() {
    let endless = [b"GET / HTTP/1.1\r\nHost: a\r\nX: ".to_vec(), vec![b'x'; 9_000]].concat();
    for answers in both(&[&endless]) {
        assert!(status_lines(&answers)[0].starts_with("http/1.1 431 "), "{answers}");
    }
}

/// What garbage is made of that looks like HTTP here and there.
const WORDS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"\0",
    b" ",
    b":",
    b"x",
    b"Content-Length: 5\r\n",
    b"Content-Length: 99999999999999999999999\r\n",
    b"Expect: 100-continue\r\n",
];

/// What the parser makes of all that a client sends.
fn received(bytes: &[u8]) -> Vec<Received> {
    let mut requests = Requests::new(Pieces { bytes: Cursor::new(bytes.to_vec()), most: 4096 });
    collected(&mut requests).unwrap()
}

fn collected(requests: &mut Requests<Pieces>) -> io::Result<Vec<Received>> {
    let mut all = Vec::new();
    loop {
        match requests.receive()? {
            Received::End => return Ok(all),
            Received::Refused(status) => {
                all.push(Received::Refused(status));
                return Ok(all);
            }
            request => all.push(request),
        }
    }
}

/// A connection on which at most so many bytes arrive at once.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    most: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.most.min(buffer.len());
        self.bytes.read(&mut buffer[..most])
    }
}

impl Write for Pieces {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn refusal(head: &str) -> Status {
    match received(head.as_bytes()).as_slice() {
        [Received::Refused(status)] => *status,
        other => panic!("{head:?}: {other:?}"),
    }
}

#[test]
fn what_could_be_understood_in_two_ways_is_refused() {
    for head in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
    ] {
        assert_eq!(refusal(head), Status::BadRequest, "{head:?}");
    }
}

#[test]
fn what_is_not_known_or_too_long_is_refused_with_the_status_that_says_so() {
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refusal(chunked), Status::NotImplemented);
    let post = |bytes| format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {bytes}\r\n\r\n");
    assert_eq!(refusal(&post(BODY_BYTES_MAX + 1)), Status::ContentTooLarge);
    assert_eq!(
        refusal(&post(usize::MAX).replace("\r\n\r\n", "9\r\n\r\n")),
        Status::ContentTooLarge
    );
    assert_eq!(refusal(&"x".repeat(HEAD_BYTES_MAX + 1)), Status::HeadTooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn requests_are_the_same_in_whatever_pieces_they_arrive(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..5),
        most in 1_usize..100,
    ) {
        let mut bytes = Vec::new();
        for body in &bodies {
            let length = body.len();
            write!(bytes, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").unwrap();
            bytes.extend_from_slice(body);
        }
        let mut requests = Requests::new(Pieces { bytes: Cursor::new(bytes.clone()), most });
        let all = collected(&mut requests).unwrap();
        prop_assert_eq!(&all, &received(&bytes));
        let found = all.into_iter().map(|received| match received {
            Received::Request(request) => request.body,
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(found.collect::<Vec<_>>(), bodies);
        // Cut off anywhere but between two requests, it is an error and no request.
        let cut = Pieces { bytes: Cursor::new(bytes[..bytes.len() - 1].to_vec()), most };
        prop_assert!(collected(&mut Requests::new(cut)).is_err());
    }

    #[test]
    fn whatever_arrives_is_understood_or_refused(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..12),
        most in 1_usize..100,
    ) {
        let garbage = Pieces { bytes: Cursor::new(words.concat()), most };
        // No panic, and an end.
        let _ = collected(&mut Requests::new(garbage));
    }
}
