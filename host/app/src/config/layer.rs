//! One value from one place, as a layer of the configuration.

use figment::{
    Error, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::Setting;

/// A layer of one value that remembers the name of the place it came from.
pub(super) struct Single {
    source: String,
    key: String,
    value: String,
}

impl Single {
    pub(super) fn new(source: &str, key: &str, value: &str) -> Self {
        Self { source: source.into(), key: key.into(), value: value.into() }
    }

    pub(super) fn default_of(setting: &Setting) -> Self {
        Self::new("default", setting.key, setting.default)
    }
}

impl Provider for Single {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let dict = Dict::from([(self.key.clone(), Value::from(self.value.clone()))]);
        Ok(Map::from([(Profile::Default, dict)]))
    }
}
