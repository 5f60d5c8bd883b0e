//! Lists in pieces: `limit` and `cursor`.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

use crate::problem::{Kind, Problem};

/// Records of a page, where nothing is said.
const LIMIT_DEFAULT: usize = 50;
/// Records of a page at most.
const LIMIT_MAX: usize = 200;
/// Bytes of a cursor at most; ours are far shorter.
const CURSOR_BYTES_MAX: usize = 4_096;

/// A query string's members. Unknown ones are refused, so that a misspelt filter is not a filter left out.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => Err(Problem::new(Kind::InvalidRequest, rejection.body_text())),
        }
    }
}

/// Which piece of a list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageParams {
    limit: Option<String>,
    cursor: Option<String>,
}

/// How many records a page is to have.
pub(crate) fn limit(asked: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = asked else { return Ok(LIMIT_DEFAULT) };
    match text.parse() {
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => {
            let detail = format!("limit must be a number from 1 to {LIMIT_MAX}");
            Err(Problem::new(Kind::InvalidRequest, detail))
        }
    }
}

/// The bytes inside a cursor.
pub(crate) fn decode(cursor: Option<&str>) -> Result<Option<Vec<u8>>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    if cursor.len() > CURSOR_BYTES_MAX {
        return Err(bad_cursor());
    }
    URL_SAFE_NO_PAD.decode(cursor).map(Some).map_err(|_| bad_cursor())
}

/// A cursor with these bytes inside.
pub(crate) fn encode(bytes: Vec<u8>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 400: the cursor is not one of ours, or of another list.
pub(crate) fn bad_cursor() -> Problem {
    let detail = "use the `next` of a former page of the same list as it is, or leave cursor out";
    Problem::new(Kind::InvalidCursor, detail)
}

impl PageParams {
    /// How many, and from where.
    pub(crate) fn read(&self) -> Result<(usize, Option<Vec<u8>>), Problem> {
        Ok((limit(self.limit.as_deref())?, decode(self.cursor.as_deref())?))
    }
}
