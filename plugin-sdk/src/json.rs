//! JSON that has not been read yet.

use serde::de::DeserializeOwned;

use crate::Fault;

/// JSON text that has not been read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(String);

/// What an event's data can be read into: any type that serde can read without borrowing, or [`Json`].
pub trait EventData: Sized {
    /// Reads the data.
    ///
    /// # Errors
    /// [`Fault::InvalidEvent`] with the path to what does not fit.
    fn from_json(json: Json) -> Result<Self, Fault>;
}

impl Json {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the text.
    ///
    /// # Errors
    /// What does not fit, with its path, which begins with `root`, and what was expected there.
    pub fn parse<T: DeserializeOwned>(&self, root: &str) -> Result<T, String> {
        serde_json::from_str(&self.0).map_err(|_| self.explain::<T>(root))
    }

    /// Reads again, now keeping track of the path. Only a failure pays for it.
    #[cold]
    fn explain<T: DeserializeOwned>(&self, root: &str) -> String {
        let mut reader = serde_json::Deserializer::from_str(&self.0);
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => reader.end().map_or_else(|error| format!("{root}: {error}"), |()| root.into()),
            Err(error) => match known(&error.path().to_string()) {
                "" => format!("{root}: {}", error.inner()),
                path if path.starts_with('[') => format!("{root}{path}: {}", error.inner()),
                path => format!("{root}.{path}: {}", error.inner()),
            },
        }
    }
}

/// The part of a path that is known: it ends in `?` where the text broke off, and is `.` for the whole.
fn known(path: &str) -> &str {
    path.trim_end_matches('?').trim_end_matches('.')
}

impl<T: DeserializeOwned> EventData for T {
    fn from_json(json: Json) -> Result<Self, Fault> {
        json.parse("data").map_err(Fault::InvalidEvent)
    }
}

impl EventData for Json {
    fn from_json(json: Json) -> Result<Self, Fault> {
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[serde(rename = "boxes")]
        _boxes: Vec<Box>,
    }

    #[derive(Debug, Deserialize)]
    struct Box {
        #[serde(rename = "weight")]
        _weight: u32,
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_path() {
        for (text, expected) in [
            (
                r#"{"boxes":[{"weight":1},{"weight":"2"}]}"#,
                "data.boxes[1].weight: invalid type: string \"2\", expected u32 at line 1 column 36",
            ),
            (r#"{"boxes":[{}]}"#, "data.boxes[0]: missing field `weight` at line 1 column 12"),
            ("{}", "data: missing field `boxes` at line 1 column 2"),
            ("{", "data: EOF while parsing an object at line 1 column 1"),
            ("{\"boxes\":[]} x", "data: trailing characters at line 1 column 14"),
        ] {
            let Err(Fault::InvalidEvent(reason)) = Order::from_json(Json::new(text)) else {
                panic!("{text} was read");
            };
            assert_eq!(reason, expected);
        }
    }
}
