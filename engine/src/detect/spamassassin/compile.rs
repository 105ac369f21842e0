//! What `.cf` files say -> rules that run. Takes files, gives [`SpamAssassin`] and notes on what was left out and why: nothing is
//! dropped silently.

mod patterns;
mod remarks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::patterns::{AT_ONCE, made, pattern_of, pattern_text};
use super::asked::asked;
use super::conf::{self, CfSource, Conf, Nature, RuleText, Spot, Test, bytes_of};
use super::context::{self, Formats};
use super::evals::{self, Arguments, Known};
use super::expression::{self, Expression};
use super::matcher::Member;
use super::pattern::Pattern;
use super::perl;
use super::plan::{Meta, Plan};
use super::templates;
use super::uris::Redirectors;
use super::{CfRule, Eval, HeaderGroup, MimeRule, SpamAssassin, Template, UriDetail};
use crate::error::Problem;
use crate::threads::Threads;

/// What the engine's owner says about rules.
#[derive(Debug, Default)]
pub(crate) struct Choices<'c> {
    /// Rules that are left out.
    pub(crate) disabled: &'c [String],
    /// Scores that outrank those of the files.
    pub(crate) scores: &'c [(String, f64)],
    /// Whether a Bayes model is at work: of the four scores of a rule, the third counts then, and else the first.
    pub(crate) bayes: bool,
}

/// Rules that are asked for in fewer messages than so many wait with what mail is full of.
const SELDOM: f64 = 0.5;

/// Compiles files, in their order.
pub(crate) fn compile(sources: &[CfSource], choices: &Choices<'_>, threads: &Threads) -> Result<SpamAssassin, Problem> {
    // What only they need costs 8 ms to make: nobody pays it who has none.
    if sources.is_empty() {
        return Ok(SpamAssassin::default());
    }
    let mut conf = conf::read(sources);
    let formats = Formats::shared().map_err(|why| Problem::file("spamassassin", why))?;
    let mut builder = Builder {
        sources,
        notes: std::mem::take(&mut conf.notes),
        out: SpamAssassin::default(),
        scores: BTreeMap::new(),
        made: None,
    };
    for some in conf.rules.chunks(AT_ONCE) {
        let made = made(&conf, some, threads);
        some.iter().zip(made).for_each(|(rule, made)| builder.add_rule(&conf, choices, rule, made));
    }
    let redirectors = conf.settings.redirectors.iter().filter_map(|text| builder.redirector(text)).collect();
    builder.out.redirectors = Redirectors::new(redirectors);
    builder.metas(&conf);
    builder.remarks(&conf);
    builder.examples(&conf);
    let Builder { mut out, notes, scores, .. } = builder;
    let asked = asked(&out);
    let may_wait = |rule: u32| asked.get(rule as usize).is_some_and(|share| *share < SELDOM);
    let sets = [&mut out.body, &mut out.rawbody, &mut out.uri, &mut out.full];
    sets.into_iter().for_each(|set| set.finish(&out.patterns, &may_wait));
    // Fields are short: what is noted in them costs little.
    out.headers.iter_mut().for_each(|group| group.set.finish(&out.patterns, &|_| false));
    out.plan = Plan::of(&mut out);
    out.scores = scores;
    out.settings = conf.settings;
    out.formats = Some(formats);
    out.notes = notes;
    out.notes.sort_by(|(_, one), (_, other)| (&one.source, one.line).cmp(&(&other.source, other.line)));
    Ok(out)
}

struct Builder<'s> {
    sources: &'s [CfSource],
    notes: Vec<(Nature, Problem)>,
    out: SpamAssassin,
    scores: BTreeMap<String, f64>,
    /// The pattern of the rule at hand, where it was read before.
    made: Option<Result<Pattern, String>>,
}

/// The numbers in a rule's flags.
fn maxhits(flags: &str) -> u32 {
    let multiple = flags.split_whitespace().any(|flag| flag == "multiple");
    let most = flags.split_whitespace().find_map(|flag| flag.strip_prefix("maxhits=")?.parse().ok());
    if multiple { most.unwrap_or(u32::MAX).max(1) } else { 1 }
}

fn has_flag(flags: &str, wanted: &str) -> bool {
    flags.split_whitespace().any(|flag| flag == wanted)
}

impl Builder<'_> {
    fn note(&mut self, nature: Nature, spot: Spot, message: String, remedy: &str) {
        let Some(source) = self.sources.get(spot.file) else { return };
        let line =
            source.bytes.split(|byte| *byte == b'\n').nth(spot.line.saturating_sub(1) as usize).unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let problem = conf::problem(&source.source, spot.line, &line, conf::Part::Rest, message, remedy);
        self.notes.push((nature, problem));
    }

    fn redirector(&mut self, text: &str) -> Option<Pattern> {
        let (pattern, flags) = perl::delimited(text).ok()?;
        Pattern::capturing(&bytes_of(pattern), flags).ok()
    }

    /// Adds a rule, whose pattern is at hand where it was read before.
    fn add_rule(&mut self, conf: &Conf, choices: &Choices<'_>, rule: &RuleText, made: Option<Result<Pattern, String>>) {
        let set = if choices.bayes { 2 } else { 0 };
        self.made = made;
        let flags = conf.flags.get(&rule.name).map_or("", String::as_str);
        let given = conf.scores.get(&rule.name).and_then(|(scores, _)| scores.get(set)).copied();
        let standard = match (rule.name.starts_with("T_"), has_flag(flags, "nice")) {
            (true, false) => 0.01,
            (true, true) => -0.01,
            (false, false) => 1.0,
            (false, true) => -1.0,
        };
        let score = given.unwrap_or(standard);
        let own = choices.scores.iter().rev().find(|(name, _)| *name == rule.name).map(|(_, score)| *score);
        let source = self.sources.get(rule.spot.file).map(|it| it.source.clone()).unwrap_or_default();
        let elsewhere =
            matches!(&rule.test, Test::Eval { function, .. } if matches!(evals::known(function), Known::Elsewhere));
        self.out.rules.push(CfRule {
            name: rule.name.clone(),
            description: conf.describe.get(&rule.name).cloned().unwrap_or_default(),
            kind: kind(&rule.test),
            flags: flags.to_owned(),
            source,
            line: rule.spot.line,
            supported: !elsewhere,
            text: rule.line.clone(),
        });
        self.out.names.push(Arc::from(rule.name.as_str()));
        let number = u32::try_from(self.out.rules.len() - 1).unwrap_or(u32::MAX);
        self.scores.insert(rule.name.clone(), score);
        let off = own.unwrap_or(score) == 0.0 || choices.disabled.contains(&rule.name);
        self.out.off.push(off);
        if let Err((nature, why)) = self.rule(conf, rule, number, flags) {
            if let Some(it) = self.out.rules.last_mut() {
                it.supported = false;
            }
            self.note(nature, rule.spot, format!("rule {}: {why}", rule.name), "the rule never hits");
        }
    }

    /// Adds a pattern to the program; gives its number.
    fn add(&mut self, pattern: &str, flags: &str) -> Result<u32, (Nature, String)> {
        let compiled = self.made.take().unwrap_or_else(|| pattern_of(pattern, flags)).map_err(|why| {
            // What Perl has and is not here says so; anything else Perl would not take either.
            let nature = if why.contains("not supported") { Nature::Unsupported } else { Nature::Mistake };
            (nature, why)
        })?;
        self.out.patterns.push(compiled);
        // The rule at hand is the last.
        self.out.owners.push(u32::try_from(self.out.rules.len().saturating_sub(1)).unwrap_or(u32::MAX));
        Ok(u32::try_from(self.out.patterns.len() - 1).unwrap_or(u32::MAX))
    }

    fn rule(&mut self, conf: &Conf, rule: &RuleText, number: u32, flags: &str) -> Result<(), (Nature, String)> {
        let off = self.out.off.get(number as usize).copied().unwrap_or(false);
        let most = maxhits(flags);
        let member = |pattern| Member { rule: number, pattern, most, skips_first: has_flag(flags, "nosubject") };
        match &rule.test {
            Test::Header { selector, negated, unset, pattern } => {
                context::check(selector).map_err(|why| (Nature::Mistake, why))?;
                let (text, letters) = pattern_text(conf, rule, pattern)?;
                let pattern = self.add(&text, &letters)?;
                for name in templates::captures_of(&text) {
                    self.out.captures.push((number, selector.clone(), pattern, name));
                }
                if off {
                    return Ok(());
                }
                self.with_group(selector, |group| {
                    if *negated || unset.is_some() {
                        let place = u32::try_from(group.set.members.len()).unwrap_or(u32::MAX);
                        group.others.insert(place, (*negated, unset.as_deref().map(bytes_of)));
                    }
                    let most = if *negated { 1 } else { most };
                    group.set.members.push(Member { most, ..member(pattern) });
                });
            }
            Test::HeaderExists(selector) => {
                context::check(selector).map_err(|why| (Nature::Mistake, why))?;
                if !off {
                    self.with_group(selector, |group| group.exists.push(number));
                }
            }
            Test::Body(text) | Test::Rawbody(text) | Test::Uri(text) | Test::Full(text) => {
                let (text, letters) = pattern_text(conf, rule, text)?;
                let wanted = templates::names_of(&text);
                if !wanted.is_empty() {
                    let open = templates::fill(&text, |_| Some(".*".to_owned())).unwrap_or_default();
                    let pattern = self.add(&open, &letters)?;
                    if !matches!(rule.test, Test::Uri(_)) {
                        return Err((Nature::Unsupported, "captures of other rules are for uri rules only".into()));
                    }
                    if !off {
                        let is_needed = templates::is_needed(&text);
                        let before = templates::before_of(&text, &letters);
                        let before = before.map(|before| self.add(&before, &letters)).transpose()?;
                        self.out.templates.push(Template {
                            rule: number,
                            guard: pattern,
                            text,
                            flags: letters,
                            is_needed,
                            before,
                        });
                    }
                    return Ok(());
                }
                let pattern = self.add(&text, &letters)?;
                if off {
                    return Ok(());
                }
                let set = match &rule.test {
                    Test::Body(_) => &mut self.out.body,
                    Test::Rawbody(_) => &mut self.out.rawbody,
                    Test::Uri(_) => &mut self.out.uri,
                    _ => &mut self.out.full,
                };
                set.members.push(member(pattern));
            }
            Test::MimeHeader { selector, negated, unset, pattern } => {
                let (text, letters) = pattern_text(conf, rule, pattern)?;
                let pattern = self.add(&text, &letters)?;
                let (name, raw) = match selector.strip_suffix(":raw") {
                    Some(name) => (name.to_owned(), true),
                    None => (selector.clone(), false),
                };
                if !off {
                    let range =
                        flags.split_whitespace().find_map(|flag| flag.strip_prefix("range=")).map_or((0, 1_000), range);
                    let (negated, unset, concat) = (*negated, bytes_of(unset), has_flag(flags, "concat"));
                    let most = if has_flag(flags, "multiple") { most.min(1_000) } else { 1 };
                    self.out.mime.push(MimeRule {
                        rule: number,
                        name,
                        raw,
                        negated,
                        unset,
                        pattern,
                        most,
                        range,
                        concat,
                    });
                }
            }
            Test::UriDetail(text) => {
                let detail = self.uri_detail(number, text)?;
                if !off {
                    self.out.uri_details.push(detail);
                }
            }
            Test::Eval { function, arguments } => {
                let texts = arguments.clone();
                let (run, pattern) = match evals::known(function) {
                    Known::Function(run) => (run, None),
                    Known::WithPattern(run, at) => {
                        let text = texts.get(at).map(|text| bytes_of(text));
                        let pattern = text.map(|text| Pattern::new(&text, "")).transpose();
                        (run, pattern.map_err(|why| (Nature::Unsupported, why))?)
                    }
                    // It reads as with the network off: never.
                    Known::Elsewhere => return Ok(()),
                    Known::Unknown => {
                        return Err((Nature::Unsupported, format!("the function {function} is not known")));
                    }
                };
                if !off {
                    let (arguments, of_html) = (Arguments::new(texts, pattern), evals::is_of_html(function));
                    self.out.evals.push(Eval { rule: number, function: run, arguments, of_html });
                }
            }
            Test::Meta(_) => {}
        }
        Ok(())
    }

    /// Adds to the rules of a selector.
    fn with_group(&mut self, selector: &str, add: impl FnOnce(&mut HeaderGroup)) {
        if let Some(group) = self.out.headers.iter_mut().find(|group| group.selector == selector) {
            return add(group);
        }
        let is_field = context::is_field(selector);
        let mut group = HeaderGroup { selector: selector.to_owned(), is_field, ..HeaderGroup::default() };
        add(&mut group);
        self.out.headers.push(group);
    }

    /// `key =~ /pattern/ key !~ /pattern/ ...`: conditions on one address.
    fn uri_detail(&mut self, rule: u32, text: &str) -> Result<UriDetail, (Nature, String)> {
        let mut detail = UriDetail { rule, conditions: Vec::new() };
        let mut rest = text;
        while let Some((key, behind)) = conf::word(rest) {
            let (sign, behind) = conf::word(behind).ok_or((Nature::Mistake, "write KEY =~ /pattern/".to_owned()))?;
            let key = match key {
                "raw" | "type" | "cleaned" | "text" | "domain" | "host" => key.to_owned(),
                _ => return Err((Nature::Mistake, format!("{key} is nothing that an address has"))),
            };
            let negated = match sign {
                "=~" => false,
                "!~" => true,
                _ => return Err((Nature::Mistake, format!("{sign} is no comparison: write =~ or !~"))),
            };
            // The pattern ends where its delimiter is followed by flags and a blank, or the end.
            let ends = behind.char_indices().map(|(at, _)| at).skip(1).chain([behind.len()]);
            let end = ends
                .filter(|at| {
                    behind.get(*at..).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
                })
                .find(|at| behind.get(..*at).is_some_and(|piece| perl::delimited(piece).is_ok() && piece.len() > 2))
                .ok_or((Nature::Mistake, "a pattern is not closed".to_owned()))?;
            let (pattern, flags) =
                perl::delimited(behind.get(..end).unwrap_or_default()).map_err(|why| (Nature::Mistake, why))?;
            let pattern = self.add(pattern, flags)?;
            detail.conditions.push((key, negated, pattern));
            rest = behind.get(end..).unwrap_or_default();
        }
        Ok(detail)
    }

    /// Puts metas behind what they depend on.
    fn metas(&mut self, conf: &Conf) {
        let index: BTreeMap<&str, usize> =
            conf.rules.iter().enumerate().map(|(number, rule)| (rule.name.as_str(), number)).collect();
        let names: BTreeSet<String> = conf.rules.iter().map(|rule| rule.name.clone()).collect();
        let mut waiting: BTreeMap<usize, Meta> = BTreeMap::new();
        for (number, rule) in conf.rules.iter().enumerate() {
            let Test::Meta(text) = &rule.test else { continue };
            let text = expression::expand_globs(text, &rule.name, &names);
            let expression = match Expression::parse(&text) {
                Ok(expression) => expression,
                Err(why) => {
                    self.unsupported(number);
                    self.note(Nature::Mistake, rule.spot, format!("rule {}: {why}", rule.name), "the rule never hits");
                    continue;
                }
            };
            let mut parts = Vec::new();
            for name in &expression.names {
                match index.get(name.as_str()) {
                    Some(part) => parts.push(Some(u32::try_from(*part).unwrap_or(u32::MAX))),
                    None if name == "local_tests_only" => parts.push(None),
                    None => {
                        let why = format!("rule {} asks for {name}, which no file defines: it counts as 0", rule.name);
                        self.note(Nature::Remark, rule.spot, why, "");
                        parts.push(None);
                    }
                }
            }
            let off = self.out.off.get(number).copied().unwrap_or(false);
            let rule = u32::try_from(number).unwrap_or(u32::MAX);
            waiting.insert(number, Meta { rule, expression, parts, off });
        }
        // In rounds: what depends on nothing that waits is next.
        loop {
            let ready: Vec<usize> = waiting
                .iter()
                .filter(|(_, meta)| meta.parts.iter().flatten().all(|part| !waiting.contains_key(&(*part as usize))))
                .map(|(number, _)| *number)
                .collect();
            if ready.is_empty() {
                break;
            }
            self.out.metas.extend(ready.iter().filter_map(|number| waiting.remove(number)));
        }
        for number in waiting.into_keys() {
            self.unsupported(number);
            if let Some(rule) = conf.rules.get(number) {
                let why = format!("rule {} asks for itself, by way of other rules", rule.name);
                self.note(Nature::Mistake, rule.spot, why, "the rule never hits");
            }
        }
        // What a meta asks for and is not supported, it says.
        let unsupported: BTreeSet<u32> = (0u32..)
            .zip(&self.out.rules)
            .filter(|(_, rule)| !rule.supported && !has_flag(&rule.flags, "net") && !has_flag(&rule.flags, "learn"))
            .map(|(number, _)| number)
            .collect();
        let mut told = Vec::new();
        for meta in &self.out.metas {
            let missing: Vec<&str> = meta
                .parts
                .iter()
                .flatten()
                .filter(|part| unsupported.contains(part))
                .filter_map(|part| self.out.rules.get(*part as usize).map(|rule| rule.name.as_str()))
                .collect();
            if !missing.is_empty() {
                told.push((meta.rule, missing.join(", ")));
            }
        }
        for (rule, missing) in told {
            if let Some(rule) = conf.rules.get(rule as usize) {
                let why = format!("rule {} depends on what is not supported: {missing}", rule.name);
                self.note(Nature::Remark, rule.spot, why, "these count as 0");
            }
        }
    }

    fn unsupported(&mut self, number: usize) {
        if let Some(rule) = self.out.rules.get_mut(number) {
            rule.supported = false;
        }
    }
}

/// `2-4`, `2-`, `-4`, `3`.
fn range(text: &str) -> (usize, usize) {
    match text.split_once('-') {
        Some((low, high)) => (low.parse().unwrap_or(0), high.parse().unwrap_or(1_000)),
        None => text.parse().map_or((0, 1_000), |number| (number, number)),
    }
}

pub(super) fn kind(test: &Test) -> &'static str {
    match test {
        Test::Header { .. } | Test::HeaderExists(_) => "header",
        Test::Body(_) => "body",
        Test::Rawbody(_) => "rawbody",
        Test::Uri(_) => "uri",
        Test::Full(_) => "full",
        Test::MimeHeader { .. } => "mimeheader",
        Test::UriDetail(_) => "uri_detail",
        Test::Eval { .. } => "eval",
        Test::Meta(_) => "meta",
    }
}
