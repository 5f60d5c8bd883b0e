//! Days and hours of the Gregorian calendar.
//!
//! A library for this would bring the calendar's every corner, with 100 KB, into each plugin's module; what is needed
//! is to read RFC 3339 and to take an offset away. The tests compare it with a library's answers.

/// A point in time, as RFC 3339 writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// The digits behind the point, at most nine; may be empty.
    pub(crate) fraction: &'a str,
    /// Minutes to the east of UTC.
    offset: i64,
}

const MINUTES_PER_DAY: i64 = 24 * 60;
/// Bytes of a date and a time of day: `2015-08-13T09:33:07`.
const LOCAL_BYTES: usize = 19;
/// Digits of a second that are read: nanoseconds.
const FRACTION_DIGITS_MAX: usize = 9;

impl<'a> Parts<'a> {
    /// Reads RFC 3339, section 5.6, with upper-case letters and without leap seconds. A point in time before the year
    /// 0 or after 9999 in UTC could not be written, so it is not read.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (local, rest) = text.split_at_checked(LOCAL_BYTES)?;
        let [date, time] = fields(local, "dddd-dd-dd", "dd:dd:dd")?;
        let (fraction, offset) = match rest.strip_prefix('.') {
            None => ("", rest),
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                if !(1..=FRACTION_DIGITS_MAX).contains(&digits) {
                    return None;
                }
                rest.split_at(digits)
            }
        };
        let parts = Self {
            year: number(&date[..4]),
            month: number(&date[5..7]),
            day: number(&date[8..]),
            hour: number(&time[..2]),
            minute: number(&time[3..5]),
            second: number(&time[6..]),
            fraction,
            offset: minutes(offset)?,
        };
        let in_range = (1..=12).contains(&parts.month)
            && (1..=days_of_month(parts.year, parts.month)).contains(&parts.day)
            && parts.hour < 24
            && parts.minute < 60
            && parts.second < 60;
        (in_range && (0..=9999).contains(&parts.to_utc().year)).then_some(parts)
    }

    /// The same point in time in UTC.
    pub(crate) fn to_utc(self) -> Self {
        if self.offset == 0 {
            return self;
        }
        let day = day_number(self.year, self.month, self.day);
        let minute = self.hour * 60 + self.minute - self.offset;
        let (year, month, day) = date_of(day + minute.div_euclid(MINUTES_PER_DAY));
        let minute = minute.rem_euclid(MINUTES_PER_DAY);
        Self { year, month, day, hour: minute / 60, minute: minute % 60, offset: 0, ..self }
    }

    /// A point in time in UTC with this many digits of a second; further digits are cut off.
    pub(crate) fn written(self, fraction_digits: usize) -> String {
        let Self { year, month, day, hour, minute, second, fraction, offset: _ } = self;
        let local = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if fraction_digits == 0 {
            return local + "Z";
        }
        let fraction = &fraction[..fraction.len().min(fraction_digits)];
        format!("{local}.{fraction:0<fraction_digits$}Z")
    }
}

/// A date and a time of day with a `T` between them, where the forms fit; `d` stands for a digit.
fn fields<'a>(local: &'a str, date_form: &str, time_form: &str) -> Option<[&'a str; 2]> {
    let (date, time) = local.split_once('T')?;
    (fits(date, date_form) && fits(time, time_form)).then_some([date, time])
}

fn fits(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(t, f)| if f == b'd' { t.is_ascii_digit() } else { t == f })
}

/// The number that these digits are.
fn number(digits: &str) -> i64 {
    digits.bytes().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

/// The minutes of an offset: `Z`, `+02:00`, `-01:30`.
fn minutes(offset: &str) -> Option<i64> {
    let (sign, time) = match offset.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    if !fits(time, "dd:dd") {
        return None;
    }
    let (hour, minute) = (number(&time[..2]), number(&time[3..]));
    (hour < 24 && minute < 60).then_some(sign * (hour * 60 + minute))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_400_YEARS: i64 = 146_097;

/// Days from the first of March of the year 0. Counting years from March puts the leap day at their end.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let month = (month + 9) % 12;
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + days_before_month(month)
        + day
        - 1
}

/// Days of the months before this one, where March is 0: 31, 30, 31, 30, 31 days, and so on.
fn days_before_month(month: i64) -> i64 {
    (153 * month + 2) / 5
}

/// The date of a day by its number.
fn date_of(day_number: i64) -> (i64, i64, i64) {
    let era = day_number.div_euclid(DAYS_OF_400_YEARS);
    let day = day_number.rem_euclid(DAYS_OF_400_YEARS);
    // Take the leap days away, and years are equally long.
    let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let year = 400 * era + year + i64::from(month >= 10);
    (year, (month + 2) % 12 + 1, day - days_before_month(month) + 1)
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, ToSpan, civil::date};

    use super::*;

    #[test]
    fn every_day_of_800_years_has_a_number_and_back() {
        let mut day = date(1600, 1, 1);
        for number in day_number(1600, 1, 1).. {
            let (year, month, of_month) =
                (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()));
            assert_eq!(day_number(year, month, of_month), number, "{day}");
            assert_eq!(date_of(number), (year, month, of_month), "{day}");
            assert!(of_month <= days_of_month(year, month), "{day}");
            if year == 2400 {
                break;
            }
            day = day.checked_add(1.day()).unwrap();
        }
    }

    #[test]
    fn offsets_are_taken_away_as_a_library_does_it() {
        for day in
            ["0001-01-01", "1999-12-31", "2000-02-29", "2000-03-01", "2015-01-01", "9998-12-31"]
        {
            for offset in
                ["Z", "+00:00", "-00:00", "+02:00", "-01:30", "+14:00", "-23:59", "+23:59"]
            {
                for time in ["00:00:00", "12:34:56.789", "23:59:59.999999999"] {
                    let text = format!("{day}T{time}{offset}");
                    let library: Timestamp = text.parse().unwrap();
                    let ours = Parts::read(&text).unwrap().to_utc().written(9);
                    assert_eq!(ours, format!("{library:.9}"), "{text}");
                }
            }
        }
    }
}
