//! What a trial of one rule is: a pattern where something of it was noted, one filled in with what another rule matched, one over the
//! header fields of parts, conditions on addresses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::conf;
use super::context::Context;
use super::pattern::{Found, Pattern};
use super::templates;
use super::trial::{Sight, Text, Trial};
use super::{CONTEXT_BYTES, MimeRule, SpamAssassin, Template};
use crate::facts::spamassassin::message::HeaderField;
use crate::facts::spamassassin::{Lines, Node};
use crate::place::Place;
use crate::text::show::evidence;

/// Places of one message at which what was captured is looked for as the end of a pattern.
const MOST_PLACES: usize = 100;

impl Trial<'_> {
    pub(super) fn try_member(&mut self, set_number: usize, place: u32) -> f64 {
        let program = self.program;
        let (Some(set), Some(noted)) = (program.set(set_number), self.store.noted.get_mut(set_number)) else {
            return 0.0;
        };
        let Some(member) = set.members.get(place as usize).copied() else { return 0.0 };
        let other = program.other(set_number, place);
        let negated = other.is_some_and(|(negated, _)| *negated);
        let mut whole = Found::default();
        let mut first = None;
        let mut each = |piece: usize, found: Found| {
            whole.count = whole.count.saturating_add(found.count);
            whole.gave_up |= found.gave_up;
            if found.count > 0 {
                first.get_or_insert(piece);
            }
        };
        let unset;
        let pieces = match self.texts.get(set_number).and_then(Option::as_ref) {
            Some(text) => {
                let (pieces, scratch) = (text.pieces(), &mut *self.scratch);
                let read =
                    set.search(place, &program.patterns, pieces, noted, &mut self.store.candidates, scratch, &mut each);
                self.read = self.read.saturating_add(read);
                pieces
            }
            // There is no such field.
            None => {
                let text = other.and_then(|(_, unset)| unset.as_deref()).unwrap_or_default();
                let pattern = program.patterns.get(member.pattern as usize);
                each(
                    0,
                    pattern.map_or(Found::default(), |it| it.in_field(text, if negated { 1 } else { member.most })),
                );
                unset = Text::whole(Cow::Borrowed(text));
                unset.pieces()
            }
        };
        if whole.gave_up {
            self.gave_up.push(member.rule);
        }
        if negated {
            return f64::from(u8::from(whole.count == 0 && !whole.gave_up));
        }
        if let Some(piece) = first
            && !program.is_sub(member.rule)
        {
            let (pattern, line) = (program.patterns.get(member.pattern as usize), pieces.get(piece));
            let (start, end) = pattern.and_then(|pattern| pattern.place(line)).unwrap_or_default();
            let from = start.saturating_sub(CONTEXT_BYTES);
            let shown = evidence(line.get(from..end.saturating_add(CONTEXT_BYTES).min(line.len())).unwrap_or_default());
            let group = set_number.checked_sub(SpamAssassin::TEXTS).and_then(|group| program.headers.get(group));
            let place = group.map_or_else(Place::message, |group| super::header_place(&group.selector));
            self.sights.push(Sight { rule: member.rule, place, shown: shown.trim().to_owned() });
        }
        f64::from(whole.count)
    }

    /// A rule whose pattern has what another rule matched in it.
    pub(super) fn try_template(&mut self, number: usize) -> bool {
        let program = self.program;
        let Some(template) = program.templates.get(number) else { return false };
        let Some(guard) = program.patterns.get(template.guard as usize) else { return false };
        let lines = &self.context.uris().lines;
        // Most literals are in no address.
        let lower =
            self.lower.get_or_insert_with(|| lines.iter().collect::<Vec<_>>().join(&b'\n').to_ascii_lowercase());
        if !guard.may_be_in(lower) {
            return false;
        }
        let context = self.context;
        let values = self.captured.get_or_insert_with(|| captured(program, context));
        if template.is_needed && !values.values().flatten().any(|it| is_within(&it.to_ascii_lowercase(), lower)) {
            return false;
        }
        if let Some(before) = template.before.and_then(|it| program.patterns.get(it as usize))
            && let Some(found) = behind(before, template, values, lines)
        {
            self.tried(template.rule, found);
            return found.count > 0;
        }
        // Compiling it takes as long as all else that is done for a small message.
        let candidates: Vec<&[u8]> = lines.iter().filter(|line| guard.is_match(line)).collect();
        if candidates.is_empty() {
            return false;
        }
        let filled = templates::fill(&template.text, |name| {
            let quoted = values.get(name)?.iter().map(|value| quoted(value));
            Some(format!("(?:{})", quoted.collect::<Vec<_>>().join("|")))
        });
        let Some(filled) = filled else { return false };
        let Ok(pattern) = Pattern::new(&conf::bytes_of(&filled), &template.flags) else { return false };
        candidates.iter().any(|line| {
            let found = pattern.search_once(line);
            self.tried(template.rule, found);
            found.count > 0
        })
    }

    pub(super) fn try_mime(&mut self, number: usize) -> u32 {
        let program = self.program;
        let Some(rule) = program.mime.get(number) else { return 0 };
        let Some(pattern) = program.patterns.get(rule.pattern as usize) else { return 0 };
        let message = &self.context.views.message;
        let mut together = Vec::new();
        let (mut count, mut gave_up) = (0, false);
        for (number, (_, node)) in (1..).zip(message.in_order()) {
            if number < rule.range.0 || number > rule.range.1 {
                continue;
            }
            let value = mime_value(node, rule);
            if rule.concat {
                together.extend_from_slice(value.as_deref().unwrap_or(&rule.unset));
                together.push(b'\n');
                continue;
            }
            let found = pattern.in_field(value.as_deref().unwrap_or(&rule.unset), rule.most);
            self.tried(rule.rule, found);
            gave_up |= found.gave_up;
            count = found.count;
            if count > 0 {
                break;
            }
        }
        if rule.concat {
            let found = pattern.search(&together, rule.most);
            self.tried(rule.rule, found);
            gave_up |= found.gave_up;
            count = found.count;
        }
        if rule.negated { u32::from(count == 0 && !gave_up) } else { count }
    }

    pub(super) fn try_uri_detail(&mut self, number: usize) -> bool {
        let (program, context) = (self.program, self.context);
        let Some(detail) = program.uri_details.get(number) else { return false };
        context.uris().all.iter().any(|(raw, uri)| {
            detail.conditions.iter().all(|(key, negated, pattern)| {
                let Some(pattern) = program.patterns.get(*pattern as usize) else { return false };
                let mut gave_up = false;
                let mut fits = |text: &str| {
                    let found = pattern.search(text.as_bytes(), 1);
                    self.tried(detail.rule, found);
                    gave_up |= found.gave_up;
                    found.count > 0
                };
                let matched = match key.as_str() {
                    "raw" => fits(raw),
                    "type" => uri.types.iter().any(|it| fits(it)),
                    "cleaned" => uri.cleaned.iter().any(|it| fits(it)),
                    "text" => uri.anchors.iter().any(|it| fits(it)),
                    "domain" => uri.hosts.iter().any(|(_, domain)| fits(domain)),
                    _ => uri.hosts.iter().any(|(host, _)| fits(host)),
                };
                matched != *negated && (matched || !gave_up)
            })
        })
    }

    /// Notes where a search took more steps than it may.
    fn tried(&mut self, rule: u32, found: Found) {
        if found.gave_up && !self.gave_up.contains(&rule) {
            self.gave_up.push(rule);
        }
    }
}

/// What rules captured for others.
fn captured<'p>(program: &'p SpamAssassin, context: &Context<'_>) -> BTreeMap<&'p str, Vec<String>> {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (_, selector, pattern, name) in &program.captures {
        let (Some(text), Some(pattern)) = (context.joined(selector), program.patterns.get(*pattern as usize)) else {
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
    values
}

fn is_within(text: &str, line: &[u8]) -> bool {
    memchr::memmem::find(line, text.as_bytes()).is_some()
}

/// Whether what was captured for a template stands in a line, right behind what its pattern has before it: what the pattern filled in
/// says, which would have to be compiled. `None` where it is for that to say.
fn behind(before: &Pattern, template: &Template, values: &BTreeMap<&str, Vec<String>>, lines: &Lines) -> Option<Found> {
    let name = templates::names_of(&template.text).pop()?;
    let folds = template.flags.contains('i');
    let mut left = MOST_PLACES;
    for value in values.get(name.as_str()).map_or(&[][..], Vec::as_slice) {
        let value = if folds { value.to_ascii_lowercase() } else { value.clone() };
        let value = Some(value).filter(|value| !value.is_empty())?;
        for line in lines.iter() {
            let lower = if folds { Cow::Owned(line.to_ascii_lowercase()) } else { Cow::Borrowed(line) };
            let mut from = 0;
            while let Some(at) = memchr::memmem::find(lower.get(from..)?, value.as_bytes()) {
                left = left.checked_sub(1)?;
                let found = before.search_once(line.get(..from + at)?);
                if found.count > 0 || found.gave_up {
                    return Some(found);
                }
                from += at + 1;
            }
        }
    }
    Some(Found::default())
}

/// The value of a part's header field.
fn mime_value(node: &Node, rule: &MimeRule) -> Option<Vec<u8>> {
    if rule.name == "ALL" {
        let line = |field: HeaderField<'_>| match rule.raw {
            true => [field.name, b": ", field.raw].concat(),
            false => [field.name, b": ", field.ended].concat(),
        };
        return Some(node.fields.iter().flat_map(line).collect());
    }
    let field = node.fields.iter().rev().find(|field| field.is_named(&rule.name))?;
    Some(if rule.raw { field.raw } else { field.ended }.to_vec())
}

/// A text as a pattern that matches it and nothing else.
fn quoted(text: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("\\x{byte:02x}"),
    };
    text.bytes().map(byte).collect()
}
