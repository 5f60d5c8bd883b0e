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
    /// User name and password (RFC 7617).
    Basic {
        /// The user name; it has no colon.
        username: String,
        /// The password.
        password: Sealed,
    },
    /// An access token that is fetched from the vendor (OAuth 2.0 client credentials), like doo's and Relocity's.
    ClientCredentials(ClientCredentials),
    /// A short-lived token that this host signs and the receiver can verify with its published key, as
    /// CorrigoPro does. Algorithm and claims are our own: the vendor has published none.
    SignedBearer {
        /// `aud`, where the receiver wants one.
        audience: Option<String>,
    },
}

/// How an access token is fetched and where it goes. Source: RFC 6749, section 4.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The token endpoint, an absolute URL.
    pub endpoint: String,
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: Sealed,
    /// `scope`, where the vendor assigned one.
    pub scope: Option<String>,
    /// How the client proves who it is.
    pub client_authentication: ClientAuthentication,
    /// The header that carries the token to the vendor.
    pub header: String,
    /// The header's value, with `%ACCESS_TOKEN%` where the token goes.
    pub template: String,
}

/// How a client proves to a token endpoint who it is; never both at once (RFC 6749, section 5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientAuthentication {
    /// `client_id` and `client_secret` in the form body, as doo, Relocity and CorrigoPro document it.
    #[default]
    Body,
    /// HTTP Basic (RFC 6749, section 2.3.1).
    Basic,
}

/// The kinds of authentication, as a profile names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthenticationKind {
    /// `none`
    None,
    /// `token`
    Token,
    /// `basic`
    Basic,
    /// `oauth2_client_credentials`
    ClientCredentials,
    /// `signed_bearer`
    SignedBearer,
}

impl AuthenticationKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Token, Self::Basic, Self::ClientCredentials, Self::SignedBearer];

    /// The kind's name in profiles and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Basic => "basic",
            Self::ClientCredentials => "oauth2_client_credentials",
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
            Self::Basic { .. } => AuthenticationKind::Basic,
            Self::ClientCredentials(_) => AuthenticationKind::ClientCredentials,
            Self::SignedBearer { .. } => AuthenticationKind::SignedBearer,
        }
    }
}
