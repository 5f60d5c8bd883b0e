//! Points in time as text.

use std::fmt;

use serde::{Serialize, Serializer};
use transload_domain::Timestamp;

/// A point in time as answers show it: RFC 3339, UTC, with microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rfc3339(pub(crate) Timestamp);

impl Rfc3339 {
    fn text(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0.as_micros()) {
            Ok(time) => format!("{time:.6}"),
            // Later or earlier than the calendar goes: `Timestamp::MAX` stands for "never".
            Err(_) if self.0 > Timestamp::EPOCH => "9999-12-31T23:59:59.999999Z".to_owned(),
            Err(_) => "0000-01-01T00:00:00.000000Z".to_owned(),
        }
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// The point in time that the text means, in RFC 3339; microseconds count.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok().filter(|_| is_rfc3339(text))?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

/// Whether the text is a time as RFC 3339 (section 5.6) writes it. ISO 8601 knows more forms; they are refused.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((date_time, rest)) = bytes.split_at_checked("2018-09-04T10:12:08".len()) else {
        return false;
    };
    let shape = |bytes: &[u8], shape: &[u8]| {
        bytes.len() == shape.len()
            && bytes.iter().zip(shape).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't'),
                b'Z' => matches!(byte, b'Z' | b'z'),
                b'+' => matches!(byte, b'+' | b'-'),
                other => byte == other,
            })
    };
    let zone = match rest.strip_prefix(b".") {
        None => rest,
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
    };
    shape(date_time, b"0000-00-00T00:00:00")
        && (shape(zone, b"Z") || shape(zone, b"+00:00"))
        && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_microseconds_in_utc() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_536_055_928_167_161, "2018-09-04T10:12:08.167161Z"),
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Rfc3339(Timestamp::from_micros(micros)).text(), expected);
        }
    }

    #[test]
    fn takes_rfc3339_and_nothing_else() {
        for good in [
            "2018-04-05T17:31:00Z",
            "2018-04-05t17:31:00z",
            "2018-04-05T03:56:24.123456789Z",
            "2018-04-05T03:56:24.1+02:00",
            "2018-04-05T03:56:24-00:30",
            "2024-02-29T00:00:00Z",
        ] {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "",
            "2018-04-05",
            "2018-04-05T17:31Z",
            "2018-04-05T17:31:00",
            "2018-04-05 17:31:00Z",
            "2018-04-05T17:31:00.Z",
            "2018-04-05T17:31:00+0200",
            "2018-04-05T17:31:00[Europe/Berlin]",
            "2018-13-05T17:31:00Z",
            "2023-02-29T00:00:00Z",
            "2018-04-05T25:31:00Z",
            "20180405T173100Z",
            "2018-04-05T17:31:00Zebra",
            "today",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }
}
