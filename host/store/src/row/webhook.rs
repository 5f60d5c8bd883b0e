//! A webhook as stored, with its revision.

use serde::{Deserialize, Serialize};
use transload_domain::{
    Authentication, ClientAuthentication, ClientCredentials, Filter, Hook, HookNo, HookType,
    Method, Ordering, Organization, Pattern, PluginName, Sealed, Signing, SigningKey,
    SigningScheme, Timestamp, Webhook, WebhookId, WebhookLimits,
};
use uuid::Uuid;

use super::{Row, delivery::MethodRow, invalid, rules::OverridesRow, take};
use crate::{Error, Result, Revision};

/// Version 2.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WebhookRow {
    first: FirstWebhookRow,
    more: MoreWebhookRow,
}

/// Version 1.
#[derive(Debug, Serialize, Deserialize)]
struct FirstWebhookRow {
    revision: Revision,
    id: [u8; 16],
    organization: String,
    name: String,
    description: Option<String>,
    plugin: String,
    hooks: Vec<HookRow>,
    authentication: AuthenticationRow,
    settings: String,
    types: Vec<String>,
    sources: Vec<String>,
    concurrency: Option<u16>,
    suspended_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

/// What version 2 added.
#[derive(Debug, Default, Serialize, Deserialize)]
struct MoreWebhookRow {
    hooks_made: u16,
    signing: Option<Vec<SigningKeyRow>>,
    ordering: OrderingRow,
    overrides: OverridesRow,
    suspended_because: Option<String>,
    resumed_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SigningKeyRow {
    scheme: SigningSchemeRow,
    secret: Vec<u8>,
    until: Option<i64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum SigningSchemeRow {
    V1,
    V1a,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum OrderingRow {
    #[default]
    None,
    Key,
}

#[derive(Debug, Serialize, Deserialize)]
struct HookRow {
    no: u8,
    kind: String,
    method: Option<MethodRow>,
    endpoint: String,
}

#[derive(Debug, Serialize, Deserialize)]
enum AuthenticationRow {
    None,
    Token { header: String, template: String, token: Vec<u8> },
    SignedBearer { audience: Option<String> },
    Basic { username: String, password: Vec<u8> },
    ClientCredentials(ClientCredentialsRow),
}

#[derive(Debug, Serialize, Deserialize)]
struct ClientCredentialsRow {
    endpoint: String,
    client_id: String,
    client_secret: Vec<u8>,
    scope: Option<String>,
    basic: bool,
    header: String,
    template: String,
}

impl Row<'_> for WebhookRow {
    const VERSION: u8 = 2;

    fn older(version: u8, bytes: &[u8]) -> Option<Result<Self>> {
        let first = |first: FirstWebhookRow| {
            // Version 1 does not count the numbers; no hook of such a webhook was ever removed.
            let hooks_made = first.hooks.iter().map(|hook| u16::from(hook.no) + 1).max();
            let more = MoreWebhookRow { hooks_made: hooks_made.unwrap_or(0), ..Default::default() };
            Self { first, more }
        };
        (version == 1).then(|| take(bytes).map(first))
    }
}

impl WebhookRow {
    pub(crate) fn new(revision: Revision, webhook: &Webhook) -> Self {
        let first = FirstWebhookRow::new(revision, webhook);
        Self { first, more: webhook.into() }
    }

    pub(crate) fn revision(&self) -> Revision {
        self.first.revision
    }
}

impl FirstWebhookRow {
    fn new(revision: Revision, webhook: &Webhook) -> Self {
        let types = webhook.filter.types.iter();
        Self {
            revision,
            id: webhook.id.0.into_bytes(),
            organization: webhook.organization.as_str().to_owned(),
            name: webhook.name.clone(),
            description: webhook.description.clone(),
            plugin: webhook.plugin.as_str().to_owned(),
            hooks: webhook.hooks.iter().map(HookRow::from).collect(),
            authentication: (&webhook.authentication).into(),
            settings: webhook.settings.clone(),
            types: types.map(|pattern| pattern.as_str().to_owned()).collect(),
            sources: webhook.filter.sources.clone(),
            concurrency: webhook.limits.concurrency,
            suspended_at: webhook.suspended_at.map(Timestamp::as_micros),
            created_at: webhook.created_at.as_micros(),
            updated_at: webhook.updated_at.as_micros(),
        }
    }
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = Error;

    fn try_from(WebhookRow { first: row, more }: WebhookRow) -> Result<Self> {
        let types = row.types.iter().map(|text| Pattern::new(text).map_err(invalid));
        Ok(Self {
            id: WebhookId(Uuid::from_bytes(row.id)),
            organization: Organization::new(&row.organization).map_err(invalid)?,
            name: row.name,
            description: row.description,
            plugin: PluginName::new(&row.plugin).map_err(invalid)?,
            hooks_made: more.hooks_made,
            hooks: row.hooks.into_iter().map(Hook::try_from).collect::<Result<_>>()?,
            authentication: row.authentication.into(),
            settings: row.settings,
            filter: Filter { types: types.collect::<Result<_>>()?, sources: row.sources },
            limits: WebhookLimits { concurrency: row.concurrency },
            signing: more.signing.map(signing),
            ordering: more.ordering.into(),
            overrides: more.overrides.into(),
            suspended_at: row.suspended_at.map(Timestamp::from_micros),
            suspended_because: more.suspended_because,
            resumed_at: more.resumed_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

impl From<&Webhook> for MoreWebhookRow {
    fn from(webhook: &Webhook) -> Self {
        let keys = |signing: &Signing| signing.keys.iter().map(SigningKeyRow::from).collect();
        Self {
            hooks_made: webhook.hooks_made,
            signing: webhook.signing.as_ref().map(keys),
            ordering: webhook.ordering.into(),
            overrides: webhook.overrides.clone().into(),
            suspended_because: webhook.suspended_because.clone(),
            resumed_at: webhook.resumed_at.map(Timestamp::as_micros),
        }
    }
}

fn signing(keys: Vec<SigningKeyRow>) -> Signing {
    Signing { keys: keys.into_iter().map(SigningKey::from).collect() }
}

impl From<&SigningKey> for SigningKeyRow {
    fn from(key: &SigningKey) -> Self {
        let scheme = match key.scheme {
            SigningScheme::V1 => SigningSchemeRow::V1,
            SigningScheme::V1a => SigningSchemeRow::V1a,
        };
        let until = key.until.map(Timestamp::as_micros);
        Self { scheme, secret: key.secret.0.clone(), until }
    }
}

impl From<SigningKeyRow> for SigningKey {
    fn from(row: SigningKeyRow) -> Self {
        let scheme = match row.scheme {
            SigningSchemeRow::V1 => SigningScheme::V1,
            SigningSchemeRow::V1a => SigningScheme::V1a,
        };
        let until = row.until.map(Timestamp::from_micros);
        Self { scheme, secret: Sealed(row.secret), until }
    }
}

impl From<Ordering> for OrderingRow {
    fn from(ordering: Ordering) -> Self {
        match ordering {
            Ordering::None => Self::None,
            Ordering::Key => Self::Key,
        }
    }
}

impl From<OrderingRow> for Ordering {
    fn from(row: OrderingRow) -> Self {
        match row {
            OrderingRow::None => Self::None,
            OrderingRow::Key => Self::Key,
        }
    }
}

impl From<&Hook> for HookRow {
    fn from(hook: &Hook) -> Self {
        Self {
            no: hook.no.0,
            kind: hook.kind.as_str().to_owned(),
            method: hook.method.map(MethodRow::from),
            endpoint: hook.endpoint.clone(),
        }
    }
}

impl TryFrom<HookRow> for Hook {
    type Error = Error;

    fn try_from(row: HookRow) -> Result<Self> {
        let kind = HookType::new(&row.kind).map_err(invalid)?;
        let method = row.method.map(Method::from);
        Ok(Self { no: HookNo(row.no), kind, method, endpoint: row.endpoint })
    }
}

impl From<&Authentication> for AuthenticationRow {
    fn from(authentication: &Authentication) -> Self {
        match authentication.clone() {
            Authentication::None => Self::None,
            Authentication::Token { header, template, token } => {
                Self::Token { header, template, token: token.0 }
            }
            Authentication::SignedBearer { audience } => Self::SignedBearer { audience },
            Authentication::Basic { username, password } => {
                Self::Basic { username, password: password.0 }
            }
            Authentication::ClientCredentials(client) => {
                Self::ClientCredentials(ClientCredentialsRow {
                    endpoint: client.endpoint,
                    client_id: client.client_id,
                    client_secret: client.client_secret.0,
                    scope: client.scope,
                    basic: client.client_authentication == ClientAuthentication::Basic,
                    header: client.header,
                    template: client.template,
                })
            }
        }
    }
}

impl From<AuthenticationRow> for Authentication {
    fn from(row: AuthenticationRow) -> Self {
        match row {
            AuthenticationRow::None => Self::None,
            AuthenticationRow::Token { header, template, token } => {
                Self::Token { header, template, token: Sealed(token) }
            }
            AuthenticationRow::SignedBearer { audience } => Self::SignedBearer { audience },
            AuthenticationRow::Basic { username, password } => {
                Self::Basic { username, password: Sealed(password) }
            }
            AuthenticationRow::ClientCredentials(row) => {
                let client_authentication = if row.basic {
                    ClientAuthentication::Basic
                } else {
                    ClientAuthentication::Body
                };
                Self::ClientCredentials(ClientCredentials {
                    endpoint: row.endpoint,
                    client_id: row.client_id,
                    client_secret: Sealed(row.client_secret),
                    scope: row.scope,
                    client_authentication,
                    header: row.header,
                    template: row.template,
                })
            }
        }
    }
}
