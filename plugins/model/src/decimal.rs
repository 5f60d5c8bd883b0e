//! Exact decimals.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact decimal of at most 28 digits. It keeps the digits that it was written with: `15.00` stays `15.00`.
///
/// In JSON it is text, `"15.00"`. A whole JSON number is read too; one with a fraction is refused, since it would
/// not be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(rust_decimal::Decimal);

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a decimal has an optional '-', digits, and optionally '.' and digits, 28 digits at most")]
pub struct InvalidDecimal;

impl Decimal {
    /// Multiplies exactly; `None` when the product does not fit into 28 digits.
    pub(crate) fn times(self, factor: rust_decimal::Decimal) -> Option<Self> {
        let (number, factor) = (self.0.normalize(), factor.normalize());
        let product = number.checked_mul(factor)?;
        // Only a product that had to be rounded has fewer digits behind its point than its factors together.
        let exact = product.is_zero() || product.scale() == number.scale() + factor.scale();
        exact.then_some(Self(product))
    }

    /// The decimal with trailing zeros taken off and put on until it has this many digits behind the point; more
    /// where they are no zeros.
    #[must_use]
    pub fn with_fraction_digits(self, digits: u32) -> Self {
        let mut number = self.0.normalize();
        if number.scale() < digits {
            number.rescale(digits);
        }
        Self(number)
    }

    /// Whether it is less than zero.
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }
}

impl FromStr for Decimal {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(InvalidDecimal);
        }
        rust_decimal::Decimal::from_str_exact(text).map(Self).map_err(|_| InvalidDecimal)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a decimal as text, like \"15.00\" (a number with a fraction is not exact)",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
                Ok(Decimal(number.into()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(Decimal(number.into()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An exact decimal of at most 28 digits, as text. A whole number is read too.",
            "type": ["string", "integer"],
            "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
            "examples": ["15.00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_text_and_whole_numbers_and_keeps_the_digits() {
        for (json, written) in [
            (r#""15.00""#, "15.00"),
            (r#""-0.10""#, "-0.10"),
            (r#""0.1234567890123456789012345678""#, "0.1234567890123456789012345678"),
            ("7", "7"),
            ("-7", "-7"),
        ] {
            let decimal: Decimal = serde_json::from_str(json).unwrap();
            assert_eq!(decimal.to_string(), written);
            assert_eq!(serde_json::to_string(&decimal).unwrap(), format!("{written:?}"));
        }
    }

    #[test]
    fn refuses_what_is_not_exact_or_no_decimal() {
        for json in [
            "2.34",
            "1e3",
            r#""1e3""#,
            r#""1_000""#,
            r#""+1""#,
            r#"".5""#,
            r#""5.""#,
            r#""""#,
            r#""0.12345678901234567890123456789""#,
            "null",
            "true",
        ] {
            let read = serde_json::from_str::<Decimal>(json);
            let error = read.expect_err(json).to_string();
            assert!(error.contains("expected a decimal as text"), "{json}: {error}");
        }
    }
}
