//! Answers 100 clients with what they send, 100 requests of 64 bytes each, one thread per
//! connection; for each line on stdin, prints how many nanoseconds that took.

use filature_raw::echo_client;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

fn serve(mut stream: TcpStream) -> u64 {
    stream.set_nodelay(true).unwrap();
    let mut payload = [0; 64];
    let mut answered = 0;
    loop {
        let arrived = stream.read(&mut payload).unwrap();
        if arrived == 0 {
            return answered;
        }
        stream.read_exact(&mut payload[arrived..]).unwrap();
        stream.write_all(&payload).unwrap();
        answered += 1;
    }
}

fn main() {
    for _turn in std::io::stdin().lines() {
        let start = Instant::now();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = thread::spawn(move || echo_client(address));
        let mut handles = Vec::new();
        for _ in 0..100 {
            let (stream, _) = listener.accept().unwrap();
            handles.push(thread::spawn(move || serve(stream)));
        }
        let answered: u64 = handles.into_iter().map(|handle| handle.join().unwrap()).sum();
        client.join().unwrap();
        let wall = start.elapsed();

        assert_eq!(answered, 10_000);
        println!("{}", wall.as_nanos());
    }
}
