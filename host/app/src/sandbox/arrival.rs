//! A request as it arrived, and what is wrong with it.

use std::fmt::Display;

use http::{Method, StatusCode};
use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) method: Method,
    /// Behind the vendor's prefix, without a leading `/`.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What is wrong with a request, in words, and the status of the first fault.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    status: Option<StatusCode>,
    words: Vec<String>,
}

impl Arrival {
    /// The values of a header.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }

    /// Demands that the header is there once, with exactly this value.
    pub(super) fn demand_header(
        &self,
        name: &str,
        wanted: &str,
        status: StatusCode,
        complaints: &mut Complaints,
    ) {
        if let Some(found) = self.single_header(name, status, complaints)
            && found != wanted
        {
            complaints.add(status, format_args!("{name} is {found:?} and must be {wanted:?}"));
        }
    }

    /// The header's value; complains where it is absent or repeated.
    pub(super) fn single_header<'a>(
        &'a self,
        name: &'a str,
        status: StatusCode,
        complaints: &mut Complaints,
    ) -> Option<&'a str> {
        let mut values = self.header(name);
        match (values.next(), values.next()) {
            (Some(one), None) => return Some(one),
            (None, _) => complaints.add(status, format_args!("the header {name} is missing")),
            (Some(_), Some(_)) => {
                complaints.add(status, format_args!("the header {name} is repeated"));
            }
        }
        None
    }

    /// Demands the method.
    pub(super) fn demand_method(&self, wanted: &Method, complaints: &mut Complaints) {
        if self.method != wanted {
            let words = format_args!("the method is {} and must be {wanted}", self.method);
            complaints.add(StatusCode::METHOD_NOT_ALLOWED, words);
        }
    }

    /// Demands `Content-Type: application/json`, and nothing behind it.
    pub(super) fn demand_json(&self, complaints: &mut Complaints) {
        let (name, json) = ("Content-Type", "application/json");
        self.demand_header(name, json, StatusCode::UNSUPPORTED_MEDIA_TYPE, complaints);
    }

    /// The body as JSON; complains where it is none.
    pub(super) fn json(&self, complaints: &mut Complaints) -> Option<Value> {
        match serde_json::from_slice(&self.body) {
            Ok(value) => Some(value),
            Err(error) => {
                complaints
                    .add(StatusCode::BAD_REQUEST, format_args!("the body is no JSON: {error}"));
                None
            }
        }
    }
}

impl Complaints {
    pub(super) fn add(&mut self, status: StatusCode, words: impl Display) {
        self.status.get_or_insert(status);
        self.words.push(words.to_string());
    }

    /// The answer's status: 200, or that of the first fault.
    pub(super) fn status(&self) -> StatusCode {
        self.status.unwrap_or(StatusCode::OK)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    pub(super) fn into_words(self) -> Vec<String> {
        self.words
    }
}
