//! `transload webhook`.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use super::{
    access::Access,
    block_on, output,
    table::{plain, table, text},
};

/// See webhooks, suspend and resume them, and try them out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload webhook list --organization acme
  transload webhook suspend --organization acme <ID> --reason 'the vendor moves house'
  transload webhook resume --organization acme <ID>
  transload webhook emulate --organization acme <ID>")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(Box<List>),
    Suspend(Box<Suspend>),
    Resume(Box<Resume>),
    Emulate(Box<Emulate>),
}

/// List webhooks, and what keeps their deliveries from going out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload webhook list --organization acme
  transload webhook list --key tl_... --json")]
struct List {
    /// At most so many, 1 to 200.
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    limit: u16,
    /// Where to go on, as the list before told.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// Suspend a webhook: its deliveries are held, not lost, and go out in order after `resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload webhook suspend --organization acme <ID> --reason 'the vendor moves house'")]
struct Suspend {
    /// The webhook.
    #[arg(value_name = "ID")]
    id: Uuid,
    /// Why, in words that whoever finds it suspended will read.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// Say that a vendor is mended: a suspension, a pause and the waits between probes end, and what was held goes out in
/// the order of acceptance.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload webhook resume --organization acme <ID>")]
struct Resume {
    /// The webhook.
    #[arg(value_name = "ID")]
    id: Uuid,
    #[command(flatten)]
    access: Access,
}

/// Send an example, or an event of your own, to this webhook for real, marked as emulated.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload webhook emulate --organization acme <ID>
  transload webhook emulate --organization acme <ID> --hook orders
  transload webhook emulate --organization acme <ID> --event-type work_order.paused
  transload webhook emulate --organization acme <ID> --event order.json

Failures of emulated deliveries do not suspend a webhook. Without --event one
of the plugin's own examples is sent; a wrong --event-type is told which there
are.")]
struct Emulate {
    /// The webhook.
    #[arg(value_name = "ID")]
    id: Uuid,
    /// Send an example for this hook type; the first of the webhook's that has one, where it is left out.
    #[arg(long, value_name = "TYPE")]
    hook: Option<String>,
    /// Send the example of this event type; the hook's first, where it is left out.
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// Send this event instead: a file with a CloudEvent as JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["hook", "event_type"])]
    event: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::List(args) => args.run(),
            Command::Suspend(args) => {
                let reason = args.reason.map(|reason| json!({ "reason": reason }));
                change(args.access, args.id, "suspend", &reason.unwrap_or_else(|| json!({})))
            }
            Command::Resume(args) => change(args.access, args.id, "resume", &json!({})),
            Command::Emulate(args) => args.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<ExitCode> {
        let json = self.access.json;
        let mut query = Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        if let Some(cursor) = &self.cursor {
            query.append_pair("cursor", cursor);
        }
        let path = format!("/v1/webhooks?{}", query.finish());
        let api = self.access.api()?;
        let listed = block_on(async { api.get(&path).await })?;
        if json {
            output::json(&listed)?;
        } else {
            output::line(shown(&listed));
            if let Some(next) = listed["next"].as_str() {
                output::progress(format_args!("there are more: --cursor {next}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Emulate {
    fn run(self) -> Result<ExitCode> {
        let mut wanted = Map::new();
        for (name, chosen) in [("hook", self.hook), ("event_type", self.event_type)] {
            if let Some(chosen) = chosen {
                wanted.insert(name.into(), chosen.into());
            }
        }
        if let Some(path) = &self.event {
            let text = fs::read(path).with_context(|| format!("read {}", path.display()))?;
            let event: Value = serde_json::from_slice(&text)
                .with_context(|| format!("read {} as JSON", path.display()))?;
            wanted.insert("event".into(), event);
        }
        let json = self.access.json;
        let who = self.access.who();
        let api = self.access.api()?;
        let path = format!("/v1/webhooks/{}/emulate", self.id);
        let sent = block_on(async { api.post(&path, &Value::Object(wanted)).await })?;
        if json {
            output::json(&sent)?;
            return Ok(ExitCode::SUCCESS);
        }
        let event = text(&sent, "/event/id");
        output::line(format_args!("emulated; its event is {event}"));
        output::progress(format_args!("see: transload delivery list{who} --event {event}"));
        Ok(ExitCode::SUCCESS)
    }
}

/// Changes a webhook's state and shows it.
fn change(access: Access, id: Uuid, what: &str, body: &Value) -> Result<ExitCode> {
    let json = access.json;
    let api = access.api()?;
    let webhook = block_on(async { api.post(&format!("/v1/webhooks/{id}/{what}"), body).await })?;
    if json {
        output::json(&webhook)?;
    } else {
        let name = plain(&text(&webhook, "/name"));
        output::line(format_args!("{id} ({name}): {}", plain(&state(&webhook))));
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(listed: &Value) -> String {
    let webhooks = listed["webhooks"].as_array().map_or(&[][..], Vec::as_slice);
    if webhooks.is_empty() {
        return "no webhook".into();
    }
    let rows: Vec<[String; 5]> = webhooks
        .iter()
        .map(|webhook| {
            let hooks = webhook["hooks"].as_array();
            let hooks: Vec<String> =
                hooks.into_iter().flatten().map(|hook| text(hook, "/type")).collect();
            [
                text(webhook, "/id"),
                text(webhook, "/name"),
                text(webhook, "/plugin"),
                hooks.join(","),
                state(webhook),
            ]
        })
        .collect();
    table(["ID", "NAME", "PLUGIN", "HOOKS", "STATE"], &rows)
}

/// Whether its deliveries go out, and why not.
fn state(webhook: &Value) -> String {
    let suspended = text(webhook, "/suspended_at");
    if !suspended.is_empty() {
        let because = text(webhook, "/suspended_because");
        return format!("suspended since {suspended}: {because}").trim_end_matches(": ").to_owned();
    }
    match text(webhook, "/trouble/detail") {
        detail if detail.is_empty() => "active".into(),
        detail => format!(
            "in trouble ({}, next try {}): {detail}",
            text(webhook, "/trouble/kind"),
            text(webhook, "/trouble/next_try")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_why_a_webhooks_deliveries_do_not_go_out() {
        let webhook = |id: &str, more: Value| {
            let mut webhook = json!({ "id": id, "name": "Shop", "plugin": "readycloud",
                                      "hooks": [{ "type": "orders" }, { "type": "contact" }] });
            webhook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            webhook
        };
        let listed = json!({ "webhooks": [
            webhook("a", json!({ "suspended_at": null, "trouble": null })),
            webhook("b", json!({ "suspended_at": "T", "suspended_because": "410" })),
            webhook("c", json!({ "trouble": { "kind": "credentials", "detail": "invalid_client",
                                               "next_try": "T2" } })),
        ] });
        assert_eq!(
            shown(&listed),
            "ID  NAME  PLUGIN      HOOKS           STATE\n\
             a   Shop  readycloud  orders,contact  active\n\
             b   Shop  readycloud  orders,contact  suspended since T: 410\n\
             c   Shop  readycloud  orders,contact  in trouble (credentials, next try T2): invalid_client"
        );
        assert_eq!(shown(&json!({ "webhooks": [] })), "no webhook");
    }
}
