//! Allow and block lists. Take facts, give findings that outrank scores and name list, file and line; never weigh, and
//! never look anything up outside.
//!
//! What a list is held against depends on what it does. A block list looks at everything that the message names: its
//! senders, its client, its links, its files. An allow list looks only at who sends: whoever links to a good site, or
//! attaches a known file, has shown nothing about himself. `docs/lists.md` is the page for users.

mod hashes;
mod line;
mod lookup;
mod names;
mod networks;
mod pages;
mod subjects;
mod table;
#[cfg(test)]
mod tests;
mod url;

use std::cmp::Reverse;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::Problem;
use crate::facts::{Facts, Link};
use crate::finding::{Effect, Finding};
use crate::place::Place;
use crate::text::show;
use crate::wanted::Wanted;

pub use lookup::ListSubject;
use names::Hit;
use subjects::{Doubt, Sender};
use table::Table;

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListKind {
    /// Host and domain names; an entry covers the names below it.
    Domains,
    /// Mail addresses.
    Addresses,
    /// IPv4 and IPv6 networks, or single addresses.
    Networks,
    /// URLs: a host, and a path that the link's path begins with.
    Urls,
    /// SHA-256 digests of files, in hex.
    Hashes,
}

/// What a hit on a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListEffect {
    /// The message is accepted, whatever the score.
    Allow,
    /// The block action is taken, whatever the score.
    Block,
}

/// A list: its name, what is in it, what it does, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSource {
    /// The name that verdicts show; its rule is `list-NAME`. Several files may make up one list.
    pub name: String,
    /// What its entries are.
    pub kind: ListKind,
    /// What a hit means.
    pub effect: ListEffect,
    /// The file's name, for verdicts and errors.
    pub source: String,
    /// One entry a line; `!` before it makes an exception, `until=DATE` behind it ends it, `#` begins a comment.
    pub text: String,
}

/// What a look-up found, for `tamis lists lookup`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListHit {
    /// The list's name.
    pub list: String,
    /// What a hit means.
    pub effect: ListEffect,
    /// The file that the entry stands in.
    pub source: String,
    /// Its line, counted from 1.
    pub line: u32,
    /// The entry, normalised.
    pub entry: String,
    /// Whether it makes an exception: what it covers is not on the list.
    pub except: bool,
    /// The comment behind the entry.
    pub reason: String,
    /// When it ends, in seconds since 1970-01-01 UTC.
    pub until: Option<i64>,
    /// Whether it is the entry of its list that counts.
    pub counts: bool,
}

/// How large a list is, for `tamis lists check`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListSize {
    /// The list's name.
    pub list: String,
    /// The file.
    pub source: String,
    /// Entries that can be found.
    pub entries: usize,
    /// Entries that had ended when the engine was built.
    pub ended: usize,
    /// What they take, in bytes.
    pub bytes: usize,
}

/// All lists, compiled. Cheap to clone: files are shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    lists: Vec<List>,
    notes: Vec<Problem>,
    now: Option<i64>,
}

/// A list: one file or several.
#[derive(Clone, Debug)]
struct List {
    name: String,
    rule: Arc<str>,
    kind: ListKind,
    effect: ListEffect,
    files: Vec<Arc<File>>,
}

/// A file, compiled.
#[derive(Debug)]
struct File {
    source: String,
    /// SHA-256 of its text.
    digest: [u8; 32],
    table: Table,
}

impl Lists {
    /// Compiles lists; bad lines are problems, and the other lines count. Entries that ended before `now`, in seconds since
    /// 1970-01-01 UTC, are left out.
    pub(crate) fn compile(sources: &[ListSource], now: Option<i64>) -> (Lists, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut all = Lists { now, ..Lists::default() };
        for source in sources {
            match all.check(source) {
                Ok(()) => all.add(source, &mut problems),
                Err(problem) => problems.push(problem),
            }
        }
        all.contradictions(sources);
        (all, problems)
    }

    /// The same lists with another text for one file, or with one file more. No other file is read or compiled.
    pub(crate) fn with(&self, source: &ListSource) -> Result<Lists, Vec<Problem>> {
        let mut all = Lists { notes: Vec::new(), ..self.clone() };
        if !self.lists.iter().any(|list| list.name == source.name && list.kind == source.kind) {
            let message = format!("there is no list {:?} of this kind", source.name);
            return Err(vec![Problem::file(&source.source, message).remedy("a new list needs a new engine")]);
        }
        all.check(source).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        all.add(source, &mut problems);
        if problems.is_empty() { Ok(all) } else { Err(problems) }
    }

    fn add(&mut self, source: &ListSource, problems: &mut Vec<Problem>) {
        let table = Table::compile(source, self.now, problems, &mut self.notes);
        if table.ended > 0 {
            let message = format!("{} entries have ended, and do not count", table.ended);
            self.notes.push(Problem::file(&source.source, message).remedy("take them out when nobody asks for them"));
        }
        let file = File { source: source.source.clone(), digest: Sha256::digest(&source.text).into(), table };
        let known = self.lists.iter_mut().find(|list| list.name == source.name && list.kind == source.kind);
        match known {
            Some(list) => match list.files.iter_mut().find(|file| file.source == source.source) {
                Some(other) => *other = Arc::new(file),
                None => list.files.push(Arc::new(file)),
            },
            None => self.lists.push(List {
                name: source.name.clone(),
                rule: format!("list-{}", source.name).into(),
                kind: source.kind,
                effect: source.effect,
                files: vec![Arc::new(file)],
            }),
        }
    }

    /// What tells these lists from others: their names, and digests of their files.
    pub(crate) fn identity(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.lists.iter().flat_map(|list| list.files.iter().map(|file| (list.name.as_str(), &file.digest)))
    }

    pub(crate) fn sizes(&self) -> Vec<ListSize> {
        let file = |list: &List, file: &Arc<File>| {
            let (entries, bytes) = file.table.size();
            let (list, source) = (list.name.clone(), file.source.clone());
            ListSize { list, source, entries, ended: file.table.ended, bytes }
        };
        self.lists.iter().flat_map(|list| list.files.iter().map(move |it| file(list, it))).collect()
    }

    /// The facts that the lists at hand are held against.
    pub(crate) fn wanted(&self) -> Wanted {
        self.lists.iter().fold(Wanted::NOTHING, |wanted, list| {
            wanted
                | match (list.kind, list.effect) {
                    (ListKind::Domains, ListEffect::Block) => Wanted::PEOPLE | Wanted::LINKS,
                    (ListKind::Domains, ListEffect::Allow) | (ListKind::Addresses, _) => Wanted::PEOPLE,
                    (ListKind::Networks, _) => Wanted::ROUTE,
                    (ListKind::Urls, _) => Wanted::LINKS,
                    (ListKind::Hashes, _) => Wanted::FILES | Wanted::HASHES,
                }
        })
    }

    /// Looks up everything that the message names.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn run(&self, facts: &Facts<'_>, findings: &mut Vec<Finding>) {
        if self.lists.is_empty() {
            return;
        }
        let senders = subjects::senders(facts);
        let now = facts.received_at;
        for list in &self.lists {
            match list.kind {
                ListKind::Domains | ListKind::Addresses => {
                    list.senders(&senders, now, findings);
                    findings.extend(list.first_link(facts, |table, link| table.domains(&link.host)));
                }
                ListKind::Urls => findings.extend(list.first_link(facts, Table::link)),
                ListKind::Networks => findings.extend(list.client(facts)),
                ListKind::Hashes => findings.extend(list.first_file(facts)),
            }
        }
    }

    /// What is no mistake, and worth a look: entries that stand twice, entries that have ended, and entries that one list
    /// allows and another blocks.
    pub(crate) fn notes(&self) -> &[Problem] {
        &self.notes
    }

    /// Notes entries that one list allows and another blocks.
    fn contradictions(&mut self, sources: &[ListSource]) {
        for allow in self.lists.iter().filter(|list| list.effect == ListEffect::Allow) {
            for block in self.lists.iter().filter(|list| list.effect == ListEffect::Block && list.kind == allow.kind) {
                for (here, there) in allow.files.iter().flat_map(|it| block.files.iter().map(move |other| (it, other)))
                {
                    let text = sources.iter().find(|it| it.source == here.source && it.name == allow.name);
                    let text = text.map(|it| it.text.as_str()).unwrap_or_default();
                    let mut told = line::Told::new(&here.source, text, &mut self.notes);
                    here.table.in_both(&there.table, &mut |entry, line, other| {
                        let message = format!(
                            "{entry} is allowed here, and blocked by list {} ({}:{other}): the block counts",
                            block.name, there.source
                        );
                        told.note(line, message, "take one of the two out");
                    });
                    told.end("entries of this list are blocked, too");
                }
            }
        }
    }

    /// What is wrong with a list as a whole.
    fn check(&self, source: &ListSource) -> Result<(), Problem> {
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if source.name.is_empty() || !source.name.chars().all(fit) {
            let message = format!("{:?} cannot be the name of a list", source.name);
            return Err(Problem::file(&source.source, message).remedy("use letters, digits, -, _ and ."));
        }
        if source.effect == ListEffect::Allow && matches!(source.kind, ListKind::Urls | ListKind::Hashes) {
            let message = format!("list {:?} would allow messages for what they link to or hold", source.name);
            return Err(Problem::file(&source.source, message)
                .remedy("anybody can link to a good site or attach a known file: allow senders or networks instead"));
        }
        if self.lists.iter().any(|list| list.name == source.name && list.effect != source.effect) {
            let message = format!("list {:?} both allows and blocks", source.name);
            return Err(Problem::file(&source.source, message).remedy("give the two lists names of their own"));
        }
        Ok(())
    }
}

/// Whether an entry has not ended.
fn lasts(hit: &Hit, file: &File, now: Option<i64>) -> bool {
    match file.table.told(hit).1 {
        0 => true,
        until => now.is_none_or(|now| now < i64::from(until)),
    }
}

/// The narrowest first, of equally narrow ones an exception first.
fn rank(hit: &Hit) -> (Reverse<u16>, bool) {
    (Reverse(hit.narrow), !hit.value.except())
}

impl List {
    /// Every entry that covers a subject and counts at `now`, with its file, by [`rank`].
    fn covering(&self, now: Option<i64>, look: impl Fn(&Table) -> Vec<Hit>) -> Vec<(Hit, &File)> {
        let mut found = Vec::new();
        for file in &self.files {
            found.extend(look(&file.table).into_iter().map(|hit| (hit, file.as_ref())));
        }
        // Most messages are in no list.
        if !found.is_empty() {
            found.retain(|(hit, file)| lasts(hit, file, now));
            found.sort_by_key(|(hit, _)| rank(hit));
        }
        found
    }

    /// The entry that counts for a subject, the first of those; none where it is an exception.
    fn entry(&self, now: Option<i64>, look: impl Fn(&Table) -> Vec<Hit>) -> Option<(Hit, &File)> {
        let mut first: Option<(Hit, &File)> = None;
        for file in &self.files {
            for hit in look(&file.table) {
                if lasts(&hit, file, now) && first.as_ref().is_none_or(|(first, _)| rank(&hit) < rank(first)) {
                    first = Some((hit, file.as_ref()));
                }
            }
        }
        first.filter(|(hit, _)| !hit.value.except())
    }

    /// A finding for each way in which the message names a sender that the list has. Of several addresses of one field
    /// the first that it has is enough: a field may hold thousands.
    fn senders(&self, senders: &[Sender<'_>], now: Option<i64>, findings: &mut Vec<Finding>) {
        let mut told: Vec<&str> = Vec::new();
        for sender in senders {
            if !told.contains(&sender.what)
                && let Some(finding) = self.sender(sender, now)
            {
                told.push(sender.what);
                findings.push(finding);
            }
        }
    }

    /// A finding if the list has a sender, by address or by domain.
    fn sender(&self, sender: &Sender<'_>, now: Option<i64>) -> Option<Finding> {
        if self.effect == ListEffect::Allow && sender.vouches.is_none() {
            return None;
        }
        let hit = self.entry(now, |table| match self.kind {
            ListKind::Addresses => table.addresses(&sender.address),
            _ => table.domains(sender.host),
        })?;
        let mut finding = self.finding(&hit, sender.place.clone(), sender.what, &sender.address);
        if let (ListEffect::Allow, Some(Some(doubt))) = (self.effect, sender.vouches) {
            // It adds nothing, and is shown: whoever keeps the list should learn why it was passed over.
            finding.effect = Effect::Graded(0.0);
            let why = match doubt {
                Doubt::Dmarc => "the message fails DMARC",
                Doubt::Spf => "the client fails SPF",
                Doubt::TooLong => "the address is longer than mail allows",
                Doubt::Several => "From names several senders",
            };
            finding.explanation = finding.explanation.map(|text| format!("{text}. It does not count: {why}"));
        }
        Some(finding)
    }

    /// A finding if the list has the client.
    fn client(&self, facts: &Facts<'_>) -> Option<Finding> {
        let ip = facts.route.client.address?;
        let hit = self.entry(facts.received_at, |table| table.ip(ip))?;
        Some(self.finding(&hit, Place::message(), "the client that sent the message", &facts.route.client.ip))
    }

    /// A finding for the first link that a block list has: one is enough to block, and a message may hold thousands.
    fn first_link(&self, facts: &Facts<'_>, look: impl Fn(&Table, &Link) -> Vec<Hit>) -> Option<Finding> {
        if self.effect == ListEffect::Allow {
            return None;
        }
        let now = facts.received_at;
        let entry = |link| Some((link, self.entry(now, |table| look(table, link))?));
        let (link, hit) = facts.links.iter().find_map(entry)?;
        Some(self.finding(&hit, link.place(), "a link in the message", &link.url))
    }

    /// A finding for the first file that a block list has.
    fn first_file(&self, facts: &Facts<'_>) -> Option<Finding> {
        let now = facts.received_at;
        let (file, hit) = facts.files.iter().find_map(|file| {
            let digest = file.digest.as_ref()?;
            Some((file, self.entry(now, |table| table.digests(digest))?))
        })?;
        let what = match file.name.as_str() {
            "" => "a file in the message".to_owned(),
            name => format!("the file {}", show::evidence(name.as_bytes())),
        };
        Some(self.finding(&hit, file.place(), &what, &file.sha256))
    }

    fn finding(&self, (hit, file): &(Hit, &File), place: Place, what: &str, subject: &str) -> Finding {
        let (does, effect) = match self.effect {
            ListEffect::Allow => ("allows", Effect::Allow(hit.narrow)),
            ListEffect::Block => ("blocks", Effect::Block(hit.narrow)),
        };
        let (name, source, line, entry) = (&self.name, &file.source, hit.value.line(), &hit.entry);
        let reason = match file.table.told(hit).0 {
            "" => String::new(),
            reason => format!(" ({})", show::evidence(reason.as_bytes())),
        };
        Finding {
            rule: Arc::clone(&self.rule),
            place,
            evidence: show::evidence(subject.as_bytes()),
            explanation: Some(format!("List {name} ({source}:{line}) {does} {entry}{reason}, which covers {what}")),
            effect,
        }
    }
}
