//! How ReadyCloud writes values.

use serde::{Serialize, Serializer};
use transload_model as model;
use transload_plugin::Fault;

/// A point in time: UTC, with whole seconds or six digits of a second, as the document's samples show.
pub(crate) struct Time(model::DateTime);

/// `"2.34 USD"`, with the digits of the amount as they came.
pub(crate) struct Money(model::Money);

/// `"0.2000 m"`: four digits behind the point, more where the length has more.
pub(crate) struct Length(model::Decimal);

/// `"170.000 g"`: three digits behind the point, more where the weight has more.
pub(crate) struct Weight(model::Decimal);

/// Digits behind the point of a length in metres.
const LENGTH_DIGITS: u32 = 4;
/// Digits behind the point of a weight in grams.
const WEIGHT_DIGITS: u32 = 3;

impl From<model::DateTime> for Time {
    fn from(time: model::DateTime) -> Self {
        Self(time)
    }
}

impl From<model::Money> for Money {
    fn from(money: model::Money) -> Self {
        Self(money)
    }
}

impl TryFrom<model::Length> for Length {
    type Error = Fault;

    fn try_from(length: model::Length) -> Result<Self, Fault> {
        match length.in_metres() {
            Some(metres) => Ok(Self(metres.with_fraction_digits(LENGTH_DIGITS))),
            None => Err(Fault::invalid_event(format!(
                "the length {} {:?} has too many digits to be written in metres",
                length.value, length.unit
            ))),
        }
    }
}

impl TryFrom<model::Weight> for Weight {
    type Error = Fault;

    fn try_from(weight: model::Weight) -> Result<Self, Fault> {
        match weight.in_grams() {
            Some(grams) => Ok(Self(grams.with_fraction_digits(WEIGHT_DIGITS))),
            None => Err(Fault::invalid_event(format!(
                "the weight {} {:?} has too many digits to be written in grams",
                weight.value, weight.unit
            ))),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = if self.0.fraction_digits() == 0 { 0 } else { 6 };
        match self.0.as_utc(digits) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.serialize_str(&self.0.to_utc(digits)),
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} {}", self.0.amount, self.0.currency))
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} m", self.0))
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} g", self.0))
    }
}

/// Writes a list, or says why one of it cannot be written.
pub(crate) fn each<T, P: TryFrom<T, Error = Fault>>(list: Vec<T>) -> Result<Vec<P>, Fault> {
    list.into_iter().map(P::try_from).collect()
}

/// Writes what is there, or says why it cannot be written.
pub(crate) fn maybe<T, P: TryFrom<T, Error = Fault>>(value: Option<T>) -> Result<Option<P>, Fault> {
    value.map(P::try_from).transpose()
}
