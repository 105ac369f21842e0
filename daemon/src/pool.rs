//! Scan threads. Takes messages through a bounded queue, gives verdicts; owns the engine that is current. Sessions never
//! scan, and scan threads never wait for the network.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tamis_common::config::Config;
use tamis_engine::{AuthResults, Direction, Engine, Envelope, Mail, Verdict};
use tokio::sync::oneshot;

use crate::session::Message;
use crate::users::Users;

/// A message on its way to a scan thread.
struct Job {
    message: Arc<Message>,
    auth: Vec<AuthResults>,
    received_at: i64,
    /// Set when nobody waits for all of the verdict any more.
    stop: Arc<AtomicBool>,
    /// Whose model counts, if he has one, and the configuration that says where it lies.
    user: Option<(Arc<Config>, String)>,
    since: Instant,
    done: oneshot::Sender<Scanned>,
}

/// What came of it.
pub(crate) struct Scanned {
    /// None where the engine failed.
    pub(crate) verdict: Option<Verdict>,
    /// In the queue.
    pub(crate) waited: Duration,
    /// On the scan thread.
    pub(crate) took: Duration,
    /// What each stage of the engine took of it.
    pub(crate) stages: Vec<(&'static str, Duration)>,
    /// Why the model of the site judged, and not that of the user.
    pub(crate) problem: Option<String>,
}

struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
    /// Threads that wait for a message.
    idle: usize,
}

/// The queue, the engine, and the threads between them.
pub(crate) struct Pool {
    queue: Mutex<Queue>,
    filled: Condvar,
    most: usize,
    engine: RwLock<Arc<Engine>>,
    users: Users,
}

impl Pool {
    /// Starts `threads` scan threads; at most `most` messages wait.
    pub(crate) fn start(
        engine: Engine,
        threads: usize,
        most: usize,
    ) -> std::io::Result<(Arc<Pool>, Vec<JoinHandle<()>>)> {
        let pool = Arc::new(Pool {
            queue: Mutex::new(Queue { jobs: VecDeque::new(), closed: false, idle: 0 }),
            filled: Condvar::new(),
            most: most.max(1),
            engine: RwLock::new(Arc::new(engine)),
            users: Users::default(),
        });
        let mut handles = Vec::new();
        for number in 0..threads.max(1) {
            let pool = Arc::clone(&pool);
            let builder = std::thread::Builder::new().name(format!("tamis-scan-{number}"));
            handles.push(builder.spawn(move || pool.work())?);
        }
        Ok((pool, handles))
    }

    /// The engine that judges now.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another engine in place. Messages that are being scanned go on with the old one.
    pub(crate) fn replace(&self, engine: Engine) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(engine);
        // Threads that wait let go of the old one.
        self.filled.notify_all();
    }

    /// How many messages wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Hands a message to the scan threads. None where the queue is full.
    pub(crate) fn submit(
        &self,
        message: Arc<Message>,
        auth: Vec<AuthResults>,
        received_at: i64,
        stop: Arc<AtomicBool>,
        user: Option<(Arc<Config>, String)>,
    ) -> Option<oneshot::Receiver<Scanned>> {
        let (done, verdict) = oneshot::channel();
        let mut queue = self.lock();
        if queue.jobs.len() >= self.most || queue.closed {
            return None;
        }
        queue.jobs.push_back(Job { message, auth, received_at, stop, user, since: Instant::now(), done });
        // To wake nobody takes a call of the system all the same.
        let is_awaited = queue.idle > 0;
        drop(queue);
        if is_awaited {
            self.filled.notify_one();
        }
        Some(verdict)
    }

    /// Lets the threads end when the queue is empty.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while !self.work_with(&self.engine()) {}
    }

    /// Scans until another engine is current (false) or the pool is closed (true).
    fn work_with(&self, engine: &Arc<Engine>) -> bool {
        let mut worker = engine.worker();
        worker.keep_stage_times(nanoseconds);
        let mut before = worker.stage_times();
        loop {
            let job = {
                let mut queue = self.lock();
                loop {
                    if !Arc::ptr_eq(engine, &self.engine()) {
                        return false;
                    }
                    match queue.jobs.pop_front() {
                        Some(job) => break job,
                        None if queue.closed => return true,
                        None => {
                            queue.idle += 1;
                            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
                            queue.idle -= 1;
                        }
                    }
                }
            };
            let waited = job.since.elapsed();
            // Who asked has gone away.
            if job.done.is_closed() {
                continue;
            }
            let begun = Instant::now();
            let mail = mail(&job);
            let (own, problem) = match job.user.as_ref().map(|(config, user)| self.users.model(config, user)) {
                Some(Ok(own)) => (own, None),
                Some(Err(problem)) => (None, Some(problem)),
                None => (None, None),
            };
            let scan = || match &own {
                Some(own) => worker.scan_by(&mail, own),
                None => worker.scan(&mail),
            };
            let verdict = std::panic::catch_unwind(AssertUnwindSafe(scan)).ok();
            let failed = verdict.is_none();
            let took = begun.elapsed();
            let after = worker.stage_times();
            let stages = stages(&before, &after, took);
            before = after;
            let _ = job.done.send(Scanned { verdict, waited, took, stages, problem });
            // A worker that a fault went through is not used again.
            if failed {
                return false;
            }
        }
    }
}

/// A clock that only goes on.
fn nanoseconds() -> u64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGUN.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The engine keeps sums: what one message added to each. What is left of `took` is the judging.
fn stages(
    before: &[(&'static str, u64)],
    after: &[(&'static str, u64)],
    took: Duration,
) -> Vec<(&'static str, Duration)> {
    let added = |((name, after), (_, before)): (&(&'static str, u64), &(&'static str, u64))| {
        (*name, Duration::from_nanos(after.saturating_sub(*before)))
    };
    let mut stages: Vec<_> = after.iter().zip(before).map(added).collect();
    let seen = stages.iter().map(|(_, time)| *time).sum();
    stages.push(("policy", took.saturating_sub(seen)));
    stages
}

fn mail(job: &Job) -> Mail<'_> {
    let message = &job.message;
    let mut mail = Mail::new(&message.raw);
    mail.whole_size = Some(message.size);
    mail.direction = if message.outbound { Direction::Outbound } else { Direction::Inbound };
    mail.envelope = Envelope {
        client_ip: message.client,
        client_name: message.client_name.clone(),
        helo: message.helo.clone(),
        mail_from: message.mail_from.clone(),
        rcpt_to: message.recipients.clone(),
        auth_user: message.auth_user.clone(),
        tls: message.tls,
    };
    mail.received_at = Some(job.received_at);
    mail.auth.clone_from(&job.auth);
    mail.stop = Some(&*job.stop);
    mail
}
