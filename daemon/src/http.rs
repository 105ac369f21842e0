//! HTTP, as little as monitors and scripts need: `GET /metrics`, `/health`, `/ready`, `POST /scan`, `/learn`. One request a
//! connection. Asks for no password: it listens at loopback unless told otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use tamis_common::learned::Outcome;
use tamis_engine::Label;

use crate::learn::{Refused, Wish};
use crate::request::{self, Head};
use crate::serve::{Shared, no_connection};
use crate::session::Message;

/// Requests at once.
const MOST: usize = 64;
/// A request has to come in this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves connections, one after another and some at once.
pub(crate) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let open = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    serve(&shared, stream, peer.ip().to_canonical().is_loopback()).await;
                    drop(permit);
                });
            }
            Err(error) => no_connection(&shared, &error).await,
        }
    }
}

struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
}

fn plain(status: &'static str, body: &str) -> Answer {
    Answer { status, kind: "text/plain; charset=utf-8", body: format!("{body}\n") }
}

async fn serve(shared: &Shared, mut stream: TcpStream, is_local: bool) {
    let answer = match tokio::time::timeout(PATIENCE, read(shared, &mut stream)).await {
        Ok(Ok((head, message))) => answer(shared, &head.method, &head.path, message, is_local).await,
        Ok(Err(wrong)) => wrong,
        Err(_) => plain("408 Request Timeout", "the request took too long"),
    };
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.kind,
        answer.body.len()
    );
    let bytes = [head.as_bytes(), answer.body.as_bytes()].concat();
    // The end of the connection goes with the end of the answer: by itself it costs as much again, here and where it arrives.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&stream).set_tcp_cork(true);
    let _ = tokio::time::timeout(PATIENCE, stream.write_all(&bytes)).await;
}

/// Method, path and body of a request. Only bodies with a `Content-Length`.
async fn read(shared: &Shared, stream: &mut TcpStream) -> Result<(Head, Message), Answer> {
    let broken = |_| plain("400 Bad Request", "the connection broke off");
    let refused = |(status, why): request::Refused| plain(status, why);
    let mut bytes = Vec::with_capacity(request::HEAD_BYTES);
    let mut seen = 0;
    let end = loop {
        if let Some(end) = request::end(&bytes, seen).map_err(refused)? {
            break end;
        }
        seen = bytes.len();
        if stream.read_buf(&mut bytes).await.map_err(broken)? == 0 {
            return Err(plain("400 Bad Request", "the connection broke off"));
        }
    };
    let (head, begun) = bytes.split_at(end.min(bytes.len()));
    let head = request::head(head).map_err(refused)?;
    let most = usize::try_from(shared.config().limits.message_bytes).unwrap_or(usize::MAX);
    if head.length > most {
        return Err(plain("413 Content Too Large", &format!("a message has at most {most} bytes")));
    }
    let mut message = Message { size: head.length as u64, ..Message::default() };
    if !message.held.more(&shared.room, head.length) {
        return Err(plain("503 Service Unavailable", "too many messages are under way"));
    }
    // There is room for all of it: read where it stays, and copied nowhere.
    let mut body = Vec::with_capacity(head.length);
    body.extend_from_slice(begun.get(..head.length).unwrap_or(begun));
    if head.asks_first && body.len() < head.length {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.map_err(broken)?;
    }
    while body.len() < head.length {
        let left = (head.length - body.len()) as u64;
        if (&mut *stream).take(left).read_buf(&mut body).await.map_err(broken)? == 0 {
            return Err(plain("400 Bad Request", "the message broke off"));
        }
    }
    message.raw = body;
    Ok((head, message))
}

async fn answer(shared: &Shared, method: &str, path: &str, message: Message, is_local: bool) -> Answer {
    match (method, path) {
        ("GET", "/health") => plain("200 OK", "alive"),
        ("GET", "/ready") if *shared.stopping.borrow() => plain("503 Service Unavailable", "stopping"),
        ("GET", "/ready") => plain("200 OK", "ready"),
        ("GET", "/metrics") => {
            let engine = shared.pool.engine();
            let versions = engine.versions();
            let body = shared.metrics.text(shared.waiting(), &versions.rules, &versions.model);
            Answer { status: "200 OK", kind: "text/plain; version=0.0.4; charset=utf-8", body }
        }
        ("POST", path) if path == "/scan" || path.starts_with("/scan?") => {
            match request::parameters(path.strip_prefix("/scan").unwrap_or_default()).as_deref() {
                Some([]) => scan(shared, message, None).await,
                Some([(name, user)]) if name == "user" => scan(shared, message, Some(user.clone())).await,
                _ => plain("400 Bad Request", "there is one parameter: /scan?user=ADDRESS"),
            }
        }
        ("POST", path) if path == "/learn" || path.starts_with("/learn?") => match (wish(path), is_local) {
            (_, false) if !shared.config().serve.learn_anywhere => {
                plain("403 Forbidden", "only programs on this host may teach; learn_anywhere in [http] lets others")
            }
            (Some((_, Some(user))), _) if shared.config().user_store(&user).is_none() => {
                plain("501 Not Implemented", "no user has a model of his own: set users in [bayes]")
            }
            (Some((wish, user)), _) => learn(shared, message, wish, user).await,
            (None, _) => plain(
                "400 Bad Request",
                "say what it is: /learn?as=spam, /learn?as=ham, /learn?as=unknown; and &user=ADDRESS for one user alone",
            ),
        },
        (_, "/health" | "/ready" | "/metrics" | "/scan" | "/learn") => {
            plain("405 Method Not Allowed", "another method, please")
        }
        _ => plain("404 Not Found", "there are /scan, /learn, /metrics, /health and /ready"),
    }
}

async fn scan(shared: &Shared, message: Message, user: Option<String>) -> Answer {
    let message = Arc::new(message);
    let stop = Arc::new(AtomicBool::new(false));
    let user = user.map(|user| (shared.config(), user));
    let submitted = shared.pool.submit(message, Vec::new(), tamis_common::time::now(), Arc::clone(&stop), user);
    let Some(verdict) = submitted else { return plain("503 Service Unavailable", "too many messages are waiting") };
    let deadline = Duration::from_secs(shared.config().serve.milter.deadline_seconds.into());
    let mut verdict = std::pin::pin!(verdict);
    let scanned = match tokio::time::timeout(deadline, verdict.as_mut()).await {
        Ok(scanned) => scanned.ok(),
        Err(_) => {
            stop.store(true, Ordering::Relaxed);
            tokio::time::timeout(deadline, verdict).await.ok().and_then(Result::ok)
        }
    };
    if let Some(problem) = scanned.as_ref().and_then(|it| it.problem.as_deref()) {
        shared.log.warning("user-model-failed", &[("problem", problem.into())]);
    }
    match scanned.and_then(|it| Some((it.verdict?, it.took))) {
        Some((verdict, took)) => {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let mut body = tamis_common::json::line("", &verdict, Some(micros));
            body.push('\n');
            Answer { status: "200 OK", kind: "application/json", body }
        }
        None => plain("500 Internal Server Error", "the message could not be judged"),
    }
}

/// What is to be done with a message, and whose model is to learn it, by the path of the request.
fn wish(path: &str) -> Option<(Wish, Option<String>)> {
    let (mut wish, mut user) = (None, None);
    for (name, value) in request::parameters(path.strip_prefix("/learn")?)? {
        match (name.as_str(), value.as_str()) {
            ("as", "ham") => wish = Some(Wish::Learn(Label::Ham)),
            ("as", "spam") => wish = Some(Wish::Learn(Label::Spam)),
            ("as", "unknown") => wish = Some(Wish::Forget),
            ("user", _) => user = Some(value),
            _ => return None,
        }
    }
    Some((wish?, user))
}

/// Learns a message, and answers when it is safe on disk.
async fn learn(shared: &Shared, message: Message, wish: Wish, user: Option<String>) -> Answer {
    if message.raw.is_empty() {
        return plain("400 Bad Request", "there is no message in the request");
    }
    let word = match shared.teacher.teach(Arc::new(message), wish, user) {
        Err(Refused::Busy) => return plain("503 Service Unavailable", "too many messages are waiting to be learned"),
        Err(Refused::Nowhere) => {
            return plain("501 Not Implemented", "there is no place to keep what is learned: set learned in [bayes]");
        }
        Ok(answer) => match answer.await {
            Ok(Ok(Outcome::Learned)) => "learned",
            Ok(Ok(Outcome::Relabelled)) => "relabelled",
            Ok(Ok(Outcome::Forgotten)) => "forgotten",
            Ok(Ok(Outcome::Unchanged)) => "unchanged",
            Ok(Err(wrong)) => {
                shared.log.line("learn-failed", &[("problem", wrong.into())]);
                return plain("500 Internal Server Error", "the message could not be learned; the log says why");
            }
            Err(_) => return plain("503 Service Unavailable", "stopping"),
        },
    };
    shared.metrics.count("tamis_learned_total", format!("result=\"{word}\""));
    Answer { status: "200 OK", kind: "application/json", body: format!("{{\"result\":\"{word}\"}}\n") }
}
