//! How a command reaches a host's API: over its private socket on this machine, or over HTTP with an API key.

use std::env;

use anyhow::{Context, Result};
use clap::error::ErrorKind;
use http::Method;
use serde_json::Value;
use transload_domain::Organization;

use super::Settings;
use crate::{
    client::{Client, Place},
    config::KEY_VARIABLE,
    host::data_dir::DataDir,
};

/// Whose things are meant, and who asks.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Access {
    /// The organization; asks the host of this machine over <data-dir>/control.sock
    #[arg(long, value_name = "NAME", value_parser = Organization::new)]
    organization: Option<Organization>,
    /// An API key; asks the host at --listen over HTTP [env: TRANSLOAD_API_KEY]
    #[arg(long, value_name = "KEY", conflicts_with = "organization")]
    key: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Access {
    /// What a hint at another command needs to ask for the same organization; a key is not repeated.
    pub(super) fn who(&self) -> String {
        match &self.organization {
            Some(organization) => format!(" --organization {organization}"),
            None if self.key.is_some() => " --key ...".to_owned(),
            None => String::new(),
        }
    }

    /// The way to the host's API.
    ///
    /// # Errors
    /// When neither an organization nor a key is known, or the configuration is wrong.
    pub(super) fn api(self) -> Result<Api> {
        let config = self.settings.load()?.config;
        if let Some(organization) = self.organization {
            let socket = DataDir::open(&config.data_dir)?.control_socket();
            let client = Client::new(Place::Unix(socket.clone()));
            let place = format!("the transload at {}", socket.display());
            return Ok(Api { client: client.with_organization(organization.as_str()), place });
        }
        let Some(key) = self.key.or_else(|| env::var(KEY_VARIABLE).ok()) else {
            let words = "name an --organization of this machine's host, or give an API key (--key, \
                         or the variable TRANSLOAD_API_KEY)\n";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words).into());
        };
        let client = Client::new(Place::Tcp(config.listen)).with_key(&key);
        Ok(Api { client, place: format!("the transload at {}", config.listen) })
    }
}

/// A host's API.
pub(super) struct Api {
    client: Client,
    place: String,
}

impl Api {
    /// Asks, and demands a JSON answer with a status of 2xx.
    ///
    /// # Errors
    /// When nobody answers, or the answer is another; with the host's own words.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let answer = self.client.send(method, path, "application/json", bytes).await;
        answer.with_context(|| format!("ask {}; does it run?", self.place))?.json()
    }

    /// Gets.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Posts.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }
}
