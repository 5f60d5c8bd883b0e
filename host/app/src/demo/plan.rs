//! What the demo sends where: to each of the four vendors one event, out of its plugin's own cases.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::sandbox::{
    CORRIGOPRO, DOO, DOO_CLIENT_ID, DOO_TOKEN, READYCLOUD, RELOCITY, RELOCITY_CLIENT_ID,
    RELOCITY_SCOPE, RELOCITY_TOKEN,
};

/// One event on its way to one vendor.
pub(super) struct Plan {
    /// The vendor's name, for people.
    pub(super) vendor: &'static str,
    /// The plugin's name.
    pub(super) plugin: &'static str,
    /// The hook's type.
    pub(super) hook: &'static str,
    /// The path of the vendor's endpoint in the sandbox.
    pub(super) path: String,
    /// The event, a CloudEvent as JSON.
    pub(super) event: Value,
    settings: Option<Value>,
    authentication: Value,
}

/// The sandbox that the plans are for.
pub(super) struct Vendors<'a> {
    /// Its origin, `http://127.0.0.1:8090`.
    pub(super) origin: &'a str,
    /// ReadyCloud's webhook token.
    pub(super) token: &'a str,
    /// The secret of doo's and Relocity's clients.
    pub(super) client_secret: &'a str,
}

/// Who CorrigoPro's bearer tokens are for.
pub(super) const AUDIENCE: &str = "corrigopro-sandbox";

/// Where an event comes from that is for this plugin's vendor. A work order is for two of them, so each webhook takes
/// what comes from its own source.
pub(super) fn source(plugin: &str) -> String {
    format!("/demo/{plugin}")
}

/// All plans. The events are the plugins' own cases, so that what the demo shows is what the tests check.
///
/// # Errors
/// When a case cannot be read.
pub(super) fn plans(workspace: &Path, vendors: &Vendors<'_>) -> Result<[Plan; 4]> {
    let Vendors { origin, token, client_secret } = vendors;
    let plan = |vendor, plugin, hook, path, case: &str, authentication| {
        let case = read(workspace, &format!("plugins/{plugin}/cases/{case}.json"))?;
        let mut event = case["event"].clone();
        event["source"] = source(plugin).into();
        let settings = case.pointer("/hook/settings").cloned();
        anyhow::Ok(Plan { vendor, plugin, hook, path, event, settings, authentication })
    };
    Ok([
        plan(
            "ReadyCloud",
            "readycloud",
            "orders",
            format!("{READYCLOUD}/orders"),
            "orders-sample",
            json!({ "type": "token", "token": token }),
        )?,
        plan(
            "CorrigoPro",
            "corrigopro",
            "notifications",
            CORRIGOPRO.to_owned(),
            "work-order-created",
            json!({ "type": "signed_bearer", "audience": AUDIENCE }),
        )?,
        plan(
            "doo",
            "doo",
            "order_created",
            format!("{DOO}/order_created"),
            "order-created",
            // As doo's document writes it.
            json!({
                "grant_type": "client_credentials",
                "endpoint": format!("{origin}{DOO_TOKEN}"),
                "credentials": { "client_id": DOO_CLIENT_ID, "client_secret": client_secret },
                "header_format": "Authorization",
                "header_value_format": "Bearer %ACCESS_TOKEN%",
            }),
        )?,
        plan(
            "Relocity",
            "relocity",
            "work_order",
            format!("{RELOCITY}/work-orders"),
            "work-order-created",
            json!({
                "type": "oauth2_client_credentials",
                "endpoint": format!("{origin}{RELOCITY_TOKEN}"),
                "client_id": RELOCITY_CLIENT_ID,
                "client_secret": client_secret,
                "scope": RELOCITY_SCOPE,
            }),
        )?,
    ])
}

impl Plan {
    /// The webhook to register, with its endpoint at this origin.
    pub(super) fn webhook(&self, origin: &str) -> Value {
        let mut webhook = json!({
            "name": format!("{} sandbox", self.vendor),
            "plugin": self.plugin,
            "hooks": [{ "type": self.hook, "endpoint": format!("{origin}{}", self.path) }],
            "authentication": self.authentication,
            "filter": { "sources": [source(self.plugin)] },
        });
        if let Some(settings) = &self.settings {
            webhook["settings"] = settings.clone();
        }
        webhook
    }
}

fn read(workspace: &Path, name: &str) -> Result<Value> {
    let path = workspace.join(name);
    let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("read {} as JSON", path.display()))
}
