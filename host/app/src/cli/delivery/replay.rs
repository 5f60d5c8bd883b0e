//! `transload delivery replay`.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cli::{
    access::{Access, Api},
    block_on, output,
    table::text,
};

/// How often it is asked how far a replay is.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Send many deliveries again, as a job of the host that goes on by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload delivery replay --organization acme
  transload delivery replay --organization acme --status dead --status skipped \\
      --webhook 6f1c9c1e-0f5a-4f0e-9d57-2a4d4c1f8a11 --from 2026-01-01T00:00:00Z
  transload delivery replay --organization acme --follow 0b0c5b1e-7a55-4b6a-8a0e-3f4d2c1b0a99

It shows how far the job is until it ends. Ctrl-C leaves the job alone: it goes
on, and --follow shows it again. Exit code 1 when the job ended in an error.")]
pub(super) struct Args {
    /// Only of this webhook.
    #[arg(long, value_name = "ID")]
    webhook: Option<Uuid>,
    /// Those in this status: dead, skipped or delivered; may be given more than once. [default: dead]
    #[arg(long = "status", value_name = "STATUS")]
    statuses: Vec<String>,
    /// Of events that were accepted at this time (RFC 3339) or later.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Of events that were accepted before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Also those that go out in order and whose vendor has a later state of the same subject already.
    #[arg(long)]
    out_of_order: bool,
    /// Begin the job and do not wait for its end.
    #[arg(long)]
    no_wait: bool,
    /// Show how far this job is, and begin none.
    #[arg(long, value_name = "ID", conflicts_with_all = ["webhook", "statuses", "from", "to", "out_of_order", "no_wait"])]
    follow: Option<Uuid>,
    #[command(flatten)]
    access: Access,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let (json, wait, follow, wanted) =
            (self.access.json, !self.no_wait, self.follow, self.wanted());
        let api = self.access.api()?;
        let replay = block_on(async {
            let replay = match follow {
                Some(id) => api.get(&format!("/v1/replays/{id}")).await?,
                None => api.post("/v1/replays", &wanted).await?,
            };
            if wait { to_its_end(&api, replay).await } else { Ok(replay) }
        })?;
        if json {
            output::json(&replay)?;
        } else {
            output::line(format_args!("replay {}: {}", text(&replay, "/id"), how_far(&replay)));
        }
        let failed = error_of(&replay).is_some();
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// The selection, as the API takes it.
    fn wanted(&self) -> Value {
        let mut wanted = Map::new();
        if let Some(webhook) = self.webhook {
            wanted.insert("webhook".into(), json!(webhook.to_string()));
        }
        if !self.statuses.is_empty() {
            wanted.insert("statuses".into(), json!(self.statuses));
        }
        for (name, time) in [("from", &self.from), ("to", &self.to)] {
            if let Some(time) = time {
                wanted.insert(name.into(), json!(time));
            }
        }
        if self.out_of_order {
            wanted.insert("out_of_order".into(), json!(true));
        }
        Value::Object(wanted)
    }
}

/// Asks again and again how far it is, and says so when it has moved, until it has ended.
async fn to_its_end(api: &Api, mut replay: Value) -> Result<Value> {
    let id = replay["id"].as_str().context("the replay has no id")?.to_owned();
    let mut told = String::new();
    while progress(&replay, "finished_at").is_none() {
        let now = how_far(&replay);
        if now != told {
            output::progress(format_args!("replay {id}: {now}"));
            told = now;
        }
        tokio::time::sleep(ASK_AGAIN).await;
        replay = api.get(&format!("/v1/replays/{id}")).await?;
    }
    Ok(replay)
}

fn how_far(replay: &Value) -> String {
    let number = |name| progress(replay, name).and_then(Value::as_u64).unwrap_or(0);
    let (seen, moved, skipped) = (number("seen"), number("moved"), number("skipped"));
    let state = match (progress(replay, "finished_at"), error_of(replay)) {
        (_, Some(error)) => format!("ended early: {error}"),
        (Some(_), None) => "done".into(),
        (None, None) => match progress(replay, "waits_because").and_then(Value::as_str) {
            Some(why) => format!("waits ({why})"),
            None => "under way".into(),
        },
    };
    let left_out = match skipped {
        0 => String::new(),
        _ => format!(
            "; {skipped} were left out because the vendor has, or may have, a later state of the same subject \
             (--out-of-order sends them all the same)"
        ),
    };
    format!("{state}; {moved} of {seen} deliveries that were looked at go out again{left_out}")
}

fn error_of(replay: &Value) -> Option<&str> {
    progress(replay, "error").and_then(Value::as_str)
}

fn progress<'a>(replay: &'a Value, name: &str) -> Option<&'a Value> {
    replay.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_in_words() {
        let replay = |finished: Value, error: Value| json!({ "seen": 7, "moved": 5, "finished_at": finished, "error": error });
        let words = "5 of 7 deliveries that were looked at go out again";
        for (replay, state) in [
            (replay(Value::Null, Value::Null), "under way"),
            (replay(json!("T"), Value::Null), "done"),
            (replay(json!("T"), json!("the disk is full")), "ended early: the disk is full"),
        ] {
            assert_eq!(how_far(&replay), format!("{state}; {words}"));
        }
        let waits = json!({ "seen": 7, "moved": 5, "waits_because": "much is open" });
        assert_eq!(how_far(&waits), format!("waits (much is open); {words}"));
        let skipped = json!({ "seen": 7, "moved": 5, "skipped": 2, "finished_at": "T" });
        let told = how_far(&skipped);
        assert!(told.starts_with(&format!("done; {words}; 2 were left out")), "{told}");
    }
}
