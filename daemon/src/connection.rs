//! One connection of a mail server, with its input and output: bytes to the codec, messages to the scan threads, replies
//! back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tamis_common::config::Config;
use tamis_engine::Action;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::answer::{self, Style};
use crate::packet::Decoder;
use crate::pool::Scanned;
use crate::reply::Replies;
use crate::serve::Shared;
use crate::session::{Message, Rules, Session, Step};
use crate::told::{Told, tell};
use crate::users::user_of;
use crate::{authres, quarantine};

/// One connection, from its first byte to its last.
pub(crate) async fn session<S: AsyncRead + AsyncWrite + Unpin>(
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
    // When the last whole packet came: one that comes in drops must not hold the session for ever.
    let mut since = Instant::now();
    loop {
        let config = shared.config();
        let engine = shared.pool.engine();
        let profile = |address: &str| engine.recipient_profile(address);
        let rules = Rules {
            networks: &config.networks,
            message_bytes: usize::try_from(config.limits.message_bytes).unwrap_or(usize::MAX),
            profile: &profile,
            delete_recipients: config.serve.quarantine.is_some(),
            room: &shared.room,
        };
        while let Some(command) = decoder.command().map_err(|wrong| wrong.0)? {
            match state.take(command, &rules, &mut replies).map_err(|wrong| wrong.0)? {
                Step::Go => {}
                Step::Judge(message) => {
                    let may_delete = state.may_delete_recipients();
                    judge(shared, &config, *message, may_delete, stream, &mut replies).await?;
                }
                Step::Close => return flush(stream, &mut replies).await,
            }
            since = Instant::now();
        }
        drop(engine);
        flush(stream, &mut replies).await?;
        if *stopping.borrow() && !state.is_busy() && decoder.waiting() == 0 {
            return Ok(());
        }
        let idle = Duration::from_secs(config.serve.milter.idle_seconds.into());
        let read = tokio::time::timeout(idle.saturating_sub(since.elapsed()), stream.read(&mut buffer));
        let count = match first(read, stopping.changed(), state.is_busy()).await {
            // Told to stop, with no message under way.
            None => return Ok(()),
            Some(Err(_)) => return Err(format!("no whole packet in {} seconds", idle.as_secs())),
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
    may_delete: bool,
    stream: &mut S,
    replies: &mut Replies,
) -> Result<(), String> {
    let begun = Instant::now();
    let reference = shared.reference();
    let message = Arc::new(message);
    let milter = &config.serve.milter;
    let way = usize::from(message.outbound);
    let fallback = |actions: &[Action; 2]| actions.get(way).copied().unwrap_or(Action::Defer);
    let scanned = scan(shared, config, &message, begun, stream, replies).await?;
    let found = scanned.as_ref().and_then(|it| it.verdict.as_ref());
    let (why, mut action) = match (&scanned, found) {
        (_, Some(found)) => ("verdict", found.action),
        // A thread that died tells nobody: it is one of the failures.
        (Some(_), None) => ("failure", fallback(&milter.failure)),
        (None, None) => ("overload", fallback(&milter.overload)),
    };
    let mut kept = if may_delete { answer::to_keep(found, action, &message) } else { Vec::new() };
    // What lies beyond the limit was never here, so that no copy would be whole: the mail server holds such a message.
    let whole = !message.no_room && message.size == message.raw.len() as u64;
    let folder = config.serve.quarantine.as_deref().filter(|_| whole);
    match folder {
        Some(folder) if !kept.is_empty() => {
            let written = {
                let (folder, id, message) = (folder.to_owned(), reference.clone(), Arc::clone(&message));
                let (held, verdict) = (kept.clone(), found.cloned());
                let keep = move || quarantine::keep(&folder, &id, &message, &held, verdict.as_ref());
                tokio::task::spawn_blocking(keep).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
            };
            if let Err(error) = written {
                shared.metrics.count("tamis_quarantine_failed_total", String::new());
                let told = format!("{}: {error}", tamis_common::print::from_path(folder));
                shared.log.warning("quarantine-failed", &[("id", reference.as_str().into()), ("error", told.into())]);
                kept.clear();
                action = answer::not_judged(Action::Defer, &message, &reference, replies);
                flush(stream, replies).await?;
                tell(
                    shared,
                    config,
                    &message,
                    &reference,
                    &Told { why, action, kept: &kept, verdict: found, scanned: scanned.as_ref(), begun },
                );
                return Ok(());
            }
            shared.metrics.count("tamis_quarantine_kept_total", String::new());
        }
        _ => kept.clear(),
    }
    let style = Style {
        subject_prefix: milter.subject_prefix.clone(),
        reject_text: milter.reject_text.clone(),
        ambiguity_results: milter.ambiguity_results,
    };
    if !kept.is_empty() && kept.len() == message.recipients.len() {
        // Nobody is left to deliver to.
        replies.discard();
        action = Action::Quarantine;
    } else if let Some(found) = found {
        action = answer::verdict(found, &message, &reference, &style, &kept, replies);
    } else {
        action = answer::not_judged(action, &message, &reference, replies);
    }
    flush(stream, replies).await?;
    if let Some(found) = found.filter(|_| whole) {
        shared.teacher.by_use(config, &message, found);
    }
    let told = Told { why, action, kept: &kept, verdict: found, scanned: scanned.as_ref(), begun };
    tell(shared, config, &message, &reference, &told);
    Ok(())
}

/// Hands a message to the scan threads and waits, with signs of life to the mail server meanwhile. None where there was no
/// room for it; no verdict where the engine failed.
async fn scan<S: AsyncWrite + Unpin>(
    shared: &Arc<Shared>,
    config: &Config,
    message: &Arc<Message>,
    begun: Instant,
    stream: &mut S,
    replies: &mut Replies,
) -> Result<Option<Scanned>, String> {
    if message.no_room {
        return Ok(None);
    }
    let milter = &config.serve.milter;
    let auth = authres::results(message.auth_results.iter().map(String::as_str), &milter.authserv_ids);
    let stop = Arc::new(AtomicBool::new(false));
    let user = user_of(config, message).map(|user| (shared.config(), user));
    let submitted = shared.pool.submit(Arc::clone(message), auth, tamis_common::time::now(), Arc::clone(&stop), user);
    let Some(verdict) = submitted else { return Ok(None) };
    let failed = || {
        Some(Scanned {
            verdict: None,
            waited: Duration::ZERO,
            took: begun.elapsed(),
            stages: Vec::new(),
            problem: None,
        })
    };
    let deadline = Duration::from_secs(milter.deadline_seconds.into());
    let mut verdict = std::pin::pin!(verdict);
    loop {
        // A sign of life every few seconds, and a look at the clock when the deadline comes.
        let left = deadline.saturating_sub(begun.elapsed());
        let nap = if left.is_zero() { PROGRESS } else { PROGRESS.min(left) };
        match tokio::time::timeout(nap, verdict.as_mut()).await {
            Ok(scanned) => return Ok(scanned.ok().or_else(failed)),
            Err(_) => {
                if begun.elapsed() >= deadline {
                    stop.store(true, Ordering::Relaxed);
                }
                // Long after the deadline nothing is to be hoped for: something does not look at its flag.
                if begun.elapsed() >= deadline.saturating_mul(2) {
                    return Ok(failed());
                }
                replies.progress();
                flush(stream, replies).await?;
            }
        }
    }
}
