//! The server is killed at random moments while several clients keep it busy: nothing that it
//! has shown is lost, and nothing is left half done.
//!
//! `FILATURE_KILLS` says how often, 30 times by default; `FILATURE_SEED` repeats a run.

use crate::crash::database;
use filature_tests::events::EventStream;
use filature_tests::server::{PATIENCE, Server, is_alive};
use nix::sys::signal::Signal;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// How often the server is killed where nothing else is asked for.
const KILLS: u64 = 30;

/// How many clients ask for experiments at once.
const CLIENTS: u64 = 4;

/// The longest that a server lives after it has shown its first sample.
const LIFE_MS_MAX: u64 = 200;

/// How long a child may outlive its server: it hears of its end at once.
const ORPHAN_TIME_MAX: Duration = Duration::from_secs(10);

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, which is no whole number")))
}

/// Random numbers that a seed repeats (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// What a server has shown of experiments: for each the samples of its cells, by index.
#[derive(Default)]
struct Shown(Mutex<HashMap<String, HashMap<u64, Vec<Value>>>>);

impl Shown {
    fn experiment(&self, id: &str) {
        self.0.lock().unwrap().entry(id.to_owned()).or_default();
    }

    fn samples(&self, id: &str, cell: u64, first: usize, samples: &[Value]) {
        let mut shown = self.0.lock().unwrap();
        let known = shown.entry(id.to_owned()).or_default().entry(cell).or_default();
        for (place, sample) in samples.iter().enumerate().map(|(at, sample)| (first + at, sample)) {
            match known.get(place) {
                Some(before) => assert_eq!(before, sample, "{id}: sample {place} has changed"),
                None if known.len() == place => known.push(sample.clone()),
                None => panic!("{id}: sample {place} comes after {}", known.len()),
            }
        }
    }

    /// How many samples were shown.
    fn count(&self) -> usize {
        self.0.lock().unwrap().values().flat_map(HashMap::values).map(Vec::len).sum()
    }

    /// Takes in an experiment as a GET answers it.
    fn answer(&self, experiment: &Value) {
        let id = experiment["id"].as_str().unwrap();
        for cell in experiment["cells"].as_array().unwrap() {
            let samples = cell["samples"].as_array().cloned().unwrap_or_default();
            self.samples(id, cell["index"].as_u64().unwrap(), 0, &samples);
        }
    }
}

/// An answer to a request on a connection of its own; `None` where the server died meanwhile.
fn ask(address: &str, method: &str, path: &str, body: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut bytes = vec![0; length?];
    // An answer that is cut off was not given.
    reader.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Something to measure: short and long experiments, with sweeps and without.
fn request(random: &mut Random) -> Value {
    let sleep = json!({"units": 1, "work": "sleep", "duration_ms": 1 + random.below(8)});
    match random.below(4) {
        0 => json!({"workload": "fan-out", "executors": ["tokio-current", "threads"],
            "params": sleep, "samples": 3, "sweep": {"param": "units", "values": [1, 2, 3]}}),
        1 => json!({"workload": "counter", "executors": ["tokio-current"], "samples": 2,
            "params": {"increments": 10}}),
        _ => json!({"workload": "fan-out", "executors": ["tokio-current"], "params": sleep,
            "samples": 1000}),
    }
}

/// One client until the server dies: it asks, looks and sometimes cancels.
fn client(address: &str, seed: u64, shown: &Shown, over: &AtomicBool) {
    let mut random = Random(seed);
    while !over.load(Relaxed) {
        let body = request(&mut random).to_string();
        let Some(accepted) = ask(address, "POST", "/api/v1/experiments", &body) else { continue };
        // The queue may be full.
        let Some(id) = accepted["id"].as_str() else { continue };
        shown.experiment(id);
        let path = format!("/api/v1/experiments/{id}");
        for _ in 0..random.below(4) {
            std::thread::sleep(Duration::from_millis(random.below(20)));
            if let Some(seen) = ask(address, "GET", &path, "") {
                shown.answer(&seen);
            }
        }
        if random.below(3) > 0 {
            ask(address, "DELETE", &format!("{path}?if_finished=keep"), "");
        }
    }
}

/// Reads the events of all experiments until the server dies.
fn watch(mut stream: EventStream, shown: &Shown) {
    while let Some(event) = stream.event_before_a_crash() {
        let data = &event.data;
        let Some(id) = data["experiment"].as_str() else { continue };
        shown.experiment(id);
        if event.name == "samples" {
            let (cell, first) = (data["cell"].as_u64().unwrap(), data["first"].as_u64().unwrap());
            // The first events may be of samples that were taken before anybody listened.
            let samples = data["samples"].as_array().unwrap();
            shown.samples(id, cell, first as usize, samples);
        }
    }
}

/// That all that was shown is there, and nothing of it goes on.
fn assert_kept(server: &Server, shown: &Shown, which: &str) {
    for (id, cells) in &*shown.0.lock().unwrap() {
        let experiment = server.experiment(id);
        let spec = &experiment["spec"];
        let values = spec["sweep"]["values"].as_array().map_or(1, Vec::len);
        let asked = spec["executors"].as_array().unwrap().len() * values;
        let there = experiment["cells"].as_array().unwrap().len();
        assert_eq!(there, asked, "{which}: {id} is half there");
        let state = experiment["state"].as_str().unwrap();
        let ended = ["done", "cancelled", "failed", "interrupted"];
        assert!(ended.contains(&state), "{which}: {id} is {state}");
        for cell in experiment["cells"].as_array().unwrap() {
            let state = cell["state"].as_str().unwrap();
            assert!(!matches!(state, "pending" | "running"), "{which}: a cell of {id} is {state}");
            let stored = cell["samples"].as_array().cloned().unwrap_or_default();
            let Some(seen) = cells.get(&cell["index"].as_u64().unwrap()) else { continue };
            assert!(stored.len() >= seen.len(), "{which}: {id} lost samples");
            assert_eq!(stored[..seen.len()], seen[..], "{which}: {id} has others");
        }
    }
}

/// That SQLite finds the file whole, and nothing in it that belongs to nothing.
fn assert_whole(data: &Path, which: &str) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(database(data), flags).unwrap();
    let ask = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
    assert_eq!(ask("PRAGMA integrity_check").unwrap(), "ok", "{which}");
    let broken = connection.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
    assert!(!broken, "{which}: something belongs to nothing");
}

#[test]
fn a_server_that_is_killed_under_load_loses_nothing_that_it_has_shown() {
    let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    let seed = number("FILATURE_SEED").unwrap_or_else(clock);
    let kills = number("FILATURE_KILLS").unwrap_or(KILLS);
    // It is shown where the test fails.
    println!("FILATURE_SEED={seed} FILATURE_KILLS={kills}");
    let mut random = Random(seed);
    let data = tempfile::tempdir().unwrap();
    let mut lives: Vec<Shown> = Vec::new();
    let mut samples = 0;
    for kill in 0..kills {
        let which = format!("after kill {kill} of seed {seed}");
        let server = Server::start_in(data.path(), &[]);
        lives.last().into_iter().for_each(|last| assert_kept(&server, last, &which));
        let shown = Shown::default();
        let over = AtomicBool::new(false);
        let stream = EventStream::open(&server, "", None);
        let address = server.address().to_owned();
        // Most lives get as far as measuring, and some end before anything was asked for.
        let wanted = usize::from(random.below(5) > 0);
        let life = Duration::from_millis(random.below(LIFE_MS_MAX));
        let children = std::thread::scope(|scope| {
            let (shown, over, address) = (&shown, &over, address.as_str());
            scope.spawn(move || watch(stream, shown));
            for _ in 0..CLIENTS {
                let seed = random.below(u64::MAX);
                scope.spawn(move || client(address, seed, shown, over));
            }
            let start = Instant::now();
            while shown.count() < wanted && start.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(life);
            // Stopped, so that it starts no child after these were counted.
            server.signal(Signal::SIGSTOP);
            let children = server.children();
            server.kill();
            over.store(true, Relaxed);
            children
        });
        let start = Instant::now();
        while children.iter().any(|child| is_alive(*child)) {
            assert!(start.elapsed() < ORPHAN_TIME_MAX, "{which}: an orphan survives");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_whole(data.path(), &which);
        samples += shown.count();
        lives.push(shown);
    }
    let server = Server::start_in(data.path(), &[]);
    // What one life has shown must survive the ends of all that came after it.
    for (life, shown) in lives.iter().enumerate() {
        assert_kept(&server, shown, &format!("of life {life}, at the end of seed {seed}"));
    }
    assert!(samples as u64 > kills, "only {samples} samples were shown in {kills} lives");
}
