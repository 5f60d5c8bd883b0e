//! What a plugin remembers.

use serde::{Serialize, de::DeserializeOwned};

use crate::Fault;

/// A plugin's own small data, kept for each webhook apart.
///
/// What is written here becomes true together with the deliveries of the same call, or not at all. When two events
/// meet at the same key, the later one is transformed again with what the earlier one wrote.
///
/// A key has at most 256 bytes, a value at most 64 KiB.
pub struct State(Box<dyn StateStore>);

/// Where a state lives: the host in a module, a map in a test.
pub trait StateStore {
    /// The value of a key.
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    /// Sets the value of a key.
    fn set(&mut self, key: &str, value: &[u8]);
    /// Removes a key.
    fn delete(&mut self, key: &str);
}

impl State {
    /// A state that lives there.
    pub fn new(store: impl StateStore + 'static) -> Self {
        Self(Box::new(store))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key)
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: &str, value: &[u8]) {
        self.0.set(key, value);
    }

    /// Removes a key; nothing happens when it is not there.
    pub fn delete(&mut self, key: &str) {
        self.0.delete(key);
    }

    /// The value of a key, read as JSON.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value is not such JSON; it names the key.
    pub fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        serde_json::from_slice(&value)
            .map(Some)
            .map_err(|error| Fault::Internal(format!("read the state's {key:?}: {error}")))
    }

    /// Sets the value of a key to a value as JSON.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value cannot be written as JSON; it names the key.
    pub fn set_json<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Fault> {
        let value = serde_json::to_vec(value)
            .map_err(|error| Fault::Internal(format!("write the state's {key:?}: {error}")))?;
        self.set(key, &value);
        Ok(())
    }
}
