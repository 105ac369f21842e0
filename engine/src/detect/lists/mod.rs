//! Allow and block lists. Take facts, give findings that outrank scores and name list, file and line; never weigh, and
//! never look anything up outside.
//!
//! What a list is held against depends on what it does. A block list looks at everything that the message names: its
//! senders, its client, its links, its files. An allow list looks only at who sends: whoever links to a good site, or
//! attaches a known file, has shown nothing about himself. `docs/lists.md` is the page for users.

mod line;
mod subjects;
mod table;
#[cfg(test)]
mod tests;
mod url;

use std::sync::Arc;

use crate::error::Problem;
use crate::facts::{Facts, Link};
use crate::finding::{Effect, Finding};
use crate::input::Network;
use crate::place::Place;
use crate::text::{host, show};
use crate::wanted::Wanted;

use subjects::{Doubt, Sender};
use table::{Hit, Table};

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
    /// One entry a line; `#` begins a comment.
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
}

/// All lists, compiled.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    lists: Vec<List>,
    notes: Vec<Problem>,
}

/// One file of a list, compiled.
#[derive(Debug)]
struct List {
    name: String,
    rule: Arc<str>,
    kind: ListKind,
    effect: ListEffect,
    source: String,
    table: Table,
}

impl Lists {
    /// Compiles lists; bad lines are problems, and the other lines count.
    pub(crate) fn compile(sources: &[ListSource]) -> (Lists, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut notes = Vec::new();
        let mut lists: Vec<List> = Vec::with_capacity(sources.len());
        let mut texts: Vec<&str> = Vec::with_capacity(sources.len());
        for source in sources {
            if let Err(problem) = check(source, &lists) {
                problems.push(problem);
                continue;
            }
            lists.push(List {
                name: source.name.clone(),
                rule: format!("list-{}", source.name).into(),
                kind: source.kind,
                effect: source.effect,
                source: source.source.clone(),
                table: table::compile(source, &mut problems, &mut notes),
            });
            texts.push(&source.text);
        }
        contradictions(&lists, &texts, &mut notes);
        (Lists { lists, notes }, problems)
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
    pub(crate) fn run(&self, facts: &Facts<'_>, findings: &mut Vec<Finding>) {
        if self.lists.is_empty() {
            return;
        }
        let senders = subjects::senders(facts);
        for list in &self.lists {
            match list.kind {
                ListKind::Domains | ListKind::Addresses => {
                    list.senders(&senders, findings);
                    findings.extend(list.first_link(facts, |link| list.table.domain(&link.host)));
                }
                ListKind::Urls => findings.extend(list.first_link(facts, |link| list.table.link(link))),
                ListKind::Networks => findings.extend(list.client(facts)),
                ListKind::Hashes => findings.extend(list.first_file(facts)),
            }
        }
    }

    /// Every entry that covers `subject`: a domain, address, IP address or network, URL or digest, told apart by its form.
    /// In the order of the lists; of one list the narrowest first, which is the one that counts.
    pub(crate) fn lookup(&self, subject: &str) -> Vec<ListHit> {
        let subject = subject.trim();
        let digest = line::digest(subject);
        let network = Network::parse(subject);
        let address = line::address(subject).ok();
        let plain_host = if network.is_none() { host::ascii(subject) } else { None };
        let url = line::url(subject).ok();
        let urls = |table: &Table| url.as_deref().map(|url| table.urls(url)).unwrap_or_default();
        let mut found = Vec::new();
        for list in &self.lists {
            let table = &list.table;
            let hits = if let Some(digest) = &digest {
                table.digest(digest).into_iter().collect()
            } else if let Some(network) = &network {
                [table.networks(network), urls(table)].concat()
            } else if let Some(address) = &address {
                let host = address.rsplit('@').next().unwrap_or_default();
                [table.address(address).into_iter().collect(), table.domains(host)].concat()
            } else if let Some(host) = &plain_host {
                [table.domains(host), urls(table)].concat()
            } else {
                let host = url.as_deref().map(url::host).unwrap_or_default();
                let literal = Network::parse(host.trim_matches(['[', ']']));
                let domains = if literal.is_none() { table.domains(host) } else { Vec::new() };
                [urls(table), domains].concat()
            };
            found.extend(hits.into_iter().map(|hit| ListHit {
                list: list.name.clone(),
                effect: list.effect,
                source: list.source.clone(),
                line: hit.line,
                entry: hit.entry,
            }));
        }
        found
    }

    /// What is no mistake, and worth a look: entries that stand twice, and entries that one list allows and another
    /// blocks.
    pub(crate) fn notes(&self) -> &[Problem] {
        &self.notes
    }
}

/// Notes of entries that one list allows and another blocks.
fn contradictions(lists: &[List], texts: &[&str], notes: &mut Vec<Problem>) {
    for (allow, text) in lists.iter().zip(texts).filter(|(list, _)| list.effect == ListEffect::Allow) {
        for block in lists.iter().filter(|list| list.effect == ListEffect::Block && list.kind == allow.kind) {
            let mut told = line::Told::new(&allow.source, text, notes);
            allow.table.in_both(&block.table, &mut |entry, line, other| {
                let message = format!(
                    "{entry} is allowed here, and blocked by list {} ({}:{other}): the block counts",
                    block.name, block.source
                );
                told.note(line, message, "take one of the two out");
            });
            told.end("entries of this list are blocked, too");
        }
    }
}

/// What is wrong with a list as a whole.
fn check(source: &ListSource, earlier: &[List]) -> Result<(), Problem> {
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
    if earlier.iter().any(|list| list.name == source.name && list.effect != source.effect) {
        let message = format!("list {:?} both allows and blocks", source.name);
        return Err(Problem::file(&source.source, message).remedy("give the two lists names of their own"));
    }
    Ok(())
}

impl List {
    /// A finding for each way in which the message names a sender that the list has. Of several addresses of one field
    /// the first that it has is enough: a field may hold thousands.
    fn senders(&self, senders: &[Sender<'_>], findings: &mut Vec<Finding>) {
        let mut told: Vec<&str> = Vec::new();
        for sender in senders {
            if !told.contains(&sender.what)
                && let Some(finding) = self.sender(sender)
            {
                told.push(sender.what);
                findings.push(finding);
            }
        }
    }

    /// A finding if the list has a sender, by address or by domain.
    fn sender(&self, sender: &Sender<'_>) -> Option<Finding> {
        if self.effect == ListEffect::Allow && sender.vouches.is_none() {
            return None;
        }
        let hit = match self.kind {
            ListKind::Addresses => self.table.address(&sender.address),
            _ => self.table.domain(sender.host),
        }?;
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
        let hit = self.table.ip(ip)?;
        Some(self.finding(&hit, Place::message(), "the client that sent the message", &facts.route.client.ip))
    }

    /// A finding for the first link that a block list has: one is enough to block, and a message may hold thousands.
    fn first_link(&self, facts: &Facts<'_>, look: impl Fn(&Link) -> Option<Hit>) -> Option<Finding> {
        if self.effect == ListEffect::Allow {
            return None;
        }
        let (link, hit) = facts.links.iter().find_map(|link| look(link).map(|hit| (link, hit)))?;
        Some(self.finding(&hit, link.place(), "a link in the message", &link.url))
    }

    /// A finding for the first file that a block list has.
    fn first_file(&self, facts: &Facts<'_>) -> Option<Finding> {
        let (file, hit) =
            facts.files.iter().find_map(|file| Some((file, self.table.digest(file.digest.as_ref()?)?)))?;
        let what = match file.name.as_str() {
            "" => "a file in the message".to_owned(),
            name => format!("the file {}", show::evidence(name.as_bytes())),
        };
        Some(self.finding(&hit, file.place(), &what, &file.sha256))
    }

    fn finding(&self, hit: &Hit, place: Place, what: &str, subject: &str) -> Finding {
        let (does, effect) = match self.effect {
            ListEffect::Allow => ("allows", Effect::Allow(hit.narrow)),
            ListEffect::Block => ("blocks", Effect::Block(hit.narrow)),
        };
        let (name, source, line, entry) = (&self.name, &self.source, hit.line, &hit.entry);
        Finding {
            rule: Arc::clone(&self.rule),
            place,
            evidence: show::evidence(subject.as_bytes()),
            explanation: Some(format!("List {name} ({source}:{line}) {does} {entry}, which covers {what}")),
            effect,
        }
    }
}
