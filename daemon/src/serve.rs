//! Sockets, signals and sessions. Takes options, serves until it is told to stop.

use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::SockRef;
use tamis_common::config::{Config, Socket};
use tamis_engine::{Action, Verdict};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use crate::answer::{self, Style};
use crate::log::{Format, Log};
use crate::metrics::Metrics;
use crate::packet::Decoder;
use crate::pool::{Pool, Scanned};
use crate::reload::{self, Seen};
use crate::reply::Replies;
use crate::session::{Message, Rules, Session, Step};
use crate::{authres, http};

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
    config: Mutex<Arc<Config>>,
    begun: u64,
    number: AtomicU64,
    /// True when no new message is wanted.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An id for one message: it stands in the log and in what the client is told.
    fn reference(&self) -> String {
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
    let engine = reload::build(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("no threads: {error}"))?;
    let (pool, threads) = Pool::start(engine, config.scan_threads(), config.serve.milter.queue)
        .map_err(|error| format!("no scan threads: {error}"))?;
    let log = Log::new(if config.serve.log.json { Format::Json } else { Format::Logfmt });
    let shared = Arc::new(Shared {
        pool: Arc::clone(&pool),
        log,
        metrics: Metrics::default(),
        config: Mutex::new(Arc::new(config)),
        begun: u64::try_from(tamis_common::time::now()).unwrap_or(0),
        number: AtomicU64::new(0),
        stopping: watch::Sender::new(false),
    });
    let result = runtime.block_on(serve(&shared, options));
    pool.close();
    for thread in threads {
        let _ = thread.join();
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
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

/// One connection, from its first byte to its last.
async fn session<S: AsyncRead + AsyncWrite + Unpin>(
    shared: &Arc<Shared>,
    mut stream: S,
    peer: Option<SocketAddr>,
    quick: impl Fn(&S),
) {
    shared.metrics.session(1);
    shared.metrics.count("tamis_sessions_total", String::new());
    if let Err(reason) = talk(shared, &mut stream, quick).await {
        shared.metrics.count("tamis_sessions_broken_total", String::new());
        let peer = peer.map_or_else(|| "unix".to_owned(), |peer| peer.to_string());
        shared.log.warning("session-broken", &[("peer", peer.into()), ("reason", reason.into())]);
    }
    shared.metrics.session(-1);
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    shared: &Arc<Shared>,
    stream: &mut S,
    quick: impl Fn(&S),
) -> Result<(), String> {
    let mut stopping = shared.stopping.subscribe();
    let mut decoder = Decoder::default();
    let mut state = Session::default();
    let mut replies = Replies::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let config = shared.config();
        let engine = shared.pool.engine();
        let profile = |address: &str| engine.recipient_profile(address);
        let rules = Rules {
            networks: &config.networks,
            message_bytes: usize::try_from(config.limits.message_bytes).unwrap_or(usize::MAX),
            profile: &profile,
        };
        while let Some(command) = decoder.command().map_err(|wrong| wrong.0)? {
            match state.take(command, &rules, &mut replies).map_err(|wrong| wrong.0)? {
                Step::Go => {}
                Step::Judge(message) => judge(shared, &config, *message, stream, &mut replies).await?,
                Step::Close => return flush(stream, &mut replies).await,
            }
        }
        drop(engine);
        flush(stream, &mut replies).await?;
        if *stopping.borrow() && !state.is_busy() && decoder.waiting() == 0 {
            return Ok(());
        }
        let idle = Duration::from_secs(config.serve.milter.idle_seconds.into());
        let read = tokio::time::timeout(idle, stream.read(&mut buffer));
        let count = match first(read, stopping.changed(), state.is_busy()).await {
            // Told to stop, with no message under way.
            None => return Ok(()),
            Some(Err(_)) => return Err(format!("silent for {} seconds", idle.as_secs())),
            Some(Ok(Err(error))) => return Err(error.to_string()),
            Some(Ok(Ok(0))) if state.is_busy() => return Err("broke off in the middle of a message".into()),
            Some(Ok(Ok(0))) => return Ok(()),
            Some(Ok(Ok(count))) => count,
        };
        quick(stream);
        decoder.push(buffer.get(..count).unwrap_or_default());
    }
}

/// What comes first: input (some), or the word to stop (none), which counts only where no message is under way.
async fn first<T, E>(
    input: impl Future<Output = T>,
    stop: impl Future<Output = Result<(), E>>,
    busy: bool,
) -> Option<T> {
    let (mut input, mut stop) = (std::pin::pin!(input), std::pin::pin!(stop));
    let mut stopped = false;
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(input) = input.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(input));
        }
        if !stopped && !busy && stop.as_mut().poll(context).is_ready() {
            stopped = true;
            return std::task::Poll::Ready(None);
        }
        std::task::Poll::Pending
    })
    .await
}

async fn flush<S: AsyncWrite + Unpin>(stream: &mut S, replies: &mut Replies) -> Result<(), String> {
    if replies.bytes.is_empty() {
        return Ok(());
    }
    let bytes = std::mem::take(&mut replies.bytes);
    // A server that does not read must not hold the session for ever.
    match tokio::time::timeout(Duration::from_secs(60), stream.write_all(&bytes)).await {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(_) => Err("answers are not read".into()),
    }
}

/// Between signs of life that a server gets during a long scan.
const PROGRESS: Duration = Duration::from_secs(5);

/// Judges a message, and answers.
async fn judge<S: AsyncWrite + Unpin>(
    shared: &Arc<Shared>,
    config: &Config,
    message: Message,
    stream: &mut S,
    replies: &mut Replies,
) -> Result<(), String> {
    let begun = Instant::now();
    let reference = shared.reference();
    let message = Arc::new(message);
    let milter = &config.serve.milter;
    let auth = authres::results(message.auth_results.iter().map(String::as_str), &milter.authserv_ids);
    let stop = Arc::new(AtomicBool::new(false));
    let way = usize::from(message.outbound);
    let fallback = |actions: &[Action; 2]| actions.get(way).copied().unwrap_or(Action::Defer);
    let submitted = shared.pool.submit(Arc::clone(&message), auth, tamis_common::time::now(), Arc::clone(&stop));
    let Some(verdict) = submitted else {
        let action = answer::not_judged(fallback(&milter.overload), &message, &reference, replies);
        tell(
            shared,
            config,
            &message,
            &reference,
            Told { why: "overload", action, verdict: None, scanned: None, begun },
        );
        return Ok(());
    };
    let deadline = Duration::from_secs(milter.deadline_seconds.into());
    let mut verdict = std::pin::pin!(verdict);
    let scanned: Option<Scanned> = loop {
        match tokio::time::timeout(PROGRESS.min(deadline), verdict.as_mut()).await {
            Ok(scanned) => break scanned.ok(),
            Err(_) => {
                if begun.elapsed() >= deadline {
                    stop.store(true, Ordering::Relaxed);
                }
                // Long after the deadline nothing is to be hoped for: something does not look at its flag.
                if begun.elapsed() >= deadline.saturating_mul(2) {
                    break None;
                }
                replies.progress();
                flush(stream, replies).await?;
            }
        }
    };
    let style = Style { subject_prefix: milter.subject_prefix.clone(), reject_text: milter.reject_text.clone() };
    let found = scanned.as_ref().and_then(|it| it.verdict.as_ref());
    let (why, action) = match found {
        Some(found) => ("verdict", answer::verdict(found, &message, &reference, &style, replies)),
        None => ("failure", answer::not_judged(fallback(&milter.failure), &message, &reference, replies)),
    };
    flush(stream, replies).await?;
    tell(shared, config, &message, &reference, Told { why, action, verdict: found, scanned: scanned.as_ref(), begun });
    Ok(())
}

struct Told<'t> {
    why: &'static str,
    action: Action,
    verdict: Option<&'t Verdict>,
    scanned: Option<&'t Scanned>,
    begun: Instant,
}

/// The log line of a message, and its counts.
fn tell(shared: &Shared, config: &Config, message: &Message, reference: &str, told: Told<'_>) {
    let direction = if message.outbound { "outbound" } else { "inbound" };
    let action = told.action.name();
    let labels = format!("action=\"{action}\",direction=\"{direction}\",why=\"{}\"", told.why);
    shared.metrics.count("tamis_messages_total", labels);
    let mut fields: Vec<(&str, Value)> = vec![
        ("id", reference.into()),
        ("queue_id", message.queue_id.as_str().into()),
        ("direction", direction.into()),
        ("action", action.into()),
        ("why", told.why.into()),
        ("bytes", message.size.into()),
    ];
    if !config.serve.log.without_addresses {
        fields.push(("client", message.client.map_or(String::new(), |ip| ip.to_string()).into()));
        fields.push(("from", message.mail_from.as_deref().unwrap_or_default().into()));
        let some: Vec<Value> = message.recipients.iter().take(20).map(|it| it.as_str().into()).collect();
        fields.push(("to", some.into()));
        if let Some(user) = &message.auth_user {
            fields.push(("user", user.as_str().into()));
        }
    }
    fields.push(("recipients", message.recipients.len().into()));
    if let Some(verdict) = told.verdict {
        fields.push(("score", ((verdict.score * 10.0).round() / 10.0).into()));
        if let Some(probability) = verdict.spam_probability {
            fields.push(("spam_probability", ((probability * 1e4).round() / 1e4).into()));
        }
        let reasons: Vec<Value> =
            verdict.reasons.iter().take(40).map(|it| format!("{}={:.1}", it.rule, it.score).into()).collect();
        fields.push(("reasons", reasons.into()));
        fields.push(("items", verdict.items.into()));
        fields.push(("readings", verdict.readings.into()));
        let mut limits: Vec<&str> = verdict.incomplete.iter().map(|gap| gap.limit.name()).collect();
        limits.sort_unstable();
        limits.dedup();
        for limit in &limits {
            shared.metrics.count("tamis_limits_reached_total", format!("limit=\"{limit}\""));
        }
        // A rule that takes too long is named here, by the limit's explanation.
        let slow = verdict.incomplete.iter().find(|gap| gap.limit.name() == "yara-time");
        if let Some(gap) = slow {
            fields.push(("yara_time", gap.explanation.as_str().into()));
        }
        if !limits.is_empty() {
            fields.push(("incomplete", limits.into()));
        }
        let unmonitored = verdict.recipients.iter().filter_map(|it| it.unmonitored).max();
        if let Some(unmonitored) = unmonitored {
            fields.push(("unmonitored", unmonitored.name().into()));
        }
    }
    let total = told.begun.elapsed();
    if let Some(scanned) = told.scanned {
        shared.metrics.times(scanned.waited, scanned.took, total);
        fields.push(("waited_ms", millis(scanned.waited)));
        fields.push(("scan_ms", millis(scanned.took)));
    }
    fields.push(("total_ms", millis(total)));
    shared.log.line("message", &fields);
}

fn millis(time: Duration) -> Value {
    ((time.as_secs_f64() * 1e5).round() / 100.0).into()
}

/// Reads everything anew at SIGHUP, and when a file has changed. What is broken leaves the old engine in place.
async fn watch_files(shared: Arc<Shared>, options: Options) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    let mut seen = look(&shared, &options);
    loop {
        let every = shared.config().serve.watch_seconds;
        let tick = Duration::from_secs(if every == 0 { 86_400 * 365 } else { every.into() });
        let told = tokio::time::timeout(tick, hangup.recv()).await.is_ok();
        if *shared.stopping.borrow() {
            return;
        }
        let now = look(&shared, &options);
        if !told && now == seen {
            continue;
        }
        // A file that is being written is read when it rests.
        if !told {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if look(&shared, &options) != now {
                continue;
            }
        }
        let begun = Instant::now();
        let config = shared.config();
        let current = shared.pool.engine();
        // Told by a signal, everything is read anew, changed or not.
        let before = if told { Seen::new() } else { seen };
        let result = tokio::task::block_in_place(|| reload::engine(&*options.read, &current, &config, &before, &now));
        match result {
            Ok((config, engine)) => {
                let rules = engine.versions().rules.to_string();
                shared.pool.replace(engine);
                *shared.config.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                shared.metrics.count("tamis_reloads_total", "result=\"done\"".into());
                shared.log.line("reloaded", &[("rules", rules.into()), ("took_ms", millis(begun.elapsed()))]);
            }
            Err(problems) => {
                shared.metrics.count("tamis_reloads_total", "result=\"failed\"".into());
                shared.log.line("reload-failed", &[("problems", problems.into())]);
            }
        }
        seen = look(&shared, &options);
        if now != seen && !told {
            // It changed meanwhile: look again at once.
            seen = now;
        }
    }
}

fn look(shared: &Shared, options: &Options) -> Seen {
    reload::look(&shared.config(), options.file.as_deref())
}
