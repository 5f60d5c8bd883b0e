//! Where in a JSON document something is.

use std::fmt;

use serde_path_to_error::{Path, Segment};

/// A JSON Pointer (RFC 6901) in the fragment form that problem details use (RFC 9457): `#/hooks/0/endpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self("#".to_owned())
    }

    /// A member of this object.
    #[must_use]
    pub(crate) fn member(&self, name: &str) -> Self {
        let mut text = format!("{}/", self.0);
        for byte in name.bytes() {
            match byte {
                b'~' => text.push_str("~0"),
                b'/' => text.push_str("~1"),
                _ if byte.is_ascii_alphanumeric() || b"-._!$&'()*+,;=:@?".contains(&byte) => {
                    text.push(char::from(byte));
                }
                // What a fragment cannot hold is percent-encoded (RFC 6901, section 6).
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
        Self(text)
    }

    /// An item of this array.
    #[must_use]
    pub(crate) fn item(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }

    /// Where a deserializer stopped.
    pub(crate) fn of_path(path: &Path) -> Self {
        path.iter().fold(Self::root(), |at, segment| match segment {
            Segment::Seq { index } => at.item(*index),
            Segment::Map { key } => at.member(key),
            Segment::Enum { variant } => at.member(variant),
            Segment::Unknown => at,
        })
    }

    /// This pointer, and then the plain pointer `tail` (`/a/0`), whose parts are escaped anew for a fragment.
    #[must_use]
    pub(crate) fn then(&self, tail: &str) -> Self {
        let parts = tail.split('/').skip(1);
        let plain = |part: &str| part.replace("~1", "/").replace("~0", "~");
        parts.fold(self.clone(), |at, part| at.member(&plain(part)))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_for_a_fragment() {
        let root = Pointer::root();
        for (name, expected) in [
            ("type", "#/type"),
            ("a/b~c", "#/a~1b~0c"),
            ("Bank deposit", "#/Bank%20deposit"),
            ("ä\"", "#/%C3%A4%22"),
            ("", "#/"),
        ] {
            assert_eq!(root.member(name).to_string(), expected);
        }
        assert_eq!(root.item(3).member("id").to_string(), "#/3/id");
        assert_eq!(root.member("settings").then("/a~1b/0").to_string(), "#/settings/a~1b/0");
        assert_eq!(root.member("settings").then("").to_string(), "#/settings");
    }
}
