//! Names and numbers by which things are known.

use std::{fmt, sync::Arc};

use ring::digest::{SHA256, digest};
use uuid::{Builder, Uuid};

use crate::limits;

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be 1 to {max} characters of {allowed}")]
pub struct InvalidName {
    what: &'static str,
    max: usize,
    allowed: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr, $allowed:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as a name.
            ///
            /// # Errors
            /// When it is empty, too long, or has a character that such a name cannot have.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                let allowed: fn(char) -> bool = $ok;
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    return Err(InvalidName { what: $what, max: $max, allowed: $allowed });
                }
                Ok(Self(text.into()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The tenant; everything else belongs to one.
    Organization, "an organization", limits::NAME_LEN_MAX, "letters, digits, '.', '_' and '-'",
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
);
name!(
    /// A plugin's name, from its profile.
    PluginName, "a plugin's name", limits::NAME_LEN_MAX, "lower-case letters, digits and '-'",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);
name!(
    /// The type of a hook, as the vendor calls it: `orders`, `order_created`.
    HookType, "a hook type", limits::NAME_LEN_MAX, "letters, digits, '.', '_' and '-'",
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
);

/// A webhook's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(pub Uuid);

impl WebhookId {
    /// An id made of 16 random bytes (UUID version 4).
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(Builder::from_random_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of its webhook's hooks this is. It stays with the hook when others come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HookNo(pub u8);

/// What deliveries of one webhook have in common that must go out in order: a digest of the event's `subject`. Two
/// subjects with the same digest wait for each other, which is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(pub u64);

impl OrderKey {
    /// The key of events with this subject.
    pub fn of_subject(subject: &str) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&Digest::of(subject.as_bytes()).0[..8]);
        Self(u64::from_be_bytes(first))
    }
}

/// A replay's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayId(pub Uuid);

impl ReplayId {
    /// An id made of 16 random bytes (UUID version 4).
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(Builder::from_random_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of the requests of one outcome this is, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part(pub u8);

/// An event's number within its shard. It grows in the order of acceptance; gaps are allowed. At most 48 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventNo(pub u64);

/// The id by which the API knows an event: a UUID (version 8) of its number and a digest of its identity.
///
/// The number inside finds the event without an index, and keeps the ids in the order of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub Uuid);

impl EventId {
    /// The id of event `no`, whose identity is organization, source and id.
    pub fn new(no: EventNo, organization: &Organization, source: &str, id: &str) -> Self {
        Self(numbered(no, &[organization.as_str().as_bytes(), source.as_bytes(), id.as_bytes()]))
    }

    /// The number inside.
    pub fn no(self) -> EventNo {
        number_in(self.0)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a delivery stands in the ledger: its event, its hook, and which request of the outcome it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    /// The event that was accepted.
    pub event: EventNo,
    /// The webhook that wanted it.
    pub webhook: WebhookId,
    /// The webhook's hook.
    pub hook: HookNo,
    /// Which request of the outcome.
    pub part: Part,
}

/// The id by which the vendor and the API know a delivery: a UUID (version 8), derived from its key, so that a
/// dispatch done twice gives the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub Uuid);

impl DeliveryId {
    /// The number of the delivery's event.
    pub fn event(self) -> EventNo {
        number_in(self.0)
    }
}

impl DeliveryKey {
    /// The delivery's id.
    pub fn id(&self) -> DeliveryId {
        DeliveryId(numbered(
            self.event,
            &[b"delivery", self.webhook.0.as_bytes(), &[self.hook.0, self.part.0]],
        ))
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of the bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// The digest of the parts, each preceded by its length, so that no two different lists collide.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = ring::digest::Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        Self::from_slice(context.finish().as_ref())
    }

    /// The SHA-256 of a file's bytes as other tools print it (`sha256sum`).
    pub fn of_file(bytes: &[u8]) -> Self {
        Self::from_slice(digest(&SHA256, bytes).as_ref())
    }

    fn from_slice(slice: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(slice);
        Self(out)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A version 8 UUID (RFC 9562): 48 bits of number, then a digest.
fn numbered(no: EventNo, parts: &[&[u8]]) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&no.0.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&Digest::of_parts(parts).0[..10]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

fn number_in(id: Uuid) -> EventNo {
    let mut no = [0; 8];
    no[2..].copy_from_slice(&id.as_bytes()[..6]);
    EventNo(u64::from_be_bytes(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(event: u64, hook: u8, part: u8) -> DeliveryKey {
        let webhook = WebhookId::from_random([7; 16]);
        DeliveryKey { event: EventNo(event), webhook, hook: HookNo(hook), part: Part(part) }
    }

    #[test]
    fn i3_a_delivery_id_is_derived_from_event_and_hook() {
        assert_eq!(key(42, 1, 0).id(), key(42, 1, 0).id());
        assert_eq!(key(42, 1, 0).id().event(), EventNo(42));
        for other in [key(43, 1, 0), key(42, 2, 0), key(42, 1, 1)] {
            assert_ne!(key(42, 1, 0).id(), other.id());
        }
        assert_eq!(key(42, 1, 0).id().0.get_version_num(), 8);
    }

    #[test]
    fn event_ids_carry_their_number_in_order() {
        let acme = Organization::new("acme").unwrap();
        let early = EventId::new(EventNo(255), &acme, "/orders", "1");
        let late = EventId::new(EventNo(256), &acme, "/orders", "1");
        assert!(early < late);
        assert_eq!(late.no(), EventNo(256));
    }

    #[test]
    fn names_are_checked() {
        assert!(Organization::new("acme-1.eu").is_ok());
        for bad in ["", "a b", "ä", &"x".repeat(65)] {
            assert!(Organization::new(bad).is_err(), "{bad:?}");
        }
        assert!(PluginName::new("ReadyCloud").is_err());
    }

    #[test]
    fn parts_of_a_digest_do_not_run_together() {
        assert_ne!(Digest::of_parts(&[b"ab", b"c"]), Digest::of_parts(&[b"a", b"bc"]));
        assert_eq!(
            Digest::of_file(b"").to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
