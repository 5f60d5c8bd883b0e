//! What carries a request to its vendor.

use std::sync::Arc;

use async_trait::async_trait;
use transload_domain::{
    AttemptOutcome, Authentication, DeliveryKey, Organization, Request, Signing,
};

/// What carries a request to its vendor, and brings back the answer.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// Makes one exchange. It ends within [`transload_domain::limits::EXCHANGE_TIME_MAX`].
    async fn send(&self, exchange: Exchange) -> AttemptOutcome;
}

/// One exchange with a vendor: what is sent, and what belongs to this attempt only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Which delivery.
    pub delivery: DeliveryKey,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Whose webhook it is.
    pub organization: Organization,
    /// The hook's endpoint; the request's path is appended.
    pub endpoint: String,
    /// The bytes of the delivery, the same on every attempt.
    pub request: Arc<Request>,
    /// How the request proves where it comes from.
    pub authentication: Authentication,
    /// How the request is signed, beside its authentication.
    pub signing: Option<Signing>,
    /// Whether the request announces its body with `Expect: 100-continue`.
    pub expect_continue: bool,
}
