//! Subscriptions to webhooks: `webhook`.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::format::Time;

/// A webhook as the API answers it, but for its token: that is for its own receiver only.
#[derive(Serialize)]
pub(crate) struct Payload {
    url: String,
    remote_url: String,
    created_at: Option<Time>,
    updated_at: Option<Time>,
    entity: String,
    suspended_at: Option<Time>,
}

/// A webhook of transload's that was suspended. The form is an assumption of ours: a webhook as ReadyCloud's API
/// answers it, of which only the URL and the times are known, and beside that its name, plugin and the reason.
#[derive(Serialize)]
pub(crate) struct SuspendedPayload {
    url: String,
    remote_url: (),
    created_at: (),
    updated_at: Time,
    entity: (),
    suspended_at: Time,
    name: String,
    plugin: String,
    reason: String,
}

impl SuspendedPayload {
    /// The notification about a webhook of this organization.
    pub(crate) fn new(organization: &str, suspension: model::Suspension) -> Self {
        let model::Suspension { webhook_id, name, plugin, suspended_at, reason } = suspension;
        Self {
            url: format!("/api/v2/orgs/{organization}/webhooks/{webhook_id}/"),
            remote_url: (),
            created_at: (),
            updated_at: suspended_at.clone().into(),
            entity: (),
            suspended_at: suspended_at.into(),
            name,
            plugin,
            reason,
        }
    }
}

impl TryFrom<model::Subscription> for Payload {
    type Error = Fault;

    fn try_from(subscription: model::Subscription) -> Result<Self, Fault> {
        Ok(Self {
            url: subscription.url,
            remote_url: subscription.remote_url,
            created_at: subscription.created_at.map(Time::from),
            updated_at: subscription.updated_at.map(Time::from),
            entity: subscription.entity,
            suspended_at: subscription.suspended_at.map(Time::from),
        })
    }
}
