//! Paths with placeholders.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use transload_plugin::Fault;

use crate::{
    Values,
    placeholder::{Part, parts},
};

/// What is appended to a hook's endpoint, with placeholders: `/work-orders/%WORK_ORDER_ID%`. The crate's documentation
/// has the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate(String);

impl PathTemplate {
    /// The path with the event's values, percent-encoded so that each stays what it is: a segment or a part of one.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the template is at fault, [`Fault::InvalidEvent`] when the event has no value for it,
    /// or one that cannot be a part of a path.
    pub fn fill(&self, values: &Values<'_>) -> Result<String, Fault> {
        let mut path = String::with_capacity(self.0.len());
        for part in parts(&self.0) {
            match part {
                Part::Literal(text) => path.push_str(text),
                Part::Placeholder(placeholder) => {
                    let text = values.text(placeholder)?;
                    // An empty segment or one of dots leads elsewhere, however it is encoded.
                    if matches!(&*text, "" | "." | "..") {
                        return Err(Fault::invalid_event(format!(
                            "{placeholder} is {text:?} in this event, which cannot stand in a path"
                        )));
                    }
                    push_encoded(&mut path, &text);
                }
            }
        }
        Ok(path)
    }
}

impl<'de> Deserialize<'de> for PathTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = PathTemplate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a path that begins with '/' or '?' and has visible ASCII characters without '#' (percent-encode \
                     others, with %% for the percent sign)",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PathTemplate, E> {
                if is_path(text) {
                    return Ok(PathTemplate(text.to_owned()));
                }
                Err(E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

/// Whether what is no placeholder can stand in a path.
fn is_path(template: &str) -> bool {
    let fits = |part: &Part<'_>| match part {
        Part::Literal(text) => text.bytes().all(|b| b.is_ascii_graphic() && b != b'#'),
        Part::Placeholder(_) => true,
    };
    template.starts_with(['/', '?']) && parts(template).iter().all(fits)
}

impl JsonSchema for PathTemplate {
    fn schema_name() -> Cow<'static, str> {
        "PathTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What is appended to the hook's endpoint. Placeholders are written out and \
                            percent-encoded; %% is a percent sign.",
            "type": "string",
            "pattern": "^[/?]",
            "examples": ["/%DATA/id%"],
        })
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
fn push_encoded(path: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
            path.extend(['%', char::from(high), char::from(low)]);
        }
    }
}
