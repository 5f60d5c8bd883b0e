//! The vendors that the sandbox plays.

use std::fmt;

/// A vendor whose side is played here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// ReadyCloud, API v2 webhooks.
    ReadyCloud,
    /// CorrigoPro Direct.
    CorrigoPro,
    /// doo.
    Doo,
    /// Relocity.
    Relocity,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ReadyCloud, Self::CorrigoPro, Self::Doo, Self::Relocity];

    /// Its name: the first segment of its paths here, and what its plugin is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadyCloud => "readycloud",
            Self::CorrigoPro => "corrigopro",
            Self::Doo => "doo",
            Self::Relocity => "relocity",
        }
    }

    /// The vendor of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.as_str() == name)
    }

    /// Whether it has a token endpoint here.
    pub fn issues_tokens(self) -> bool {
        matches!(self, Self::Doo | Self::Relocity)
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
