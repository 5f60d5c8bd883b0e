//! Servers that behave well or badly.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use axum::{Router, body::Bytes, extract::Request, response::Response, serve::Listener};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Bytes,
}

/// A server on a free port of this machine. It ends with the value.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    connections: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

/// A listener that counts its connections.
struct Counting(TcpListener, Arc<AtomicUsize>);

impl Listener for Counting {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let accepted = self.0.accept().await.unwrap();
        self.1.fetch_add(1, SeqCst);
        accepted
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Server {
    /// A well-behaved server that answers as told.
    pub(super) async fn answering(
        answer: impl Fn(&Arrived) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::serving(move |arrived| std::future::ready(answer(&arrived))).await
    }

    /// A well-behaved server that answers as told, when it is time.
    pub(super) async fn serving<F: Future<Output = Response> + Send>(
        answer: impl Fn(Arrived) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let (listener, arrived) = (listener().await, Arc::<Mutex<Vec<Arrived>>>::default());
        let address = listener.local_addr().unwrap();
        let list = Arc::clone(&arrived);
        let handler = move |request: Request| {
            let (answer, list) = (answer.clone(), Arc::clone(&list));
            async move {
                let (parts, body) = request.into_parts();
                let arrived = Arrived {
                    method: parts.method.to_string(),
                    path: parts.uri.to_string(),
                    headers: parts.headers,
                    body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
                };
                list.lock().unwrap().push(arrived.clone());
                answer(arrived).await
            }
        };
        let mut tasks = JoinSet::new();
        let app = Router::new().fallback(handler);
        let connections = Arc::<AtomicUsize>::default();
        let listener = Counting(listener, Arc::clone(&connections));
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, arrived, connections, tasks }
    }

    /// A server that takes the request, writes these bytes over and over as long as the client listens, and then
    /// keeps the connection or, when `close` is set, closes it.
    pub(super) async fn raw(first: &'static [u8], again: &'static [u8], close: bool) -> Self {
        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(talk(stream, first, again, close));
            }
        });
        Self { address, arrived: Arc::default(), connections: Arc::default(), tasks }
    }

    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// Connections that were made so far, to a well-behaved server.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    /// Closes the port.
    pub(super) async fn close(mut self) {
        self.tasks.shutdown().await;
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn talk(mut stream: TcpStream, first: &[u8], again: &[u8], close: bool) {
    let mut buffer = vec![0; 64 << 10];
    let read = stream.read(&mut buffer).await;
    if read.is_err() || stream.write_all(first).await.is_err() || close {
        return;
    }
    if again.is_empty() {
        // Waits until the client gives up.
        while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
    }
    while stream.write_all(again).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
