//! Configuration: what can be set, where it may be set, and what is in force.
//!
//! Defaults, then `transload.toml`, then `TRANSLOAD_*`, then flags; the later wins. Everything is checked here,
//! once, before anything is opened: a wrong value or an unknown key is one message that names the key, the value
//! and the place it came from.

mod layer;
mod setting;
mod value;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use figment::{
    Figment,
    providers::{Format, Toml},
};
use ipnet::IpNet;
use transload_engine::Engine;

pub use setting::{SETTINGS, Setting};
pub use value::InForce;

use layer::Single;
use value::Values;

/// The file that is read where no other is named.
pub const DEFAULT_FILE: &str = "transload.toml";
/// What the environment's variables begin with.
pub const PREFIX: &str = "TRANSLOAD_";
/// The variable that names the configuration file.
const FILE_VARIABLE: &str = "TRANSLOAD_CONFIG";

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
    /// Connections to the API at the same time.
    pub connections_max: usize,
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
        Ok(Self { config: Config::read(&values)?, in_force: values.in_force() })
    }
}

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
            concurrency: values.between("concurrency", &(1..=10_000))?,
            connections_max: values.between("connections_max", &(1..=100_000))?,
            public_metrics: values.parse("public_metrics", "true or false")?,
            stop_within: values.duration("stop_within", Duration::from_secs(600))?,
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
    for (name, value) in &sources.environment {
        if let Some(key) = name.strip_prefix(PREFIX).filter(|_| name != FILE_VARIABLE) {
            figment = figment.merge(Single::new(name, &key.to_ascii_lowercase(), value));
        }
    }
    for (key, value) in &sources.flags {
        let flag = format!("--{}", key.replace('_', "-"));
        figment = figment.merge(Single::new(&flag, key, value));
    }
    Ok(figment)
}

impl Sources {
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
