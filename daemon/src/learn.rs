//! Learning while serving: messages that somebody says are ham or spam, over HTTP, and, where that is wanted, messages whose
//! verdict was clear without the model. One thread of its own; scan threads and sessions never wait for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tamis_common::config::{Config, LearnByUse};
use tamis_common::learned::{Outcome, Store, Writer};
use tamis_common::time;
use tamis_engine::{Direction, EngineBuilder, Label, ListEffect, Mail, TokenSet, Verdict, Worker};
use tokio::sync::oneshot;

use crate::session::Message;

/// Lessons that wait; more are refused.
const MOST: usize = 64;
/// Lessons are learned together that come within this time: the store is opened once for them.
const TOGETHER: Duration = Duration::from_millis(200);

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Learn(Label),
    Forget,
    /// Learned if nothing speaks against it.
    ByUse(Label),
}

/// A message to be learned.
struct Lesson {
    message: Arc<Message>,
    wish: Wish,
    /// Whose model learns it; the site's where nobody is named.
    user: Option<String>,
    done: Option<oneshot::Sender<Result<Outcome, String>>>,
}

/// Hands messages to the thread that learns.
#[derive(Debug)]
pub(crate) struct Teacher {
    lessons: Mutex<Option<SyncSender<Lesson>>>,
    limits: Mutex<Pace>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no place to keep what is learned.
    Nowhere,
    /// Too many wait.
    Busy,
}

impl Teacher {
    /// Starts the thread; none where nothing can be learned. It ends when the teacher is closed.
    pub(crate) fn start(config: &Config) -> std::io::Result<(Teacher, Option<JoinHandle<()>>)> {
        let limits = Mutex::new(Pace::default());
        let Some(store) = config.learned_store() else {
            return Ok((Teacher { lessons: Mutex::new(None), limits }, None));
        };
        let (sender, receiver) = sync_channel(MOST);
        let config = config.clone();
        let thread =
            std::thread::Builder::new().name("tamis-learn".into()).spawn(move || learn(&receiver, &store, &config))?;
        Ok((Teacher { lessons: Mutex::new(Some(sender)), limits }, Some(thread)))
    }

    /// Lets the thread end when it has learned what waits.
    pub(crate) fn close(&self) {
        self.lessons.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Hands over a message; the answer comes when it is safe on disk.
    pub(crate) fn teach(
        &self,
        message: Arc<Message>,
        wish: Wish,
        user: Option<String>,
    ) -> Result<oneshot::Receiver<Result<Outcome, String>>, Refused> {
        let (done, answer) = oneshot::channel();
        self.send(Lesson { message, wish, user, done: Some(done) }).map(|()| answer)
    }

    fn send(&self, lesson: Lesson) -> Result<(), Refused> {
        let lessons = self.lessons.lock().unwrap_or_else(PoisonError::into_inner);
        lessons.as_ref().ok_or(Refused::Nowhere)?.try_send(lesson).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => Refused::Nowhere,
        })
    }

    /// Hands over a message whose verdict is clear without the model, where that is configured. Never waits, and learns
    /// nothing rather than too much: few messages an hour, and fewer of one sender.
    pub(crate) fn by_use(&self, config: &Config, message: &Arc<Message>, verdict: &Verdict) {
        let Some(label) = clear(config, verdict) else { return };
        let sender = message.mail_from.as_deref().unwrap_or_default();
        let domain = sender.rsplit_once('@').map_or(sender, |(_, domain)| domain).to_ascii_lowercase();
        let mut pace = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        if pace.allows(&config.learn_by_use, label, &domain, Instant::now()) {
            let _ =
                self.send(Lesson { message: Arc::clone(message), wish: Wish::ByUse(label), user: None, done: None });
        }
    }
}

/// What a verdict says without the model, where it is clear.
fn clear(config: &Config, verdict: &Verdict) -> Option<Label> {
    let by_use = &config.learn_by_use;
    if !by_use.enabled || !verdict.incomplete.is_empty() {
        return None;
    }
    let model: f64 = verdict.reasons.iter().filter(|it| &*it.rule == "bayes").map(|it| it.score).sum();
    let score = verdict.score - model;
    // That nothing was found is no sign of ham: something has to speak for it.
    let allows = |rule: &str| {
        let list = rule.strip_prefix("list-");
        list.is_some_and(|list| config.lists.iter().any(|it| it.name == list && it.effect == ListEffect::Allow))
    };
    let good = verdict.direction == Direction::Outbound
        || verdict.reasons.iter().any(|it| &*it.rule != "bayes" && (it.score < 0.0 || allows(&it.rule)));
    match score {
        it if it >= by_use.spam_from => Some(Label::Spam),
        it if it <= by_use.ham_below && good => Some(Label::Ham),
        _ => None,
    }
}

/// How many messages were learned by use in this hour.
#[derive(Debug, Default)]
struct Pace {
    since: Option<Instant>,
    of_label: [u32; 2],
    of_domain: HashMap<String, u32>,
}

impl Pace {
    fn allows(&mut self, by_use: &LearnByUse, label: Label, domain: &str, now: Instant) -> bool {
        if self.since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(3_600)) {
            *self = Pace { since: Some(now), ..Pace::default() };
        }
        let Some(count) = self.of_label.get_mut(usize::from(label == Label::Spam)) else { return false };
        let of_domain = self.of_domain.entry(domain.to_owned()).or_default();
        // Nobody teaches us alone: of one domain a twentieth, and at least one.
        if *count >= by_use.most_an_hour || *of_domain >= (by_use.most_an_hour / 20).max(1) {
            return false;
        }
        *count += 1;
        *of_domain += 1;
        true
    }
}

/// Learns what comes, until nobody is left to hand anything over.
fn learn(lessons: &Receiver<Lesson>, store: &Store, config: &Config) {
    let Ok(engine) = EngineBuilder::new().limits(config.limits.clone()).build() else { return };
    let mut worker = engine.worker();
    while let Ok(first) = lessons.recv() {
        let mut batch = vec![first];
        let until = Instant::now() + TOGETHER;
        while batch.len() < MOST {
            match lessons.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(lesson) => batch.push(lesson),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        // Those of one store together: it is opened once for them.
        let mut of_stores: BTreeMap<Option<String>, Vec<Asked>> = BTreeMap::new();
        for lesson in batch {
            let tokens = worker_tokens(&mut worker, &lesson.message);
            of_stores.entry(lesson.user).or_default().push((tokens, lesson.wish, lesson.done));
        }
        for (user, lessons) in of_stores {
            let result = learn_all(store, config, user.as_deref(), &lessons);
            for (number, (_, _, done)) in lessons.into_iter().enumerate() {
                let Some(done) = done else { continue };
                let answer = result.as_ref().map_err(Clone::clone);
                let _ = done.send(answer.map(|all| all.get(number).copied().unwrap_or(Outcome::Unchanged)));
            }
        }
    }
}

fn worker_tokens(worker: &mut Worker<'_>, message: &Message) -> TokenSet {
    worker.token_set(&Mail::new(&message.raw))
}

type Asked = (TokenSet, Wish, Option<oneshot::Sender<Result<Outcome, String>>>);

fn learn_all(site: &Store, config: &Config, user: Option<&str>, lessons: &[Asked]) -> Result<Vec<Outcome>, String> {
    let mut writer = match user {
        None => site.write(config.model_bytes()?.as_deref())?,
        // On top of what the site has learned until now.
        Some(user) => {
            let own = config.user_store(user).ok_or("no user has a model of his own: set users in [bayes]")?;
            own.write(config.site_model()?.map(|(_, model)| model).as_deref())?
        }
    };
    let mut outcomes = Vec::with_capacity(lessons.len());
    for (tokens, wish, _) in lessons {
        let outcome = match wish {
            Wish::Learn(label) => writer.learn(tokens.clone(), *label, "http", time::now()),
            Wish::Forget => writer.forget(&tokens.id(), time::now()),
            Wish::ByUse(label) if speaks_against(&writer, tokens, *label) => Ok(Outcome::Unchanged),
            Wish::ByUse(label) => writer.learn(tokens.clone(), *label, "use", time::now()),
        };
        outcomes.push(outcome.map_err(|error| error.to_string())?);
    }
    writer.finish()?;
    Ok(outcomes)
}

/// Whether a message had better not be learned by use: somebody said already what it is; the model is sure of the opposite,
/// which is how poisoning looks; or twice as much of this class was learned here already, whatever the model started from.
fn speaks_against(writer: &Writer, tokens: &TokenSet, label: Label) -> bool {
    let sign = if label == Label::Spam { 1.0 } else { -1.0 };
    let [ham, spam] = writer.learned();
    let (this, other) = if label == Label::Spam { (spam, ham) } else { (ham, spam) };
    writer.label(&tokens.id()).is_some()
        || writer.learner().score(tokens).log_odds * sign < -OPPOSITE
        || this > other.saturating_mul(2).saturating_add(100)
}

/// Log-odds from which on the model is sure.
const OPPOSITE: f64 = 3.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(worker: &mut Worker<'_>, text: &str, number: usize) -> TokenSet {
        let raw =
            format!("From: a{number}@{number}.example\nSubject: {text} {number}\n\n{text} {text}, number {number}\n");
        worker.token_set(&Mail::new(raw.as_bytes()))
    }

    /// Each guard by itself, with the domain of no sender in it: whoever has many domains gets past the limit on one.
    #[test]
    fn what_looks_like_poisoning_is_not_learned_by_use() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("learned"));
        let engine = EngineBuilder::new().build().unwrap();
        let mut worker = engine.worker();
        let (lure, news) = ("replica watches wholesale discount", "minutes of the quarterly meeting");
        let mut writer = store.write(Config::default().model_bytes().unwrap().as_deref()).unwrap();
        for number in 0..60 {
            for (text, label) in [(lure, Label::Spam), (news, Label::Ham)] {
                writer.learn(tokens(&mut worker, text, number), label, "hand", 1).unwrap();
            }
        }
        let (lure, news) = (tokens(&mut worker, lure, 99), tokens(&mut worker, news, 99));
        // The model is sure of the opposite.
        assert!(writer.learner().score(&lure).log_odds > OPPOSITE && speaks_against(&writer, &lure, Label::Ham));
        assert!(writer.learner().score(&news).log_odds < -OPPOSITE && speaks_against(&writer, &news, Label::Spam));
        assert!(!speaks_against(&writer, &lure, Label::Spam) && !speaks_against(&writer, &news, Label::Ham));
        // Somebody said already what it is.
        let told = tokens(&mut worker, "minutes of the quarterly meeting", 7);
        assert!(speaks_against(&writer, &told, Label::Ham));
        // Of what nothing is known one class may be learned twice as often as the other, and a hundred times more.
        let other = tokens(&mut worker, "something else", 1_000);
        for number in 200..360 {
            assert!(!speaks_against(&writer, &other, Label::Ham), "{number}");
            writer.learn(tokens(&mut worker, "words of no kind", number), Label::Ham, "use", 1).unwrap();
        }
        writer.learn(tokens(&mut worker, "words of no kind", 360), Label::Ham, "use", 1).unwrap();
        assert!(speaks_against(&writer, &other, Label::Ham) && !speaks_against(&writer, &other, Label::Spam));
    }

    #[test]
    fn nobody_teaches_us_alone() {
        let by_use = LearnByUse { enabled: true, most_an_hour: 40, ..LearnByUse::default() };
        let (mut pace, now) = (Pace::default(), Instant::now());
        let taken = |pace: &mut Pace, domain: &str, now| {
            (0..100).filter(|_| pace.allows(&by_use, Label::Spam, domain, now)).count()
        };
        assert_eq!(taken(&mut pace, "one.example", now), 2);
        let others: usize = (0..50).map(|number| taken(&mut pace, &format!("{number}.example"), now)).sum();
        assert_eq!(others, 38);
        assert!(pace.allows(&by_use, Label::Ham, "another.example", now));
        assert_eq!(taken(&mut pace, "one.example", now + Duration::from_secs(3_601)), 2);
    }
}
