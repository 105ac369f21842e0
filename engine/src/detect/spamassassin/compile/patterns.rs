//! The patterns of rules, read before the rules are sorted in, on all threads at hand. Takes rules as they stand in files, gives patterns.

use super::super::conf::{Conf, Nature, RuleText, Test, bytes_of};
use super::super::pattern::Pattern;
use super::super::{perl, templates};
use crate::threads::Threads;

/// Rules whose patterns are read before they are sorted in: what is read waits in memory until then.
pub(super) const AT_ONCE: usize = 1_000;

/// For each of some rules its pattern; for all that have none or several, and where there is one thread, to which it makes no difference
/// when each is read, nothing.
pub(super) fn made(conf: &Conf, rules: &[RuleText], threads: &Threads) -> Vec<Option<Result<Pattern, String>>> {
    if threads.pool_for(rules.len()).is_none() {
        return rules.iter().map(|_| None).collect();
    }
    threads.map(rules.iter().collect(), |rule: &RuleText| {
        let text = match &rule.test {
            Test::Header { pattern, .. } | Test::MimeHeader { pattern, .. } => pattern,
            Test::Body(text) | Test::Rawbody(text) | Test::Uri(text) | Test::Full(text) => text,
            _ => return None,
        };
        let (text, flags) = pattern_text(conf, rule, text).ok()?;
        // What has names of captures in it is another pattern for each message.
        templates::names_of(&text).is_empty().then(|| pattern_of(&text, &flags))
    })
}

/// Reads a pattern as written, tags replaced: its text and its flags.
pub(super) fn pattern_text(conf: &Conf, rule: &RuleText, text: &str) -> Result<(String, String), (Nature, String)> {
    let mistake = |why: String| (Nature::Mistake, why);
    let (pattern, flags) = perl::delimited(text).map_err(mistake)?;
    let pattern = match conf.replace_rules.contains(&rule.name) {
        true => conf.tags.replace(pattern, true).map_err(mistake)?,
        false => pattern.to_owned(),
    };
    Ok((pattern, flags.to_owned()))
}

pub(super) fn pattern_of(text: &str, flags: &str) -> Result<Pattern, String> {
    match templates::captures_of(text).is_empty() {
        true => Pattern::new(&bytes_of(text), flags),
        false => Pattern::capturing(&bytes_of(text), flags),
    }
}
