//! How a request proves to the vendor where it comes from.

use std::fmt;

use crate::Sealed;

/// A webhook's authentication. Secrets are sealed; the sender opens them for the moment of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing is added.
    None,
    /// A fixed token in a named header, like ReadyCloud's `Auth`.
    Token {
        /// The header's name.
        header: String,
        /// The header's value, with `%ACCESS_TOKEN%` where the token goes.
        template: String,
        /// The token.
        token: Sealed,
    },
    /// A short-lived token that this host signs and the receiver can verify with its published key, as
    /// CorrigoPro does. Algorithm and claims are our own: the vendor has published none.
    SignedBearer {
        /// `aud`, where the receiver wants one.
        audience: Option<String>,
    },
}

/// The kinds of authentication, as a profile names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthenticationKind {
    /// `none`
    None,
    /// `token`
    Token,
    /// `signed_bearer`
    SignedBearer,
}

impl AuthenticationKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::None, Self::Token, Self::SignedBearer];

    /// The kind's name in profiles and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::SignedBearer => "signed_bearer",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for AuthenticationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Authentication {
    /// Which kind this is.
    pub fn kind(&self) -> AuthenticationKind {
        match self {
            Self::None => AuthenticationKind::None,
            Self::Token { .. } => AuthenticationKind::Token,
            Self::SignedBearer { .. } => AuthenticationKind::SignedBearer,
        }
    }
}
