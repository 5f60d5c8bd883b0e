//! Money.

use std::{borrow::Cow, fmt, str};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Decimal;

/// An amount of money: `{"amount": "2.34", "currency": "USD"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

/// A currency by its three letters, ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// Why a text is no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three upper-case letters, like USD (ISO 4217)")]
pub struct InvalidCurrency;

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl str::FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        match text.as_bytes().try_into() {
            Ok(letters) if text.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self(letters)),
            _ => Err(InvalidCurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("three upper-case letters, like USD (ISO 4217)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Currency, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A currency by its three letters, ISO 4217.",
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "examples": ["USD"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_in_and_out_unchanged() {
        let text = r#"{"amount":"2.34","currency":"USD"}"#;
        let money: Money = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&money).unwrap(), text);
    }

    #[test]
    fn a_currency_is_three_upper_case_letters() {
        for bad in ["usd", "US", "USDT", "U$D", "", "ÄB"] {
            assert_eq!(bad.parse::<Currency>(), Err(InvalidCurrency), "{bad:?}");
        }
    }
}
