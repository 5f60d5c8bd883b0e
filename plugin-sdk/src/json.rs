//! JSON that has not been read yet.

use serde::de::DeserializeOwned;

use crate::{Fault, path};

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
        serde_json::from_str(&self.0).map_err(|error| self.explain(root, &error))
    }

    #[cold]
    fn explain(&self, root: &str, error: &serde_json::Error) -> String {
        format!("{root}{}: {error}", path::at(&self.0, error.line(), error.column()))
    }
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
        _boxes: Vec<Parcel>,
        #[serde(rename = "kind")]
        _kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parcel {
        #[serde(rename = "weight")]
        _weight: u8,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        Gift,
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_path() {
        for (text, expected) in [
            (
                r#"{"boxes":[{"weight":1},{"weight":"2"}]}"#,
                "data.boxes[1].weight: invalid type: string \"2\", expected u8 at line 1 column 36",
            ),
            (
                "{\n  \"boxes\": [\n    {\"weight\": 256}\n  ]\n}",
                "data.boxes[0].weight: invalid value: integer `256`, expected u8 at line 3 column 18",
            ),
            (
                r#"{"boxes":[{"weight":[]}]}"#,
                "data.boxes[0].weight: invalid type: sequence, expected u8 at line 1 column 20",
            ),
            (
                r#"{"boxes":[{"we\u0069ght":1,"x":2}]}"#,
                "data.boxes[0].x: unknown field `x`, expected `weight` at line 1 column 30",
            ),
            (
                r#"{"boxes":[1]}"#,
                "data.boxes[0]: invalid type: integer `1`, expected struct Parcel at line 1 column 11",
            ),
            (
                r#"{"boxes":{"a":1}}"#,
                "data.boxes: invalid type: map, expected a sequence at line 1 column 9",
            ),
            (
                r#"{"note":"a \"},{[ text","kind":"Loan"}"#,
                "data.kind: unknown variant `Loan`, expected `Gift` at line 1 column 37",
            ),
            (r#"{"boxes":[{}]}"#, "data.boxes[0]: missing field `weight` at line 1 column 12"),
            ("{}", "data: missing field `boxes` at line 1 column 2"),
            ("{", "data: EOF while parsing an object at line 1 column 1"),
            (
                "[] x",
                "data: invalid length 0, expected struct Order with 2 elements at line 1 column 2",
            ),
            ("{\"boxes\":[]} x", "data: trailing characters at line 1 column 14"),
        ] {
            let Err(Fault::InvalidEvent(reason)) = Order::from_json(Json::new(text)) else {
                panic!("{text} was read");
            };
            assert_eq!(reason, expected);
        }
    }
}
