//! An event as stored. Its number is in the key.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use transload_domain::{Event, Organization, Timestamp, WebhookId};
use uuid::Uuid;

use super::{Row, invalid, take};
use crate::{Error, Result};

/// Version 2.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventRow<'a> {
    #[serde(borrow)]
    first: FirstEventRow<'a>,
    emulated_for: Option<[u8; 16]>,
}

/// Version 1.
#[derive(Debug, Serialize, Deserialize)]
struct FirstEventRow<'a> {
    #[serde(borrow)]
    organization: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    extensions: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(borrow)]
    data: Cow<'a, str>,
    accepted_at: i64,
}

impl<'a> Row<'a> for EventRow<'a> {
    const VERSION: u8 = 2;

    fn older(version: u8, bytes: &'a [u8]) -> Option<Result<Self>> {
        (version == 1).then(|| Ok(Self { first: take(bytes)?, emulated_for: None }))
    }
}

impl EventRow<'_> {
    /// Whose event it is.
    pub(crate) fn organization(&self) -> Result<Organization> {
        Organization::new(&self.first.organization).map_err(invalid)
    }

    /// When the event was accepted.
    pub(crate) fn accepted_at(&self) -> Timestamp {
        Timestamp::from_micros(self.first.accepted_at)
    }
}

impl<'a> From<&'a Event> for EventRow<'a> {
    fn from(event: &'a Event) -> Self {
        let emulated_for = event.emulated_for.map(|webhook| webhook.0.into_bytes());
        Self { first: event.into(), emulated_for }
    }
}

impl<'a> From<&'a Event> for FirstEventRow<'a> {
    fn from(event: &'a Event) -> Self {
        let extensions = event.extensions.iter();
        Self {
            organization: event.organization.as_str().into(),
            id: event.id.as_str().into(),
            source: event.source.as_str().into(),
            kind: event.kind.as_str().into(),
            subject: event.subject.as_deref().map(Into::into),
            time: event.time.as_deref().map(Into::into),
            extensions: extensions.map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect(),
            data: event.data.as_str().into(),
            accepted_at: event.accepted_at.as_micros(),
        }
    }
}

impl TryFrom<EventRow<'_>> for Event {
    type Error = Error;

    fn try_from(row: EventRow<'_>) -> Result<Self> {
        let emulated_for = row.emulated_for.map(|id| WebhookId(Uuid::from_bytes(id)));
        let row = row.first;
        let extensions = row.extensions.into_iter();
        Ok(Self {
            organization: Organization::new(&row.organization).map_err(invalid)?,
            id: row.id.into_owned(),
            source: row.source.into_owned(),
            kind: row.kind.into_owned(),
            subject: row.subject.map(Cow::into_owned),
            time: row.time.map(Cow::into_owned),
            extensions: extensions.map(|(k, v)| (k.into_owned(), v.into_owned())).collect(),
            data: row.data.into_owned(),
            accepted_at: Timestamp::from_micros(row.accepted_at),
            emulated_for,
        })
    }
}
