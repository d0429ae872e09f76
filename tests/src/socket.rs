//! Plain connections to a server, for clients that do not behave.

use crate::server::{PATIENCE, Server};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A connection on which only those bytes are sent that a test sends.
pub struct Socket(TcpStream);

impl Socket {
    /// Connects to a server.
    ///
    /// # Panics
    /// Where it does not listen.
    pub fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        Self(stream)
    }

    /// Connects, and sends these bytes.
    pub fn sending(server: &Server, bytes: &[u8]) -> Self {
        let mut socket = Self::open(server);
        assert!(socket.send(bytes), "the server reads");
        socket
    }

    /// Sends bytes; `false` where the server has hung up.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// What comes next, at least `least` bytes of it.
    ///
    /// # Panics
    /// Where the server hangs up before.
    pub fn read(&mut self, least: usize) -> String {
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        while read.len() < least {
            let count = self.0.read(&mut buffer).expect("the server answers");
            assert!(count > 0, "the server hung up after {:?}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Takes at most `most` bytes of what comes next, and says how many; 0 where the server
    /// has hung up.
    pub fn take(&mut self, most: usize) -> usize {
        self.0.read(&mut vec![0; most]).unwrap_or(0)
    }

    /// All that comes until the server hangs up, and how long that took.
    ///
    /// # Panics
    /// Where it does not hang up.
    pub fn rest(&mut self) -> (String, Duration) {
        let (start, mut rest) = (Instant::now(), Vec::new());
        if let Err(error) = self.0.read_to_end(&mut rest) {
            // Bytes that the server has not read turn its good-bye into a reset.
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        (String::from_utf8_lossy(&rest).into_owned(), start.elapsed())
    }

    /// Whether the server has hung up by now, as far as it can be told without waiting.
    pub fn is_closed(&mut self) -> bool {
        self.0.set_nonblocking(true).expect("a socket has modes");
        let read = self.0.read(&mut [0; 4096]);
        self.0.set_nonblocking(false).expect("a socket has modes");
        match read {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}
