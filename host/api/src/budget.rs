//! How much of bodies is in memory at once.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Kind, Problem};

/// Bytes of bodies that may be in memory at once, over all requests. Sixteen of the largest batches, or some hundred
/// of the largest events; parsed events cost about as much again.
const BODIES_BYTES_MAX: usize = 128 << 20;
/// Bytes that one permit stands for, so that all of them fit into a semaphore.
const UNIT_BYTES: usize = 1 << 10;
/// How long a request waits for its share.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Seconds after which a caller that got no share may try again.
const RETRY_S: u32 = 5;

/// The memory that bodies share. A request reserves its share before it reads, and holds it until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// A share of the budget.
#[derive(Debug)]
pub(crate) struct Share(
    #[expect(dead_code, reason = "it is held, and gives its share back when dropped")]
    OwnedSemaphorePermit,
);

impl Budget {
    /// The budget of a host.
    pub(crate) fn new() -> Self {
        Self::of(BODIES_BYTES_MAX)
    }

    fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(units(bytes) as usize)))
    }

    /// Reserves so many bytes; waits for its turn.
    ///
    /// # Errors
    /// 503 when there is no room for it in time.
    pub(crate) async fn reserve(&self, bytes: usize) -> Result<Share, Problem> {
        let permit = self.0.clone().acquire_many_owned(units(bytes));
        match tokio::time::timeout(WAIT_MAX, permit).await {
            Ok(Ok(permit)) => Ok(Share(permit)),
            Ok(Err(closed)) => Err(Problem::internal(closed)),
            Err(_) => {
                let detail = "too many large requests are under way; send it again later";
                Err(Problem::new(Kind::Busy, detail).retry_after(RETRY_S))
            }
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_waits_for_its_turn_and_not_for_ever() {
        let budget = Budget::of(10 * UNIT_BYTES);
        let first = budget.reserve(6 * UNIT_BYTES).await.unwrap();
        let _second = budget.reserve(4 * UNIT_BYTES).await.unwrap();
        let started = tokio::time::Instant::now();
        assert!(budget.reserve(1).await.is_err());
        assert_eq!(started.elapsed(), WAIT_MAX);
        let (third, ()) = tokio::join!(budget.reserve(1), async { drop(first) });
        assert!(third.is_ok());
        assert_eq!(started.elapsed(), WAIT_MAX, "it waited although there was room");
    }
}
