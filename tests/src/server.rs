//! A server as a process of its own, on a free port with a data directory of its
//! own, and a client for it.

use crate::binary;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing that these tests wait for takes this long on any machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A running server; killed when dropped.
pub struct Server {
    process: Child,
    address: String,
    client: Client,
    // Removed when the last server that uses it has gone.
    data: Option<TempDir>,
}

impl Server {
    /// Starts a server on an empty data directory, and waits until it listens.
    pub fn start() -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let mut server = Self::start_in(data.path(), &[]);
        server.data = Some(data);
        server
    }

    /// Starts a server on `data` with further arguments, and waits until it listens.
    ///
    /// # Panics
    /// Where the server ends without listening.
    pub fn start_in(data: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program can be started");
        let stdout = process.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("the server writes UTF-8");
        let (_, address) = line.trim().split_once("://").unwrap_or_else(|| {
            panic!("the server did not say where it listens, but {line:?}");
        });
        let client = Client::builder().timeout(PATIENCE).build().expect("a plain client");
        Self { process, address: address.to_owned(), client, data: None }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The port.
    pub fn port(&self) -> u16 {
        let (_, port) = self.address.rsplit_once(':').expect("the address has a port");
        port.parse().expect("the port is a number")
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A request to `path`, not yet sent.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// The answer to a GET.
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().expect("the server answers")
    }

    /// The JSON body of a GET that must succeed.
    pub fn json(&self, path: &str) -> Value {
        let response = self.get(path);
        assert!(response.status().is_success(), "GET {path}: {}", response.status());
        response.json().expect("the body is JSON")
    }

    /// The answer to a POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path).json(body).send().expect("the server answers")
    }

    /// The answer to a DELETE.
    pub fn delete(&self, path: &str) -> Response {
        self.request("DELETE", path).send().expect("the server answers")
    }

    /// Asks for an experiment that must be accepted, and returns its id.
    pub fn submit(&self, request: &Value) -> String {
        let response = self.post("/api/v1/experiments", request);
        let status = response.status();
        let body: Value = response.json().expect("the body is JSON");
        assert_eq!(status, 202, "{body}");
        body["id"].as_str().expect("an experiment has an id").to_owned()
    }

    /// The experiment as it is now.
    pub fn experiment(&self, id: &str) -> Value {
        self.json(&format!("/api/v1/experiments/{id}"))
    }

    /// Waits until `reached` is true of the experiment, and returns it.
    ///
    /// # Panics
    /// Where that takes longer than [`PATIENCE`].
    pub fn wait(&self, id: &str, reached: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let experiment = self.experiment(id);
            if reached(&experiment) {
                return experiment;
            }
            assert!(start.elapsed() < PATIENCE, "still waiting: {experiment:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until nothing will change any more.
    pub fn finished(&self, id: &str) -> Value {
        self.wait(id, |experiment| {
            !matches!(experiment["state"].as_str(), Some("queued" | "running"))
        })
    }

    /// Sends bytes as they are and returns all that comes back until the server
    /// closes: for what a client library would tidy up.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        // A server that refuses early may close before all is written.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// How many descriptors the server has open.
    pub fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.pid()));
        open.expect("the server runs").count()
    }

    /// The memory that the server has to itself or shares: what `ps` calls RSS.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.expect("the kernel tells it in kB") * 1024
    }

    /// A figure of `/metrics`, by its name with its labels; 0 where it is not there yet.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").text().expect("the metrics are text");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a count"))
    }

    /// The process ids of the server's child processes.
    pub fn children(&self) -> Vec<u32> {
        children_of(self.pid())
    }

    /// Sends a signal to the server.
    pub fn signal(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    /// Waits for the server's end.
    pub fn ended(&mut self) -> ExitStatus {
        self.process.wait().expect("the server is a child of this process")
    }

    /// Kills the server as `kill -9` does, and waits for its end.
    pub fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.ended();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, as the test wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process ids of a process's children.
pub fn children_of(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    // Children belong to the thread that started them.
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    for thread in threads.into_iter().flatten().flatten() {
        let list = std::fs::read_to_string(thread.path().join("children"));
        let list = list.unwrap_or_default();
        found.extend(list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    found
}

/// Sends a signal to a process.
pub fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id is small"));
    kill(pid, signal).expect("the process is there");
}

/// Whether a process is there, and not merely waiting to be reaped.
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next());
    state.is_some_and(|state| state != 'Z')
}
