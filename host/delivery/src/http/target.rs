//! Where a request goes: the hook's endpoint, and what the plugin appends to it.

use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use transload_domain::{SendFailure, SendFailureKind};
use url::Url;

use super::outgoing::unsendable;
use crate::{
    egress::{EgressPolicy, EndpointError},
    recent::Recent,
};

/// Endpoints whose check is remembered. Each takes some hundred bytes; one more check takes some microseconds.
const ENDPOINTS_MAX: usize = 8_192;

/// The endpoints that were used lately, checked.
pub(super) struct Endpoints {
    egress: Arc<EgressPolicy>,
    checked: Mutex<Recent<String, Arc<Endpoint>>>,
}

struct Endpoint {
    url: Url,
    uri: Uri,
}

impl Endpoints {
    pub(super) fn new(egress: Arc<EgressPolicy>) -> Self {
        Self { egress, checked: Mutex::new(Recent::new(ENDPOINTS_MAX)) }
    }

    /// The endpoint with the request's path appended, before the endpoint's own query. Where one ends and the other
    /// begins with a slash, one slash remains. A path cannot lead out of the endpoint.
    pub(super) fn target(&self, endpoint: &str, path: &str) -> Result<Uri, SendFailure> {
        let endpoint = self.endpoint(endpoint).map_err(|error| refused("endpoint", &error))?;
        if path.is_empty() {
            Ok(endpoint.uri.clone())
        } else {
            uri(&appended(&endpoint.url, path)?)
        }
    }

    /// A token endpoint, which nothing is appended to.
    pub(super) fn token_endpoint(&self, endpoint: &str) -> Result<Uri, SendFailure> {
        let endpoint =
            self.endpoint(endpoint).map_err(|error| refused("token endpoint", &error))?;
        Ok(endpoint.uri.clone())
    }

    fn endpoint(&self, text: &str) -> Result<Arc<Endpoint>, EndpointError> {
        let known = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = known().get(text) {
            return Ok(endpoint);
        }
        let url = self.egress.check_endpoint(text)?;
        let uri = url.as_str().parse().map_err(|_| EndpointError::NotHttp)?;
        let endpoint = Arc::new(Endpoint { url, uri });
        known().insert(text.to_owned(), Arc::clone(&endpoint));
        Ok(endpoint)
    }
}

fn appended(endpoint: &Url, path: &str) -> Result<Url, SendFailure> {
    let mut target = endpoint.clone();
    let (path, query) =
        path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    if !path.is_empty() {
        let base = endpoint.path().trim_end_matches('/');
        target.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        if !target.path().starts_with(&format!("{base}/")) {
            return Err(unsendable("its path leads out of the endpoint"));
        }
    }
    if let Some(query) = query {
        let both = endpoint.query().map_or(query.to_owned(), |own| format!("{own}&{query}"));
        target.set_query(Some(&both));
    }
    Ok(target)
}

fn uri(url: &Url) -> Result<Uri, SendFailure> {
    url.as_str().parse().map_err(|error| unsendable(&format!("its target is no URI ({error})")))
}

fn refused(what: &str, error: &EndpointError) -> SendFailure {
    let kind = match error {
        EndpointError::Refused(_) | EndpointError::Name(_) | EndpointError::PlainHttp => {
            SendFailureKind::Refused
        }
        _ => SendFailureKind::Unsendable,
    };
    SendFailure { kind, detail: format!("the {what} cannot be used: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_appended_to_the_endpoint_and_stays_within_it() {
        let endpoints = Endpoints::new(Arc::default());
        for (endpoint, path, expected) in [
            ("https://v.example", "", Some("https://v.example/")),
            ("https://v.example/hook", "", Some("https://v.example/hook")),
            ("https://v.example/hook/", "", Some("https://v.example/hook/")),
            ("https://v.example/hook", "/5", Some("https://v.example/hook/5")),
            ("https://v.example/hook/", "/5", Some("https://v.example/hook/5")),
            ("https://v.example/hook?k=1", "/5/", Some("https://v.example/hook/5/?k=1")),
            ("https://v.example/hook?k=1", "?a=2", Some("https://v.example/hook?k=1&a=2")),
            ("https://v.example/hook", "/5?a=2", Some("https://v.example/hook/5?a=2")),
            ("https://v.example/hook", "/a#b", Some("https://v.example/hook/a%23b")),
            ("https://v.example/hook", "/../admin", None),
            ("https://v.example/hook", "/%2e%2e/admin", None),
            ("https://v.example/hook", "/../hook2", None),
        ] {
            // The second time it is known.
            for _ in 0..2 {
                let target = endpoints.target(endpoint, path).map(|uri| uri.to_string());
                assert_eq!(target.ok().as_deref(), expected, "{endpoint} {path}");
            }
        }
    }
}
