//! Which revision of a thing an answer shows, and which one a change is meant for (RFC 9110, sections 8.8.3 and 13.1.1).

use axum::http::{HeaderMap, HeaderValue, header};
use transload_store::Revision;

use crate::problem::{Kind, Problem};

/// The revisions for which a request is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whatever it is.
    Any,
    /// One of these.
    Revisions(Vec<Revision>),
}

/// Tags of one `If-Match` that are read; a client that knows a thing names one.
const TAGS_MAX: usize = 16;

/// The entity tag of that revision.
pub(crate) fn etag(revision: Revision) -> HeaderValue {
    // A number in quotes is always a header's value.
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

impl IfMatch {
    /// What `If-Match` says; [`IfMatch::Any`] where it is absent or `*`. A tag that is not one of ours (weak ones
    /// never match) is a revision that no longer is.
    ///
    /// # Errors
    /// 400 when the header is no list of entity tags.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut revisions = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let text = value.to_str().map_err(|_| malformed())?.trim();
            if text == "*" {
                return Ok(Self::Any);
            }
            for tag in text.split(',').map(str::trim) {
                let strong = tag.strip_prefix("W/").unwrap_or(tag);
                let inner = strong.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                let inner = inner.ok_or_else(malformed)?;
                let weak = strong.len() != tag.len();
                revisions.push(inner.parse().ok().filter(|_| !weak).unwrap_or(0));
            }
            if revisions.len() > TAGS_MAX {
                return Err(malformed());
            }
        }
        if revisions.is_empty() { Ok(Self::Any) } else { Ok(Self::Revisions(revisions)) }
    }

    /// Demands that the thing is at one of these revisions.
    ///
    /// # Errors
    /// 412.
    pub(crate) fn check(&self, revision: Revision) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Revisions(wanted) if wanted.contains(&revision) => Ok(()),
            Self::Revisions(_) => {
                let detail = "somebody changed it since its etag was read; get it again, and send the \
                              change with the new etag in If-Match";
                Err(Problem::new(Kind::PreconditionFailed, detail)
                    .header(header::ETAG, etag(revision)))
            }
        }
    }
}

fn malformed() -> Problem {
    let detail = "If-Match takes the etag of a former answer as it is, like \"7\" with its quotes";
    Problem::new(Kind::InvalidRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_names_revisions() {
        for (value, expected) in [
            (None, Some(IfMatch::Any)),
            (Some("*"), Some(IfMatch::Any)),
            (Some("\"7\""), Some(IfMatch::Revisions(vec![7]))),
            (Some("\"7\", \"8\""), Some(IfMatch::Revisions(vec![7, 8]))),
            // Weak tags and those of others match nothing: no revision is 0.
            (Some("W/\"7\""), Some(IfMatch::Revisions(vec![0]))),
            (Some("\"abc\""), Some(IfMatch::Revisions(vec![0]))),
            (Some("7"), None),
            (Some(""), None),
            (Some("\"7"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
            }
            assert_eq!(IfMatch::of(&headers).ok(), expected, "{value:?}");
        }
        assert!(IfMatch::Revisions(vec![7]).check(7).is_ok());
        assert!(IfMatch::Revisions(vec![7]).check(8).is_err());
        assert_eq!(etag(7), "\"7\"");
    }
}
