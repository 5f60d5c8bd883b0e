//! Placeholders in a text.

use std::fmt;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// It stands for itself.
    Literal(&'a str),
    /// A value comes here.
    Placeholder(Placeholder<'a>),
}

/// A name, and the place in what has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placeholder<'a> {
    /// An upper-case name: `DATA`.
    pub(crate) name: &'a str,
    /// A JSON Pointer, empty for the whole.
    pub(crate) pointer: &'a str,
}

impl fmt::Display for Placeholder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}{}%", self.name, self.pointer)
    }
}

/// Divides a text into its parts.
pub(crate) fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some(at) = text.find('%') {
        let (before, from) = text.split_at(at);
        if !before.is_empty() {
            parts.push(Part::Literal(before));
        }
        let (part, length) = match first(from) {
            Some(placeholder) => {
                let length = 2 + placeholder.name.len() + placeholder.pointer.len();
                (Part::Placeholder(placeholder), length)
            }
            None if from.starts_with("%%") => (Part::Literal("%"), 2),
            None => (Part::Literal("%"), 1),
        };
        parts.push(part);
        text = &from[length..];
    }
    if !text.is_empty() {
        parts.push(Part::Literal(text));
    }
    parts
}

/// The placeholder with which a text begins.
fn first(text: &str) -> Option<Placeholder<'_>> {
    let (inside, _) = text.strip_prefix('%')?.split_once('%')?;
    let (name, pointer) = inside.split_at(inside.find('/').unwrap_or(inside.len()));
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    is_name.then_some(Placeholder { name, pointer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(name: &'a str, pointer: &'a str) -> Part<'a> {
        Part::Placeholder(Placeholder { name, pointer })
    }

    #[test]
    fn a_text_is_divided_at_its_placeholders() {
        use Part::Literal;
        for (text, expected) in [
            ("", vec![]),
            ("plain", vec![Literal("plain")]),
            ("%EVENT_ID%", vec![value("EVENT_ID", "")]),
            ("a %ID% b", vec![Literal("a "), value("ID", ""), Literal(" b")]),
            ("%ID%%TYPE%", vec![value("ID", ""), value("TYPE", "")]),
            ("%DATA/a b/0%", vec![value("DATA", "/a b/0")]),
            ("100%%", vec![Literal("100"), Literal("%")]),
            ("%%ID%%", vec![Literal("%"), Literal("ID"), Literal("%")]),
            ("50% of ID%", vec![Literal("50"), Literal("%"), Literal(" of ID"), Literal("%")]),
            ("%id%", vec![Literal("%"), Literal("id"), Literal("%")]),
            ("%ä%ID%", vec![Literal("%"), Literal("ä"), value("ID", "")]),
            ("%", vec![Literal("%")]),
        ] {
            assert_eq!(parts(text), expected, "{text:?}");
        }
    }
}
