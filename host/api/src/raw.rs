//! JSON that is kept as the text that came in.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// An object's members, as they came and in their order, without looking into them.
pub(crate) struct Members<'a, const MAX: usize>(pub(crate) Vec<(String, &'a RawValue)>);

/// An array's items, as they came; those beyond `MAX` are only counted.
pub(crate) struct Items<'a, const MAX: usize> {
    /// The first `MAX`.
    pub(crate) items: Vec<&'a RawValue>,
    /// How many there are in all.
    pub(crate) count: usize,
}

/// Says what keeps a text from being JSON that every parser understands: its syntax, a lone surrogate, a number
/// beyond what a double holds, or nesting deeper than 128 levels (serde_json's limit, so a plugin's too).
///
/// # Errors
/// What is wrong, with line and column.
pub(crate) fn check(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<Sound>(text).map(|Sound| ())
}

/// A text without the white space that JSON allows around a value.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

impl<'de: 'a, 'a, const MAX: usize> Deserialize<'de> for Members<'a, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<const MAX: usize>;
        impl<'de, const MAX: usize> Visitor<'de> for Collect<MAX> {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() == MAX {
                        return Err(A::Error::custom(format_args!("more than {MAX} members")));
                    }
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect::<MAX>).map(Self)
    }
}

impl<'de: 'a, 'a, const MAX: usize> Deserialize<'de> for Items<'a, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<const MAX: usize>;
        impl<'de, const MAX: usize> Visitor<'de> for Collect<MAX> {
            type Value = Items<'de, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON array of CloudEvents")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX {
                    let Some(item) = seq.next_element()? else { break };
                    items.push(item);
                }
                let mut count = items.len();
                while count >= MAX && seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Items { items, count })
            }
        }
        deserializer.deserialize_seq(Collect::<MAX>)
    }
}

/// Any JSON value, read to its end and forgotten.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Sound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_str<E>(self, _: &str) -> Result<Sound, E> {
                Ok(Sound)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sound, A::Error> {
                while seq.next_element::<Sound>()?.is_some() {}
                Ok(Sound)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sound, A::Error> {
                while map.next_entry::<Sound, Sound>()?.is_some() {}
                Ok(Sound)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_json_passes_and_other_text_does_not() {
        for good in
            ["null", "1", "-1.5e300", "\"\\u00e4\"", "[]", "{\"a\":[{}]}", "123456789012345678901"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "{", "nul", "1e999", "\"\\ud800\"", "[1,]", "{} {}", "\"\u{1}\""] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(check(&deep(127)).is_ok());
        for levels in [128, 1_000_000] {
            assert!(check(&deep(levels)).unwrap_err().to_string().contains("recursion"));
        }
    }

    #[test]
    fn items_beyond_the_limit_are_counted_and_not_kept() {
        for (text, kept, count) in [("[]", 0, 0), ("[1,2]", 2, 2), ("[1,2,3,4,5]", 3, 5)] {
            let items: Items<'_, 3> = serde_json::from_str(text).unwrap();
            assert_eq!((items.items.len(), items.count), (kept, count), "{text}");
        }
    }
}
