//! What is to go wrong, as a person writes it: `[<vendor>[/token]:]<way>[x<times>]`.

use std::{fmt, str::FromStr};

use super::{Vendor, way::Way};

/// The most that one failure may be repeated by a number; `x*` has no end.
const TIMES_MAX: u32 = 1_000_000;

/// Something that is to go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose side it is for; none is every vendor's.
    pub vendor: Option<Vendor>,
    /// Which of its endpoints.
    pub target: Target,
    /// What goes wrong.
    pub way: Way,
    /// For how many requests; none is for all that come.
    pub times: Option<u32>,
}

/// One of a vendor's endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Where deliveries go.
    Delivery,
    /// Where access tokens are fetched.
    Token,
}

/// A failure that cannot be, in one sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{spec}` is no failure: {words}")]
pub struct FailureError {
    spec: String,
    words: String,
}

impl FromStr for Failure {
    type Err = FailureError;

    fn from_str(spec: &str) -> Result<Self, FailureError> {
        read(spec).map_err(|words| FailureError { spec: spec.to_owned(), words })
    }
}

fn read(spec: &str) -> Result<Failure, String> {
    let (text, times) = without_times(spec)?;
    let (vendor, wanted, way) = match text.split_once(':') {
        Some((place, way)) if !Way::takes_value(place) => {
            let (vendor, target) = place_of(place)?;
            (Some(vendor), target, Way::parse(way)?)
        }
        _ => (None, Target::Delivery, Way::parse(text)?),
    };
    let target = match way {
        Way::InvalidClient => Target::Token,
        _ => wanted,
    };
    let failure = Failure { vendor, target, way, times };
    if let Some(vendor) = vendor
        && !vendor.issues_tokens()
        && (target == Target::Token || failure.way.is_about_tokens())
    {
        return Err(format!("{vendor} has no token endpoint here; doo and relocity have"));
    }
    if target == Target::Token && matches!(failure.way, Way::RevokeToken | Way::ExpireToken) {
        return Err("tokens are refused where deliveries go; leave out `/token`".to_owned());
    }
    Ok(failure)
}

/// What stands in front of the times, and the times.
fn without_times(text: &str) -> Result<(&str, Option<u32>), String> {
    let Some((front, times)) = text.rsplit_once('x') else { return Ok((text, Some(1))) };
    if times == "*" {
        return Ok((front, None));
    }
    if times.is_empty() || !times.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((text, Some(1)));
    }
    match times.parse() {
        Ok(number) if (1..=TIMES_MAX).contains(&number) => Ok((front, Some(number))),
        _ => Err(format!("it can be repeated x1 to x{TIMES_MAX}, or x* without end")),
    }
}

/// `doo` or `doo/token`.
fn place_of(place: &str) -> Result<(Vendor, Target), String> {
    let (name, target) = match place.split_once('/') {
        Some((name, "token")) => (name, Target::Token),
        Some((_, other)) => {
            return Err(format!("behind a vendor there is `/token` and no `/{other}`"));
        }
        None => (place, Target::Delivery),
    };
    let vendor = Vendor::parse(name).ok_or_else(|| {
        let known = Vendor::ALL.map(Vendor::as_str).join(", ");
        format!("there is no vendor `{name}`; there are {known}")
    })?;
    Ok((vendor, target))
}

impl Failure {
    /// Whether it is for this endpoint.
    pub(super) fn is_for(&self, vendor: Vendor, target: Target) -> bool {
        let about_tokens = self.way.is_about_tokens();
        self.target == target
            && self.vendor.is_none_or(|wanted| wanted == vendor)
            && (!about_tokens || vendor.issues_tokens())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(vendor) = self.vendor {
            let implied = self.way == Way::InvalidClient;
            let token = if self.target == Target::Token && !implied { "/token" } else { "" };
            write!(f, "{vendor}{token}:")?;
        }
        write!(f, "{}", self.way)?;
        match self.times {
            Some(1) => Ok(()),
            Some(times) => write!(f, "x{times}"),
            None => f.write_str("x*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;
    use crate::sandbox::way::RetryAfter;

    fn status(code: u16, retry_after: Option<RetryAfter>) -> Way {
        Way::Status { status: StatusCode::from_u16(code).unwrap(), retry_after }
    }

    #[test]
    fn every_way_is_read_and_shown_as_it_was_written() {
        let (delivery, token) = (Target::Delivery, Target::Token);
        let after = |seconds| Some(RetryAfter::Seconds(seconds));
        let doo = Some(Vendor::Doo);
        let cases = [
            ("500x3", None, delivery, status(500, None), Some(3)),
            ("429:30x2", None, delivery, status(429, after(30)), Some(2)),
            ("503:date+30", None, delivery, status(503, Some(RetryAfter::Date(30))), Some(1)),
            ("204x*", None, delivery, status(204, None), None),
            ("doo:500x3", doo, delivery, status(500, None), Some(3)),
            ("doo:429:30", doo, delivery, status(429, after(30)), Some(1)),
            ("doo/token:503x2", doo, token, status(503, None), Some(2)),
            ("slow:2s", None, delivery, Way::Slow(Duration::from_secs(2)), Some(1)),
            ("doo:slow:500msx4", doo, delivery, Way::Slow(Duration::from_millis(500)), Some(4)),
            ("revoke-token", None, delivery, Way::RevokeToken, Some(1)),
            ("doo:expire-tokenx2", doo, delivery, Way::ExpireToken, Some(2)),
            ("invalid-client", None, token, Way::InvalidClient, Some(1)),
            ("doo:invalid-clientx*", doo, token, Way::InvalidClient, None),
            ("drip", None, delivery, Way::Drip, Some(1)),
            ("huge", None, delivery, Way::Huge, Some(1)),
            ("redirect", None, delivery, Way::Redirect, Some(1)),
            ("cut", None, delivery, Way::Cut, Some(1)),
            ("hangx*", None, delivery, Way::Hang, None),
        ];
        for (spec, vendor, target, way, times) in cases {
            let read: Failure = spec.parse().unwrap();
            assert_eq!(read, Failure { vendor, target, way, times }, "{spec}");
            assert_eq!(read.to_string(), spec);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        for (spec, words) in [
            ("", "there is no way ``"),
            ("dance", "there is no way `dance`; there are"),
            ("200", "would be no failure"),
            ("99", "three digits from 201 to 599"),
            ("600", "three digits from 201 to 599"),
            ("500x0", "x1 to x1000000"),
            ("500x99999999999", "x1 to x1000000"),
            ("429:soon", "Retry-After"),
            ("429:date+", "Retry-After"),
            ("slow", "slow:2s"),
            ("slow:soon", "slow:2s"),
            ("slow:11m", "at most 10m"),
            ("acme:500", "there is no vendor `acme`; there are readycloud, corrigopro"),
            ("doo/tokens:500", "there is `/token` and no `/tokens`"),
            ("readycloud/token:500", "readycloud has no token endpoint"),
            ("corrigopro:revoke-token", "corrigopro has no token endpoint"),
            ("corrigopro:invalid-client", "corrigopro has no token endpoint"),
            ("doo/token:revoke-token", "leave out `/token`"),
        ] {
            let error = spec.parse::<Failure>().unwrap_err().to_string();
            assert!(error.contains(words), "{spec}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_failure_is_for_its_vendor_and_its_endpoint() {
        let is_for =
            |spec: &str, vendor, target| spec.parse::<Failure>().unwrap().is_for(vendor, target);
        assert!(is_for("500", Vendor::ReadyCloud, Target::Delivery));
        assert!(!is_for("500", Vendor::Doo, Target::Token));
        assert!(is_for("doo/token:500", Vendor::Doo, Target::Token));
        assert!(!is_for("doo/token:500", Vendor::Relocity, Target::Token));
        assert!(is_for("invalid-client", Vendor::Relocity, Target::Token));
        assert!(!is_for("revoke-token", Vendor::ReadyCloud, Target::Delivery));
        assert!(is_for("revoke-token", Vendor::Doo, Target::Delivery));
    }
}
