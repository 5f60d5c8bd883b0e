//! The demo: the whole way of an event, from the plugins' sources to the vendors' endpoints, on this machine.
//!
//! Everything goes over HTTP as it would elsewhere: webhooks are registered, events are posted, and the requests
//! arrive at the sandbox, which judges them as the vendors' documents demand.

mod plan;
mod report;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::{
    client::{Client, Place},
    config::Config,
    host::{Host, clock::SystemChance},
    sandbox::{self, Received, Sandbox, new_token},
};

use plan::{AUDIENCE, Plan, Vendors, plans, source};

pub use report::{Delivered, Report};

/// How long an event may take from its 202 to its arrival, and its delivery to be settled.
const ARRIVAL_TIME_MAX: Duration = Duration::from_secs(30);
/// How often the API is asked whether a delivery is settled.
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// Whose events these are.
const ORGANIZATION: &str = "demo";

/// The demo's host and sandbox, running.
pub struct Demo {
    /// What became of the events.
    pub report: Report,
    /// An API key of the demo's organization.
    pub key: String,
    host: Host,
    sandbox: Sandbox,
    directory: TempDir,
}

impl Demo {
    /// Starts host and sandbox with the modules of `modules`, sends the events, and waits until each has arrived and
    /// is settled, or until its time is over. `tell` is told how far it is.
    ///
    /// # Errors
    /// When something on the way to the posts does not work. A delivery that fails is no error: it is in the report.
    pub async fn run(workspace: &Path, modules: &Path, tell: &dyn Fn(&str)) -> Result<Self> {
        let directory = TempDir::new().context("make a directory for the demo's store")?;
        tell("starting the host on a new store");
        let host = Host::start(config(directory.path(), modules)?).await?;
        let token = new_token(&SystemChance::new());
        let client_secret = new_token(&SystemChance::new());
        let sandbox = Sandbox::start(sandbox::Options {
            host: Some(host.address()),
            audience: Some(AUDIENCE.to_owned()),
            ..sandbox::Options::new(&token, &client_secret)
        });
        let sandbox = sandbox.await?;
        let key = new_key(&host).await?;
        let api = Client::new(Place::Tcp(host.address())).with_key(&key);
        let origin = format!("http://{}", sandbox.address());
        let mut deliveries = Vec::new();
        let vendors = Vendors { origin: &origin, token: &token, client_secret: &client_secret };
        for plan in plans(workspace, &vendors)? {
            tell(&format!("sending a {} event to {}", plan.event["type"], plan.vendor));
            deliveries.push(send(&plan, &api, &sandbox, &origin).await?);
        }
        let ok = deliveries.iter().all(Delivered::is_right);
        let report = Report { events: deliveries.len(), deliveries, ok };
        Ok(Self { report, key, host, sandbox, directory })
    }

    /// How to go on by hand: the addresses, and a curl that sends the order once more under a new id.
    ///
    /// # Errors
    /// When the order cannot be written where curl finds it.
    pub fn invitation(&self, workspace: &Path) -> Result<String> {
        let file = self.directory.path().join("order.json");
        let nowhere = Vendors { origin: "", token: "", client_secret: "" };
        let [order, ..] = plans(workspace, &nowhere)?;
        fs::write(&file, order.event["data"].to_string())
            .with_context(|| format!("write {}", file.display()))?;
        let source = source(order.plugin);
        let (host, sandbox, key) = (self.host.address(), self.sandbox.address(), &self.key);
        Ok(format!(
            "host     http://{host}\nsandbox  http://{sandbox}/received\nkey      {key}\n\n\
             curl -i http://{host}/v1/events \\\n  -H 'authorization: Bearer {key}' \\\n  \
             -H 'content-type: application/json' -H 'ce-specversion: 1.0' -H 'ce-type: order.created' \\\n  \
             -H 'ce-source: {source}' -H \"ce-id: $RANDOM\" -d @{}\n",
            file.display()
        ))
    }

    /// Ends when the host has ended by itself, which it should not.
    pub async fn ended(&mut self) -> Result<()> {
        self.host.ended().await
    }

    /// Stops host and sandbox, and takes the store away.
    ///
    /// # Errors
    /// When one of them does not end in order.
    pub async fn stop(self) -> Result<()> {
        self.host.stop().await?;
        self.sandbox.stop().await
    }
}

fn config(directory: &Path, modules: &Path) -> Result<Config> {
    Ok(Config {
        data_dir: directory.join("data"),
        plugin_dir: modules.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        allowed_networks: vec!["127.0.0.1/32".parse().context("name this machine's network")?],
        allow_http: true,
        ..Config::defaults()?
    })
}

/// An API key, asked for as `transload key create` does.
async fn new_key(host: &Host) -> Result<String> {
    let control = Client::new(Place::Unix(host.control_socket().to_owned()));
    let wanted = json!({ "organization": ORGANIZATION, "name": "demo" });
    let made = control.call(Method::POST, "/keys", Some(&wanted)).await?;
    made["key"].as_str().map(str::to_owned).context("the host made no key")
}

/// Registers the plan's webhook, posts its event, and waits for what becomes of it.
async fn send(plan: &Plan, api: &Client, sandbox: &Sandbox, origin: &str) -> Result<Delivered> {
    let webhook = api.call(Method::POST, "/v1/webhooks", Some(&plan.webhook(origin))).await;
    let webhook = webhook.with_context(|| format!("register {}'s webhook", plan.vendor))?;
    let webhook = webhook["id"].as_str().context("the webhook has no id")?.to_owned();
    let event = plan.event.to_string().into_bytes();
    let posted =
        api.send(Method::POST, "/v1/events", "application/cloudevents+json", event).await?;
    let accepted_at = Instant::now();
    let accepted = posted.json().with_context(|| format!("post {}'s event", plan.vendor))?;
    if posted.status != StatusCode::ACCEPTED {
        bail!("the post was answered with {} and not with 202", posted.status);
    }
    let event =
        accepted.pointer("/events/0/id").and_then(Value::as_str).context("the event has no id")?;
    let deadline = tokio::time::Instant::now() + ARRIVAL_TIME_MAX;
    let arrived =
        tokio::time::timeout_at(deadline, arrival(sandbox, &plan.path)).await.ok().flatten();
    let settled = tokio::time::timeout_at(deadline, settled(api, event, &webhook)).await;
    let settled = match settled {
        Ok(settled) => settled?,
        Err(_) => delivery(api, event, &webhook).await?,
    };
    Ok(describe(plan, webhook, arrived, settled.as_ref(), accepted_at))
}

/// The first request at that path, as soon as it is there.
async fn arrival(sandbox: &Sandbox, path: &str) -> Option<Received> {
    let mut count = sandbox.count();
    loop {
        count.borrow_and_update();
        let found = sandbox.received().into_iter().find(|received| received.path == path);
        if found.is_some() {
            return found;
        }
        count.changed().await.ok()?;
    }
}

/// The event's delivery to that webhook, once nothing more happens to it by itself.
async fn settled(api: &Client, event: &str, webhook: &str) -> Result<Option<Value>> {
    loop {
        let found = delivery(api, event, webhook).await?;
        let status = found.as_ref().and_then(|found| found["status"].as_str());
        if matches!(status, Some("delivered" | "skipped" | "dead")) {
            return Ok(found);
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

async fn delivery(api: &Client, event: &str, webhook: &str) -> Result<Option<Value>> {
    let path = format!("/v1/deliveries?event={event}&webhook={webhook}");
    let listed = api.call(Method::GET, &path, None).await?;
    let Some(id) = listed.pointer("/deliveries/0/id").and_then(Value::as_str) else {
        return Ok(None);
    };
    api.call(Method::GET, &format!("/v1/deliveries/{id}"), None).await.map(Some)
}

fn describe(
    plan: &Plan,
    webhook: String,
    arrived: Option<Received>,
    settled: Option<&Value>,
    accepted_at: Instant,
) -> Delivered {
    let text = |member: &str| settled.and_then(|settled| settled[member].as_str());
    let mut problems: Vec<String> = text("reason").into_iter().map(str::to_owned).collect();
    match &arrived {
        Some(arrived) => problems.extend(arrived.problems.iter().cloned()),
        None => problems.push(format!("nothing arrived within {ARRIVAL_TIME_MAX:?}")),
    }
    let attempts = settled.and_then(|settled| settled["attempts"].as_array()).map_or(0, Vec::len);
    let millis = arrived.as_ref().map(|arrived| {
        let took = arrived.at.saturating_duration_since(accepted_at);
        (took.as_secs_f64() * 1e5).round() / 100.0
    });
    let (method, headers, body) = arrived.map_or((None, Map::new(), Value::Null), |arrived| {
        let headers = arrived.headers.into_iter().map(|(name, value)| (name, value.into()));
        (Some(arrived.method), headers.collect(), arrived.body)
    });
    Delivered {
        plugin: plan.plugin.to_owned(),
        webhook,
        status: text("status").unwrap_or("missing").to_owned(),
        attempts: attempts as u64,
        method,
        headers,
        body,
        millis,
        vendor: plan.vendor,
        path: plan.path.clone(),
        problems,
    }
}
