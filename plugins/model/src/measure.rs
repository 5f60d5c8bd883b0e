//! Lengths and weights.

use rust_decimal::Decimal as Factor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Decimal;

/// A length: `{"value": "0.2", "unit": "m"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Length {
    /// How many.
    pub value: Decimal,
    /// Of what.
    pub unit: LengthUnit,
}

/// Units of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LengthUnit {
    /// Millimetre.
    #[serde(rename = "mm")]
    Millimetre,
    /// Centimetre.
    #[serde(rename = "cm")]
    Centimetre,
    /// Metre.
    #[serde(rename = "m")]
    Metre,
    /// International inch, 0.0254 m.
    #[serde(rename = "in")]
    Inch,
    /// International foot, 0.3048 m.
    #[serde(rename = "ft")]
    Foot,
}

/// A weight: `{"value": "170", "unit": "g"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weight {
    /// How many.
    pub value: Decimal,
    /// Of what.
    pub unit: WeightUnit,
}

/// Units of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WeightUnit {
    /// Gram.
    #[serde(rename = "g")]
    Gram,
    /// Kilogram.
    #[serde(rename = "kg")]
    Kilogram,
    /// International avoirdupois ounce, 28.349523125 g.
    #[serde(rename = "oz")]
    Ounce,
    /// International avoirdupois pound, 453.59237 g.
    #[serde(rename = "lb")]
    Pound,
}

impl Length {
    /// The length in metres, exactly; `None` when it does not fit into 28 digits.
    pub fn in_metres(self) -> Option<Decimal> {
        self.value.times(match self.unit {
            LengthUnit::Millimetre => Factor::new(1, 3),
            LengthUnit::Centimetre => Factor::new(1, 2),
            LengthUnit::Metre => Factor::ONE,
            LengthUnit::Inch => Factor::new(254, 4),
            LengthUnit::Foot => Factor::new(3048, 4),
        })
    }
}

impl Weight {
    /// The weight in grams, exactly; `None` when it does not fit into 28 digits.
    pub fn in_grams(self) -> Option<Decimal> {
        self.value.times(match self.unit {
            WeightUnit::Gram => Factor::ONE,
            WeightUnit::Kilogram => Factor::ONE_THOUSAND,
            WeightUnit::Ounce => Factor::new(28_349_523_125, 9),
            WeightUnit::Pound => Factor::new(45_359_237, 5),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(json: &str) -> Length {
        serde_json::from_str(json).unwrap()
    }

    fn weight(json: &str) -> Weight {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lengths_become_metres_exactly() {
        for (json, metres) in [
            (r#"{"value":"200","unit":"mm"}"#, "0.2000"),
            (r#"{"value":"20","unit":"cm"}"#, "0.2000"),
            (r#"{"value":"0.2","unit":"m"}"#, "0.2000"),
            (r#"{"value":"12","unit":"in"}"#, "0.3048"),
            (r#"{"value":"0.1","unit":"in"}"#, "0.00254"),
            (r#"{"value":"1","unit":"ft"}"#, "0.3048"),
            (r#"{"value":"0","unit":"m"}"#, "0.0000"),
        ] {
            let exact = length(json).in_metres().unwrap().with_fraction_digits(4);
            assert_eq!(exact.to_string(), metres, "{json}");
        }
    }

    #[test]
    fn weights_become_grams_exactly() {
        for (json, grams) in [
            (r#"{"value":"0.17","unit":"kg"}"#, "170.000"),
            (r#"{"value":"170","unit":"g"}"#, "170.000"),
            (r#"{"value":"1","unit":"oz"}"#, "28.349523125"),
            (r#"{"value":"1","unit":"lb"}"#, "453.59237"),
        ] {
            let exact = weight(json).in_grams().unwrap().with_fraction_digits(3);
            assert_eq!(exact.to_string(), grams, "{json}");
        }
    }

    #[test]
    fn what_would_not_be_exact_is_refused() {
        let long = weight(r#"{"value":"0.1234567890123456789012345678","unit":"lb"}"#);
        assert_eq!(long.in_grams(), None);
        let large = weight(r#"{"value":"9999999999999999999999999999","unit":"kg"}"#);
        assert_eq!(large.in_grams(), None);
    }
}
