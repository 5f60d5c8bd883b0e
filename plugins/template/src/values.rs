//! What placeholders stand for.

use std::{borrow::Cow, collections::BTreeMap};

use transload_plugin::{
    Event, Fault, Hook, Json,
    serde_json::{self, value::RawValue},
};

use crate::placeholder::Placeholder;

/// What placeholders stand for, for one event and one hook.
pub struct Values<'a> {
    data: &'a RawValue,
    attributes: Vec<(&'static str, Option<&'a str>)>,
    places: Vec<(&'static str, &'static str)>,
}

impl<'a> Values<'a> {
    /// What every template can use.
    ///
    /// # Errors
    /// [`Fault::InvalidEvent`] when the event's data is no JSON.
    pub fn new<S>(event: &'a Event<Json>, hook: &'a Hook<S>) -> Result<Self, Fault> {
        let data = serde_json::from_str(event.data.as_str())
            .map_err(|error| Fault::invalid_event(format!("data: {error}")))?;
        let attributes = vec![
            ("ID", Some(&*event.id)),
            ("SOURCE", Some(&*event.source)),
            ("TYPE", Some(&*event.kind)),
            ("SUBJECT", event.subject.as_deref()),
            ("TIME", Some(&*event.time)),
            ("ORGANIZATION", Some(&*event.organization)),
            ("HOOK", Some(&*hook.kind)),
            ("DELIVERY_ID", Some(&*hook.delivery_id)),
        ];
        Ok(Self { data, attributes, places: Vec::new() })
    }

    /// A name for a place in the event's data, which a JSON Pointer tells: `%EVENT_ID%` for `/id`.
    #[must_use]
    pub fn place(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.places.push((name, pointer));
        self
    }

    /// The value as JSON; `None` where the event does not have it, or has `null`.
    pub(crate) fn json(&self, of: Placeholder<'_>) -> Result<Option<Cow<'a, str>>, Fault> {
        let known = |name| name == of.name && of.pointer.is_empty();
        if let Some((_, value)) = self.attributes.iter().find(|(name, _)| known(*name)) {
            return Ok(value.map(|text| Cow::Owned(serde_json::Value::from(text).to_string())));
        }
        let place = self.places.iter().find(|(name, _)| known(*name));
        let pointer = match place {
            Some((_, pointer)) => pointer,
            None if of.name == "DATA" => of.pointer,
            None => return Err(self.unknown(of)),
        };
        let found = find(self.data, pointer).map(RawValue::get);
        Ok(found.filter(|json| *json != "null").map(Cow::Borrowed))
    }

    /// The value written out.
    pub(crate) fn text(&self, of: Placeholder<'_>) -> Result<String, Fault> {
        let Some(json) = self.json(of)? else {
            return Err(Fault::invalid_event(format!(
                "the webhook's settings write {of} out, and the event has nothing there"
            )));
        };
        if json.starts_with('"') {
            return Ok(serde_json::from_str(&json)?);
        }
        if json.starts_with(['{', '[']) {
            return Err(Fault::internal(format!(
                "the webhook's settings write {of} out, which is an object or a list in this event; \
                 correct them and retry"
            )));
        }
        Ok(json.into_owned())
    }

    #[cold]
    fn unknown(&self, placeholder: Placeholder<'_>) -> Fault {
        let names = self.attributes.iter().map(|(name, _)| *name);
        let names = names.chain(self.places.iter().map(|(name, _)| *name));
        let known: Vec<String> = names.map(|name| format!("%{name}%")).collect();
        Fault::internal(format!(
            "the webhook's settings have {placeholder}, which nothing stands for; known are {}, %DATA% and %DATA/...%, \
             and %% is a percent sign; correct them and retry",
            known.join(", ")
        ))
    }
}

/// The value at a JSON Pointer (RFC 6901), with the digits that its numbers came with.
fn find<'a>(data: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    pointer.split('/').skip(1).try_fold(data, |within, token| {
        let json = within.get();
        if json.starts_with('[') {
            let list: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            return list.get(index(token)?).copied();
        }
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
        members.get(&token.replace("~1", "/").replace("~0", "~")).copied()
    })
}

/// An index as RFC 6901 (section 4) writes it: digits, and no zero in front.
fn index(token: &str) -> Option<usize> {
    let is_plain =
        token.bytes().all(|b| b.is_ascii_digit()) && (token.len() == 1 || !token.starts_with('0'));
    is_plain.then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_its_value_as_it_was_written() {
        let data = r#" {"a": {"b/c": [1.10, "x"], "~": null, "\u0061": 2}, "": 3} "#;
        let data: &RawValue = serde_json::from_str(data).unwrap();
        for (pointer, expected) in [
            ("/a/b~1c/0", Some("1.10")),
            ("/a/b~1c/1", Some("\"x\"")),
            ("/a/b~1c", Some("[1.10, \"x\"]")),
            ("/a/~0", Some("null")),
            ("/a/a", Some("2")),
            ("/", Some("3")),
            ("/a/b~1c/2", None),
            ("/a/b~1c/01", None),
            ("/a/b~1c/-", None),
            ("/a/b~1c/+1", None),
            ("/a/b~1c/0/0", None),
            ("/b", None),
        ] {
            assert_eq!(find(data, pointer).map(RawValue::get), expected, "{pointer}");
        }
    }
}
