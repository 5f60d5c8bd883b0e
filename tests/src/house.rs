//! A whole host in this process, on sled in a folder of its own, with real plugins.

use std::{net::Ipv4Addr, path::Path};

use anyhow::Context as _;
use http::Method;
use serde_json::json;
use tempfile::TempDir;
use transload::{
    Config, Host,
    client::{Client as Control, Place},
};

use crate::{client::Client, modules};

/// A running host and its folder. Stop it with [`House::stop`].
pub struct House {
    /// The host.
    pub host: Host,
    folder: TempDir,
    change: fn(&mut Config),
}

impl House {
    /// Builds these plugins and starts a host with them, on a free port, that may deliver to this machine.
    ///
    /// # Errors
    /// When a plugin does not compile or the host does not start.
    pub async fn start(plugins: &[&str]) -> anyhow::Result<Self> {
        Self::start_with(plugins, |_| {}).await
    }

    /// The same, with this change of the configuration, also after each restart.
    ///
    /// # Errors
    /// When a plugin does not compile or the host does not start.
    pub async fn start_with(plugins: &[&str], change: fn(&mut Config)) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let modules = folder.path().join("modules");
        std::fs::create_dir_all(&modules)?;
        modules::build(plugins, &modules)?;
        let host = Host::start(config(folder.path(), change)?).await?;
        Ok(Self { host, folder, change })
    }

    /// Stops the host and starts another on the same folder.
    ///
    /// # Errors
    /// When it does not stop in order, or does not start.
    pub async fn restart(self) -> anyhow::Result<Self> {
        let Self { host, folder, change } = self;
        host.stop().await?;
        let host = Host::start(config(folder.path(), change)?).await?;
        Ok(Self { host, folder, change })
    }

    /// Stops the host in order.
    ///
    /// # Errors
    /// When something ended badly.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.host.stop().await
    }

    /// The house's folder: `modules` and `data` are in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the API listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.host.address())
    }

    /// A client with a new key of this organization.
    ///
    /// # Errors
    /// When no key is made.
    pub async fn client(&self, organization: &str) -> anyhow::Result<Client> {
        let control = Control::new(Place::Unix(self.host.control_socket().to_owned()));
        let wanted = json!({ "organization": organization, "name": "test" });
        let made = control.call(Method::POST, "/keys", Some(&wanted)).await?;
        Ok(Client::new(&self.url(), made["key"].as_str().context("no key in the answer")?))
    }
}

fn config(folder: &Path, change: fn(&mut Config)) -> anyhow::Result<Config> {
    let mut config = Config {
        data_dir: folder.join("data"),
        plugin_dir: folder.join("modules"),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        allowed_networks: vec!["127.0.0.0/8".parse()?],
        allow_http: true,
        ..Config::defaults()?
    };
    change(&mut config);
    Ok(config)
}
