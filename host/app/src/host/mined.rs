//! A loop that panics when a test wants it to.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use async_trait::async_trait;
use transload_delivery::run::{Parts, Timer};
use transload_domain::Timestamp;

/// Says when the loop is to panic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mine(Arc<AtomicBool>);

impl Mine {
    /// The loop panics the next time that it waits.
    pub(crate) fn arm(&self) {
        self.0.store(true, SeqCst);
    }

    /// The same parts, mined.
    pub(crate) fn lay(&self, parts: Parts) -> Parts {
        Parts { timer: Arc::new(MinedTimer { mine: self.clone(), timer: parts.timer }), ..parts }
    }
}

struct MinedTimer {
    mine: Mine,
    timer: Arc<dyn Timer>,
}

#[async_trait]
impl Timer for MinedTimer {
    async fn wait_until(&self, at: Timestamp) {
        assert!(!self.mine.0.load(SeqCst), "the mine");
        self.timer.wait_until(at).await;
    }
}
