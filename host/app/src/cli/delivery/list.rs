//! `transload delivery list`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::cli::{
    access::Access,
    block_on, output,
    table::{table, text},
};

/// List deliveries, those of the newest event first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload delivery list --organization acme
  transload delivery list --organization acme --status dead --limit 200
  TRANSLOAD_API_KEY=tl_... transload delivery list --listen 10.0.0.5:8080 --json

A status is blocked, scheduled, held, delivered, skipped or dead.")]
pub(super) struct Args {
    /// Only of this webhook.
    #[arg(long, value_name = "ID")]
    webhook: Option<Uuid>,
    /// Only of this event.
    #[arg(long, value_name = "ID")]
    event: Option<Uuid>,
    /// Only in this status.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// At most so many, 1 to 200.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u16,
    /// Where to go on, as the list before told.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    #[command(flatten)]
    access: Access,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let json = self.access.json;
        let query = self.query();
        let api = self.access.api()?;
        let listed = block_on(async { api.get(&format!("/v1/deliveries?{query}")).await })?;
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

    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        let filters = [
            ("webhook", self.webhook.map(|id| id.to_string())),
            ("event", self.event.map(|id| id.to_string())),
            ("status", self.status.clone()),
            ("cursor", self.cursor.clone()),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }
}

fn shown(listed: &Value) -> String {
    let deliveries = listed["deliveries"].as_array().map_or(&[][..], Vec::as_slice);
    if deliveries.is_empty() {
        return "no delivery".into();
    }
    let rows: Vec<[String; 7]> = deliveries
        .iter()
        .map(|delivery| {
            let when = match text(delivery, "/due_at") {
                due if due.is_empty() => text(delivery, "/updated_at"),
                due => format!("due {due}"),
            };
            [
                text(delivery, "/id"),
                text(delivery, "/status"),
                text(delivery, "/attempt_count"),
                when,
                text(delivery, "/event/type"),
                text(delivery, "/webhook/name"),
                why(delivery),
            ]
        })
        .collect();
    table(["ID", "STATUS", "TRIED", "WHEN", "EVENT", "WEBHOOK", "WHY"], &rows)
}

/// Why it is where it is, and what keeps it back.
fn why(delivery: &Value) -> String {
    let told = ["/reason", "/waits_for"].map(|pointer| text(delivery, pointer));
    let told: Vec<String> = told.into_iter().filter(|told| !told.is_empty()).collect();
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_see_what_became_of_each_and_why() {
        let delivery = |id: &str, status: &str, due: Value, reason: Value| {
            json!({ "id": id, "status": status, "attempt_count": 2, "due_at": due, "reason": reason,
                    "updated_at": "T1", "event": { "type": "order.created" }, "webhook": { "name": "Shop" } })
        };
        let mut held = delivery("c", "held", Value::Null, json!("answered 410"));
        held["waits_for"] = json!("its webhook is suspended");
        let listed = json!({ "deliveries": [
            delivery("a", "scheduled", json!("T2"), Value::Null),
            delivery("b", "dead", Value::Null, json!("answered 500")),
            held,
        ] });
        assert_eq!(
            shown(&listed),
            "ID  STATUS     TRIED  WHEN    EVENT          WEBHOOK  WHY\n\
             a   scheduled  2      due T2  order.created  Shop\n\
             b   dead       2      T1      order.created  Shop     answered 500\n\
             c   held       2      T1      order.created  Shop     answered 410; its webhook is suspended"
        );
        assert_eq!(shown(&json!({ "deliveries": [] })), "no delivery");
    }
}
