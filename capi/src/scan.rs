//! Messages on their way in: what is known of them, their bytes, and the call that judges.

use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::tamis_engine::{Answers, AuthResults, Direction, Envelope, Examined, Limit, Mail};

use crate::borrow::{Out, bytes, text, text_or_none};
use crate::clock;
use crate::engine::{self, Opened, tamis_engine};
use crate::examined::{self, tamis_examined};
use crate::handle::Registry;
use crate::options::tamis_log_level;
use crate::status::{Fault, guard, tamis_status};
use crate::verdict::{self, tamis_verdict};
use crate::worker;

/// One message on its way in, or one after another. Belongs to one thread at a time; a second one that uses it meanwhile
/// gets TAMIS_BUSY. Only tamis_scan_cancel() may be called by any thread at any time.
pub struct tamis_scan(());

/// Which way a message goes. Numbers are never used again for something else.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tamis_direction {
    /// From outside to own users.
    TAMIS_INBOUND = 0,
    /// From own users to outside.
    TAMIS_OUTBOUND = 1,
}

/// Results of authentication that one message may have, and recipients: more are refused.
const MOST: usize = 100_000;

struct Scan {
    opened: Arc<Opened>,
    /// Set by tamis_scan_cancel().
    cancelled: AtomicBool,
    /// What the call that judges looks at; set by tamis_scan_cancel() and by the deadline.
    stop: Mutex<Arc<AtomicBool>>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    direction: Option<Direction>,
    envelope: Envelope,
    auth: Vec<AuthResults>,
    received_at: Option<i64>,
    deadline: Option<Duration>,
    /// The message, as far as the limit lets it be kept.
    head: Vec<u8>,
    size: u64,
    finished: bool,
}

impl Inner {
    /// A scan that has judged takes nothing more.
    fn open(&self) -> Result<(), Fault> {
        match self.finished {
            true => Err(Fault::new(tamis_status::TAMIS_ORDER, "the scan is finished: tamis_scan_reset() comes first")),
            false => Ok(()),
        }
    }
}

static SCANS: Registry<Scan> = Registry::new(3);

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn live() -> usize {
    SCANS.live()
}

fn of(handle: *const tamis_scan) -> Result<Arc<Scan>, Fault> {
    SCANS.get(handle).ok_or_else(|| Fault::handle("scan"))
}

fn with<R>(handle: *const tamis_scan, work: impl FnOnce(&Scan, &mut Inner) -> Result<R, Fault>) -> Result<R, Fault> {
    let scan = of(handle)?;
    work(&scan, &mut *Fault::try_lock("scan", &scan.inner)?)
}

/// Changes what is known of a message.
fn set(handle: *const tamis_scan, change: impl FnOnce(&mut Inner) -> Result<(), Fault>) -> tamis_status {
    guard(|| {
        with(handle, |_, inner| {
            inner.open()?;
            change(inner)
        })
    })
}

/// Makes a scan of an engine, which may be freed before it. Free the scan with tamis_scan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_new(engine: *const tamis_engine, out: *mut *mut tamis_scan) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        let opened = engine::of(engine)?;
        opened.same_process()?;
        let scan = Scan { opened, cancelled: AtomicBool::new(false), stop: Mutex::default(), inner: Mutex::default() };
        out.set(SCANS.insert(scan).ok_or_else(|| Fault::new(tamis_status::TAMIS_RESOURCES, "too many scans"))?);
        Ok(())
    })
}

/// Frees a scan, at any point. NULL is fine, and so is a handle that was freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_free(scan: *mut tamis_scan) {
    let _ = guard(|| {
        drop(SCANS.remove(scan));
        Ok(())
    });
}

/// Makes a scan ready for another message: everything that was set or fed is forgotten, and so is tamis_scan_cancel().
/// Cheaper than a new one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_reset(scan: *mut tamis_scan) -> tamis_status {
    guard(|| {
        with(scan, |scan, inner| {
            let mut head = std::mem::take(&mut inner.head);
            // A large message leaves no large buffer behind.
            if head.capacity() > 1 << 20 {
                head = Vec::new();
            }
            head.clear();
            *inner = Inner { head, ..Inner::default() };
            scan.cancelled.store(false, Ordering::Relaxed);
            Ok(())
        })
    })
}

/// Which way the message goes, a tamis_direction; inbound without this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_direction(scan: *mut tamis_scan, direction: c_int) -> tamis_status {
    set(scan, |inner| {
        inner.direction = Some(match direction {
            0 => Direction::Inbound,
            1 => Direction::Outbound,
            _ => return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, "direction is none")),
        });
        Ok(())
    })
}

/// The SMTP client: its address, IPv4 or IPv6, without brackets; its name as the mail server verified it; what it said in
/// HELO or EHLO. Each may be NULL: unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_client(
    scan: *mut tamis_scan,
    address: *const c_char,
    name: *const c_char,
    helo: *const c_char,
) -> tamis_status {
    set(scan, |inner| {
        let ip = match text_or_none("address", address)? {
            Some(address) => {
                let bare = address.strip_prefix("IPv6:").unwrap_or(address);
                let wrong = |_| Fault::new(tamis_status::TAMIS_ARGUMENT, format!("{address:?} is no IP address"));
                Some(bare.parse().map_err(wrong)?)
            }
            None => None,
        };
        let name = text_or_none("name", name)?.map(str::to_owned);
        let helo = text_or_none("helo", helo)?.map(str::to_owned);
        (inner.envelope.client_ip, inner.envelope.client_name, inner.envelope.helo) = (ip, name, helo);
        Ok(())
    })
}

/// An address without the angle brackets of the protocol.
fn bare(address: &str) -> String {
    address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(address).to_owned()
}

/// MAIL FROM, with or without angle brackets; empty for a bounce. NULL: unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_mail_from(scan: *mut tamis_scan, address: *const c_char) -> tamis_status {
    set(scan, |inner| {
        inner.envelope.mail_from = text_or_none("address", address)?.map(bare);
        Ok(())
    })
}

/// One RCPT TO, with or without angle brackets, in order. At most 100,000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_add_recipient(scan: *mut tamis_scan, address: *const c_char) -> tamis_status {
    set(scan, |inner| {
        let address = bare(text("address", address)?);
        if inner.envelope.rcpt_to.len() >= MOST {
            return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, "too many recipients"));
        }
        inner.envelope.rcpt_to.push(address);
        Ok(())
    })
}

/// The user that the client authenticated as. NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_auth_user(scan: *mut tamis_scan, user: *const c_char) -> tamis_status {
    set(scan, |inner| {
        inner.envelope.auth_user = text_or_none("user", user)?.map(str::to_owned);
        Ok(())
    })
}

/// Whether the session was encrypted; not, without this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_tls(scan: *mut tamis_scan, on: c_int) -> tamis_status {
    set(scan, |inner| {
        inner.envelope.tls = on != 0;
        Ok(())
    })
}

/// When the message was received, in seconds since 1970-01-01 UTC. Without it what compares with that time is unknown:
/// Tamis asks no clock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_received_at(scan: *mut tamis_scan, seconds: i64) -> tamis_status {
    set(scan, |inner| {
        inner.received_at = Some(seconds);
        Ok(())
    })
}

/// One result of authentication that the host vouches for, as in Authentication-Results (RFC 8601): the method (`spf`,
/// `dkim`, `dmarc`, `arc`), its result (`pass`, `fail`, ...), and the domain that was checked, which may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_add_auth_result(
    scan: *mut tamis_scan,
    method: *const c_char,
    result: *const c_char,
    domain: *const c_char,
) -> tamis_status {
    set(scan, |inner| {
        let (method, result) = (text("method", method)?.to_owned(), text("result", result)?.to_owned());
        let domain = text_or_none("domain", domain)?.unwrap_or_default().to_owned();
        if inner.auth.len() >= MOST {
            return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, "too many results"));
        }
        inner.auth.push(AuthResults { method, result, domain });
        Ok(())
    })
}

/// How long judging may take, in milliseconds from the call that judges; 0: as long as it takes. What was not looked at by
/// then is in the verdict (`incomplete`: deadline). The first deadline of a process starts one thread, `tamis-clock`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_set_deadline(scan: *mut tamis_scan, milliseconds: u32) -> tamis_status {
    set(scan, |inner| {
        inner.deadline = (milliseconds > 0).then(|| Duration::from_millis(milliseconds.into()));
        Ok(())
    })
}

/// Ends judging as soon as it can: the verdict says `incomplete`: deadline. May be called by any thread at any time, also
/// before judging begins. From a signal handler it may not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_cancel(scan: *const tamis_scan) -> tamis_status {
    guard(|| {
        let scan = of(scan)?;
        // In this order, and the other way round in `look`: one of the two sees the other.
        scan.cancelled.store(true, Ordering::SeqCst);
        scan.stop.lock().unwrap_or_else(PoisonError::into_inner).store(true, Ordering::SeqCst);
        Ok(())
    })
}

/// Adds bytes of the message, header and body as they come, with any line ends; copies them. Gives TAMIS_TRUNCATED, and
/// keeps no more, where the message is over the limit (`scan.message_bytes` of the configuration). Gives TAMIS_RESOURCES
/// where there is no memory for them; what was fed before stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_feed(scan: *mut tamis_scan, data: *const u8, len: usize) -> tamis_status {
    guard(|| {
        let data = bytes("data", data, len)?;
        with(scan, |scan, inner| {
            inner.open()?;
            let room = scan.opened.message_bytes.saturating_sub(inner.head.len());
            let kept = data.get(..room.min(data.len())).unwrap_or_default();
            let no_memory = |_| Fault::new(tamis_status::TAMIS_RESOURCES, "no memory for the message");
            inner.head.try_reserve(kept.len()).map_err(no_memory)?;
            inner.head.extend_from_slice(kept);
            inner.size = inner.size.saturating_add(data.len() as u64);
            if inner.size > inner.head.len() as u64 {
                let most = scan.opened.message_bytes;
                return Err(Fault::new(tamis_status::TAMIS_TRUNCATED, format!("over {most} bytes: the head was kept")));
            }
            Ok(())
        })
    })
}

/// Judges what was fed. Free the verdict with tamis_verdict_free(); it does not need the scan or the engine any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_finish(scan: *mut tamis_scan, out: *mut *mut tamis_verdict) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        with(scan, |scan, inner| {
            let head = std::mem::take(&mut inner.head);
            let size = inner.size;
            let found = look(scan, inner, &head, size, |worker, mail| worker.scan(mail));
            inner.head = head;
            out.set(verdict::insert(told(&scan.opened, found?))?);
            Ok(())
        })
    })
}

/// Judges a message that lies in memory as a whole; it is not copied, and has to stay as it is during the call. A scan
/// that was fed does not take it (TAMIS_ORDER). Of a message over the limit the head is judged, with TAMIS_OK, and
/// `incomplete` says so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_message(
    scan: *mut tamis_scan,
    data: *const u8,
    len: usize,
    out: *mut *mut tamis_verdict,
) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        let data = bytes("data", data, len)?;
        with(scan, |scan, inner| {
            if inner.size > 0 {
                return Err(Fault::new(tamis_status::TAMIS_ORDER, "the scan was fed: tamis_scan_finish() judges that"));
            }
            let head = data.get(..scan.opened.message_bytes.min(data.len())).unwrap_or_default();
            let found = look(scan, inner, head, data.len() as u64, |worker, mail| worker.scan(mail))?;
            out.set(verdict::insert(told(&scan.opened, found))?);
            Ok(())
        })
    })
}

/// Looks at what was fed without judging it, so that questions that only the network can answer may be answered first:
/// see tamis_examined. Free the result with tamis_examined_free(), or let tamis_examined_judge() do it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_scan_examine(scan: *mut tamis_scan, out: *mut *mut tamis_examined) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        with(scan, |scan, inner| {
            let head = std::mem::take(&mut inner.head);
            let size = inner.size;
            let found: Result<Examined, Fault> = look(scan, inner, &head, size, |worker, mail| worker.examine(mail));
            inner.head = head;
            out.set(examined::insert(Arc::clone(&scan.opened), found?)?);
            Ok(())
        })
    })
}

/// Runs a worker over a message, within the deadline.
fn look<R>(
    scan: &Scan,
    inner: &mut Inner,
    head: &[u8],
    size: u64,
    work: impl FnOnce(&mut ::tamis_engine::Worker<'_>, &Mail<'_>) -> R,
) -> Result<R, Fault> {
    inner.open()?;
    scan.opened.same_process()?;
    // A flag of its own for each message, so that a deadline that is over does not end the next one.
    let stop = Arc::new(AtomicBool::new(false));
    *scan.stop.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&stop);
    if scan.cancelled.load(Ordering::SeqCst) {
        stop.store(true, Ordering::SeqCst);
    }
    if inner.deadline.is_some_and(|time| !clock::set(&stop, time)) {
        return Err(Fault::new(tamis_status::TAMIS_RESOURCES, "no thread for the deadline"));
    }
    inner.finished = true;
    let mut mail = Mail::new(head);
    mail.whole_size = Some(size);
    mail.direction = inner.direction.unwrap_or(Direction::Inbound);
    mail.envelope = std::mem::take(&mut inner.envelope);
    mail.auth = std::mem::take(&mut inner.auth);
    mail.received_at = inner.received_at;
    mail.stop = Some(&stop);
    #[cfg(feature = "test-hooks")]
    if head.starts_with(b"X-Tamis-Test: panic") {
        panic!("asked for by the message");
    }
    Ok(worker::run(&scan.opened.engine, |worker| work(worker, &mail)))
}

/// Logs what a postmaster should know of a verdict.
pub(crate) fn told(opened: &Opened, verdict: ::tamis_engine::Verdict) -> ::tamis_engine::Verdict {
    for gap in &verdict.incomplete {
        if matches!(gap.limit, Limit::YaraTime | Limit::YaraFailed | Limit::Deadline) {
            opened.log.line(tamis_log_level::TAMIS_LOG_WARNING, &format!("{}: {}", gap.limit.name(), gap.explanation));
        }
    }
    verdict
}

/// Judges what was examined, with answers.
pub(crate) fn judge(opened: &Opened, examined: Examined, answers: &Answers) -> Result<*mut tamis_verdict, Fault> {
    let found = worker::run(&opened.engine, |worker| worker.judge(examined, answers));
    verdict::insert(told(opened, found))
}
