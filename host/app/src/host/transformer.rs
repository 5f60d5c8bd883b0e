//! The engine, as the delivery loop wants it.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use transload_delivery::Transformer;
use transload_domain::{Call, Catalog, NotRun, Transformed};
use transload_engine::Engine;

/// Runs transforms on the engine's threads.
pub(super) struct EngineTransformer(pub(super) Arc<Engine>);

#[async_trait]
impl Transformer for EngineTransformer {
    fn catalog(&self) -> watch::Receiver<Arc<Catalog>> {
        self.0.catalog()
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }

    async fn transform(&self, call: Call) -> Result<Transformed, NotRun> {
        self.0.transform(call).await
    }
}
