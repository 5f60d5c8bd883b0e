//! What the demo shows.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// What became of the demo's events. Its JSON is a contract: scripts read it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Events that were posted and accepted.
    pub events: usize,
    /// What became of each delivery.
    pub deliveries: Vec<Delivered>,
    /// Whether every event arrived as its vendor demands.
    pub ok: bool,
}

/// What became of one delivery.
#[derive(Debug, Serialize)]
pub struct Delivered {
    /// The plugin that made it.
    pub plugin: String,
    /// The webhook's id.
    pub webhook: String,
    /// Its status; `missing` when there is no delivery at all.
    pub status: String,
    /// How often it was tried.
    pub attempts: u64,
    /// The method of the request that the vendor got; absent when it got none.
    pub method: Option<String>,
    /// The request's headers, secrets masked.
    pub headers: Map<String, Value>,
    /// The request's body.
    pub body: Value,
    /// Milliseconds from the 202 to the whole request's arrival.
    pub millis: Option<f64>,
    /// The vendor's name, for people.
    #[serde(skip)]
    pub vendor: &'static str,
    /// The request's path, for people.
    #[serde(skip)]
    pub path: String,
    /// What went wrong, for people.
    #[serde(skip)]
    pub problems: Vec<String>,
}

impl Delivered {
    /// Whether it arrived as its vendor demands.
    pub(super) fn is_right(&self) -> bool {
        self.status == "delivered" && self.method.is_some() && self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for delivery in &self.deliveries {
            writeln!(f, "{delivery}")?;
        }
        let right = self.deliveries.iter().filter(|delivery| delivery.is_right()).count();
        write!(f, "{right} of {} events arrived as their vendors demand.", self.events)
    }
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts =
            if self.attempts == 1 { "1 attempt" } else { &format!("{} attempts", self.attempts) };
        write!(f, "{}: {} after {attempts}", self.vendor, self.status)?;
        if let Some(millis) = self.millis {
            write!(f, ", {millis} ms from the 202 to the arrival")?;
        }
        writeln!(f)?;
        for problem in &self.problems {
            writeln!(f, "  ! {problem}")?;
        }
        let Some(method) = &self.method else { return Ok(()) };
        writeln!(f, "  {method} {}", self.path)?;
        for (name, value) in &self.headers {
            writeln!(f, "  {name}: {}", value.as_str().unwrap_or_default())?;
        }
        writeln!(f)?;
        // `{:#}` of a JSON value is its indented form.
        format!("{:#}", self.body).lines().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn delivered() -> Delivered {
        Delivered {
            plugin: "readycloud".into(),
            webhook: "w".into(),
            status: "delivered".into(),
            attempts: 1,
            method: Some("PUT".into()),
            headers: Map::from_iter([("auth".into(), "****".into())]),
            body: json!({ "a": 1 }),
            millis: Some(1.5),
            vendor: "ReadyCloud",
            path: "/readycloud/orders".into(),
            problems: vec![],
        }
    }

    #[test]
    fn the_document_has_exactly_the_members_that_scripts_read() {
        let report = Report { events: 1, deliveries: vec![delivered()], ok: true };
        let json = serde_json::to_value(&report).unwrap();
        let members = |value: &Value| {
            let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(members(&json), ["deliveries", "events", "ok"]);
        assert_eq!(
            members(&json["deliveries"][0]),
            ["attempts", "body", "headers", "method", "millis", "plugin", "status", "webhook"]
        );
    }

    #[test]
    fn only_a_delivery_without_problems_is_right() {
        assert!(delivered().is_right());
        let wrong = [
            Delivered { status: "dead".into(), ..delivered() },
            Delivered { method: None, ..delivered() },
            Delivered { problems: vec!["#/tags is missing".into()], ..delivered() },
        ];
        assert!(wrong.iter().all(|delivery| !delivery.is_right()));
    }

    #[test]
    fn people_see_the_request_as_it_arrived() {
        let text = Report { events: 1, deliveries: vec![delivered()], ok: true }.to_string();
        for line in [
            "ReadyCloud: delivered after 1 attempt, 1.5 ms from the 202 to the arrival",
            "  PUT /readycloud/orders",
            "  auth: ****",
            "1 of 1 events arrived as their vendors demand.",
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
    }
}
