//! What a JSON body must look like, as data: each vendor's documents become tables of members.

use serde_json::{Map, Value};

use super::scalar::Scalar;

/// What a value must be.
pub(super) enum Shape {
    /// A string.
    Text,
    /// A string of a certain form.
    Form(Scalar),
    /// One of these strings.
    Word(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null` or this.
    Nullable(&'static Shape),
    /// A list of these.
    List(&'static Shape),
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// An object with any names, each with such a value.
    Map(&'static Shape),
    /// Anything: the vendor's documents do not say what.
    Anything,
}

/// A member of an object.
pub(super) struct Member {
    name: &'static str,
    shape: Shape,
    required: bool,
}

/// A member that must be there.
pub(super) const fn must(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: true }
}

/// A member that may be there.
pub(super) const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: false }
}

impl Shape {
    /// Adds to `faults` what is wrong with the value, each fault with a JSON pointer.
    pub(super) fn check(&self, value: &Value, pointer: &str, faults: &mut Vec<String>) {
        let wrong = match self {
            Self::Anything => None,
            Self::Text => (!value.is_string()).then_some("a string".to_owned()),
            Self::Integer => {
                (!value.is_i64() && !value.is_u64()).then_some("a whole number".into())
            }
            Self::Number => (!value.is_number()).then_some("a number".into()),
            Self::Bool => (!value.is_boolean()).then_some("true or false".into()),
            Self::Form(scalar) => {
                let fits = value.as_str().is_some_and(|text| scalar.fits(text));
                (!fits).then(|| scalar.in_words().to_owned())
            }
            Self::Word(words) => {
                let fits = value.as_str().is_some_and(|text| words.contains(&text));
                (!fits).then(|| format!("one of {}", words.join(", ")))
            }
            Self::Nullable(_) if value.is_null() => None,
            Self::Nullable(shape) => return shape.check(value, pointer, faults),
            Self::List(shape) => match value.as_array() {
                Some(list) => return check_list(shape, list, pointer, faults),
                None => Some("a list".into()),
            },
            Self::Object(members) => match value.as_object() {
                Some(object) => return check_members(&[members], object, pointer, faults),
                None => Some("an object".into()),
            },
            Self::Map(shape) => match value.as_object() {
                Some(object) => {
                    for (name, value) in object {
                        shape.check(value, &format!("{pointer}/{name}"), faults);
                    }
                    None
                }
                None => Some("an object".into()),
            },
        };
        if let Some(wanted) = wrong {
            faults.push(format!("{pointer} is {} and must be {wanted}", shown(value)));
        }
    }
}

/// Checks an object whose members are those of all the tables together.
pub(super) fn check_members(
    tables: &[&[Member]],
    object: &Map<String, Value>,
    pointer: &str,
    faults: &mut Vec<String>,
) {
    let members = || tables.iter().copied().flatten();
    for member in members() {
        let place = format!("{pointer}/{}", member.name);
        match object.get(member.name) {
            Some(value) => member.shape.check(value, &place, faults),
            None if member.required => faults.push(format!("{place} is missing")),
            None => {}
        }
    }
    for name in object.keys() {
        if !members().any(|member| member.name == name) {
            faults.push(format!("{pointer}/{name} is no member that the vendor documents"));
        }
    }
}

fn check_list(shape: &Shape, list: &[Value], pointer: &str, faults: &mut Vec<String>) {
    for (at, value) in list.iter().enumerate() {
        shape.check(value, &format!("{pointer}/{at}"), faults);
    }
}

/// The value, short enough for a message.
fn shown(value: &Value) -> String {
    const SHOWN_BYTES_MAX: usize = 60;
    let text = value.to_string();
    match transload_domain::limits::cut(&text, SHOWN_BYTES_MAX) {
        cut if cut.len() < text.len() => format!("{cut}..."),
        whole => whole.to_owned(),
    }
}
