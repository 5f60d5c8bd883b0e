//! A delivery as stored: the head, which changes, and apart from it what was made once for all. The key is in
//! the row's key.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use transload_domain::{
    Content, DeliveryKey, Digest, Fault, Head, Made, Method, OrderKey, PluginName, PluginRef,
    Request, Status, Timestamp,
};

use super::{Row, invalid, take};
use crate::{Error, Result};

/// Version 2.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeadRow {
    first: FirstHeadRow,
    earlier: u32,
    order: Option<u64>,
    emulated: bool,
}

/// Version 1.
#[derive(Debug, Serialize, Deserialize)]
struct FirstHeadRow {
    status: StatusRow,
    attempts: u32,
    due: i64,
    at: i64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum StatusRow {
    Blocked,
    Scheduled,
    Delivered,
    Skipped,
    Dead,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MadeRow {
    plugin: Option<PluginRow>,
    content: ContentRow,
}

#[derive(Debug, Serialize, Deserialize)]
struct PluginRow {
    name: String,
    version: String,
    digest: [u8; 32],
}

#[derive(Debug, Serialize, Deserialize)]
enum ContentRow {
    Request(RequestRow),
    Skipped(String),
    Faulted(FaultRow),
    Blocked(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct RequestRow {
    method: MethodRow,
    path: String,
    headers: Vec<(String, String)>,
    #[serde(with = "super::bytes")]
    body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum MethodRow {
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Debug, Serialize, Deserialize)]
enum FaultRow {
    InvalidEvent(String),
    RetryLater(String),
    Internal(String),
    Panic(String),
    Trap(String),
    Time(Duration),
    Memory(u64),
    Stack,
    Output(String),
    State(String),
}

impl Row<'_> for HeadRow {
    const VERSION: u8 = 2;

    fn older(version: u8, bytes: &[u8]) -> Option<Result<Self>> {
        let first = |first| Self { first, earlier: 0, order: None, emulated: false };
        (version == 1).then(|| take(bytes).map(first))
    }
}

impl Row<'_> for MadeRow {}

impl From<&Head> for HeadRow {
    fn from(head: &Head) -> Self {
        let first = FirstHeadRow {
            status: head.status.into(),
            attempts: head.attempts,
            due: head.due.as_micros(),
            at: head.at.as_micros(),
        };
        let order = head.order.map(|key| key.0);
        Self { first, earlier: head.earlier, order, emulated: head.emulated }
    }
}

impl HeadRow {
    pub(crate) fn into_head(self, key: DeliveryKey) -> Head {
        let Self { first, earlier, order, emulated } = self;
        Head {
            key,
            status: first.status.into(),
            attempts: first.attempts,
            earlier,
            due: Timestamp::from_micros(first.due),
            at: Timestamp::from_micros(first.at),
            order: order.map(OrderKey),
            emulated,
        }
    }
}

impl From<Status> for StatusRow {
    fn from(status: Status) -> Self {
        match status {
            Status::Blocked => Self::Blocked,
            Status::Scheduled => Self::Scheduled,
            Status::Delivered => Self::Delivered,
            Status::Skipped => Self::Skipped,
            Status::Dead => Self::Dead,
        }
    }
}

impl From<StatusRow> for Status {
    fn from(row: StatusRow) -> Self {
        match row {
            StatusRow::Blocked => Self::Blocked,
            StatusRow::Scheduled => Self::Scheduled,
            StatusRow::Delivered => Self::Delivered,
            StatusRow::Skipped => Self::Skipped,
            StatusRow::Dead => Self::Dead,
        }
    }
}

impl MadeRow {
    /// Whether the delivery has its bytes.
    pub(crate) fn has_bytes(&self) -> bool {
        matches!(self.content, ContentRow::Request(_))
    }
}

impl From<&Made> for MadeRow {
    fn from(made: &Made) -> Self {
        let content = match &made.content {
            Content::Request(request) => ContentRow::Request(request.as_ref().into()),
            Content::Skipped(reason) => ContentRow::Skipped(reason.clone()),
            Content::Faulted(fault) => ContentRow::Faulted(fault.into()),
            Content::Blocked(reason) => ContentRow::Blocked(reason.clone()),
        };
        Self { plugin: made.plugin.as_ref().map(PluginRow::from), content }
    }
}

impl TryFrom<MadeRow> for Made {
    type Error = Error;

    fn try_from(row: MadeRow) -> Result<Self> {
        let content = match row.content {
            ContentRow::Request(request) => Content::Request(Arc::new(request.into())),
            ContentRow::Skipped(reason) => Content::Skipped(reason),
            ContentRow::Faulted(fault) => Content::Faulted(fault.into()),
            ContentRow::Blocked(reason) => Content::Blocked(reason),
        };
        Ok(Self { plugin: row.plugin.map(PluginRef::try_from).transpose()?, content })
    }
}

impl From<&PluginRef> for PluginRow {
    fn from(plugin: &PluginRef) -> Self {
        Self {
            name: plugin.name.as_str().to_owned(),
            version: plugin.version.clone(),
            digest: plugin.digest.0,
        }
    }
}

impl TryFrom<PluginRow> for PluginRef {
    type Error = Error;

    fn try_from(row: PluginRow) -> Result<Self> {
        let name = PluginName::new(&row.name).map_err(invalid)?;
        Ok(Self { name, version: row.version, digest: Digest(row.digest) })
    }
}

impl From<&Request> for RequestRow {
    fn from(request: &Request) -> Self {
        Self {
            method: request.method.into(),
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        }
    }
}

impl From<RequestRow> for Request {
    fn from(row: RequestRow) -> Self {
        Self { method: row.method.into(), path: row.path, headers: row.headers, body: row.body }
    }
}

impl From<Method> for MethodRow {
    fn from(method: Method) -> Self {
        match method {
            Method::Post => Self::Post,
            Method::Put => Self::Put,
            Method::Patch => Self::Patch,
            Method::Delete => Self::Delete,
        }
    }
}

impl From<MethodRow> for Method {
    fn from(row: MethodRow) -> Self {
        match row {
            MethodRow::Post => Self::Post,
            MethodRow::Put => Self::Put,
            MethodRow::Patch => Self::Patch,
            MethodRow::Delete => Self::Delete,
        }
    }
}

impl From<&Fault> for FaultRow {
    fn from(fault: &Fault) -> Self {
        match fault.clone() {
            Fault::InvalidEvent(text) => Self::InvalidEvent(text),
            Fault::RetryLater(text) => Self::RetryLater(text),
            Fault::Internal(text) => Self::Internal(text),
            Fault::Panic(text) => Self::Panic(text),
            Fault::Trap(text) => Self::Trap(text),
            Fault::Time(time) => Self::Time(time),
            Fault::Memory(bytes) => Self::Memory(bytes),
            Fault::Stack => Self::Stack,
            Fault::Output(text) => Self::Output(text),
            Fault::State(text) => Self::State(text),
        }
    }
}

impl From<FaultRow> for Fault {
    fn from(row: FaultRow) -> Self {
        match row {
            FaultRow::InvalidEvent(text) => Self::InvalidEvent(text),
            FaultRow::RetryLater(text) => Self::RetryLater(text),
            FaultRow::Internal(text) => Self::Internal(text),
            FaultRow::Panic(text) => Self::Panic(text),
            FaultRow::Trap(text) => Self::Trap(text),
            FaultRow::Time(time) => Self::Time(time),
            FaultRow::Memory(bytes) => Self::Memory(bytes),
            FaultRow::Stack => Self::Stack,
            FaultRow::Output(text) => Self::Output(text),
            FaultRow::State(text) => Self::State(text),
        }
    }
}
