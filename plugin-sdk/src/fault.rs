//! Why nothing can be made.

use std::fmt;

/// Why a transform made nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The event cannot become this vendor's payload, and running again would not help. The delivery becomes a dead
    /// letter with this reason.
    InvalidEvent(String),
    /// Something is missing for now. The transform is run again by the vendor's retry schedule.
    RetryLater(String),
    /// The plugin, or what it was set to, is at fault. The delivery becomes a dead letter with this reason; a retry
    /// of it runs the transform again, with the version and settings of then.
    Internal(String),
}

impl Fault {
    /// The event cannot become this vendor's payload. Say which member is wrong and what is expected of it.
    pub fn invalid_event(reason: impl Into<String>) -> Self {
        Self::InvalidEvent(reason.into())
    }

    /// Something is missing for now.
    pub fn retry_later(reason: impl Into<String>) -> Self {
        Self::RetryLater(reason.into())
    }

    /// The plugin, or what it was set to, is at fault.
    pub fn internal(reason: impl Into<String>) -> Self {
        Self::Internal(reason.into())
    }

    /// The reason alone.
    pub fn reason(&self) -> &str {
        match self {
            Self::InvalidEvent(reason) | Self::RetryLater(reason) | Self::Internal(reason) => {
                reason
            }
        }
    }

    /// The kind's name: `invalid_event`, `retry_later`, `internal`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidEvent(_) => "invalid_event",
            Self::RetryLater(_) => "retry_later",
            Self::Internal(_) => "internal",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind(), self.reason())
    }
}

impl std::error::Error for Fault {}

/// JSON that a plugin writes, or reads from its own state, is the plugin's own matter.
impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
