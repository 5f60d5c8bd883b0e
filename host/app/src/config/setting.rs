//! The settings there are, with their defaults.

/// One thing that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in `transload.toml`. `TRANSLOAD_` and the key in upper case is its variable; the key with `-` for `_`
    /// is its flag.
    pub key: &'static str,
    /// What holds where nothing is said.
    pub default: &'static str,
}

const fn setting(key: &'static str, default: &'static str) -> Setting {
    Setting { key, default }
}

/// Every setting. What each means is said in `--help` and in `transload.example.toml`.
pub const SETTINGS: [Setting; 20] = [
    setting("data_dir", "data"),
    setting("plugin_dir", "modules"),
    setting("listen", "127.0.0.1:8080"),
    setting("issuer", ""),
    setting("allowed_networks", ""),
    setting("allow_http", "false"),
    setting("plugin_threads", "0"),
    setting("concurrency", "256"),
    setting("exchange_within", "30s"),
    setting("connections_max", "1024"),
    setting("backlog_events", "200000"),
    setting("backlog_deliveries", "4000000"),
    setting("backlog_share", "50"),
    setting("retention_age", "30d"),
    setting("retention_size", ""),
    setting("retention_open_age", "30d"),
    setting("public_metrics", "true"),
    setting("stop_within", "40s"),
    setting("log", "text"),
    setting("log_filter", "info"),
];
