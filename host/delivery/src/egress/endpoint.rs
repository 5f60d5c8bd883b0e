//! Which endpoints a webhook may name.

use std::net::IpAddr;

use transload_domain::limits::ENDPOINT_BYTES_MAX;
use url::{Host, Url};

use super::{EgressPolicy, NoAddress, Refused};

/// Why a text cannot be an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is too long.
    #[error("an endpoint has at most {ENDPOINT_BYTES_MAX} bytes, this one has {0}")]
    TooLong(usize),
    /// It is no absolute URL.
    #[error(
        "not an absolute URL ({0}); write the whole address, like https://vendor.example/webhooks"
    )]
    NotAbsolute(url::ParseError),
    /// It is neither https nor http.
    #[error("the scheme is '{0}'; an endpoint is an https URL")]
    Scheme(String),
    /// It is http, and the configuration allows none.
    #[error(
        "plain http is not allowed; use https (http is only for networks that the configuration allows)"
    )]
    PlainHttp,
    /// It holds a user name or a password.
    #[error(
        "an endpoint has no user name or password in it; use the webhook's authentication instead"
    )]
    UserInfo,
    /// It holds a fragment.
    #[error("an endpoint has no fragment ('#...'): it is never sent")]
    Fragment,
    /// Its port is 0.
    #[error("nothing listens on port 0")]
    Port,
    /// It is a URL, and yet nothing that HTTP can name.
    #[error("HTTP cannot name this endpoint; percent-encode its unusual characters")]
    NotHttp,
    /// Its address is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Its name leads to a refused address.
    #[error(transparent)]
    Name(NoAddress),
}

impl EgressPolicy {
    /// Checks an endpoint as text: an absolute https URL (http only where the configuration allows it) without user
    /// name, password or fragment. An address in any spelling that a URL allows (`127.1`, `0x7f000001`, `[::1]`) is
    /// checked at once; a name is checked each time that it is resolved.
    ///
    /// # Errors
    /// In words for the person who made the webhook.
    pub fn check_endpoint(&self, url: &str) -> Result<Url, EndpointError> {
        if url.len() > ENDPOINT_BYTES_MAX {
            return Err(EndpointError::TooLong(url.len()));
        }
        let url = Url::parse(url).map_err(EndpointError::NotAbsolute)?;
        let plain = match url.scheme() {
            "https" => false,
            "http" if self.allows_http() => true,
            "http" => return Err(EndpointError::PlainHttp),
            other => return Err(EndpointError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        if url.port() == Some(0) {
            return Err(EndpointError::Port);
        }
        match literal(&url) {
            Some(address) if plain => self.check_plain_address(address)?,
            Some(address) => self.check_address(address)?,
            None => {}
        }
        Ok(url)
    }
}

/// The address that a URL names without a name.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(policy: &EgressPolicy, url: &str) -> String {
        match policy.check_endpoint(url) {
            Ok(url) => url.to_string(),
            Err(EndpointError::Refused(Refused::Network { network, .. })) => network.to_owned(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn endpoints_are_absolute_https_urls_to_public_places() {
        let policy = EgressPolicy::default();
        for (url, expected) in [
            ("https://vendor.example/hook/?a=1", "https://vendor.example/hook/?a=1"),
            ("https://8.8.8.8:8443/", "https://8.8.8.8:8443/"),
            ("http://vendor.example/", "PlainHttp"),
            ("ftp://vendor.example/", "Scheme(\"ftp\")"),
            ("/hook", "NotAbsolute(RelativeUrlWithoutBase)"),
            ("https://", "NotAbsolute(EmptyHost)"),
            ("https://me@vendor.example/", "UserInfo"),
            ("https://:secret@vendor.example/", "UserInfo"),
            ("https://vendor.example/#part", "Fragment"),
            ("https://vendor.example:0/", "Port"),
            ("https://127.0.0.1/", "a loopback network"),
            ("https://127.1/", "a loopback network"),
            ("https://2130706433/", "a loopback network"),
            ("https://0x7f.0.0.1/", "a loopback network"),
            ("https://0177.0.0.1/", "a loopback network"),
            ("https://127.0.0.1./", "a loopback network"),
            ("https://%31%32%37.0.0.1/", "a loopback network"),
            ("https://①②⑦.0.0.1/", "a loopback network"),
            ("https://[::1]/", "a loopback network"),
            ("https://[::ffff:10.0.0.1]/", "IPv4 inside IPv6 (mapped)"),
            ("https://169.254.169.254/latest", "a link-local network"),
        ] {
            assert_eq!(outcome(&policy, url), expected, "{url}");
        }
    }

    #[test]
    fn http_is_for_allowed_networks() {
        let policy = EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], true);
        assert_eq!(outcome(&policy, "http://127.0.0.1:8080/x"), "http://127.0.0.1:8080/x");
        // A name is decided when it is resolved.
        assert_eq!(outcome(&policy, "http://localhost:8080/x"), "http://localhost:8080/x");
        assert!(outcome(&policy, "http://8.8.8.8/").contains("PlainHttp"));
    }

    #[test]
    fn a_long_endpoint_is_refused() {
        let url = format!("https://vendor.example/{}", "x".repeat(ENDPOINT_BYTES_MAX));
        assert_eq!(
            EgressPolicy::default().check_endpoint(&url),
            Err(EndpointError::TooLong(url.len()))
        );
    }
}
