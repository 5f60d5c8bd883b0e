//! Times and sizes as people write them: `40s`, `30d`, `20GiB`.

use std::time::Duration;

/// Units of time in milliseconds, largest first.
const TIMES: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// Units of size in bytes.
const SIZES: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// `500ms`, `40s`, `2m`, `12h` or `30d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    measure(text, &TIMES).map(Duration::from_millis)
}

/// `1024B`, `512MiB` or `20GiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    measure(text, &SIZES)
}

/// The time in the largest unit in which it is whole.
pub(crate) fn in_words(time: Duration) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let whole = TIMES.iter().find(|(_, size)| millis > 0 && millis.is_multiple_of(*size));
    whole.map_or_else(|| "0s".into(), |(unit, size)| format!("{}{unit}", millis / size))
}

/// A whole number and its unit.
fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_whole_number_and_its_unit() {
        let seconds = |text| duration(text).map(|time| time.as_secs_f64());
        for (text, expected) in [
            ("500ms", Some(0.5)),
            ("40s", Some(40.0)),
            ("2m", Some(120.0)),
            ("12h", Some(43_200.0)),
            ("30d", Some(2_592_000.0)),
            ("0s", Some(0.0)),
            ("40", None),
            ("s", None),
            ("1.5s", None),
            ("-1s", None),
            ("3 weeks", None),
            ("99999999999999999999s", None),
            ("999999999999999999d", None),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_size_is_a_whole_number_and_its_unit() {
        for (text, expected) in [
            ("0B", Some(0)),
            ("512MiB", Some(512 << 20)),
            ("20GiB", Some(20 << 30)),
            ("20GB", None),
            ("20", None),
            ("99999999TiB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_time_is_told_in_its_largest_whole_unit() {
        for text in ["1ms", "1500ms", "40s", "2m", "12h", "30d", "0s"] {
            assert_eq!(in_words(duration(text).unwrap()), text);
        }
        assert_eq!(in_words(Duration::from_secs(3_600)), "1h");
    }
}
