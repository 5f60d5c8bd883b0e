//! Serves a router on a listener until told to stop, with every wait and number bounded.

use std::{sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How long a client may take to send a request's head; one that drips holds a connection no longer.
const HEAD_TIME_MAX: Duration = Duration::from_secs(20);

/// Serves `router` on `listener` until `stop`; then takes no new connection, lets each one finish the request it is
/// at, and after `stop_within` cuts what is left.
///
/// At most `connections_max` connections are open at the same time; further ones wait in the listener's queue.
pub(crate) async fn serve<L>(
    mut listener: L,
    router: Router,
    connections_max: usize,
    stop: CancellationToken,
    stop_within: Duration,
) where
    L: Listener,
{
    let slots = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let builder = builder();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = next(&mut listener, &slots) => accepted,
        };
        let Some((io, slot)) = accepted else { break };
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(io), service);
        let connection = graceful.watch(connection.into_owned());
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("connection ended: {error}");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(stop_within, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that were not done within {stop_within:?} are cut");
    }
    connections.shutdown().await;
}

async fn next<L: Listener>(
    listener: &mut L,
    slots: &Arc<Semaphore>,
) -> Option<(L::Io, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    let (io, _) = listener.accept().await;
    Some((io, slot))
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .keep_alive_interval(HEAD_TIME_MAX);
    builder
}
