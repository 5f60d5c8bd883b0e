//! What is wrong with a definition, collected as it is read.

use crate::{pointer::Pointer, problem::InputError};

/// Faults of the members of one object of the definition.
pub(super) struct Faults {
    at: Pointer,
    found: Vec<InputError>,
}

impl Faults {
    /// None yet, of the object at that place.
    pub(super) fn at(at: Pointer) -> Self {
        Self { at, found: Vec::new() }
    }

    /// The place of a member of the object.
    pub(super) fn place(&self, member: &str) -> Pointer {
        self.at.member(member)
    }

    /// Notes a fault of a member.
    pub(super) fn member(&mut self, member: &str, detail: impl Into<String>) {
        self.add(self.place(member), detail);
    }

    /// Notes a fault of the object as a whole.
    pub(super) fn whole(&mut self, detail: impl Into<String>) {
        self.add(self.at.clone(), detail);
    }

    /// Notes a fault at that place.
    pub(super) fn add(&mut self, at: Pointer, detail: impl Into<String>) {
        self.found.push(InputError::new(at, detail));
    }

    /// Notes a member whose text is too short, too long, or has zero bytes in it.
    pub(super) fn text(&mut self, member: &str, text: &str, min: usize, max: usize) {
        if text.len() < min || text.len() > max || text.contains('\0') {
            self.member(member, format!("{member} has {min} to {max} bytes, and no zero bytes"));
        }
    }

    /// Notes a member whose text is too short, too long, or has control characters in it. The text is not repeated.
    pub(super) fn line(&mut self, member: &str, text: &str, min: usize, max: usize) {
        if text.len() < min || text.len() > max || text.chars().any(char::is_control) {
            let detail = format!("{member} has {min} to {max} bytes and no control characters");
            self.member(member, detail);
        }
    }

    /// Adds those that were found elsewhere.
    pub(super) fn extend(&mut self, others: impl IntoIterator<Item = InputError>) {
        self.found.extend(others);
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found, in the order in which it was met.
    pub(super) fn into_vec(self) -> Vec<InputError> {
        self.found
    }
}
