//! From the values in force to what they mean.
//!
//! Every value is taken as text first, so that `8` in a file and `8` in a variable are the same thing and are
//! judged by the same words.

use std::{
    collections::BTreeMap, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration,
};

use figment::{Figment, Metadata, Source, value::Value};

use super::{ConfigError, SETTINGS, measure};

/// A setting's value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InForce {
    /// The setting.
    pub key: &'static str,
    /// Its value, as it was written; a list is separated by commas.
    pub value: String,
    /// `default`, a file's path, a variable's name or a flag.
    pub source: String,
}

/// The values in force, by key.
pub(super) struct Values(BTreeMap<&'static str, InForce>);

impl Values {
    /// Takes each known setting's value from the layers.
    ///
    /// # Errors
    /// When a layer cannot be read, holds a key that is no setting, or a value that is neither a text, a number, a
    /// boolean nor a list of these.
    pub(super) fn new(figment: &Figment) -> Result<Self, ConfigError> {
        let all = figment.find_value("").map_err(|error| unreadable(&error))?;
        let dict = all.as_dict().cloned().unwrap_or_default();
        for (key, value) in &dict {
            if !SETTINGS.iter().any(|setting| setting.key == key) {
                let source = source(figment, value);
                return Err(ConfigError(format!(
                    "`{key}` ({source}) is no setting; known are {}",
                    SETTINGS.map(|setting| setting.key).join(", ")
                )));
            }
        }
        let mut values = BTreeMap::new();
        for setting in &SETTINGS {
            let Some(found) = dict.get(setting.key) else { continue };
            let source = source(figment, found);
            let value = text(found).ok_or_else(|| {
                ConfigError(format!(
                    "`{}` ({source}) must be a single value or a list",
                    setting.key
                ))
            })?;
            values.insert(setting.key, InForce { key: setting.key, value, source });
        }
        Ok(Self(values))
    }

    pub(super) fn in_force(&self) -> Vec<InForce> {
        SETTINGS.iter().filter_map(|setting| self.0.get(setting.key).cloned()).collect()
    }

    pub(super) fn text(&self, key: &'static str) -> Result<String, ConfigError> {
        match self.0.get(key) {
            Some(found) => Ok(found.value.clone()),
            None => Err(ConfigError(format!("`{key}` is not set"))),
        }
    }

    pub(super) fn optional(&self, key: &'static str) -> Result<Option<String>, ConfigError> {
        Ok(Some(self.text(key)?).filter(|text| !text.is_empty()))
    }

    pub(super) fn path(&self, key: &'static str) -> Result<PathBuf, ConfigError> {
        self.optional(key)?.map(PathBuf::from).ok_or_else(|| self.wrong(key, "a path"))
    }

    pub(super) fn parse<T: FromStr>(
        &self,
        key: &'static str,
        wanted: &str,
    ) -> Result<T, ConfigError> {
        self.text(key)?.parse().map_err(|_| self.wrong(key, wanted))
    }

    pub(super) fn between<T: FromStr + PartialOrd + std::fmt::Display>(
        &self,
        key: &'static str,
        range: &RangeInclusive<T>,
    ) -> Result<T, ConfigError> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let number: T = self.parse(key, &wanted)?;
        if !range.contains(&number) {
            return Err(self.wrong(key, &wanted));
        }
        Ok(number)
    }

    pub(super) fn list<T: FromStr>(
        &self,
        key: &'static str,
        wanted: &str,
    ) -> Result<Vec<T>, ConfigError> {
        let text = self.text(key)?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(|_| self.wrong(key, wanted))).collect()
    }

    /// A time like `500ms`, `40s` or `30d`, within `range`.
    pub(super) fn duration(
        &self,
        key: &'static str,
        range: &RangeInclusive<Duration>,
    ) -> Result<Duration, ConfigError> {
        let found = measure::duration(&self.text(key)?).filter(|found| range.contains(found));
        found.ok_or_else(|| {
            let (least, most) =
                (measure::in_words(*range.start()), measure::in_words(*range.end()));
            self.wrong(
                key,
                &format!("a time like 500ms, 40s, 2m, 12h or 30d, from {least} to {most}"),
            )
        })
    }

    /// A number of bytes like `20GiB`, at least `least`; none where nothing is said.
    pub(super) fn size(&self, key: &'static str, least: u64) -> Result<Option<u64>, ConfigError> {
        let Some(text) = self.optional(key)? else { return Ok(None) };
        match measure::bytes(&text).filter(|found| *found >= least) {
            Some(found) => Ok(Some(found)),
            None => {
                let wanted =
                    format!("empty, or a size like 512MiB or 20GiB, at least {} MiB", least >> 20);
                Err(self.wrong(key, &wanted))
            }
        }
    }

    /// What to say when a value cannot be.
    pub(super) fn wrong(&self, key: &'static str, wanted: &str) -> ConfigError {
        let (value, source) = self
            .0
            .get(key)
            .map_or(("", "nowhere"), |found| (found.value.as_str(), found.source.as_str()));
        ConfigError(format!("`{key}` is {value:?} ({source}); it must be {wanted}"))
    }
}

/// A file that cannot be read as TOML: figment's own words hold file, line and column; the picture of the line
/// is left out, so that it stays one line.
fn unreadable(error: &figment::Error) -> ConfigError {
    let text = error.to_string();
    let words = text.lines().map(str::trim).filter(|line| !line.contains('|') && !line.is_empty());
    ConfigError(words.collect::<Vec<_>>().join(" "))
}

fn source(figment: &Figment, value: &Value) -> String {
    let describe = |metadata: &Metadata| match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ => metadata.name.to_string(),
    };
    figment.get_metadata(value.tag()).map_or_else(|| "default".into(), describe)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, yes) => Some(yes.to_string()),
        Value::Char(_, one) => Some(one.to_string()),
        Value::Num(_, number) => match (number.to_i128(), number.to_u128(), number.to_f64()) {
            (Some(whole), _, _) => Some(whole.to_string()),
            (_, Some(whole), _) => Some(whole.to_string()),
            (_, _, float) => float.map(|float| float.to_string()),
        },
        Value::Array(_, parts) => {
            parts.iter().map(text).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
        }
        Value::Dict(..) | Value::Empty(..) => None,
    }
}
