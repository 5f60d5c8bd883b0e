//! How answers show an authentication: everything but its secret.

use serde::Serialize;
use transload_domain::{Authentication, ClientAuthentication};

use crate::webhooks::resolve::News;

#[derive(Default, Serialize)]
pub(super) struct AuthenticationView<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_authentication: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_value_format: Option<&'a str>,
    /// Only in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
}

impl<'a> AuthenticationView<'a> {
    pub(super) fn new(authentication: &'a Authentication, news: &'a News) -> Self {
        let bare = Self { r#type: authentication.kind().as_str(), ..Self::default() };
        match authentication {
            Authentication::None => bare,
            Authentication::Token { header, template, token: _ } => Self {
                header: Some(header),
                header_value_format: Some(template),
                token: news.token.as_deref(),
                ..bare
            },
            Authentication::Basic { username, password: _ } => {
                Self { username: Some(username), ..bare }
            }
            Authentication::ClientCredentials(client) => Self {
                endpoint: Some(&client.endpoint),
                client_id: Some(&client.client_id),
                scope: client.scope.as_deref(),
                client_authentication: Some(match client.client_authentication {
                    ClientAuthentication::Body => "body",
                    ClientAuthentication::Basic => "basic",
                }),
                header: Some(&client.header),
                header_value_format: Some(&client.template),
                ..bare
            },
            Authentication::SignedBearer { audience } => {
                Self { audience: audience.as_deref(), ..bare }
            }
        }
    }
}
