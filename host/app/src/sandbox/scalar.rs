//! Strings of a certain form, as the vendors write them.

use jiff::Timestamp;
use uuid::Uuid;

/// A string of a certain form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// `2.34 USD`
    Money,
    /// `0.2000 m`
    Length,
    /// `170.000 g`
    Weight,
    /// `2018-03-30T08:18:48Z`: RFC 3339, UTC, any number of fraction digits.
    Moment,
    /// `2018-09-04T10:12:08.1671613Z`: UTC with exactly seven fraction digits.
    SevenDigits,
    /// `/api/v2/orgs/1/orders/4/`: a path with a slash at both ends.
    Path,
    /// A UUID in lower case.
    Uuid,
}

impl Scalar {
    /// What such a string is, in words.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Money => "an amount with its currency, like \"2.34 USD\"",
            Self::Length => "a length in metres, like \"0.2000 m\"",
            Self::Weight => "a weight in grams, like \"170.000 g\"",
            Self::Moment => "a time in UTC, like \"2018-03-30T08:18:48Z\"",
            Self::SevenDigits => {
                "a time in UTC with seven fraction digits, like \"2018-09-04T10:12:08.1671613Z\""
            }
            Self::Path => "a path like \"/api/v2/orgs/1/orders/4/\"",
            Self::Uuid => "a UUID in lower case",
        }
    }

    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Self::Money => text.split_once(' ').is_some_and(|(amount, currency)| {
                is_decimal(amount)
                    && currency.len() == 3
                    && currency.bytes().all(|b| b.is_ascii_uppercase())
            }),
            Self::Length => text.strip_suffix(" m").is_some_and(is_decimal),
            Self::Weight => text.strip_suffix(" g").is_some_and(is_decimal),
            Self::Moment => is_moment(text),
            Self::SevenDigits => {
                let digits = text.strip_suffix('Z').and_then(|text| text.split_once('.'));
                is_moment(text) && digits.is_some_and(|(_, digits)| digits.len() == 7)
            }
            Self::Path => text.len() > 1 && text.starts_with('/') && text.ends_with('/'),
            Self::Uuid => {
                Uuid::parse_str(text).is_ok_and(|uuid| uuid.hyphenated().to_string() == text)
            }
        }
    }
}

/// Digits, and after a point digits again; a sign may stand in front.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

fn is_moment(text: &str) -> bool {
    text.ends_with('Z')
        && text.as_bytes().get(10) == Some(&b'T')
        && text.parse::<Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_yes_and_its_no() {
        use Scalar::{Length, Moment, Money, Path, SevenDigits, Uuid, Weight};
        let yes = [
            (Money, "2.34 USD"),
            (Money, "-1 EUR"),
            (Length, "0.2000 m"),
            (Weight, "170.000 g"),
            (Moment, "2018-03-30T08:18:48Z"),
            (Moment, "2018-03-30T00:00:16.159321Z"),
            (SevenDigits, "2018-09-04T10:12:08.1671613Z"),
            (Path, "/api/v2/orgs/1/orders/4/"),
            (Uuid, "c1d3d80f-a76c-452c-9261-682279a659cb"),
        ];
        let no = [
            (Money, "2.34"),
            (Money, "2.34 usd"),
            (Money, ".5 USD"),
            (Money, "1e3 USD"),
            (Length, "0.2 cm"),
            (Weight, "170.000"),
            (Moment, "2018-03-30 08:18:48Z"),
            (Moment, "2018-03-30T08:18:48+02:00"),
            (Moment, "2018-13-30T08:18:48Z"),
            (SevenDigits, "2018-09-04T10:12:08.167161Z"),
            (SevenDigits, "2018-09-04T10:12:08Z"),
            (Path, "https://example.com/"),
            (Uuid, "C1D3D80F-A76C-452C-9261-682279A659CB"),
            (Uuid, "c1d3d80fa76c452c9261682279a659cb"),
        ];
        for (scalar, text) in yes {
            assert!(scalar.fits(text), "{scalar:?} {text:?}");
        }
        for (scalar, text) in no {
            assert!(!scalar.fits(text), "{scalar:?} {text:?}");
        }
    }
}
