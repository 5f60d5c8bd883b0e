//! The built command, run to its end or as a host that serves.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use http::Method;
use serde_json::Value;
use transload::client::{Answer, Client, Place};

/// The command with these arguments.
pub(crate) fn transload(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transload"));
    command.args(arguments).env_remove("TRANSLOAD_CONFIG");
    command
}

/// Runs it to its end: the exit code, stdout and stderr.
pub(crate) fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = transload(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A host in a process of its own.
pub(crate) struct Serving {
    process: Child,
    pub(crate) address: SocketAddr,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Serving {
    /// Starts it and waits until it serves.
    pub(crate) fn start(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        Self::of(&mut transload(&["serve", "--data-dir", data]))
    }

    /// The same, from a command that ends in `serve` and its own arguments.
    pub(crate) fn of(command: &mut Command) -> Self {
        command.args(["--listen", "127.0.0.1:0", "--log", "json"]).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("\"serves\"") {
            line.clear();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended before it served");
        }
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = line["fields"]["address"].as_str().unwrap().parse().unwrap();
        Self { process, address, stderr }
    }

    pub(crate) fn send(&self, method: Method, path: &str, key: &str, body: &Value) -> Answer {
        let client = Client::new(Place::Tcp(self.address)).with_key(key);
        let body = body.to_string().into_bytes();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let events = path == "/v1/events";
        let kind = if events { "application/cloudevents+json" } else { "application/json" };
        runtime.block_on(async { client.send(method, path, kind, body).await.unwrap() })
    }

    /// What the process may take of this, as the system says: the limit that holds, and the highest.
    pub(crate) fn limit(&self, what: &str) -> (String, String) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.process.id()));
        let limits = limits.unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args([name, &process]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end: the exit code, and the rest of its log.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).unwrap();
        (self.process.wait().unwrap().code(), log)
    }
}

impl Drop for Serving {
    /// A test that failed leaves no process behind.
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}
