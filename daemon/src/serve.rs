//! Sockets and signals. Takes options, serves until it is told to stop.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use socket2::SockRef;
use tamis_common::config::{Config, Socket};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use crate::connection::session;
use crate::learn::Teacher;
use crate::log::{Format, Log};
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::room::Room;
use crate::watch::watch_files;
use crate::{http, quarantine, reload};

/// How to serve.
pub struct Options {
    /// Reads the configuration, now and at each reload.
    pub read: Box<dyn Fn() -> Result<Config, String> + Send + Sync>,
    /// The configuration's file, to be watched.
    pub file: Option<PathBuf>,
}

/// What sessions share.
pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool>,
    pub(crate) log: Log,
    pub(crate) metrics: Metrics,
    pub(crate) teacher: Teacher,
    config: Mutex<Arc<Config>>,
    /// For the messages of all sessions.
    pub(crate) room: Arc<Room>,
    begun: u128,
    number: AtomicU64,
    /// True when no new message is wanted.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another configuration, from now on.
    pub(crate) fn reconfigure(&self, config: Config) {
        self.room.resize(config.serve.milter.memory_bytes);
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// An id for one message: it stands in the log and in what the client is told.
    pub(crate) fn reference(&self) -> String {
        format!("{:x}-{:x}", self.begun, self.number.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn waiting(&self) -> usize {
        self.pool.waiting()
    }
}

/// Serves until SIGTERM or SIGINT.
pub fn run(options: Options) -> Result<(), String> {
    let config = (options.read)()?;
    if config.serve.milter.listen.is_empty() && config.serve.http.is_none() {
        let help = "name a socket: --milter inet:127.0.0.1:8891, or listen in [milter]";
        return Err(format!("there is nothing to serve\n  help: {help}"));
    }
    if let Some(folder) = &config.serve.quarantine {
        quarantine::open(folder).map_err(|error| {
            let name = tamis_common::print::from_path(folder);
            format!("{name}: quarantined messages cannot be written there: {error}\n  help: state.quarantine names the folder")
        })?;
    }
    let engine = reload::build(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(network_threads(config.scan_threads()))
        .enable_all()
        .build()
        .map_err(|error| format!("no threads: {error}"))?;
    let (pool, threads) = Pool::start(engine, config.scan_threads(), config.serve.milter.queue)
        .map_err(|error| format!("no scan threads: {error}"))?;
    let (teacher, learning) = Teacher::start(&config).map_err(|error| format!("no thread to learn: {error}"))?;
    let log = Log::new(if config.serve.log.json { Format::Json } else { Format::Logfmt });
    let shared = Arc::new(Shared {
        pool: Arc::clone(&pool),
        log,
        metrics: Metrics::default(),
        teacher,
        room: Arc::new(Room::new(config.serve.milter.memory_bytes)),
        config: Mutex::new(Arc::new(config)),
        // To the millisecond, so that a program that is started again at once gives other ids.
        begun: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis()),
        number: AtomicU64::new(0),
        stopping: watch::Sender::new(false),
    });
    let result = runtime.block_on(serve(&shared, options));
    pool.close();
    shared.teacher.close();
    for thread in threads.into_iter().chain(learning) {
        let _ = thread.join();
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Threads that read and write. What they do takes a tenth of what scanning takes, and handing work from one to another takes time as well: a
/// second one, where one is enough, makes a request a fifth dearer.
fn network_threads(scan_threads: usize) -> usize {
    1 + scan_threads / 8
}

async fn serve(shared: &Arc<Shared>, options: Options) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| format!("no signals: {error}"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| format!("no signals: {error}"))?;
    let config = shared.config();
    let mut sockets: Vec<PathBuf> = Vec::new();
    let open = Arc::new(Semaphore::new(config.serve.milter.sessions));
    for socket in &config.serve.milter.listen {
        match socket {
            Socket::Inet(host, port) => {
                let listener =
                    TcpListener::bind((host.as_str(), *port)).await.map_err(|error| cannot(socket, &error))?;
                tokio::spawn(accept_tcp(Arc::clone(shared), listener, Arc::clone(&open)));
            }
            Socket::Unix(path) => {
                let listener = unix(path, config.serve.milter.socket_mode).map_err(|error| cannot(socket, &error))?;
                sockets.push(path.clone());
                tokio::spawn(accept_unix(Arc::clone(shared), listener, Arc::clone(&open)));
            }
        }
        shared.log.line("listening", &[("socket", socket.to_string().into()), ("protocol", "milter".into())]);
    }
    if let Some(socket) = &config.serve.http {
        match socket {
            Socket::Inet(host, port) => {
                let listener =
                    TcpListener::bind((host.as_str(), *port)).await.map_err(|error| cannot(socket, &error))?;
                tokio::spawn(http::accept(Arc::clone(shared), listener));
            }
            Socket::Unix(_) => return Err(format!("{socket}: HTTP is served over TCP alone")),
        }
        shared.log.line("listening", &[("socket", socket.to_string().into()), ("protocol", "http".into())]);
    }
    let engine = shared.pool.engine();
    let rules = engine.versions().rules.to_string();
    shared.log.line("started", &[("rules", rules.into()), ("version", env!("CARGO_PKG_VERSION").into())]);
    tokio::spawn(watch_files(Arc::clone(shared), options));

    // Either signal is enough; what the other one waits for is dropped.
    std::future::poll_fn(|context| {
        match terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    shared.log.line("stopping", &[("sessions", shared.metrics.session(0).into())]);
    let _ = shared.stopping.send(true);
    sockets.iter().for_each(|path| drop(std::fs::remove_file(path)));
    // Messages under way get their answers.
    let patience = Duration::from_secs(u64::from(config.serve.milter.deadline_seconds).saturating_add(5));
    let begun = Instant::now();
    while shared.metrics.session(0) > 0 && begun.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shared.log.line("stopped", &[("sessions", shared.metrics.session(0).into())]);
    Ok(())
}

fn cannot(socket: &Socket, error: &std::io::Error) -> String {
    format!("{socket}: cannot be listened at: {error}")
}

/// A UNIX socket. One that nobody listens at any more is removed; one that somebody does is not.
fn unix(path: &Path, mode: u32) -> std::io::Result<UnixListener> {
    if std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket()) {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, "another program listens there"));
        }
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

async fn accept_tcp(shared: Arc<Shared>, listener: TcpListener, open: Arc<Semaphore>) {
    loop {
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Without it each message waits 40 ms for the other side's acknowledgement.
                    let quick = |stream: &tokio::net::TcpStream| drop(SockRef::from(stream).set_tcp_quickack(true));
                    session(&shared, stream, Some(peer), quick).await;
                    drop(permit);
                });
            }
            Err(error) => no_connection(&shared, &error).await,
        }
    }
}

async fn accept_unix(shared: Arc<Shared>, listener: UnixListener, open: Arc<Semaphore>) {
    loop {
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    session(&shared, stream, None, |_| {}).await;
                    drop(permit);
                });
            }
            Err(error) => no_connection(&shared, &error).await,
        }
    }
}

/// Out of file descriptors, mostly: it gets better when sessions end.
pub(crate) async fn no_connection(shared: &Shared, error: &std::io::Error) {
    shared.log.warning("accept-failed", &[("error", error.to_string().into())]);
    tokio::time::sleep(Duration::from_millis(100)).await;
}
