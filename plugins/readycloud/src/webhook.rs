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
