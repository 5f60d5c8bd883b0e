//! An event as one JSON object: CloudEvents' structured mode, and each event of a batch.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, value::RawValue};
use transload_domain::limits::{EVENT_ATTRIBUTE_BYTES_MAX, EVENT_EXTENSIONS_MAX};

use super::draft::Draft;
use crate::{pointer::Pointer, problem::InputError, raw::Members};

/// Members of an event at most: the extensions, and the attributes that CloudEvents names, with room for repeats.
const MEMBERS_MAX: usize = EVENT_EXTENSIONS_MAX + 16;

/// Bytes of an attribute in JSON at most: each byte of it may be written as `\u00xx`.
const ATTRIBUTE_JSON_BYTES_MAX: usize = 6 * EVENT_ATTRIBUTE_BYTES_MAX + 2;

/// Reads the event in this JSON text, which stands at that place of the posted document.
///
/// # Errors
/// When it is no JSON object. Faults inside are noted in the draft.
pub(crate) fn read(text: &[u8], at: &Pointer) -> Result<Draft, Vec<InputError>> {
    let members: Members<'_, MEMBERS_MAX> = serde_json::from_slice(text).map_err(|error| {
        vec![InputError::new(at.clone(), format!("an event is a JSON object: {error}"))]
    })?;
    let mut draft = Draft::new(at.clone());
    for (name, value) in members.0 {
        match name.as_str() {
            "data" => draft.data("data", value.get()),
            "data_base64" => base64_data(&mut draft, value),
            _ => attribute(&mut draft, &name, value),
        }
    }
    Ok(draft)
}

/// An attribute of the JSON format: a string, a boolean or a 32-bit integer, in its canonical text form; `null` is
/// an attribute that is not there (CloudEvents 1.0.2, JSON event format, section 2.2).
fn attribute(draft: &mut Draft, name: &str, value: &RawValue) {
    if value.get().len() > ATTRIBUTE_JSON_BYTES_MAX {
        return draft.fault(name, format!("at most {EVENT_ATTRIBUTE_BYTES_MAX} bytes"));
    }
    match serde_json::from_str(value.get()) {
        Ok(Value::Null) => {}
        Ok(Value::String(text)) => draft.attribute(name, text),
        Ok(Value::Bool(flag)) => draft.attribute(name, flag.to_string()),
        Ok(Value::Number(number)) => match number.as_i64().and_then(|n| i32::try_from(n).ok()) {
            Some(integer) => draft.attribute(name, integer.to_string()),
            None => draft.fault(name, "a number as attribute is a 32-bit integer"),
        },
        Ok(Value::Array(_) | Value::Object(_)) => {
            draft
                .fault(name, "an attribute is a string, a boolean or an integer; put it into data");
        }
        Err(error) => draft.fault(name, format!("not sound JSON: {error}")),
    }
}

/// Base64 is what some libraries write whenever they hold bytes; it is taken where the bytes are JSON.
fn base64_data(draft: &mut Draft, value: &RawValue) {
    let text: Option<String> = match serde_json::from_str(value.get()) {
        Ok(text) => text,
        Err(_) => return draft.fault("data_base64", "data_base64 is a string"),
    };
    let Some(text) = text else { return };
    match STANDARD.decode(&text).map(String::from_utf8) {
        Ok(Ok(data)) => draft.data("data_base64", &data),
        Ok(Err(_)) => draft.fault("data_base64", "the bytes must be JSON in UTF-8; these are not"),
        Err(error) => draft.fault("data_base64", format!("not Base64 (RFC 4648): {error}")),
    }
}
