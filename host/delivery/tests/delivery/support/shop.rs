//! An engine that is a few threads and the test's clock.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};
use transload_delivery::{Transformer, run::Timer};
use transload_domain::{
    Call, Catalog, Clock, Fault, NotRun, Outcome, Transformed, limits::TRANSFORM_TIME_MAX,
};

use super::{Plugins, Time, echo_body};

type Takes = Box<dyn Fn(&Call) -> Duration + Send + Sync>;

/// Runs calls one after the other on each of its threads; a call takes as long as a test says, by the test's clock.
/// It has the plugins of another, and sends each event's data on.
pub(crate) struct Shop {
    time: Time,
    plugins: Arc<Plugins>,
    threads: usize,
    free: Semaphore,
    takes: Takes,
}

impl Shop {
    pub(crate) fn new(
        time: &Time,
        plugins: &Arc<Plugins>,
        threads: usize,
        takes: impl Fn(&Call) -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self {
            time: time.clone(),
            plugins: Arc::clone(plugins),
            threads,
            free: Semaphore::new(threads),
            takes: Box::new(takes),
        }
    }
}

#[async_trait]
impl Transformer for Shop {
    fn catalog(&self) -> watch::Receiver<Arc<Catalog>> {
        self.plugins.catalog()
    }

    fn threads(&self) -> usize {
        self.threads
    }

    async fn transform(&self, call: Call) -> Result<Transformed, NotRun> {
        let _thread = self.free.acquire().await.unwrap();
        let loaded = self.catalog().borrow().get(&call.plugin).cloned();
        let plugin = loaded.ok_or_else(|| NotRun::Missing(call.plugin.clone()))?;
        let took = (self.takes)(&call).min(TRANSFORM_TIME_MAX);
        self.time.wait_until(self.time.now().after(took)).await;
        let result = if took < TRANSFORM_TIME_MAX {
            Ok(Outcome::Deliver(vec![echo_body(&call)]))
        } else {
            Err(Fault::Time(TRANSFORM_TIME_MAX))
        };
        Ok(Transformed {
            plugin: plugin.reference.clone(),
            result,
            reads: Vec::new(),
            writes: Vec::new(),
            log: Vec::new(),
            log_dropped: 0,
            took,
        })
    }
}
