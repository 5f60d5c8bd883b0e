//! Patterns for event types.

use std::fmt;

/// An event type, or a family of them: `order.created`, `order.*`, `*`.
///
/// A final `*` stands for one or more dotted parts; it stands nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(Box<str>);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an event type pattern: write a type like 'order.created', a family like 'order.*', or '*'"
)]
pub struct InvalidPattern(String);

impl Pattern {
    /// Takes the text as a pattern.
    ///
    /// # Errors
    /// When it is empty, has an empty part, or a `*` that is not its last part.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        let parts: Vec<&str> = text.split('.').collect();
        let last = parts.len() - 1;
        let good = |(at, part): (usize, &&str)| {
            !part.is_empty() && (!part.contains('*') || (at == last && *part == "*"))
        };
        if parts.iter().enumerate().all(good) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidPattern(text.to_owned()))
        }
    }

    /// Whether an event of this type is meant.
    pub fn matches(&self, event_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => event_type.len() > prefix.len() && event_type.starts_with(prefix),
            None => event_type == &*self.0,
        }
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_types_and_families() {
        for (pattern, event_type, expected) in [
            ("order.created", "order.created", true),
            ("order.created", "order.created.late", false),
            ("order.*", "order.created", true),
            ("order.*", "order.created.late", true),
            ("order.*", "order", false),
            ("order.*", "order.", false),
            ("order.*", "orders.created", false),
            ("*", "anything", true),
        ] {
            let matches = Pattern::new(pattern).unwrap().matches(event_type);
            assert_eq!(matches, expected, "{pattern} {event_type}");
        }
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for bad in ["", ".", "order.", "*.created", "or*", "order.**"] {
            assert!(Pattern::new(bad).is_err(), "{bad:?}");
        }
    }
}
