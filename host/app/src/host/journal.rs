//! Watches over the store's journal: after a write that failed it takes no other, and only a new start helps.

use std::time::Duration;

use transload_delivery::Health;

/// How often the journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a host whose journal is dead still answers, so that posts get their 503 and a balancer sees
/// `/health/ready` fail, before the process ends and its supervisor starts another.
const ANSWER_ON: Duration = Duration::from_secs(10);

/// Ends a while after the journal died; until then `health` says so.
pub(super) async fn dead(is_alive: impl Fn() -> bool, health: &Health) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    while is_alive() {
        looks.tick().await;
    }
    tracing::error!(
        "the store refuses writes; nothing is accepted any more, and the host ends soon"
    );
    health.store_failed("a write failed; the host ends soon and needs a new start");
    tokio::time::sleep(ANSWER_ON).await;
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        future::{Future, poll_fn},
        pin::pin,
        task::Poll,
    };

    use transload_delivery::Problem;
    use transload_domain::Timestamp;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dead_journal_is_told_at_once_and_ends_the_host_a_while_later() {
        let (alive, health) = (Cell::new(true), Health::new());
        let is_told = || {
            let problems = health.problems(Timestamp::EPOCH);
            problems.iter().any(|problem| matches!(problem, Problem::Store(_)))
        };
        let mut watch = pin!(dead(|| alive.get(), &health));
        let began = tokio::time::Instant::now();

        assert!(tokio::time::timeout(Duration::from_secs(60), &mut watch).await.is_err());
        assert!(!is_told());

        alive.set(false);
        tokio::time::advance(LOOK_EVERY).await;
        poll_fn(|context| Poll::Ready(watch.as_mut().poll(context).is_ready())).await;
        assert!(is_told());
        watch.await;
        assert_eq!(began.elapsed(), Duration::from_secs(60) + LOOK_EVERY + ANSWER_ON);
    }
}
