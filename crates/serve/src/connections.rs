//! From an address to answered connections, until a signal asks to stop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use graft_environment::interrupt;
use graft_runs::Run;
use graft_trainer::{Model, TrainingSet};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::access::Access;
use crate::body::Memory;
use crate::metrics::Metrics;
use crate::models::Models;
use crate::neighbours::Neighbours;
use crate::routes::{Server, router};
use crate::{Error, corrections, limits};

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; any free port for port 0.
    pub address: SocketAddr,
    /// The folder of runs that can be asked for.
    pub runs: PathBuf,
    /// The folder to keep corrections in.
    pub corrections: PathBuf,
}

/// A server that answers.
#[derive(Debug)]
pub struct Listening {
    /// The address to open in a browser, with the token where one is needed.
    pub url: String,
    /// The folder that corrections of the first run are kept in, to be used as `data.source`.
    pub corrections: PathBuf,
}

/// Serves `run`, and others that are asked for, until SIGINT or SIGTERM; `load` loads a run, `open` what it
/// learned from, where that is still there, and `ready` is called once requests are answered.
///
/// # Errors
/// When the address cannot be listened on, or `run` cannot be loaded.
pub fn serve(
    config: Config,
    run: Run,
    load: impl Fn(&Run) -> Result<Model, graft_trainer::Error> + Send + 'static,
    open: impl Fn(&Run) -> Result<Option<TrainingSet>, graft_trainer::Error> + Send + Sync + 'static,
    ready: impl FnOnce(&Listening),
) -> Result<(), Error> {
    interrupt::watch()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_current_thread()
        .enable_all()
        // Pictures are decoded on these: as many at a time as there are cores, which bounds their memory.
        .max_blocking_threads(cores)
        .build()
        .map_err(|error| Error::System(error.to_string()))?;
    let listen = |source| Error::Listen {
        address: config.address,
        source,
    };
    let listener = runtime
        .block_on(TcpListener::bind(config.address))
        .map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let metrics = Arc::new(Metrics::default());
    let (models, first) = Models::start(run, load, &metrics)?;
    let server = Arc::new(Server {
        access: Access::new(address)?,
        models,
        neighbours: Neighbours::new(Arc::new(open)),
        first,
        runs: config.runs,
        corrections: config.corrections,
        memory: Memory::default(),
        metrics,
    });
    ready(&Listening {
        url: server.access.url(reachable(address.ip())),
        corrections: corrections::folder(&server.corrections, &server.first),
    });
    runtime.block_on(answer(listener, router(&server), &server.metrics));
    // Pictures that are being decoded are not waited for.
    runtime.shutdown_background();
    Ok(())
}

/// An address that others can type: for one that stands for all of this machine's, the one that it has in its
/// network. Nothing is sent to find it.
fn reachable(bound: IpAddr) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    let outward = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        // An address for documentation, which is nobody's.
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    outward().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

/// Answers connections until a signal comes, and then those requests that are being answered.
async fn answer(listener: TcpListener, router: Router, metrics: &Arc<Metrics>) {
    let open = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let refusing = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            () = stopped() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Such as too many open files: some are closed soon.
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&open).try_acquire_owned() else {
            if let Ok(place) = Arc::clone(&refusing).try_acquire_owned() {
                tokio::spawn(async move {
                    refuse(stream).await;
                    drop(place);
                });
            }
            continue;
        };
        // Answers are small, and wait for nothing.
        let _ = stream.set_nodelay(true);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD_TIME);
        let service = TowerToHyperService::new(router.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let metrics = Arc::clone(metrics);
        tokio::spawn(async move {
            metrics.connections.inc();
            // A client that broke off has its reasons.
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended: {error}");
            }
            metrics.connections.dec();
            drop(place);
        });
    }
    drop(listener);
    if timeout(limits::STOP_TIME, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests unanswered");
    }
}

/// Tells a client that there are too many, without reading what it asks.
async fn refuse(mut stream: TcpStream) {
    const BUSY: &str =
        r#"{"error":"too many connections are open; ask again in a second","reason":"busy"}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{BUSY}",
        BUSY.len()
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closed before it is read, the request would take the answer with it.
        let mut rest = [0; 1 << 10];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    // A client that broke off, or stays, is not waited for.
    let _ = timeout(Duration::from_secs(1), told).await;
}

/// Waits for a signal.
async fn stopped() {
    while interrupt::requested().is_none() {
        sleep(Duration::from_millis(50)).await;
    }
}
