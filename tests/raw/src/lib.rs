//! The clients of the echo servers: plain, and without a scheduler that could favour one of
//! the two.

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Opens 100 connections, and on each sends 100 requests of 64 bytes, the next when the
/// answer to the one before is complete. One thread waits for all of them.
///
/// # Panics
/// If an answer is not what was sent.
pub fn echo_client(server: SocketAddr) {
    let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
    let mut connections = Vec::new();
    for place in 0..100 {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        epoll::add(&epoll, &stream, EventData::new_u64(place), EventFlags::IN).unwrap();
        connections.push(Some((stream, [place as u8; 64], [0; 64], 0, 0)));
    }
    for (stream, payload, ..) in connections.iter_mut().flatten() {
        stream.write_all(payload).unwrap();
    }
    let mut open = connections.len();
    let mut events = Vec::with_capacity(1024);
    while open > 0 {
        events.clear();
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None).unwrap();
        for event in &events {
            let place = { event.data }.u64() as usize;
            let connection = &mut connections[place];
            let (stream, payload, answer, received, answered) = connection.as_mut().unwrap();
            let count = stream.read(&mut answer[*received..]).unwrap();
            assert!(count > 0, "the server closed a connection");
            *received += count;
            if *received < answer.len() {
                continue;
            }
            assert_eq!(answer, payload);
            *received = 0;
            *answered += 1;
            if *answered == 100 {
                *connection = None;
                open -= 1;
            } else {
                payload[1] = *answered;
                stream.write_all(payload).unwrap();
            }
        }
    }
}
