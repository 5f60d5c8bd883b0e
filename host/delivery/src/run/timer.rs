//! Waiting for a time.

use std::sync::Arc;

use async_trait::async_trait;
use transload_domain::{Clock, Timestamp};

/// What waits for a time. A test's timer ends when the test moves its clock.
#[async_trait]
pub trait Timer: Send + Sync + 'static {
    /// Ends at that time or soon after; at once when it is past. It may end early: whoever waits looks again.
    async fn wait_until(&self, at: Timestamp);
}

/// Waits by tokio's timer for a real clock.
pub struct TokioTimer(pub Arc<dyn Clock>);

/// The longest single wait: a wall clock can be set, and a timer that sleeps does not notice.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

#[async_trait]
impl Timer for TokioTimer {
    async fn wait_until(&self, at: Timestamp) {
        tokio::time::sleep(at.since(self.0.now()).min(LOOK_AGAIN)).await;
    }
}
