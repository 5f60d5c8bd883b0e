//! Durations as text: a whole number and a unit, as profiles write them.

use std::time::Duration;

/// The longest wait that may be written. Longer ones are no waits but forgotten deliveries.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The units, the largest first, in milliseconds.
const UNITS: [(u64, &str); 5] =
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];

/// A duration with the largest unit that gives a whole number: `5m`.
pub(crate) fn written(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fits = |(unit, _): &&(u64, &str)| millis >= *unit && millis.is_multiple_of(*unit);
    let (unit, name) = UNITS.iter().find(fits).unwrap_or(&(1, "ms"));
    format!("{}{name}", millis / unit)
}

/// The duration that is written so.
///
/// # Errors
/// When it is none, or longer than [`WAIT_MAX`]; in words that say how to write one.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &text[..text.len() - unit.len()];
    let known = UNITS.iter().find(|(_, name)| *name == unit);
    let millis = known.and_then(|(millis, _)| number.parse::<u64>().ok()?.checked_mul(*millis));
    millis.map(Duration::from_millis).filter(|duration| *duration <= WAIT_MAX).ok_or_else(|| {
        let max = written(WAIT_MAX);
        format!("write a whole number and ms, s, m, h or d, like \"5s\"; at most {max}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_largest_unit_that_is_whole() {
        for (millis, expected) in [
            (0, "0ms"),
            (250, "250ms"),
            (1_500, "1500ms"),
            (90_000, "90s"),
            (300_000, "5m"),
            (21_600_000, "6h"),
            (172_800_000, "2d"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(written(duration), expected);
            assert_eq!(parse(expected), Ok(duration));
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for bad in
            ["", "5", "s", "-5s", "1.5h", "5 s", "5sec", "31d", "99999999999999999999d", "5\u{e4}"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
