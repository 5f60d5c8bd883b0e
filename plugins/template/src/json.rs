//! JSON whose texts have placeholders.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use transload_plugin::{
    Fault,
    serde_json::{self, value::RawValue},
};

use crate::{
    Values,
    placeholder::{Part, parts},
};

/// Bytes of a filled template: what the host takes as a request's body.
const FILLED_BYTES_MAX: usize = 1 << 20;

/// JSON whose texts have placeholders; the crate's documentation has the rules.
///
/// What is no placeholder stays as it was written, the digits of numbers and the order of members included; only white
/// space between the values goes.
#[derive(Clone, Debug, Deserialize)]
pub struct JsonTemplate(Box<RawValue>);

impl JsonTemplate {
    /// The JSON with the event's values.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the template is at fault, [`Fault::InvalidEvent`] when the event lacks what is to be
    /// written out within a longer text.
    pub fn fill(&self, values: &Values<'_>) -> Result<String, Fault> {
        let mut rest = self.0.get();
        let mut filled = String::with_capacity(rest.len());
        while let Some(start) = rest.find('"') {
            push_without_space(&mut filled, &rest[..start]);
            let (text, after) = rest.split_at(text_end(rest, start));
            let text = &text[start..];
            if text.contains('%') && !is_name(after) {
                filled.push_str(&fill_text(text, values)?);
            } else {
                filled.push_str(text);
            }
            if filled.len() > FILLED_BYTES_MAX {
                return Err(Fault::internal(format!(
                    "the body that the webhook's settings write has more than {FILLED_BYTES_MAX} bytes; \
                     correct them and retry"
                )));
            }
            rest = after;
        }
        push_without_space(&mut filled, rest);
        Ok(filled)
    }
}

impl JsonSchema for JsonTemplate {
    fn schema_name() -> Cow<'static, str> {
        "JsonTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "JSON. A text that is a placeholder becomes its value; within a longer text a \
                            placeholder is written out. %DATA% is the event's data, %DATA/a/b% a place in it; \
                            %ID%, %SOURCE%, %TYPE%, %SUBJECT%, %TIME% are the event's attributes; \
                            %ORGANIZATION%, %HOOK%, %DELIVERY_ID% say for whom and what it is; %% is a percent sign.",
            "examples": [{"id": "%DELIVERY_ID%", "about": "%DATA/id%", "note": "%TYPE% of %TIME%"}],
        })
    }
}

/// Fills one text, given and returned as JSON.
fn fill_text(json: &str, values: &Values<'_>) -> Result<String, Fault> {
    let text: String = serde_json::from_str(json)?;
    let parts = parts(&text);
    if let [Part::Placeholder(alone)] = parts[..] {
        return Ok(values.json(alone)?.map_or_else(|| "null".to_owned(), Cow::into_owned));
    }
    let mut filled = String::with_capacity(text.len());
    for part in parts {
        match part {
            Part::Literal(text) => filled.push_str(text),
            Part::Placeholder(placeholder) => filled.push_str(&values.text(placeholder)?),
        }
    }
    Ok(serde_json::to_string(&filled)?)
}

/// Where the JSON text ends that begins with the quote at `start`.
fn text_end(json: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// Whether a text before this was the name of a member.
fn is_name(after: &str) -> bool {
    after.trim_ascii_start().starts_with(':')
}

fn push_without_space(filled: &mut String, json: &str) {
    filled.extend(json.chars().filter(|c| !c.is_ascii_whitespace()));
}
