//! What runs plugins.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use transload_domain::{Call, Catalog, NotRun, Transformed};

/// What runs plugins.
#[async_trait]
pub trait Transformer: Send + Sync + 'static {
    /// Which plugins run, now and from now on.
    fn catalog(&self) -> watch::Receiver<Arc<Catalog>>;

    /// How many transforms really run at the same time. Plugins that use much time share a quarter of that.
    fn threads(&self) -> usize {
        1
    }

    /// Runs a plugin's transform. It ends by itself: the engine has its own limits. The loop asks for it and waits
    /// beside all else, so that this hands the work to another thread and never blocks.
    ///
    /// # Errors
    /// When the transform was not run at all.
    async fn transform(&self, call: Call) -> Result<Transformed, NotRun>;
}
