//! JSON that goes out, and JSON objects that come in.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    body,
    budget::Budget,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
};

/// A JSON answer. Unlike axum's, it answers with problem details when a value cannot be written.
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => {
                let mut response = Response::new(Body::from(text));
                let kind = HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
                response
            }
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Reads a body of at most `max` bytes as JSON of this shape.
///
/// # Errors
/// 415 when it is not said to be JSON, 413 when it is too long, 400 when it is not JSON, and a problem of `kind`
/// with a pointer when it has another shape.
pub(crate) async fn read<T: DeserializeOwned>(
    budget: &Budget,
    headers: &HeaderMap,
    body: Body,
    max: usize,
    what: &str,
    kind: Kind,
) -> Result<T, Problem> {
    body::require_json(headers)?;
    let read = body::read(budget, headers, body, max, what).await?;
    parse(&read.bytes, kind)
}

/// The same, where a body that is left out means the default.
pub(crate) async fn read_or_default<T: DeserializeOwned + Default>(
    budget: &Budget,
    headers: &HeaderMap,
    body: Body,
    max: usize,
    what: &str,
    kind: Kind,
) -> Result<T, Problem> {
    let read = body::read(budget, headers, body, max, what).await?;
    if read.bytes.is_empty() {
        return Ok(T::default());
    }
    body::require_json(headers)?;
    parse(&read.bytes, kind)
}

/// Takes bytes as JSON of this shape.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8], kind: Kind) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = Pointer::of_path(error.path());
        let inner = error.inner();
        if inner.is_data() {
            Problem::of_input(kind, vec![InputError::new(pointer, masked(&inner.to_string()))])
        } else {
            Problem::new(Kind::InvalidRequest, format!("the body is not sound JSON: {inner}"))
        }
    })?;
    deserializer.end().map_err(|error| {
        Problem::new(Kind::InvalidRequest, format!("the body is not sound JSON: {error}"))
    })?;
    Ok(parsed)
}

/// The message without the text that was found where something else was expected: it may be a secret in a wrong place.
fn masked(message: &str) -> String {
    match (message.find("string \""), message.rfind("\", expected")) {
        (Some(from), Some(to)) if from < to => {
            format!("{}a string{}", &message[..from], &message[to + 1..])
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_a_wrong_place_is_not_repeated() {
        for text in [r#""hunter2""#, r#""hunter2\", expected x""#, r#""""#] {
            let error = serde_json::from_str::<Vec<u8>>(text).unwrap_err().to_string();
            let masked = masked(&error);
            assert!(!masked.contains("hunter2"), "{masked}");
            assert!(masked.starts_with("invalid type: a string, expected a sequence"), "{masked}");
        }
        let number = serde_json::from_str::<String>("7").unwrap_err().to_string();
        assert_eq!(masked(&number), number);
    }
}
