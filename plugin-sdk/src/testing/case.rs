//! A case file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{Event, Hook, Json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    #[serde(rename = "description")]
    _description: Option<String>,
    organization: Option<String>,
    pub(super) event: CaseEvent,
    pub(super) hook: CaseHook,
    pub(super) state: Option<BTreeMap<String, Value>>,
    pub(super) expect: Expect,
}

#[derive(Debug, Deserialize)]
pub(super) struct CaseEvent {
    #[serde(rename = "specversion")]
    _specversion: Option<String>,
    #[serde(rename = "datacontenttype")]
    _datacontenttype: Option<String>,
    #[serde(rename = "dataschema")]
    _dataschema: Option<String>,
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    subject: Option<String>,
    time: Option<String>,
    data: Box<RawValue>,
    #[serde(flatten)]
    extensions: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseHook {
    #[serde(rename = "type")]
    pub(super) kind: String,
    settings: Option<Value>,
    webhook_id: Option<String>,
    delivery_id: Option<String>,
    accepted_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) requests: Option<Vec<ExpectedRequest>>,
    pub(super) skip: Option<String>,
    pub(super) fault: Option<ExpectedFault>,
    pub(super) state: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedRequest {
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// `null` is a body too, hence a raw value, whose absence can be told.
    pub(super) body: Option<Box<RawValue>>,
    pub(super) body_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExpectedFault {
    InvalidEvent(String),
    RetryLater(String),
    Internal(String),
}

impl Case {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let case: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Expect { requests, skip, fault, state: _ } = &case.expect;
        let outcomes = [requests.is_some(), skip.is_some(), fault.is_some()];
        if outcomes.iter().filter(|is_there| **is_there).count() != 1 {
            return Err("`expect` needs exactly one of `requests`, `skip` and `fault`".into());
        }
        let two_bodies =
            |request: &ExpectedRequest| request.body.is_some() == request.body_text.is_some();
        if requests.iter().flatten().any(two_bodies) {
            return Err("each of `expect.requests` needs either `body` or `body_text`".into());
        }
        Ok(case)
    }

    pub(super) fn event(&self) -> Event<Json> {
        let event = &self.event;
        let usual = super::event(&event.kind, &Value::Null);
        Event {
            id: event.id.clone().unwrap_or(usual.id),
            source: event.source.clone().unwrap_or(usual.source),
            subject: event.subject.clone(),
            time: event.time.clone().unwrap_or(usual.time),
            organization: self.organization.clone().unwrap_or(usual.organization),
            extensions: event.extensions.clone().into_iter().collect(),
            kind: usual.kind,
            data: Json::new(event.data.get()),
        }
    }

    pub(super) fn hook(&self) -> Hook<Json> {
        let hook = &self.hook;
        let usual = super::hook(&hook.kind);
        Hook {
            kind: usual.kind,
            webhook_id: hook.webhook_id.clone().unwrap_or(usual.webhook_id),
            delivery_id: hook.delivery_id.clone().unwrap_or(usual.delivery_id),
            accepted_at: hook.accepted_at.clone().unwrap_or(usual.accepted_at),
            settings: hook.settings.as_ref().map_or(usual.settings, |s| Json::new(s.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_case_is_refused() {
        let whole = |expect: &str| {
            format!(
                r#"{{"event":{{"type":"a","data":1}},"hook":{{"type":"h"}},"expect":{expect}}}"#
            )
        };
        for (expect, reason) in [
            ("{}", "exactly one"),
            (r#"{"skip":"x","requests":[]}"#, "exactly one"),
            (r#"{"requests":[{}]}"#, "either `body` or `body_text`"),
            (r#"{"requests":[{"body":1,"body_text":"1"}]}"#, "either `body` or `body_text`"),
            (r#"{"skip":"x","extra":1}"#, "unknown field `extra`"),
            (r#"{"fault":{"trap":"x"}}"#, "unknown variant `trap`"),
        ] {
            let error = Case::read(&whole(expect)).expect_err(expect);
            assert!(error.contains(reason), "{expect}: {error}");
        }
    }

    #[test]
    fn other_members_of_the_event_are_extensions_and_its_data_keeps_its_text() {
        let case = Case::read(
            r#"{"event":{"specversion":"1.0","type":"a","origin":"acme","data":{"b":1.10}},
                "hook":{"type":"h","settings":{"s":1}},"expect":{"skip":"x"}}"#,
        )
        .unwrap();
        assert_eq!(case.event().extensions, [("origin".into(), "acme".into())]);
        assert_eq!(case.event().data.as_str(), r#"{"b":1.10}"#);
        assert_eq!(case.hook().settings.as_str(), r#"{"s":1}"#);
    }
}
