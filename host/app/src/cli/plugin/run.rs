//! `transload plugin run`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};
use transload_domain::{
    Call, Clock, DeliveryKey, EventNo, HookContext, HookNo, HookType, LoadedPlugin, LogLevel,
    Outcome, Part, ProfileHook, Request, Transformed, WebhookId,
};

use super::{engine, event_file::EventFile};
use crate::{
    cli::{block_on, output},
    host::clock::SystemClock,
};

/// Run an event through a module and print the requests that it makes. Nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload plugin run modules/transload_plugin_readycloud.wasm \\
    --event plugins/readycloud/cases/orders-sample.json
  transload plugin run acme.wasm --event event.json --hook orders --json

The event file is a CloudEvent in JSON form, or one of the plugin's cases: then
hook, settings and state are the case's. Exit code 1 when the plugin makes no
request and does not skip the event.")]
pub(super) struct Args {
    /// The module (.wasm).
    #[arg(value_name = "FILE")]
    module: PathBuf,
    /// The event, or a case.
    #[arg(long, value_name = "FILE")]
    event: PathBuf,
    /// The hook's type [default: the case's, or the first that accepts the event's type]
    #[arg(long, value_name = "TYPE")]
    hook: Option<String>,
    /// The webhook's settings [default: the case's, or {}]
    #[arg(long, value_name = "JSON")]
    settings: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let file = EventFile::read(&self.event)?;
        let settings = self.settings.or(file.settings).unwrap_or_else(|| "{}".into());
        serde_json::from_str::<Value>(&settings).context("read the settings as JSON")?;
        let engine = engine()?;
        let plugin = engine
            .load_file(&self.module)
            .with_context(|| format!("{} does not load", self.module.display()))?;
        let hook = choose(&plugin, self.hook.or(file.hook).as_deref(), &file.event.kind)?;
        let mut event = file.event;
        event.accepted_at = SystemClock.now();
        let call = Call {
            plugin: plugin.reference.name.clone(),
            event: Arc::new(event),
            hook: Arc::new(context(hook, settings)),
            state: Box::new(file.state),
        };
        let made = block_on(async { engine.transform(call).await.context("run the transform") })?;
        if self.json {
            output::json(&document(&made))?;
        } else {
            print(&made);
        }
        Ok(if made.result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The hook of that type; without a type, the first that accepts the event.
fn choose<'a>(
    plugin: &'a LoadedPlugin,
    wanted: Option<&str>,
    event_type: &str,
) -> Result<&'a ProfileHook> {
    let hooks = &plugin.profile.hooks;
    let found = match wanted {
        Some(wanted) => hooks.iter().find(|hook| hook.kind.as_str() == wanted),
        None => hooks.iter().find(|hook| hook.accepts(event_type)),
    };
    found.ok_or_else(|| {
        let known = hooks.iter().map(|hook| {
            let events: Vec<&str> = hook.events.iter().map(|pattern| pattern.as_str()).collect();
            format!("{} ({})", hook.kind, events.join(", "))
        });
        let known = known.collect::<Vec<_>>().join("; ");
        let wanted = wanted.map_or_else(|| format!("for {event_type}"), |w| format!("of type {w}"));
        anyhow!("{} has no hook {wanted}; it has {known}", plugin.reference.name)
    })
}

/// A webhook that exists for this run only.
fn context(hook: &ProfileHook, settings: String) -> HookContext {
    let webhook = WebhookId::from_random([0; 16]);
    let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
    HookContext {
        kind: HookType::clone(&hook.kind),
        webhook,
        delivery: key.id(),
        method: hook.method,
        settings,
    }
}

fn print(made: &Transformed) {
    for line in &made.log {
        output::progress(format_args!("{}: {}", level(line.level), line.message));
    }
    if made.log_dropped > 0 {
        output::progress(format_args!("({} more log lines were dropped)", made.log_dropped));
    }
    match &made.result {
        Ok(Outcome::Deliver(requests)) => requests.iter().for_each(print_request),
        Ok(Outcome::Skip(reason)) => output::line(format_args!("skipped: {reason}")),
        Err(fault) => output::error(fault),
    }
    for write in &made.writes {
        let value = write.value.as_deref().map(String::from_utf8_lossy);
        let what = value.map_or_else(|| "deleted".into(), |value| format!("= {value}"));
        output::progress(format_args!("state {} {what}", write.key));
    }
    output::progress(format_args!("{} in {:?}", made.plugin, made.took));
}

fn print_request(request: &Request) {
    output::line(format_args!("{} <endpoint>{}", request.method, request.path));
    for (name, value) in &request.headers {
        output::line(format_args!("{name}: {value}"));
    }
    output::line(format_args!("\n{}\n", pretty(&request.body)));
}

fn pretty(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(json) => format!("{json:#}"),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

fn document(made: &Transformed) -> Value {
    let mut document = Map::from_iter([
        (
            "plugin".into(),
            json!({ "name": made.plugin.name.as_str(), "version": made.plugin.version,
                    "digest": made.plugin.digest.to_string() }),
        ),
        ("micros".into(), json!(made.took.as_micros())),
        (
            "log".into(),
            made.log
                .iter()
                .map(|line| json!({ "level": level(line.level), "message": line.message }))
                .collect(),
        ),
    ]);
    let (name, value) = match &made.result {
        Ok(Outcome::Deliver(requests)) => ("requests", requests.iter().map(shown).collect()),
        Ok(Outcome::Skip(reason)) => ("skip", json!(reason)),
        Err(fault) => ("fault", json!({ "kind": fault.kind(), "detail": fault.to_string() })),
    };
    document.insert(name.into(), value);
    Value::Object(document)
}

fn shown(request: &Request) -> Value {
    let body = serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&request.body).into_owned()));
    json!({ "method": request.method.as_str(), "path": request.path, "headers": request.headers,
            "body": body })
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}
