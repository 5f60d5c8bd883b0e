//! Points in time.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::civil::Parts;

/// A point in time: RFC 3339 text with at most nine digits of a second, as it was written.
///
/// Letters are upper case, and there is no leap second: what vendors read back has neither.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateTime(Box<str>);

/// Why a text is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a point in time is written as in RFC 3339, like 2015-08-13T09:33:07Z")]
pub struct InvalidDateTime;

impl DateTime {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same point in time in UTC, with this many digits of a second; further digits are cut off.
    pub fn to_utc(&self, fraction_digits: usize) -> String {
        // A text that was accepted is always read; the text itself is the honest answer otherwise.
        Parts::read(&self.0)
            .map_or_else(|| self.0.to_string(), |parts| parts.to_utc().written(fraction_digits))
    }

    /// The text where it is in UTC and has this many digits of a second already; `None` otherwise.
    pub fn as_utc(&self, fraction_digits: usize) -> Option<&str> {
        let is_utc = self.0.ends_with('Z');
        (is_utc && self.fraction_digits() == fraction_digits).then_some(&*self.0)
    }

    /// How many digits of a second were written.
    pub fn fraction_digits(&self) -> usize {
        Parts::read(&self.0).map_or(0, |parts| parts.fraction.len())
    }
}

impl FromStr for DateTime {
    type Err = InvalidDateTime;

    fn from_str(text: &str) -> Result<Self, InvalidDateTime> {
        Parts::read(text).map(|_| Self(text.into())).ok_or(InvalidDateTime)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = DateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a point in time as in RFC 3339, like 2015-08-13T09:33:07Z")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for DateTime {
    fn schema_name() -> Cow<'static, str> {
        "DateTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A point in time, RFC 3339.",
            "type": "string",
            "format": "date-time",
            "examples": ["2015-08-13T09:33:07Z"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn becomes_utc_with_as_many_digits_as_asked() {
        for (text, digits, utc) in [
            ("2015-08-13T09:33:07Z", 0, "2015-08-13T09:33:07Z"),
            ("2015-08-13T09:33:07Z", 7, "2015-08-13T09:33:07.0000000Z"),
            ("2018-09-04T10:12:08.1671613Z", 7, "2018-09-04T10:12:08.1671613Z"),
            ("2018-09-04T10:12:08.167161399Z", 7, "2018-09-04T10:12:08.1671613Z"),
            ("2018-09-04T01:12:08+02:00", 0, "2018-09-03T23:12:08Z"),
            ("2000-02-29T23:30:00-01:00", 0, "2000-03-01T00:30:00Z"),
            ("2018-12-31T23:30:00.5-01:00", 6, "2019-01-01T00:30:00.500000Z"),
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_utc(digits), utc, "{text}");
        }
    }

    #[test]
    fn tells_whether_it_is_written_so_already() {
        for (text, digits, is_so) in [
            ("2015-08-13T09:33:07Z", 0, true),
            ("2015-08-13T09:33:07Z", 6, false),
            ("2015-08-13T09:33:07.159321Z", 6, true),
            ("2015-08-13T09:33:07.1593217Z", 6, false),
            ("2015-08-13T09:33:07+00:00", 0, false),
        ] {
            let time: DateTime = text.parse().unwrap();
            assert_eq!(time.as_utc(digits).is_some(), is_so, "{text} {digits}");
        }
    }

    #[test]
    fn refuses_what_is_not_rfc_3339() {
        for bad in [
            "",
            "2015-08-13",
            "2015-08-13T09:33:07",
            "2015-08-13 09:33:07Z",
            "2015-08-13T09:33Z",
            "2015-13-13T09:33:07Z",
            "2015-02-29T09:33:07Z",
            "1900-02-29T09:33:07Z",
            "2000-02-30T09:33:07Z",
            "2015-04-31T09:33:07Z",
            "2015-08-13T24:33:07Z",
            "2015-08-13T09:60:07Z",
            "2015-08-13T09:33:60Z",
            "2015-00-13T09:33:07Z",
            "2015-08-00T09:33:07Z",
            "2015-08-13T09:33:07+24:00",
            "2015-08-13T09:33:07+23:60",
            "0000-01-01T00:30:00+01:00",
            "9999-12-31T23:30:00-01:00",
            "2015-08-13T09:33:07é",
            "2015-08-13T09:33:07.Z",
            "2015-08-13T09:33:07.1234567890Z",
            "2015-08-13T09:33:07+0200",
            "2015-08-13T09:33:07Z[UTC]",
        ] {
            assert_eq!(bad.parse::<DateTime>(), Err(InvalidDateTime), "{bad:?}");
        }
    }
}
