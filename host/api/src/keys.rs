//! API keys: how they are made, what is kept of them, and how one is checked.
//!
//! A key reads `tl_<id>_<secret>`. The id finds its record and is no secret; of the secret only the SHA-256 is kept.
//! A secret has 192 random bits, so a plain hash is enough: there is nothing to guess.

use std::fmt;

use ring::{digest, hmac};
use serde::{Deserialize, Serialize};
use transload_domain::{Clock, Organization, Random, Timestamp};
use transload_store::{self as store, Change, Ledger, Shard};

/// What every key begins with, so that a leaked one is found by a search.
const PREFIX: &str = "tl_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 24;

/// Bytes of a key's name: what people call it.
pub const KEY_NAME_BYTES_MAX: usize = 128;

/// A key that was just made.
pub struct NewKey {
    /// The key as its holder sends it. It is shown this once and kept nowhere.
    pub text: String,
    /// Its id, which is no secret.
    pub id: String,
    /// What is kept of it.
    pub record: KeyRecord,
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Whom it stands for.
    pub organization: Organization,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    secret_sha256: Vec<u8>,
}

/// Makes a key for an organization and keeps its record. When it returned, the key works.
///
/// # Errors
/// When the store does not take the record; then there is no key.
pub async fn create(
    ledger: &dyn Ledger,
    shard: Shard,
    clock: &dyn Clock,
    random: &dyn Random,
    organization: Organization,
    name: &str,
) -> Result<NewKey, store::Error> {
    let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
    random.fill(&mut id);
    random.fill(&mut secret);
    let (id, secret) = (hex(&id), hex(&secret));
    let record = KeyRecord {
        organization,
        name: transload_domain::limits::cut(name, KEY_NAME_BYTES_MAX).to_owned(),
        created_at: clock.now(),
        secret_sha256: sha256(&secret),
    };
    let change = Change::Access { id: id.clone(), value: Some(record.to_bytes()) };
    ledger.configure(shard, change, Some(0)).await?;
    Ok(NewKey { text: format!("{PREFIX}{id}_{secret}"), id, record })
}

/// Removes a key: it stops working with the next request. A key that does not exist is removed already.
///
/// # Errors
/// When the store does not take the change.
pub async fn remove(ledger: &dyn Ledger, shard: Shard, id: &str) -> Result<(), store::Error> {
    let change = Change::Access { id: id.to_owned(), value: None };
    match ledger.configure(shard, change, None).await {
        Ok(_) | Err(store::Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Bytes that are no record of a key.
#[derive(Debug, thiserror::Error)]
#[error("an API key's record cannot be read: {0}")]
pub struct BadRecord(String);

/// A record as it is stored. A member is never removed or given another meaning; a new one gets a default.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    version: u8,
    organization: String,
    name: String,
    created_at_us: i64,
    secret_sha256: Vec<u8>,
}

impl KeyRecord {
    const VERSION: u8 = 1;

    fn to_bytes(&self) -> Vec<u8> {
        let stored = StoredKey {
            version: Self::VERSION,
            organization: self.organization.to_string(),
            name: self.name.clone(),
            created_at_us: self.created_at.as_micros(),
            secret_sha256: self.secret_sha256.clone(),
        };
        serde_json::to_vec(&stored)
            .expect("strings, numbers and bytes can always be written as JSON")
    }

    /// Takes stored bytes as a record.
    ///
    /// # Errors
    /// When they are none, or one of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadRecord> {
        let stored: StoredKey =
            serde_json::from_slice(bytes).map_err(|error| BadRecord(error.to_string()))?;
        if stored.version != Self::VERSION {
            return Err(BadRecord(format!("it has version {}", stored.version)));
        }
        let organization = Organization::new(&stored.organization);
        Ok(Self {
            organization: organization.map_err(|error| BadRecord(error.to_string()))?,
            name: stored.name,
            created_at: Timestamp::from_micros(stored.created_at_us),
            secret_sha256: stored.secret_sha256,
        })
    }
}

/// A key as a caller sent it.
pub(crate) struct PresentedKey<'a> {
    id: &'a str,
    secret: &'a str,
}

impl<'a> PresentedKey<'a> {
    /// Takes a text as a key; `None` when it has not the form of one.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |text: &str, bytes: usize| {
            text.len() == 2 * bytes
                && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        (is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES)).then_some(Self { id, secret })
    }

    /// The id that finds its record.
    pub(crate) fn id(&self) -> &str {
        self.id
    }

    /// Whether this is the key that the record was made of. It takes the same time whichever bytes differ: ring's
    /// HMAC verification is its comparison in constant time, here of two digests under a key that matters to nobody.
    pub(crate) fn opens(&self, record: &KeyRecord) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"comparison");
        let wanted = hmac::sign(&key, &record.secret_sha256);
        hmac::verify(&key, &sha256(self.secret), wanted.as_ref()).is_ok()
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn sha256(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> KeyRecord {
        KeyRecord {
            organization: Organization::new("acme").unwrap(),
            name: "shop".into(),
            created_at: Timestamp::from_micros(5),
            secret_sha256: sha256(&"ab".repeat(SECRET_BYTES)),
        }
    }

    #[test]
    fn a_record_survives_storing_and_a_later_one_is_refused() {
        let bytes = record().to_bytes();
        assert_eq!(KeyRecord::from_bytes(&bytes).unwrap(), record());
        let later = String::from_utf8(bytes).unwrap().replace("\"version\":1", "\"version\":2");
        assert!(
            KeyRecord::from_bytes(later.as_bytes()).unwrap_err().to_string().contains("version 2")
        );
        assert!(KeyRecord::from_bytes(b"{}").is_err());
    }

    /// Bytes of version 1 as they stand in data directories.
    #[test]
    fn a_record_of_version_1_stays_readable() {
        let stored = br#"{"version":1,"organization":"acme","name":"shop","created_at_us":5,"secret_sha256":[1,2]}"#;
        let read = KeyRecord::from_bytes(stored).unwrap();
        assert_eq!((read.organization.as_str(), read.secret_sha256), ("acme", vec![1, 2]));
    }

    #[test]
    fn only_the_whole_key_opens() {
        let id = "01".repeat(ID_BYTES);
        let good = format!("tl_{id}_{}", "ab".repeat(SECRET_BYTES));
        assert!(PresentedKey::parse(&good).unwrap().opens(&record()));
        let other = format!("tl_{id}_{}ac", "ab".repeat(SECRET_BYTES - 1));
        assert!(!PresentedKey::parse(&other).unwrap().opens(&record()));
        for malformed in
            ["", "tl_", "tl_x_y", &good[..good.len() - 1], &good[3..], &good.to_uppercase()]
        {
            assert!(PresentedKey::parse(malformed).is_none(), "{malformed}");
        }
    }
}
