//! How CorrigoPro writes values, and what it bounds.

use serde::{Serialize, Serializer};
use transload_model as model;
use transload_plugin::{Fault, serde_json::value::RawValue};

use crate::Settings;

/// A point in time: UTC with seven digits of a second.
pub(crate) struct Time(pub(crate) model::DateTime);

/// An exact decimal, as a JSON number.
pub(crate) struct Number(pub(crate) model::Decimal);

/// Digits of a second.
const FRACTION_DIGITS: usize = 7;
/// Characters of a comment, message or note.
pub(crate) const TEXT_CHARS_MAX: usize = 3_000;
/// Characters of a person's name in `UpdatedBy`.
pub(crate) const UPDATED_BY_CHARS_MAX: usize = 100;
/// Characters of an attachment's id.
pub(crate) const ATTACHMENT_ID_CHARS_MAX: usize = 36;

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_utc(FRACTION_DIGITS) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.serialize_str(&self.0.to_utc(FRACTION_DIGITS)),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A decimal's text is a JSON number; going through f64 would not be exact.
        let text = self.0.to_string();
        let number: &RawValue =
            transload_plugin::serde_json::from_str(&text).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

/// An amount of the webhook's currency. CorrigoPro's amounts have no currency of their own.
pub(crate) fn amount(
    path: &str,
    money: model::Money,
    settings: &Settings,
) -> Result<Number, Fault> {
    match settings.currency {
        Some(currency) if currency != money.currency => Err(Fault::invalid_event(format!(
            "{path} is in {}, but this webhook's amounts are in {currency}",
            money.currency
        ))),
        _ => Ok(Number(money.amount)),
    }
}

/// A part of the event that this action cannot do without.
pub(crate) fn required<T>(path: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| {
        Fault::invalid_event(format!("{path} is missing, and this action cannot do without it"))
    })
}

/// A text that the vendor bounds.
pub(crate) fn bounded(path: &str, text: String, chars_max: usize) -> Result<String, Fault> {
    match text.chars().nth(chars_max) {
        None => Ok(text),
        Some(_) => Err(Fault::invalid_event(format!(
            "{path} has {} characters, CorrigoPro takes at most {chars_max}",
            text.chars().count()
        ))),
    }
}
