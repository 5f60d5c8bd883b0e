//! One vendor request for one event and one hook.

use std::{fmt, sync::Arc};

use crate::{DeliveryKey, Digest, Fault, OrderKey, PluginName, Timestamp};

/// How far a delivery is. `held` is no status: it is `Blocked` or `Scheduled` while the webhook is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It has no bytes yet: its plugin is missing or asked for time.
    Blocked,
    /// It has its bytes and waits for its next attempt.
    Scheduled,
    /// The vendor has it.
    Delivered,
    /// Nothing was to be sent.
    Skipped,
    /// A dead letter: it will not be tried again unless somebody asks.
    Dead,
}

/// The part of a delivery that changes; some 20 bytes, apart from what was made once for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head {
    /// Which delivery.
    pub key: DeliveryKey,
    /// How far it is.
    pub status: Status,
    /// How often it was tried: exchanges while `Scheduled`, transforms while `Blocked`. It is the token of a
    /// settlement: each number settles once.
    pub attempts: u32,
    /// How many of them belong to rounds before the last time that somebody asked for this delivery again: the
    /// schedule begins anew behind them.
    pub earlier: u32,
    /// When it is due, where it is open.
    pub due: Timestamp,
    /// When this head was written.
    pub at: Timestamp,
    /// Deliveries of one webhook with the same order key go out one after the other, in the order of acceptance.
    pub order: Option<OrderKey>,
    /// Whether it was made on trial (`/emulate`): the vendor gets it like any other, but its failures do not count
    /// towards suspension.
    pub emulated: bool,
}

/// What a transform made, once for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// By which plugin; absent where the plugin was missing.
    pub plugin: Option<PluginRef>,
    /// What came out.
    pub content: Content,
}

/// Which plugin, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginRef {
    /// Its name.
    pub name: PluginName,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its module file.
    pub digest: Digest,
}

/// What came out of a transform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The bytes for the vendor; they never change, so that whoever needs them shares them.
    Request(Arc<Request>),
    /// Nothing is to be sent, and why.
    Skipped(String),
    /// No bytes, and why. A retry of such a delivery transforms again.
    Faulted(Fault),
    /// No bytes yet, and why.
    Blocked(String),
}

/// What the vendor is to receive: the same on every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Appended to the hook's endpoint; may be empty.
    pub path: String,
    /// Headers in the plugin's order; names as the plugin wrote them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The methods by which a vendor is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// A delivery as a whole, for those who look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The part that changes.
    pub head: Head,
    /// The part that does not.
    pub made: Made,
}

impl Head {
    /// The head of a new delivery.
    pub fn new(key: DeliveryKey, status: Status, due: Timestamp, at: Timestamp) -> Self {
        Self { key, status, attempts: 0, earlier: 0, due, at, order: None, emulated: false }
    }

    /// How often it was tried since somebody last asked for it.
    pub fn round(&self) -> u32 {
        self.attempts - self.earlier.min(self.attempts)
    }
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Blocked, Self::Scheduled, Self::Delivered, Self::Skipped, Self::Dead];

    /// Whether something is still to happen by itself.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Blocked | Self::Scheduled)
    }

    /// Its name in the API, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Scheduled => "scheduled",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method as it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The method of that name, upper case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({:.12})", self.name, self.version, self.digest.to_string())
    }
}

impl Made {
    /// Why there is nothing to send, where there is nothing.
    pub fn reason(&self) -> Option<String> {
        match &self.content {
            Content::Request(_) => None,
            Content::Skipped(reason) | Content::Blocked(reason) => Some(reason.clone()),
            Content::Faulted(fault) => Some(fault.to_string()),
        }
    }
}
