//! The real `transload` binary as a process of its own.

use std::{
    ffi::OsStr,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::client::Client;

/// How long a host may take from its start to `/health/ready`.
const READY_TIME_MAX: Duration = Duration::from_secs(30);
/// How often readiness is asked for.
const READY_POLL: Duration = Duration::from_millis(10);

/// Where a host lives between two lives of its process.
pub struct Home {
    binary: PathBuf,
    folder: PathBuf,
    port: u16,
}

/// A running host. It is killed when it is dropped.
pub struct Process {
    child: Child,
}

impl Home {
    /// A home in `folder`, for `binary`, on a free port that it keeps.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn new(binary: PathBuf, folder: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        std::fs::create_dir_all(folder.join("modules")).context("make the plugin folder")?;
        Ok(Self { binary, folder: folder.to_owned(), port })
    }

    /// The host's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The plugin folder.
    pub fn modules(&self) -> PathBuf {
        self.folder.join("modules")
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The binary with these arguments, in this home.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TRANSLOAD_DATA_DIR", self.data())
            .env("TRANSLOAD_PLUGIN_DIR", self.modules())
            .env("TRANSLOAD_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("TRANSLOAD_ALLOWED_NETWORKS", "127.0.0.0/8")
            .env("TRANSLOAD_ALLOW_HTTP", "true")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Makes an API key for an organization.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn key(&self, organization: &str) -> anyhow::Result<String> {
        let arguments = ["key", "create", "--organization", organization, "--json"];
        let output = self.command(arguments).output().await.context("run transload key create")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let key = answer["key"].as_str().context("the answer has no key")?;
        Ok(key.to_owned())
    }

    /// Starts the host and does not wait for it. What it logs goes to `host.log` in its home.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self) -> anyhow::Result<Process> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("host.log"))?;
        let mut command = self.command(["serve"]);
        let child =
            command.stdout(log.try_clone()?).stderr(log).spawn().context("start transload")?;
        Ok(Process { child })
    }

    /// Starts the host and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or is not ready in time.
    pub async fn serve(&self) -> anyhow::Result<Process> {
        let mut process = self.start()?;
        let client = Client::new(&self.url(), "");
        let deadline = Instant::now() + READY_TIME_MAX;
        while Instant::now() < deadline {
            if let Some(status) = process.child.try_wait()? {
                bail!("the host ended by itself: {status}; see host.log");
            }
            if client.get("/health/ready").await.is_ok_and(|answer| answer.status == 200) {
                return Ok(process);
            }
            sleep(READY_POLL).await;
        }
        bail!("the host was not ready within {READY_TIME_MAX:?}; see host.log")
    }
}

impl Process {
    /// Kills the process with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("kill the host")
    }

    /// Waits until the process ends by itself.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn ended(&mut self) -> anyhow::Result<std::process::ExitStatus> {
        self.child.wait().await.context("wait for the host")
    }

    /// The process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }
}
