//! What the demo sends where: the sample order of ReadyCloud's document, and a work order for CorrigoPro.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::sandbox::{CORRIGOPRO, READYCLOUD};

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

/// Who CorrigoPro's bearer tokens are for.
pub(super) const AUDIENCE: &str = "corrigopro-sandbox";

/// Both plans. The events are the plugins' own cases, so that what the demo shows is what the tests check.
///
/// # Errors
/// When a case cannot be read.
pub(super) fn plans(workspace: &Path, token: &str) -> Result<[Plan; 2]> {
    let order = case(workspace, "plugins/readycloud/cases/orders-sample.json")?;
    let work_order = case(workspace, "plugins/corrigopro/cases/work-order-created.json")?;
    Ok([
        Plan {
            vendor: "ReadyCloud",
            plugin: "readycloud",
            hook: "orders",
            path: format!("{READYCLOUD}/orders"),
            event: order["event"].clone(),
            settings: order.pointer("/hook/settings").cloned(),
            authentication: json!({ "type": "token", "token": token }),
        },
        Plan {
            vendor: "CorrigoPro",
            plugin: "corrigopro",
            hook: "notifications",
            path: CORRIGOPRO.to_owned(),
            event: work_order["event"].clone(),
            settings: work_order.pointer("/hook/settings").cloned(),
            authentication: json!({ "type": "signed_bearer", "audience": AUDIENCE }),
        },
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
        });
        if let Some(settings) = &self.settings {
            webhook["settings"] = settings.clone();
        }
        webhook
    }
}

fn case(workspace: &Path, name: &str) -> Result<Value> {
    let path = workspace.join(name);
    let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("read {} as JSON", path.display()))
}
