//! How lists show a delivery.

use serde::Serialize;
use transload_delivery::Trouble;
use transload_domain::{Delivery, PluginRef, Status, Webhook};

use super::waits;
use crate::{events::EventSummary, time::Rfc3339};

/// A delivery without its bytes and attempts.
#[derive(Serialize)]
pub(crate) struct DeliverySummary {
    id: String,
    status: &'static str,
    /// How often it was tried.
    attempt_count: u32,
    /// How many of them were made before somebody last asked for it again: the schedule begins anew behind them.
    earlier_attempt_count: u32,
    /// Whether it goes out after those of earlier events with the same subject.
    in_order: bool,
    /// Whether it was made on trial: its failures do not count towards suspension.
    emulated: bool,
    /// When it is tried next; absent when nothing more happens by itself, and while it is held.
    due_at: Option<Rfc3339>,
    updated_at: Rfc3339,
    event: EventSummary,
    webhook: WebhookSummary,
    plugin: Option<PluginView>,
    /// Why it is not delivered, in words, where its transform or its last attempt told.
    reason: Option<String>,
    /// What keeps it back beside its own time, in words; `null` where nothing does. That another goes out first is told
    /// where the delivery is shown alone.
    pub(super) waits_for: Option<String>,
}

#[derive(Serialize)]
struct WebhookSummary {
    id: String,
    /// Absent when the webhook was removed.
    name: Option<String>,
    /// The hook's type; absent when the webhook was removed.
    hook: Option<String>,
}

#[derive(Serialize)]
struct PluginView {
    name: String,
    version: String,
    digest: String,
}

/// A status as it is shown: `held` is an open delivery whose webhook is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// As it is stored.
    Stored(Status),
    /// Open, while its webhook is suspended.
    Held,
}

impl Shown {
    const HELD: &str = "held";

    /// Of a delivery of this webhook.
    pub(super) fn of(status: Status, webhook: Option<&Webhook>) -> Self {
        let suspended = webhook.is_some_and(|webhook| webhook.suspended_at.is_some());
        if suspended && status.is_open() { Self::Held } else { Self::Stored(status) }
    }

    /// The one of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if name == Self::HELD { Some(Self::Held) } else { Status::parse(name).map(Self::Stored) }
    }

    /// Its name.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Stored(status) => status.as_str(),
            Self::Held => Self::HELD,
        }
    }

    /// The stored statuses that it can be.
    pub(super) fn stored(self) -> Vec<Status> {
        match self {
            Self::Stored(status) => vec![status],
            Self::Held => Status::ALL.into_iter().filter(|status| status.is_open()).collect(),
        }
    }

    /// The names of all, for a message.
    pub(super) fn names() -> String {
        let stored = Status::ALL.iter().map(|status| status.as_str());
        stored.chain([Self::HELD]).collect::<Vec<_>>().join(", ")
    }
}

impl DeliverySummary {
    /// Of a delivery, its event and its webhook, where that still is.
    pub(super) fn new(
        delivery: &Delivery,
        event: EventSummary,
        webhook: Option<&Webhook>,
        trouble: Option<&Trouble>,
        reason: Option<String>,
    ) -> Self {
        let head = delivery.head;
        let shown = Shown::of(head.status, webhook);
        let waits = head.status.is_open() && shown != Shown::Held;
        let hook = webhook.and_then(|webhook| webhook.hook(head.key.hook));
        Self {
            id: head.key.id().to_string(),
            status: shown.as_str(),
            attempt_count: head.attempts,
            earlier_attempt_count: head.earlier,
            in_order: head.order.is_some(),
            emulated: head.emulated,
            due_at: waits.then_some(Rfc3339(head.due)),
            updated_at: Rfc3339(head.at),
            event,
            webhook: WebhookSummary {
                id: head.key.webhook.to_string(),
                name: webhook.map(|webhook| webhook.name.clone()),
                hook: hook.map(|hook| hook.kind.to_string()),
            },
            plugin: delivery.made.plugin.as_ref().map(PluginView::of),
            reason,
            waits_for: webhook
                .filter(|_| head.status.is_open())
                .and_then(|webhook| waits::for_its_webhook(webhook, trouble)),
        }
    }
}

impl PluginView {
    fn of(plugin: &PluginRef) -> Self {
        Self {
            name: plugin.name.to_string(),
            version: plugin.version.clone(),
            digest: plugin.digest.to_string(),
        }
    }
}
