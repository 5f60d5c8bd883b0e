//! A plugin version's profile as stored. Its digest is in the row's key.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use transload_domain::{
    AskedLimits, AuthenticationKind, Example, HookType, Method, Pattern, PluginName, Profile,
    ProfileHook, SuspendRule, TokenHeader,
};

use super::{
    Row,
    delivery::MethodRow,
    invalid,
    rules::{RetryRow, SuccessRow, SuspendRow},
};
use crate::{Error, Result};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProfileRow {
    name: String,
    version: String,
    title: String,
    homepage: Option<String>,
    hooks: Vec<ProfileHookRow>,
    authentication: Vec<AuthenticationKindRow>,
    token_header: String,
    token_template: String,
    success: SuccessRow,
    final_statuses: Vec<u16>,
    retry: RetryRow,
    suspend: Option<SuspendRow>,
    suppress_echo: bool,
    expect_continue: bool,
    settings_schema: Option<String>,
    limits: AskedLimitsRow,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProfileHookRow {
    kind: String,
    events: Vec<String>,
    method: MethodRow,
    /// Event type and data.
    examples: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum AuthenticationKindRow {
    None,
    Token,
    SignedBearer,
    Basic,
    ClientCredentials,
}

#[derive(Debug, Serialize, Deserialize)]
struct AskedLimitsRow {
    concurrency: Option<u16>,
    transform_time: Option<Duration>,
    memory_bytes: Option<u64>,
}

impl Row<'_> for ProfileRow {}

impl From<&Profile> for ProfileRow {
    fn from(profile: &Profile) -> Self {
        let profile = profile.clone();
        let kinds = profile.authentication.into_iter();
        Self {
            name: profile.name.as_str().to_owned(),
            version: profile.version,
            title: profile.title,
            homepage: profile.homepage,
            hooks: profile.hooks.into_iter().map(ProfileHookRow::from).collect(),
            authentication: kinds.map(AuthenticationKindRow::from).collect(),
            token_header: profile.token_header.name,
            token_template: profile.token_header.template,
            success: profile.success.into(),
            final_statuses: profile.final_statuses,
            retry: profile.retry.into(),
            suspend: profile.suspend.map(SuspendRow::from),
            suppress_echo: profile.suppress_echo,
            expect_continue: profile.expect_continue,
            settings_schema: profile.settings_schema,
            limits: AskedLimitsRow {
                concurrency: profile.limits.concurrency,
                transform_time: profile.limits.transform_time,
                memory_bytes: profile.limits.memory_bytes,
            },
        }
    }
}

impl TryFrom<ProfileRow> for Profile {
    type Error = Error;

    fn try_from(row: ProfileRow) -> Result<Self> {
        let kinds = row.authentication.into_iter();
        Ok(Self {
            name: PluginName::new(&row.name).map_err(invalid)?,
            version: row.version,
            title: row.title,
            homepage: row.homepage,
            hooks: row.hooks.into_iter().map(ProfileHook::try_from).collect::<Result<_>>()?,
            authentication: kinds.map(AuthenticationKind::from).collect(),
            token_header: TokenHeader { name: row.token_header, template: row.token_template },
            success: row.success.into(),
            final_statuses: row.final_statuses,
            retry: row.retry.into(),
            suspend: row.suspend.map(SuspendRule::from),
            suppress_echo: row.suppress_echo,
            expect_continue: row.expect_continue,
            settings_schema: row.settings_schema,
            limits: AskedLimits {
                concurrency: row.limits.concurrency,
                transform_time: row.limits.transform_time,
                memory_bytes: row.limits.memory_bytes,
            },
        })
    }
}

impl From<ProfileHook> for ProfileHookRow {
    fn from(hook: ProfileHook) -> Self {
        let examples = hook.examples.into_iter();
        Self {
            kind: hook.kind.as_str().to_owned(),
            events: hook.events.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            method: hook.method.into(),
            examples: examples.map(|example| (example.event_type, example.data)).collect(),
        }
    }
}

impl TryFrom<ProfileHookRow> for ProfileHook {
    type Error = Error;

    fn try_from(row: ProfileHookRow) -> Result<Self> {
        let events = row.events.iter().map(|text| Pattern::new(text).map_err(invalid));
        let examples = row.examples.into_iter();
        Ok(Self {
            kind: HookType::new(&row.kind).map_err(invalid)?,
            events: events.collect::<Result<_>>()?,
            method: Method::from(row.method),
            examples: examples.map(|(event_type, data)| Example { event_type, data }).collect(),
        })
    }
}

impl From<AuthenticationKind> for AuthenticationKindRow {
    fn from(kind: AuthenticationKind) -> Self {
        match kind {
            AuthenticationKind::None => Self::None,
            AuthenticationKind::Token => Self::Token,
            AuthenticationKind::SignedBearer => Self::SignedBearer,
            AuthenticationKind::Basic => Self::Basic,
            AuthenticationKind::ClientCredentials => Self::ClientCredentials,
        }
    }
}

impl From<AuthenticationKindRow> for AuthenticationKind {
    fn from(row: AuthenticationKindRow) -> Self {
        match row {
            AuthenticationKindRow::None => Self::None,
            AuthenticationKindRow::Token => Self::Token,
            AuthenticationKindRow::SignedBearer => Self::SignedBearer,
            AuthenticationKindRow::Basic => Self::Basic,
            AuthenticationKindRow::ClientCredentials => Self::ClientCredentials,
        }
    }
}
