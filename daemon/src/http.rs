//! HTTP, as little as monitors and scripts need: `GET /metrics`, `/health`, `/ready`, `POST /scan`. One request a
//! connection. Asks for no password: it listens at loopback unless told otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::serve::{Shared, no_connection};
use crate::session::Message;

/// Request line and header fields.
const HEAD_BYTES: usize = 16 << 10;
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
            Ok((mut stream, _)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = serve(&shared, &mut stream).await;
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

async fn serve(shared: &Shared, stream: &mut TcpStream) -> std::io::Result<()> {
    let answer = match tokio::time::timeout(PATIENCE, read(shared, stream)).await {
        Ok(Ok((method, path, body))) => answer(shared, &method, &path, body).await,
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
    let _ = tokio::time::timeout(PATIENCE, stream.write_all(&bytes)).await;
    stream.shutdown().await
}

/// Method, path and body of a request (RFC 9112). Only bodies with a `Content-Length`.
async fn read(shared: &Shared, stream: &mut TcpStream) -> Result<(String, String, Vec<u8>), Answer> {
    let broken = |_| plain("400 Bad Request", "the connection broke off");
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > HEAD_BYTES {
            return Err(plain("431 Request Header Fields Too Large", "the header is too long"));
        }
        match stream.read(&mut buffer).await.map_err(broken)? {
            0 => return Err(plain("400 Bad Request", "the connection broke off")),
            count => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    };
    let mut body = bytes.split_off(end.saturating_add(4).min(bytes.len()));
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path), Some("HTTP/1.1" | "HTTP/1.0")) = (words.next(), words.next(), words.next()) else {
        return Err(plain("400 Bad Request", "no request of HTTP/1.1"));
    };
    let fields: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let value = |name: &str| fields.iter().find(|(it, _)| it == name).map(|(_, value)| *value);
    if value("transfer-encoding").is_some() {
        return Err(plain("411 Length Required", "send the message with a Content-Length"));
    }
    let length: usize = match value("content-length").map(str::parse) {
        None => 0,
        Some(Ok(length)) => length,
        Some(Err(_)) => return Err(plain("400 Bad Request", "Content-Length is no number")),
    };
    let most = usize::try_from(shared.config().limits.message_bytes).unwrap_or(usize::MAX);
    if length > most {
        return Err(plain("413 Content Too Large", &format!("a message has at most {most} bytes")));
    }
    if value("expect").is_some_and(|it| it.eq_ignore_ascii_case("100-continue")) && body.len() < length {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.map_err(broken)?;
    }
    while body.len() < length {
        match stream.read(&mut buffer).await.map_err(broken)? {
            0 => return Err(plain("400 Bad Request", "the message broke off")),
            count => body.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    body.truncate(length);
    Ok((method.to_owned(), path.to_owned(), body))
}

async fn answer(shared: &Shared, method: &str, path: &str, body: Vec<u8>) -> Answer {
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
        ("POST", "/scan") => scan(shared, body).await,
        (_, "/health" | "/ready" | "/metrics" | "/scan") => plain("405 Method Not Allowed", "another method, please"),
        _ => plain("404 Not Found", "there are /scan, /metrics, /health and /ready"),
    }
}

async fn scan(shared: &Shared, raw: Vec<u8>) -> Answer {
    let message = Arc::new(Message { size: raw.len() as u64, raw, ..Message::default() });
    let stop = Arc::new(AtomicBool::new(false));
    let submitted = shared.pool.submit(message, Vec::new(), tamis_common::time::now(), Arc::clone(&stop));
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
    match scanned.and_then(|it| Some((it.verdict?, it.took))) {
        Some((verdict, took)) => {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let body = format!("{}\n", tamis_common::json::verdict("", &verdict, Some(micros)));
            Answer { status: "200 OK", kind: "application/json", body }
        }
        None => plain("500 Internal Server Error", "the message could not be judged"),
    }
}
