//! `[milter]`, `[http]`, `[log]`: what `tamis serve` does, and the keys for it.

use std::path::PathBuf;

use tamis_engine::Action;

use super::keys::{Key, list, path, quote};
use super::value::{self, Given, Read, wrong};

/// A socket to listen at, or to speak to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// Host and port.
    Inet(String, u16),
    /// A path.
    Unix(PathBuf),
}

impl Socket {
    /// Reads `inet:HOST:PORT`, as sendmail writes `inet:PORT@HOST` too, or `unix:PATH`.
    pub fn parse(text: &str) -> Option<Socket> {
        if let Some(path) = text.strip_prefix("unix:").or_else(|| text.strip_prefix("local:")) {
            return (!path.is_empty()).then(|| Socket::Unix(path.into()));
        }
        let rest = text.strip_prefix("inet:")?;
        let (host, port) = match rest.split_once('@') {
            Some((port, host)) => (host, port),
            None => rest.rsplit_once(':')?,
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().ok()?;
        (!host.is_empty()).then(|| Socket::Inet(host.to_owned(), port))
    }
}

impl std::fmt::Display for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Socket::Inet(host, port) if host.contains(':') => write!(f, "inet:[{host}]:{port}"),
            Socket::Inet(host, port) => write!(f, "inet:{host}:{port}"),
            Socket::Unix(path) => write!(f, "unix:{}", crate::print::from_path(path)),
        }
    }
}

/// `[milter]`
#[derive(Clone, Debug, PartialEq)]
pub struct Milter {
    /// Where it listens.
    pub listen: Vec<Socket>,
    /// Permissions of UNIX sockets.
    pub socket_mode: u32,
    /// Messages that may wait for a scan thread.
    pub queue: usize,
    /// Sessions at once.
    pub sessions: usize,
    /// Bytes of messages that all sessions together keep.
    pub memory_bytes: usize,
    /// Seconds after which a message is judged by what was seen of it.
    pub deadline_seconds: u32,
    /// Seconds that a server may keep silent.
    pub idle_seconds: u32,
    /// What happens to mail when the queue is full: inbound, outbound.
    pub overload: [Action; 2],
    /// What happens to mail when the engine failed: inbound, outbound.
    pub failure: [Action; 2],
    /// What a client is told whose message is refused.
    pub reject_text: String,
    /// In front of the subject of tagged messages.
    pub subject_prefix: String,
    /// Servers whose `Authentication-Results` are believed.
    pub authserv_ids: Vec<String>,
    /// Whether messages get `MIME-Ambiguity-Results`.
    pub ambiguity_results: bool,
}

impl Default for Milter {
    fn default() -> Milter {
        Milter {
            listen: Vec::new(),
            socket_mode: 0o660,
            queue: 200,
            sessions: 1_000,
            memory_bytes: 512 << 20,
            deadline_seconds: 60,
            idle_seconds: 600,
            overload: [Action::Defer, Action::Defer],
            failure: [Action::Defer, Action::Defer],
            reject_text: "Message refused".into(),
            subject_prefix: String::new(),
            authserv_ids: Vec::new(),
            ambiguity_results: false,
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logging {
    /// JSON instead of `name=value`.
    pub json: bool,
    /// Addresses are left out.
    pub without_addresses: bool,
}

/// Everything that `tamis serve` is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Serve {
    /// The milter.
    pub milter: Milter,
    /// Where HTTP is served.
    pub http: Option<Socket>,
    /// Whether other hosts may teach the model over HTTP.
    pub learn_anywhere: bool,
    /// Log lines.
    pub log: Logging,
    /// Seconds between looks at the files that the engine was made of; 0: only a signal makes it read them.
    pub watch_seconds: u32,
    /// Where quarantined messages are kept; absent where the mail server holds them.
    pub quarantine: Option<PathBuf>,
}

impl Default for Serve {
    fn default() -> Serve {
        Serve {
            milter: Milter::default(),
            http: None,
            learn_anywhere: false,
            log: Logging::default(),
            watch_seconds: 5,
            quarantine: None,
        }
    }
}

fn sockets(given: Given<'_, '_>) -> Read<Vec<Socket>> {
    let parse = |(text, span): (&str, std::ops::Range<usize>)| {
        Socket::parse(text)
            .ok_or_else(|| wrong(span, format!("{text:?}, which is no socket"), "write inet:HOST:PORT or unix:PATH"))
    };
    value::texts(given)?.into_iter().map(parse).collect()
}

/// What can be done with a message that was not judged: to tag it would say that it was.
fn fallback(given: Given<'_, '_>) -> Read<Action> {
    let known = [Action::Defer, Action::Accept, Action::Quarantine, Action::Reject].map(|it| (it.name(), it));
    value::one_of(given, &known)
}

fn whole(given: Given<'_, '_>, least: u64, most: u64) -> Read<u32> {
    Ok(u32::try_from(value::whole(given, least, most)?).unwrap_or(u32::MAX))
}

macro_rules! key {
    ($section:expr, $name:expr, $why:expr, $set:expr, $get:expr) => {
        Key {
            section: $section,
            name: $name,
            why: $why,
            set: |config, given| $set(&mut config.serve, given).map(|()| ()),
            get: |config| $get(&config.serve),
        }
    };
}

pub(super) const MILTER: [Key; 15] = [
    key!(
        "milter",
        "listen",
        "Where the mail server finds us: \"inet:127.0.0.1:8891\", \"unix:/run/tamis/milter\", or a list of such",
        |it: &mut Serve, given| sockets(given).map(|found| it.milter.listen = found),
        |it: &Serve| list(it.milter.listen.iter().map(ToString::to_string))
    ),
    key!(
        "milter",
        "socket_mode",
        "Permissions of UNIX sockets, in octal digits. Postfix has to be able to connect",
        |it: &mut Serve, given: Given<'_, '_>| {
            let text = value::text(given)?;
            let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
            let told = || wrong(given.span(), format!("{text:?}, which is no mode"), "write \"0660\"");
            mode.ok_or_else(told).map(|mode| it.milter.socket_mode = mode)
        },
        |it: &Serve| format!("\"{:04o}\"", it.milter.socket_mode)
    ),
    key!(
        "milter",
        "queue",
        "Messages that may wait for a scan thread. Beyond it overload_* says what happens",
        |it: &mut Serve, given| whole(given, 1, 100_000).map(|found| it.milter.queue = found as usize),
        |it: &Serve| it.milter.queue.to_string()
    ),
    key!(
        "milter",
        "sessions",
        "Connections at once; those beyond it wait. Postfix opens one for each of its smtpd processes",
        |it: &mut Serve, given| whole(given, 1, 100_000).map(|found| it.milter.sessions = found as usize),
        |it: &Serve| it.milter.sessions.to_string()
    ),
    key!(
        "milter",
        "memory_bytes",
        "Bytes of messages that all connections together keep. Beyond it overload_* says what happens",
        |it: &mut Serve, given| value::whole(given, 1 << 20, 1 << 40)
            .map(|found| it.milter.memory_bytes = usize::try_from(found).unwrap_or(usize::MAX)),
        |it: &Serve| it.milter.memory_bytes.to_string()
    ),
    key!(
        "milter",
        "deadline_seconds",
        "After it a message is judged by what was seen of it, and actions.*.incomplete counts. Postfix waits 300 s",
        |it: &mut Serve, given| whole(given, 1, 290).map(|found| it.milter.deadline_seconds = found),
        |it: &Serve| it.milter.deadline_seconds.to_string()
    ),
    key!(
        "milter",
        "idle_seconds",
        "A connection that is silent for so long is closed. SMTP clients may be silent for 300 s",
        |it: &mut Serve, given| whole(given, 1, 86_400).map(|found| it.milter.idle_seconds = found),
        |it: &Serve| it.milter.idle_seconds.to_string()
    ),
    key!(
        "milter",
        "overload_inbound",
        "What happens to mail that comes in when the queue is full: defer, accept, quarantine, reject",
        |it: &mut Serve, given| fallback(given).map(|found| it.milter.overload[0] = found),
        |it: &Serve| quote(it.milter.overload[0].name())
    ),
    key!(
        "milter",
        "overload_outbound",
        "The same for mail that goes out",
        |it: &mut Serve, given| fallback(given).map(|found| it.milter.overload[1] = found),
        |it: &Serve| quote(it.milter.overload[1].name())
    ),
    key!(
        "milter",
        "failure_inbound",
        "What happens to mail that comes in when judging it failed: defer, accept, quarantine, reject",
        |it: &mut Serve, given| fallback(given).map(|found| it.milter.failure[0] = found),
        |it: &Serve| quote(it.milter.failure[0].name())
    ),
    key!(
        "milter",
        "failure_outbound",
        "The same for mail that goes out",
        |it: &mut Serve, given| fallback(given).map(|found| it.milter.failure[1] = found),
        |it: &Serve| quote(it.milter.failure[1].name())
    ),
    key!(
        "milter",
        "reject_text",
        "What a client is told whose message is refused; a reference id follows, which the log has too",
        |it: &mut Serve, given| value::text(given).map(|found| it.milter.reject_text = found.to_owned()),
        |it: &Serve| quote(&it.milter.reject_text)
    ),
    key!(
        "milter",
        "subject_prefix",
        "In front of the subject of tagged messages. It breaks signatures, so there is none",
        |it: &mut Serve, given| value::text(given).map(|found| it.milter.subject_prefix = found.to_owned()),
        |it: &Serve| quote(&it.milter.subject_prefix)
    ),
    key!(
        "milter",
        "authserv_ids",
        "Servers whose Authentication-Results are believed. Only names whose forged copies the server itself takes out",
        |it: &mut Serve, given| {
            let texts = value::texts(given)?;
            it.milter.authserv_ids = texts.into_iter().map(|(text, _)| text.to_owned()).collect();
            Ok(())
        },
        |it: &Serve| list(it.milter.authserv_ids.iter())
    ),
    key!(
        "milter",
        "ambiguity_results",
        "Whether each message gets MIME-Ambiguity-Results, for programs behind us that read it; copies from outside go then",
        |it: &mut Serve, given| value::boolean(given).map(|found| it.milter.ambiguity_results = found),
        |it: &Serve| it.milter.ambiguity_results.to_string()
    ),
];

pub(super) const HTTP: [Key; 2] = [
    key!(
        "http",
        "listen",
        "Where /metrics, /health, /ready, POST /scan and POST /learn are: \"inet:127.0.0.1:8892\"; false: nowhere. It asks for no password",
        |it: &mut Serve, given: Given<'_, '_>| {
            it.http = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => None,
                _ => sockets(given)?.into_iter().next(),
            };
            Ok(())
        },
        |it: &Serve| it.http.as_ref().map_or("false".into(), |it| quote(&it.to_string()))
    ),
    key!(
        "http",
        "learn_anywhere",
        "Whether programs on other hosts may teach the model by POST /learn; those on this host may",
        |it: &mut Serve, given| value::boolean(given).map(|found| it.learn_anywhere = found),
        |it: &Serve| it.learn_anywhere.to_string()
    ),
];

pub(super) const LOG: [Key; 2] = [
    key!(
        "log",
        "format",
        "How log lines look: \"logfmt\" (name=value) or \"json\"",
        |it: &mut Serve, given| value::one_of(given, &[("logfmt", false), ("json", true)])
            .map(|found| it.log.json = found),
        |it: &Serve| quote(if it.log.json { "json" } else { "logfmt" })
    ),
    key!(
        "log",
        "without_addresses",
        "Whether senders, recipients and clients are left out of the log",
        |it: &mut Serve, given| value::boolean(given).map(|found| it.log.without_addresses = found),
        |it: &Serve| it.log.without_addresses.to_string()
    ),
];

pub(super) const STATE: [Key; 2] = [
    key!(
        "state",
        "watch_seconds",
        "How often rules, lists, model and configuration are looked at for changes; 0: only SIGHUP makes us read them",
        |it: &mut Serve, given| whole(given, 0, 86_400).map(|found| it.watch_seconds = found),
        |it: &Serve| it.watch_seconds.to_string()
    ),
    Key {
        section: "state",
        name: "quarantine",
        why: "Folder where quarantined messages are kept, each with its envelope, relative to this file; false: the mail server holds them",
        set: |config, given| {
            config.serve.quarantine = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => None,
                _ => Some(value::path(value::text(given)?, given.span(), &config.base)?),
            };
            Ok(())
        },
        get: |config| config.serve.quarantine.as_deref().map_or("false".into(), |it| quote(&path(it))),
    },
];
