//! The ways in which a vendor's side can go wrong.

use std::{fmt, time::Duration};

use http::StatusCode;

use crate::config::{duration, in_words};

/// The longest that an answer may be kept waiting by `slow`.
const SLOW_MAX: Duration = Duration::from_secs(600);

/// One way in which an exchange goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is answered with another status.
    Status {
        /// Which.
        status: StatusCode,
        /// When the vendor wants to be asked again, where it says so.
        retry_after: Option<RetryAfter>,
    },
    /// The right answer comes this late.
    Slow(Duration),
    /// All access tokens are taken back before the request is looked at.
    RevokeToken,
    /// All access tokens have expired before the request is looked at, whatever was said about their life.
    ExpireToken,
    /// The token endpoint refuses the client's credentials.
    InvalidClient,
    /// The answer's body comes one byte a second and never ends.
    Drip,
    /// The answer's body has 1 GiB.
    Huge,
    /// It is answered with a redirect to another place here.
    Redirect,
    /// The connection is cut in the middle of the answer.
    Cut,
    /// There is no answer at all.
    Hang,
}

/// The two forms of `Retry-After` (RFC 9110, section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u32),
    /// A date so many seconds from now.
    Date(u32),
}

/// How each way is written, with what it does, for `--help`.
pub const WAYS: [(&str, &str); 12] = [
    ("500x3", "the next three answers are 500; any status from 201 to 599"),
    ("429:30x2", "two answers of 429 with Retry-After: 30"),
    ("503:date+30", "503 with Retry-After as a date 30 s from now"),
    ("slow:2s", "the right answer, two seconds late"),
    ("revoke-token", "every access token is taken back: 401 (doo, relocity)"),
    ("expire-token", "every access token has expired: 401 (doo, relocity)"),
    ("invalid-client", "the token endpoint refuses the client (doo, relocity)"),
    ("drip", "200, and a body of one byte a second without end"),
    ("huge", "200, and a body of 1 GiB"),
    ("redirect", "307 to another place"),
    ("cut", "the connection is cut in the middle of the answer"),
    ("hang", "no answer at all"),
];

impl Way {
    /// Reads a way without vendor and times.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').map_or((text, None), |(n, v)| (n, Some(v)));
        match (name, value) {
            ("slow", value) => {
                let found = value.and_then(duration).filter(|time| *time <= SLOW_MAX);
                found.map(Self::Slow).ok_or_else(|| {
                    format!("write a time behind it, like slow:2s, at most {}", in_words(SLOW_MAX))
                })
            }
            ("revoke-token", None) => Ok(Self::RevokeToken),
            ("expire-token", None) => Ok(Self::ExpireToken),
            ("invalid-client", None) => Ok(Self::InvalidClient),
            ("drip", None) => Ok(Self::Drip),
            ("huge", None) => Ok(Self::Huge),
            ("redirect", None) => Ok(Self::Redirect),
            ("cut", None) => Ok(Self::Cut),
            ("hang", None) => Ok(Self::Hang),
            (code, after) if !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()) => {
                let retry_after = after.map(RetryAfter::parse).transpose()?;
                Ok(Self::Status { status: status(code)?, retry_after })
            }
            _ => {
                let known = WAYS.map(|(example, _)| example).join(", ");
                Err(format!("there is no way `{text}`; there are {known}"))
            }
        }
    }

    /// Whether a value may stand behind this name, after a colon.
    pub(super) fn takes_value(name: &str) -> bool {
        name == "slow" || name.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it only makes sense where there is a token endpoint.
    pub(super) fn is_about_tokens(&self) -> bool {
        matches!(self, Self::RevokeToken | Self::ExpireToken | Self::InvalidClient)
    }
}

fn status(code: &str) -> Result<StatusCode, String> {
    let number = code.parse().unwrap_or(0);
    match StatusCode::from_u16(number) {
        Ok(StatusCode::OK) => Err("200 is what every vendor takes: it would be no failure".into()),
        Ok(status) if (201..600).contains(&number) => Ok(status),
        _ => Err("a status has three digits from 201 to 599".into()),
    }
}

impl RetryAfter {
    fn parse(text: &str) -> Result<Self, String> {
        let (form, digits): (fn(u32) -> Self, _) = match text.strip_prefix("date+") {
            Some(digits) => (Self::Date, digits),
            None => (Self::Seconds, text),
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number);
        number.map(form).ok_or_else(|| {
            "Retry-After is written as seconds (429:30) or as a date (429:date+30)".to_owned()
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, retry_after } => {
                write!(f, "{}", status.as_u16())?;
                match retry_after {
                    Some(RetryAfter::Seconds(seconds)) => write!(f, ":{seconds}"),
                    Some(RetryAfter::Date(seconds)) => write!(f, ":date+{seconds}"),
                    None => Ok(()),
                }
            }
            Self::Slow(time) => write!(f, "slow:{}", in_words(*time)),
            Self::RevokeToken => f.write_str("revoke-token"),
            Self::ExpireToken => f.write_str("expire-token"),
            Self::InvalidClient => f.write_str("invalid-client"),
            Self::Drip => f.write_str("drip"),
            Self::Huge => f.write_str("huge"),
            Self::Redirect => f.write_str("redirect"),
            Self::Cut => f.write_str("cut"),
            Self::Hang => f.write_str("hang"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_the_help_is_a_failure() {
        for (example, _) in WAYS {
            assert!(example.parse::<crate::sandbox::Failure>().is_ok(), "{example}");
        }
    }
}
