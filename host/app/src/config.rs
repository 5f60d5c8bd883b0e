//! Configuration: what can be set, where it may be set, and what is in force.
//!
//! Defaults, then `transload.toml`, then `TRANSLOAD_*`, then flags; the later wins. Everything is checked here,
//! once, before anything is opened: a wrong value or an unknown key is one message that names the key, the value
//! and the place it came from.

mod injected;
mod layer;
mod measure;
mod setting;
mod value;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use figment::{
    Figment,
    providers::{Format, Toml},
};
use ipnet::IpNet;
use transload_domain::limits;
use transload_engine::Engine;

pub(crate) use measure::{duration, in_words};
pub use setting::{SETTINGS, Setting};
pub use value::InForce;

use injected::is_injected;
use layer::Single;
use value::Values;

/// The file that is read where no other is named.
pub const DEFAULT_FILE: &str = "transload.toml";
/// What the environment's variables begin with.
pub const PREFIX: &str = "TRANSLOAD_";
/// The variable that names the configuration file.
const FILE_VARIABLE: &str = "TRANSLOAD_CONFIG";
/// The variable that holds the API key of commands that ask a host. It is no setting of a host.
pub const KEY_VARIABLE: &str = "TRANSLOAD_API_KEY";

/// A configuration that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the store, the keys and the control socket are.
    pub data_dir: PathBuf,
    /// Where the plugins' `.wasm` files are.
    pub plugin_dir: PathBuf,
    /// Where the HTTP API listens.
    pub listen: SocketAddr,
    /// How receivers know this host: the issuer of the tokens that it signs. Where it is absent, the address that
    /// it listens on.
    pub issuer: Option<String>,
    /// Networks that deliveries may go to although they are not public.
    pub allowed_networks: Vec<IpNet>,
    /// Whether deliveries may go over plain http into an allowed network.
    pub allow_http: bool,
    /// Threads that run plugins; 0 is one for each core.
    pub plugin_threads: usize,
    /// Exchanges with vendors at the same time, over all webhooks.
    pub concurrency: usize,
    /// How long one exchange with a vendor may take: connecting, headers and body together.
    pub exchange_within: Duration,
    /// Connections to the API at the same time.
    pub connections_max: usize,
    /// Events that may wait for their dispatch before new ones are refused with 429.
    pub backlog_events: u64,
    /// Open deliveries that may wait before new events are refused with 429.
    pub backlog_deliveries: u64,
    /// Percentage of the backlog that one organization may fill while the others have nothing waiting.
    pub backlog_share: u8,
    /// How long events are kept whose deliveries are all closed.
    pub retention_age: Duration,
    /// Bytes that the store may take on disk before closed events go early; none is no limit.
    pub retention_size: Option<u64>,
    /// How long a delivery that was due and could not go stays open before it is dead.
    pub retention_open_age: Duration,
    /// Whether `/metrics` answers without a key.
    pub public_metrics: bool,
    /// How long what is in flight may take at shutdown.
    pub stop_within: Duration,
    /// What log lines look like.
    pub log: LogFormat,
    /// Which log lines are written, as a filter of `tracing`.
    pub log_filter: String,
}

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where settings may come from, as the process found them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that a flag names.
    pub file: Option<PathBuf>,
    /// The environment: names and values.
    pub environment: Vec<(String, String)>,
    /// Flags: the setting's key and its value.
    pub flags: Vec<(&'static str, String)>,
}

/// A checked configuration, and where each of its values comes from.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What is in force.
    pub config: Config,
    /// Each setting's value and where it comes from, in the order of [`SETTINGS`].
    pub in_force: Vec<InForce>,
    /// Variables that begin with [`PREFIX`] and are not ours: Kubernetes makes them for a service of that name.
    pub ignored: Vec<String>,
}

/// What is wrong with a configuration, in one sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

impl Configuration {
    /// Reads and checks all layers.
    ///
    /// # Errors
    /// The first thing that is wrong: a file that cannot be read, an unknown key, or a value that cannot be.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let figment = layers(sources)?;
        let values = Values::new(&figment)?;
        let config = Config::read(&values)?;
        Ok(Self { config, in_force: values.in_force(), ignored: sources.ignored() })
    }

    /// What to tell about variables that were ignored; nothing where there are none.
    pub fn notice(&self) -> Option<String> {
        if self.ignored.is_empty() {
            return None;
        }
        let names = self.ignored.join(", ");
        Some(format!(
            "ignored, as Kubernetes makes them for a service and they are no settings: {names}"
        ))
    }
}

/// The shortest time that closed events are kept: what was just delivered can be looked at, and an event that is
/// posted again is known.
pub const RETENTION_AGE_MIN: Duration = Duration::from_secs(3_600);
/// The longest time of the retention settings: ten years.
const RETENTION_AGE_MAX: Duration = Duration::from_secs(3_650 * 86_400);
/// The smallest store that retention by size keeps: below it, sled's own segments decide its size.
const RETENTION_SIZE_MIN: u64 = 64 << 20;

/// The most exchanges at the same time: each has a socket, and usual systems let a process open some ten thousand more
/// than it needs otherwise.
const CONCURRENCY_MAX: usize = 10_000;
/// The most connections to the API at the same time, each of which has a socket.
const CONNECTIONS_MAX: usize = 100_000;
/// The most events, and the most open deliveries, that may be let wait: of the latter so many take 20 GB of memory.
const BACKLOG_MAX: u64 = 100_000_000;
/// The longest that a stop may wait: whoever looks after the process gives up earlier.
const STOP_WITHIN_MAX: Duration = Duration::from_secs(600);

impl Config {
    /// The defaults, which are always right.
    pub fn defaults() -> Result<Self, ConfigError> {
        Ok(Configuration::load(&Sources { file: None, ..Sources::default() }.without_file())?
            .config)
    }

    fn read(values: &Values) -> Result<Self, ConfigError> {
        let config = Self {
            data_dir: values.path("data_dir")?,
            plugin_dir: values.path("plugin_dir")?,
            listen: values.parse("listen", "an address with a port, like 127.0.0.1:8080")?,
            issuer: values.optional("issuer")?,
            allowed_networks: values.list(
                "allowed_networks",
                "networks like 10.0.0.0/8 or fd00::/8, comma-separated",
            )?,
            allow_http: values.parse("allow_http", "true or false")?,
            plugin_threads: values.between("plugin_threads", &(0..=Engine::THREADS_MAX))?,
            concurrency: values.between("concurrency", &(1..=CONCURRENCY_MAX))?,
            exchange_within: values.duration(
                "exchange_within",
                &(Duration::from_secs(1)..=limits::EXCHANGE_TIME_MAX),
            )?,
            connections_max: values.between("connections_max", &(1..=CONNECTIONS_MAX))?,
            backlog_events: values.between("backlog_events", &(1..=BACKLOG_MAX))?,
            backlog_deliveries: values.between("backlog_deliveries", &(1..=BACKLOG_MAX))?,
            backlog_share: values.between("backlog_share", &(1..=100))?,
            retention_age: values
                .duration("retention_age", &(RETENTION_AGE_MIN..=RETENTION_AGE_MAX))?,
            retention_size: values.size("retention_size", RETENTION_SIZE_MIN)?,
            retention_open_age: values
                .duration("retention_open_age", &(RETENTION_AGE_MIN..=RETENTION_AGE_MAX))?,
            public_metrics: values.parse("public_metrics", "true or false")?,
            stop_within: values.duration("stop_within", &(Duration::ZERO..=STOP_WITHIN_MAX))?,
            log: values.parse("log", "text or json")?,
            log_filter: values.text("log_filter")?,
        };
        if let Err(error) = config.log_filter.parse::<tracing_subscriber::filter::EnvFilter>() {
            return Err(values
                .wrong("log_filter", &format!("a filter like info or transload=debug ({error})")));
        }
        if config.issuer.as_ref().is_some_and(|issuer| issuer.parse::<url::Url>().is_err()) {
            return Err(values.wrong("issuer", "an absolute URL like https://events.example.com"));
        }
        Ok(config)
    }
}

impl std::str::FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

/// Stacks the layers, lowest first.
fn layers(sources: &Sources) -> Result<Figment, ConfigError> {
    let mut figment =
        SETTINGS.iter().fold(Figment::new(), |all, setting| all.merge(Single::default_of(setting)));
    if let Some(file) = sources.config_file()? {
        figment = figment.merge(Toml::file_exact(file));
    }
    for (name, value) in sources.variables().filter(|(name, value)| !is_injected(name, value)) {
        let key = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
        figment = figment.merge(Single::new(name, &key, value));
    }
    for (key, value) in &sources.flags {
        let flag = format!("--{}", key.replace('_', "-"));
        figment = figment.merge(Single::new(&flag, key, value));
    }
    Ok(figment)
}

impl Sources {
    /// The variables that look like settings.
    fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let others = [FILE_VARIABLE, KEY_VARIABLE];
        let ours =
            move |(name, _): &(&str, &str)| name.starts_with(PREFIX) && !others.contains(name);
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(ours)
    }

    fn ignored(&self) -> Vec<String> {
        let injected = self.variables().filter(|(name, value)| is_injected(name, value));
        injected.map(|(name, _)| name.to_owned()).collect()
    }

    /// The file to read: one that is named must be there, the usual one may be absent.
    fn config_file(&self) -> Result<Option<PathBuf>, ConfigError> {
        let variable = self.environment.iter().find(|(name, _)| name == FILE_VARIABLE);
        let named = self.file.clone().or_else(|| variable.map(|(_, path)| path.into()));
        match named {
            Some(path) if path.as_os_str().is_empty() => Ok(None),
            Some(path) if path.is_file() => Ok(Some(path)),
            Some(path) => Err(ConfigError(format!("there is no file {}", path.display()))),
            None => Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file())),
        }
    }

    /// The same without any file, not even the usual one.
    #[must_use]
    pub fn without_file(mut self) -> Self {
        self.file = Some(PathBuf::new());
        self
    }
}

#[cfg(test)]
mod tests;
