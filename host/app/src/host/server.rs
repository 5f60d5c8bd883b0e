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
        let connection = builder.serve_connection(TokioIo::new(io), service);
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use http::{Method, StatusCode};
    use tokio::{
        net::{TcpListener, TcpStream},
        sync::Notify,
    };

    use super::*;
    use crate::client::{Client, Place};

    /// A server whose one operation says that it began, and ends when it is let go.
    struct Server {
        address: SocketAddr,
        begun: Arc<Notify>,
        let_go: Arc<Notify>,
        stop: CancellationToken,
        tasks: JoinSet<()>,
    }

    impl Server {
        async fn start(connections_max: usize, stop_within: Duration) -> Self {
            let (begun, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (tell, wait) = (Arc::clone(&begun), Arc::clone(&let_go));
            let router = Router::new().route(
                "/",
                get(async move || {
                    tell.notify_one();
                    wait.notified().await;
                }),
            );
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let stop = CancellationToken::new();
            let mut tasks = JoinSet::new();
            tasks.spawn(serve(listener, router, connections_max, stop.clone(), stop_within));
            Self { address, begun, let_go, stop, tasks }
        }

        /// A request; its answer's status, or none when the connection was cut.
        fn ask(&self) -> impl Future<Output = Option<StatusCode>> + Send + 'static {
            let client = Client::new(Place::Tcp(self.address));
            async move {
                let answer = client.send(Method::GET, "/", "text/plain", Vec::new()).await;
                answer.ok().map(|answer| answer.status)
            }
        }

        async fn ended(mut self) {
            let ended = tokio::time::timeout(Duration::from_secs(10), self.tasks.join_next());
            ended.await.expect("it ends in time").expect("it was there").expect("no panic");
        }
    }

    #[tokio::test]
    async fn a_request_under_way_is_finished_and_no_other_begun() {
        let server = Server::start(10, Duration::from_secs(10)).await;
        let mut asking = JoinSet::new();
        asking.spawn(server.ask());
        server.begun.notified().await;
        server.stop.cancel();
        // The listener is gone as soon as the stop is seen.
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        server.let_go.notify_one();
        assert_eq!(asking.join_next().await.unwrap().unwrap(), Some(StatusCode::OK));
        server.ended().await;
    }

    #[tokio::test]
    async fn a_request_that_does_not_end_in_time_is_cut() {
        let server = Server::start(10, Duration::from_millis(50)).await;
        let mut asking = JoinSet::new();
        asking.spawn(server.ask());
        server.begun.notified().await;
        server.stop.cancel();
        assert_eq!(asking.join_next().await.unwrap().unwrap(), None);
        server.ended().await;
    }

    #[tokio::test]
    async fn connections_over_the_limit_wait_for_their_turn() {
        let server = Server::start(1, Duration::from_secs(1)).await;
        let mut asking = JoinSet::new();
        asking.spawn(server.ask());
        server.begun.notified().await;
        asking.spawn(server.ask());
        let second = tokio::time::timeout(Duration::from_millis(50), server.begun.notified()).await;
        assert!(second.is_err(), "the second request began beside the first");
        server.let_go.notify_one();
        server.begun.notified().await;
        server.let_go.notify_one();
        while let Some(status) = asking.join_next().await {
            assert_eq!(status.unwrap(), Some(StatusCode::OK));
        }
        server.stop.cancel();
        server.ended().await;
    }
}
