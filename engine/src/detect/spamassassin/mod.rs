//! SpamAssassin's rules, from `.cf` files as they are. Takes facts, gives findings: one for each rule that hits, sub-rules included,
//! which weigh nothing.
//!
//! `conf` reads the files, `perl` their patterns, `compile` makes rules that run, `matcher` looks for all patterns of a text in one
//! pass, `evals` are the functions, `context` is a message as rules ask for it. What cannot be done as SpamAssassin does it is a note,
//! for `tamis rules check`.

mod addresses;
mod check;
mod coarse;
mod compile;
mod conf;
mod context;
mod domains;
mod echo;
mod evals;
mod expression;
mod features;
mod globs;
mod literals;
mod matcher;
mod needs;
mod pattern;
mod perl;
mod probe;
mod relays;
mod settings;
mod sieve;
mod tags;
#[cfg(test)]
mod tests;
mod uris;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use check::CfPatterns;
pub(crate) use compile::{Choices, compile};
pub(crate) use conf::{CfSource, Nature};
pub use watch::CfCost;

use self::context::{Context, Formats};
use self::evals::{Arguments, Function, State};
use self::expression::Expression;
use self::matcher::{Member, Scratch, Set};
use self::pattern::{Found, Pattern};
use self::settings::Settings;
use crate::error::Problem;
use crate::facts::Facts;
use crate::facts::spamassassin::{Lines, Views};
use crate::finding::Finding;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::show::evidence;
use crate::wanted::Wanted;

/// The group of scores that rules of `.cf` files are in.
pub(crate) const GROUP: &str = "spamassassin";
/// Steps for each byte that a pattern reads.
const PATTERN_STEPS: u64 = 4;
/// How much of a text is shown around a match, in bytes to either side.
const CONTEXT_BYTES: usize = 16;

/// A rule of a `.cf` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CfRule {
    /// Its name. One that begins with `__` serves other rules and weighs nothing.
    pub name: String,
    /// What `describe` says of it; empty where nothing does.
    pub description: String,
    /// `header`, `body`, `meta`, ...
    pub kind: &'static str,
    /// What `tflags` says of it.
    pub flags: String,
    /// The file that it stands in.
    pub source: String,
    /// The line, counted from 1.
    pub line: u32,
    /// Whether it can hit: false for what asks the network, or cannot be read.
    pub supported: bool,
    /// The line as its author wrote it, without its comment; tabs are blanks, and what is behind 300 letters is left out.
    pub text: String,
}

/// A `test` line of a `.cf` file: a text that a rule is to hit, or to miss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CfExample {
    /// The rule.
    pub rule: String,
    /// For a rule of header fields, the field that the text is the value of; else empty: the text is the body.
    pub field: String,
    /// Whether the rule is to hit.
    pub hit: bool,
    /// The text.
    pub text: String,
    /// The file that the line stands in.
    pub source: String,
    /// The line, counted from 1.
    pub line: u32,
}

/// Rules that look at one selector of header fields.
#[derive(Debug, Default)]
struct HeaderGroup {
    selector: String,
    /// The selector is no more than the name of a field.
    is_field: bool,
    set: Set,
    /// Negated rules, and such that see another text where there is no field.
    others: Vec<(Member, bool, Option<Vec<u8>>)>,
    exists: Vec<u32>,
}

/// A rule on header fields of parts.
#[derive(Debug)]
struct MimeRule {
    rule: u32,
    name: String,
    raw: bool,
    negated: bool,
    unset: Vec<u8>,
    pattern: u32,
    most: u32,
    /// The first part that counts, and the last.
    range: (usize, usize),
    concat: bool,
}

/// A rule on one address in text: key, whether it must not match, pattern.
#[derive(Debug)]
struct UriDetail {
    rule: u32,
    conditions: Vec<(String, bool, u32)>,
}

/// A pattern with the match of another rule in it.
#[derive(Debug)]
struct Template {
    rule: u32,
    /// The pattern with anything in that place.
    guard: u32,
    text: String,
    flags: String,
}

#[derive(Debug)]
struct Meta {
    rule: u32,
    expression: Expression,
    /// The rules behind the expression's names.
    parts: Vec<Option<u32>>,
    /// Whether it holds where nothing of these hit.
    idle: bool,
    off: bool,
}

/// All `.cf` rules, compiled.
#[derive(Debug, Default)]
pub(crate) struct SpamAssassin {
    rules: Vec<CfRule>,
    names: Vec<Arc<str>>,
    /// Rules that do not run: their score is 0, or they are left out.
    off: Vec<bool>,
    scores: BTreeMap<String, f64>,
    patterns: Vec<Pattern>,
    /// For each pattern the rule that it is of.
    owners: Vec<u32>,
    headers: Vec<HeaderGroup>,
    body: Set,
    rawbody: Set,
    uri: Set,
    full: Set,
    mime: Vec<MimeRule>,
    uri_details: Vec<UriDetail>,
    evals: Vec<(u32, Function, Arguments)>,
    /// Rule, selector, pattern and the name of the group that other rules ask for.
    captures: Vec<(u32, String, u32, String)>,
    templates: Vec<Template>,
    metas: Vec<Meta>,
    /// For each rule the metas that ask for it.
    askers: Vec<Vec<u32>>,
    redirectors: Vec<Pattern>,
    settings: Settings,
    formats: Option<&'static Formats>,
    notes: Vec<(Nature, Problem)>,
    examples: Vec<CfExample>,
}

/// What is kept from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    scratch: Scratch,
    counts: Vec<f64>,
    stack: Vec<f64>,
    due: Vec<bool>,
}

/// What was seen of a rule: where, and the text.
struct Sight {
    rule: u32,
    place: Place,
    shown: String,
}

/// The hits of one message as they add up.
struct Hits<'h> {
    counts: &'h mut Vec<f64>,
    sights: Vec<Sight>,
    gave_up: Vec<u32>,
    read: u64,
}

impl Hits<'_> {
    fn hit(&mut self, rule: u32, count: f64) {
        if let Some(slot) = self.counts.get_mut(rule as usize) {
            *slot += count;
        }
    }

    /// Notes where a search took more steps than it may.
    fn tried(&mut self, rule: u32, found: Found) {
        if found.gave_up && !self.gave_up.contains(&rule) {
            self.gave_up.push(rule);
        }
    }
}

impl SpamAssassin {
    /// The facts that the rules at hand read.
    pub(crate) fn wanted(&self) -> Wanted {
        if self.rules.is_empty() { Wanted::NOTHING } else { Wanted::SPAMASSASSIN }
    }

    /// The rules, in the order of their files.
    pub(crate) fn rules(&self) -> &[CfRule] {
        &self.rules
    }

    /// The texts of `test` lines, in the order of the files.
    pub(crate) fn examples(&self) -> &[CfExample] {
        &self.examples
    }

    /// What a rule weighs.
    pub(crate) fn score(&self, rule: &str) -> f64 {
        self.scores.get(rule).copied().unwrap_or(0.0)
    }

    /// What is to be told about the files.
    pub(crate) fn notes(&self) -> &[(Nature, Problem)] {
        &self.notes
    }

    /// Adds a finding for each rule that hits.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn run(
        &self,
        facts: &Facts<'_>,
        memory: &mut Memory,
        budget: &mut Budget<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let (Some(views), Some(formats)) = (&facts.spamassassin, self.formats) else { return };
        let Memory { scratch, counts, stack, due } = memory;
        counts.clear();
        counts.resize(self.rules.len(), 0.0);
        if let Some(watch) = &mut scratch.watch {
            watch.start(self.rules.len());
        }
        let context = Context::new(facts, views, &self.settings, formats, &self.redirectors);
        let mut hits = Hits { counts, sights: Vec::new(), gave_up: Vec::new(), read: 0 };
        context.relays();
        scratch.shared("relays");
        self.run_headers(&context, scratch, &mut hits);
        if !budget.work(hits.read.saturating_mul(PATTERN_STEPS), Place::message) {
            return;
        }
        let whole = [views.message.header_at.min(facts.raw.len())];
        let full = facts.raw.get(whole.first().copied().unwrap_or(0)..).unwrap_or_default();
        let uris = if self.uri.members.is_empty() { Lines::default() } else { context.uris().pieces() };
        scratch.shared("addresses");
        let texts: [(&Set, &[u8], &[usize]); 4] = [
            (&self.body, &views.body.text, &views.body.ends),
            (&self.rawbody, &views.rawbody.text, &views.rawbody.ends),
            (&self.uri, &uris.text, &uris.ends),
            (&self.full, full, &[full.len()]),
        ];
        for (set, text, ends) in texts {
            hits.read = 0;
            self.run_text(set, text, ends, scratch, &mut hits);
            if !budget.work(hits.read.saturating_mul(PATTERN_STEPS), Place::message) {
                return;
            }
        }
        scratch.shared("literals");
        self.run_templates(&context, &mut hits);
        scratch.shared("templates");
        self.run_mime(views, scratch, &mut hits);
        self.run_uri_details(&context, &mut hits);
        scratch.shared("uri details");
        let state = State::new(&context);
        for (rule, function, arguments) in &self.evals {
            if function(&state, arguments) {
                hits.hit(*rule, 1.0);
            }
            scratch.rule(*rule);
        }
        let Hits { counts, sights, gave_up, .. } = hits;
        self.run_metas(counts, stack, due);
        scratch.shared("metas");
        if !budget.work(self.metas.len() as u64, Place::message) {
            return;
        }
        for rule in gave_up {
            if let Some(watch) = &mut scratch.watch {
                watch.gave_up(rule);
            }
            let name = self.names.get(rule as usize).map_or("", |name| name.as_ref());
            budget.note(
                Limit::Steps,
                Place::message(),
                format!("the rule {name} needs more steps than a pattern may take"),
            );
        }
        self.findings(counts, sights, findings);
        scratch.shared("findings");
    }

    fn run_headers(&self, context: &Context<'_>, scratch: &mut Scratch, hits: &mut Hits<'_>) {
        for group in &self.headers {
            let value = match group.is_field {
                true => context.joined_fields(&group.selector),
                false => context.joined(&group.selector),
            };
            scratch.shared("fields");
            if value.is_some() {
                group.exists.iter().for_each(|rule| hits.hit(*rule, 1.0));
            }
            let text = value.as_deref().unwrap_or_default();
            match &value {
                Some(text) => {
                    let mut found = Vec::new();
                    let read = group
                        .set
                        .search(&self.patterns, text, &[text.len()], scratch, |member, _, it| found.push((member, it)));
                    hits.read = hits.read.saturating_add(read);
                    for (member, it) in found {
                        self.seen(member, it, text, hits, || header_place(&group.selector));
                    }
                }
                None => {
                    for member in &group.set.members {
                        if self.patterns.get(member.pattern as usize).is_some_and(Pattern::matches_empty) {
                            hits.hit(member.rule, 1.0);
                        }
                    }
                }
            }
            for (member, negated, unset) in &group.others {
                let Some(pattern) = self.patterns.get(member.pattern as usize) else { continue };
                let text = if value.is_some() { text } else { unset.as_deref().unwrap_or_default() };
                hits.read = hits.read.saturating_add(text.len() as u64);
                let found = match text.is_empty() {
                    true => Found { count: u32::from(pattern.matches_empty()), ..Found::default() },
                    false => pattern.search(text, if *negated { 1 } else { member.most }),
                };
                if *negated {
                    hits.tried(member.rule, found);
                    hits.hit(member.rule, f64::from(u8::from(found.count == 0 && !found.gave_up)));
                } else {
                    self.seen(*member, found, text, hits, || header_place(&group.selector));
                }
                scratch.rule(member.rule);
            }
        }
    }

    /// Notes what a pattern found.
    fn seen(&self, member: Member, found: Found, text: &[u8], hits: &mut Hits<'_>, place: impl FnOnce() -> Place) {
        hits.tried(member.rule, found);
        if found.count == 0 {
            return;
        }
        hits.hit(member.rule, f64::from(found.count));
        let is_sub = self.names.get(member.rule as usize).is_some_and(|name| name.starts_with("__"));
        if !is_sub && hits.sights.iter().all(|sight| sight.rule != member.rule) {
            let pattern = self.patterns.get(member.pattern as usize);
            let (start, end) = pattern.and_then(|pattern| pattern.place(text)).unwrap_or_default();
            let from = start.saturating_sub(CONTEXT_BYTES);
            let shown = evidence(text.get(from..end.saturating_add(CONTEXT_BYTES).min(text.len())).unwrap_or_default());
            hits.sights.push(Sight { rule: member.rule, place: place(), shown: shown.trim().to_owned() });
        }
    }

    fn run_text(&self, set: &Set, text: &[u8], ends: &[usize], scratch: &mut Scratch, hits: &mut Hits<'_>) {
        if set.members.is_empty() || text.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let read = set.search(&self.patterns, text, ends, scratch, |member, piece, it| found.push((member, piece, it)));
        hits.read = hits.read.saturating_add(read);
        for (member, piece, it) in found {
            let start = piece.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
            let line = text.get(start..ends.get(piece).copied().unwrap_or(start)).unwrap_or_default();
            self.seen(member, it, line, hits, Place::message);
        }
    }

    /// Rules whose pattern has what another rule matched in it.
    fn run_templates(&self, context: &Context<'_>, hits: &mut Hits<'_>) {
        if self.templates.is_empty() || context.uris().lines.is_empty() {
            return;
        }
        let lines = &context.uris().lines;
        let mut may: Vec<(&Template, Vec<&Vec<u8>>)> = Vec::new();
        for template in &self.templates {
            let Some(guard) = self.patterns.get(template.guard as usize) else { continue };
            let candidates: Vec<&Vec<u8>> = lines.iter().filter(|line| guard.is_match(line)).collect();
            if !candidates.is_empty() {
                may.push((template, candidates));
            }
        }
        if may.is_empty() {
            return;
        }
        let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (_, selector, pattern, name) in &self.captures {
            let (Some(text), Some(pattern)) = (context.joined(selector), self.patterns.get(*pattern as usize)) else {
                continue;
            };
            // The groups of a capturing pattern stand in the order of their names.
            if let Some(groups) = pattern.groups(&text)
                && let Some((start, end)) = groups.get(1).copied().flatten()
            {
                let value = String::from_utf8_lossy(text.get(start..end).unwrap_or_default()).into_owned();
                values.entry(name).or_default().push(value);
            }
        }
        for (template, candidates) in may {
            let filled = compile::replace_templates(&template.text, |name| {
                let quoted = values.get(name)?.iter().map(|value| quoted(value));
                Some(format!("(?:{})", quoted.collect::<Vec<_>>().join("|")))
            });
            let Some(filled) = filled else { continue };
            let Ok(pattern) = Pattern::new(&conf::bytes_of(&filled), &template.flags) else { continue };
            let mut fits = |line: &Vec<u8>| {
                let found = pattern.search(line, 1);
                hits.tried(template.rule, found);
                found.count > 0
            };
            if candidates.iter().any(|line| fits(line)) {
                hits.hit(template.rule, 1.0);
            }
        }
    }

    fn run_mime(&self, views: &Views, scratch: &mut Scratch, hits: &mut Hits<'_>) {
        if self.mime.is_empty() {
            return;
        }
        let parts = views.message.parts(0);
        for rule in &self.mime {
            let Some(pattern) = self.patterns.get(rule.pattern as usize) else { continue };
            let mut together = Vec::new();
            let (mut count, mut gave_up) = (0, false);
            for (number, part) in (1..).zip(&parts) {
                if number < rule.range.0 || number > rule.range.1 {
                    continue;
                }
                let Some(node) = views.message.nodes.get(*part) else { continue };
                let value = mime_value(node, rule);
                if rule.concat {
                    together.extend_from_slice(value.as_deref().unwrap_or(&rule.unset));
                    together.push(b'\n');
                    continue;
                }
                let text = value.as_deref().unwrap_or(&rule.unset);
                let found = if text.is_empty() {
                    Found { count: u32::from(pattern.matches_empty()), ..Found::default() }
                } else {
                    pattern.search(text, rule.most)
                };
                hits.tried(rule.rule, found);
                gave_up |= found.gave_up;
                count = found.count;
                if count > 0 {
                    break;
                }
            }
            if rule.concat {
                let found = pattern.search(&together, rule.most);
                hits.tried(rule.rule, found);
                gave_up |= found.gave_up;
                count = found.count;
            }
            let count = if rule.negated { u32::from(count == 0 && !gave_up) } else { count };
            hits.hit(rule.rule, f64::from(count));
            scratch.rule(rule.rule);
        }
    }

    fn run_uri_details(&self, context: &Context<'_>, hits: &mut Hits<'_>) {
        for detail in &self.uri_details {
            let found = context.uris().all.iter().any(|(raw, uri)| {
                detail.conditions.iter().all(|(key, negated, pattern)| {
                    let Some(pattern) = self.patterns.get(*pattern as usize) else { return false };
                    let mut gave_up = false;
                    let mut fits = |text: &String| {
                        let found = pattern.search(text.as_bytes(), 1);
                        hits.tried(detail.rule, found);
                        gave_up |= found.gave_up;
                        found.count > 0
                    };
                    let matched = match key.as_str() {
                        "raw" => fits(raw),
                        "type" => uri.types.iter().any(fits),
                        "cleaned" => uri.cleaned.iter().any(fits),
                        "text" => uri.anchors.iter().any(fits),
                        "domain" => uri.hosts.values().any(fits),
                        _ => uri.hosts.keys().any(fits),
                    };
                    matched != *negated && (matched || !gave_up)
                })
            });
            hits.hit(detail.rule, f64::from(u8::from(found)));
        }
    }

    /// Metas stand behind what they ask for, so that one pass in their order is enough. Those of which nothing hit are left out.
    fn run_metas(&self, counts: &mut [f64], stack: &mut Vec<f64>, due: &mut Vec<bool>) {
        due.clear();
        due.extend(self.metas.iter().map(|meta| meta.idle));
        let mark = |rule: usize, due: &mut Vec<bool>| {
            for meta in self.askers.get(rule).into_iter().flatten() {
                if let Some(slot) = due.get_mut(*meta as usize) {
                    *slot = true;
                }
            }
        };
        for (rule, count) in counts.iter().enumerate() {
            if *count != 0.0 {
                mark(rule, due);
            }
        }
        for (number, meta) in self.metas.iter().enumerate() {
            if meta.off || !due.get(number).copied().unwrap_or(false) {
                continue;
            }
            let count = |place: usize| match meta.parts.get(place) {
                Some(Some(rule)) => counts.get(*rule as usize).copied().unwrap_or(0.0),
                // `local_tests_only`, or a rule that is not there.
                _ => {
                    f64::from(u8::from(meta.expression.names.get(place).is_some_and(|name| name == "local_tests_only")))
                }
            };
            let value = meta.expression.value(stack, &count);
            if value != 0.0
                && let Some(slot) = counts.get_mut(meta.rule as usize)
            {
                *slot = if value > 0.0 { value } else { 1.0 };
                mark(meta.rule as usize, due);
            }
        }
    }

    fn findings(&self, counts: &[f64], sights: Vec<Sight>, findings: &mut Vec<Finding>) {
        let mut sights: BTreeMap<u32, Sight> = sights.into_iter().map(|sight| (sight.rule, sight)).collect();
        for (number, count) in (0u32..).zip(counts) {
            if *count == 0.0 {
                continue;
            }
            let Some(name) = self.names.get(number as usize) else { continue };
            findings.push(match sights.remove(&number) {
                Some(sight) => Finding::new(Arc::clone(name), sight.place, sight.shown),
                None => Finding::new(Arc::clone(name), Place::message(), ""),
            });
        }
    }
}

/// The value of a part's header field.
fn mime_value(node: &crate::facts::spamassassin::Node, rule: &MimeRule) -> Option<Vec<u8>> {
    if rule.name == "ALL" {
        let line = |field: &crate::facts::spamassassin::message::HeaderField| match rule.raw {
            true => [field.name.as_bytes(), b": ", &field.raw].concat(),
            false => [field.name.as_bytes(), b": ", &field.value, b"\n"].concat(),
        };
        return Some(node.fields.iter().flat_map(line).collect());
    }
    let field = node.fields.iter().rev().find(|field| field.name.eq_ignore_ascii_case(&rule.name))?;
    Some(if rule.raw { field.raw.clone() } else { [field.value.as_slice(), b"\n"].concat() })
}

/// A text as a pattern that matches it and nothing else.
fn quoted(text: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("\\x{byte:02x}"),
    };
    text.bytes().map(byte).collect()
}

fn header_place(selector: &str) -> Place {
    Place::header(&selector.split(':').next().unwrap_or_default().to_ascii_lowercase())
}
