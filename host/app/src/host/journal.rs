//! Watches over the store's journal: after a write that failed it takes no other, and only a new start helps.

use std::time::Duration;

use transload_delivery::Health;
use transload_store::Sled;

/// How often the journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a host whose journal is dead still answers, so that posts get their 503 and a balancer sees
/// `/health/ready` fail, before the process ends and its supervisor starts another.
const ANSWER_ON: Duration = Duration::from_secs(10);

/// Ends a while after the journal died; until then `health` says so.
pub(super) async fn dead(ledger: &Sled, health: &Health) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    while ledger.is_alive() {
        looks.tick().await;
    }
    tracing::error!(
        "the store refuses writes; nothing is accepted any more, and the host ends soon"
    );
    health.store_failed("a write failed; the host ends soon and needs a new start");
    tokio::time::sleep(ANSWER_ON).await;
}
