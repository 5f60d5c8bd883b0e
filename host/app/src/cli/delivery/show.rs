//! `transload delivery show`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::{
    access::Access,
    block_on, output,
    table::{plain, text},
};

/// Bytes of a body that people are shown; `--json` has all that is kept.
const BODY_SHOWN_BYTES_MAX: usize = 4 << 10;
/// A body is shown where it has so few control characters, or at most one in so many bytes is one.
const UNREADABLE_FEW: usize = 8;
const UNREADABLE_SHARE: usize = 10;

/// Show a delivery: what is sent, each attempt and what was answered, and why it is where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload delivery show --organization acme 0199d0a7-3f1e-8c2a-9a1f-5b0c7d1e2f30
  transload delivery show --organization acme 0199d0a7-3f1e-8c2a-9a1f-5b0c7d1e2f30 --json")]
pub(super) struct Args {
    /// The delivery.
    #[arg(value_name = "ID")]
    id: Uuid,
    #[command(flatten)]
    access: Access,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let json = self.access.json;
        let api = self.access.api()?;
        let found = block_on(async { api.get(&format!("/v1/deliveries/{}", self.id)).await })?;
        if json {
            output::json(&found)?;
        } else {
            output::line(shown(&found));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shown(delivery: &Value) -> String {
    let mut lines = Vec::new();
    let facts = [
        ("delivery", text(delivery, "/id")),
        ("status", text(delivery, "/status")),
        ("why", text(delivery, "/reason")),
        ("waits", text(delivery, "/waits_for")),
        ("retry", retry(delivery)),
        ("due", text(delivery, "/due_at")),
        ("updated", text(delivery, "/updated_at")),
        ("event", joined(delivery, ["/event/type", "/event/id"])),
        ("webhook", joined(delivery, ["/webhook/name", "/webhook/id"])),
        ("plugin", joined(delivery, ["/plugin/name", "/plugin/version"])),
        ("trial", trial(delivery)),
    ];
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        lines.push(format!("{name:9}{fact}"));
    }
    if let Some(request) = delivery.get("request").filter(|request| !request.is_null()) {
        let place = text(request, "/endpoint") + &text(request, "/path");
        lines.push(format!("\n{} {place}", text(request, "/method")));
        for header in request["headers"].as_array().into_iter().flatten() {
            lines.push(format!("{}: {}", text(header, "/name"), text(header, "/value")));
        }
        lines.push(String::new());
        lines.push(body(request));
    }
    let attempts = delivery["attempts"].as_array();
    for attempt in attempts.into_iter().flatten() {
        lines.push(String::new());
        lines.push(tried(attempt));
        let reason = text(attempt, "/reason");
        if !reason.is_empty() {
            lines.push(format!("  {reason}"));
        }
        if let Some(answer) = attempt.get("answer").filter(|answer| !answer.is_null()) {
            let words = body(answer);
            lines.extend(words.lines().map(|line| format!("  | {line}")));
        }
    }
    plain(&lines.join("\n"))
}

/// What became of somebody's asking for it again, while that is not over.
fn retry(delivery: &Value) -> String {
    match text(delivery, "/retry/state").as_str() {
        "refused" => format!(
            "refused at {}: {}",
            text(delivery, "/retry/refused_at"),
            text(delivery, "/retry/detail")
        ),
        state => state.to_owned(),
    }
}

/// That it was sent to try the webhook out, where it was.
fn trial(delivery: &Value) -> String {
    let words = "emulated; its failures suspend nothing";
    if delivery["emulated"] == true { words.to_owned() } else { String::new() }
}

/// Two facts that belong together, as far as they are there.
fn joined(delivery: &Value, pointers: [&str; 2]) -> String {
    pointers.map(|pointer| text(delivery, pointer)).join(" ").trim().to_owned()
}

/// An attempt in one line.
fn tried(attempt: &Value) -> String {
    let came = match attempt.pointer("/answer/status") {
        Some(status) => format!("answered {status}"),
        None => format!("no answer ({})", text(attempt, "/failure/kind")),
    };
    let took = attempt["took_ms"].as_f64().unwrap_or_default();
    let verdict = match text(attempt, "/retry_at") {
        at if at.is_empty() => text(attempt, "/verdict"),
        at => format!("again at {at}"),
    };
    let resent = attempt["answer"]["resent"] == true || attempt["resent"] == true;
    let resent = if resent { ", sent twice with a new access token" } else { "" };
    let (number, started) = (text(attempt, "/number"), text(attempt, "/started_at"));
    format!("attempt {number} at {started}: {came} after {took:.0} ms{resent}; {verdict}")
}

fn body(of: &Value) -> String {
    let body = match of.get("body").and_then(Value::as_str) {
        Some(body) => body,
        None if of.get("body_base64").is_some() => return "(no text; --json has it)".into(),
        None => "",
    };
    if !is_readable(body) {
        return format!("({} bytes that are no readable text; --json has them)", body.len());
    }
    match transload_domain::limits::cut(body, BODY_SHOWN_BYTES_MAX) {
        cut if cut.len() < body.len() => {
            format!("{cut}\n... ({} bytes; --json has more)", body.len())
        }
        whole => whole.to_owned(),
    }
}

/// Whether nearly all of it is text that can be shown on a terminal.
fn is_readable(body: &str) -> bool {
    let unreadable = |one: &char| one.is_control() && !one.is_whitespace();
    let count = body.chars().filter(unreadable).count();
    count <= UNREADABLE_FEW.max(body.len() / UNREADABLE_SHARE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_see_the_request_and_every_attempt() {
        let delivery = json!({
            "id": "d", "status": "scheduled", "reason": "answered 500", "due_at": "T3", "updated_at": "T2",
            "event": { "type": "order.created", "id": "e" }, "webhook": { "name": "Shop", "id": "w" },
            "plugin": null, "emulated": true, "waits_for": "all wait until T5",
            "retry": { "state": "refused", "refused_at": "T4", "detail": "it is old" },
            "request": { "method": "PUT", "endpoint": "http://v", "path": "/o", "body": "{}",
                         "headers": [{ "name": "a", "value": "b" }] },
            "attempts": [
                { "number": 1, "started_at": "T1", "took_ms": 1.4, "verdict": "retry", "retry_at": "T2",
                  "reason": "nobody listens", "failure": { "kind": "connect" }, "answer": null },
                { "number": 2, "started_at": "T2", "took_ms": 2.6, "verdict": "retry", "retry_at": "T3",
                  "reason": "answered 500", "answer": { "status": 500, "body": "oh\u{1b}[2J\nno" } },
            ],
        });
        assert_eq!(
            shown(&delivery),
            "delivery d\nstatus   scheduled\nwhy      answered 500\nwaits    all wait until T5\nretry    refused at T4: it is old\ndue      T3\nupdated  T2\n\
             event    order.created e\nwebhook  Shop w\ntrial    emulated; its failures suspend nothing\n\
             \nPUT http://v/o\na: b\n\n{}\n\
             \nattempt 1 at T1: no answer (connect) after 1 ms; again at T2\n  nobody listens\n\
             \nattempt 2 at T2: answered 500 after 3 ms; again at T3\n  answered 500\n  | oh\u{fffd}[2J\n  | no"
        );
    }

    #[test]
    fn a_body_that_is_no_text_is_not_poured_out() {
        let shown = body(&json!({ "body": "\0".repeat(16_384) }));
        assert_eq!(shown, "(16384 bytes that are no readable text; --json has them)");
        for readable in ["", "a\n\tb", "a line with one \u{1b} in it"] {
            assert_eq!(body(&json!({ "body": readable })), readable);
        }
    }

    #[test]
    fn a_long_body_is_cut_for_people() {
        let shown = body(&json!({ "body": "x".repeat(5_000) }));
        assert!(shown.contains("5000 bytes") && shown.len() < 4_200, "{}", shown.len());
    }
}
