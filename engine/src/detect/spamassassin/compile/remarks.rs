//! What is told of files beside their rules: the texts of `test` lines, and what is fine and worth a look.

use std::collections::{BTreeMap, BTreeSet};

use super::super::CfExample;
use super::super::conf::{self, Conf, Nature, RuleText, Spot, Test};
use super::{Builder, kind};

impl Builder<'_> {
    /// The examples of `test` lines.
    pub(super) fn examples(&mut self, conf: &Conf) {
        for (rule, hit, text, spot) in &conf.examples {
            let Some(known) = conf.rules.iter().find(|it| it.name == *rule) else {
                self.note(Nature::Remark, *spot, format!("a test of {rule}, which no file defines"), "");
                continue;
            };
            let number = conf.rules.iter().position(|it| it.name == *rule);
            if number.and_then(|number| self.out.off.get(number)).copied().unwrap_or(false) {
                let why = format!("a test of {rule}, which is switched off: it is not run");
                self.note(Nature::Remark, *spot, why, "");
                continue;
            }
            let field = match &known.test {
                Test::Header { selector, .. } | Test::HeaderExists(selector) => {
                    selector.split(':').next().unwrap_or_default().to_owned()
                }
                _ => String::new(),
            };
            self.out.examples.push(CfExample {
                rule: rule.clone(),
                field,
                hit: *hit,
                text: conf::shown(text),
                source: self.sources.get(spot.file).map(|it| it.source.clone()).unwrap_or_default(),
                line: spot.line,
            });
        }
    }

    /// What is fine, and worth a look.
    pub(super) fn remarks(&mut self, conf: &Conf) {
        let names: BTreeSet<&str> = conf.rules.iter().map(|rule| rule.name.as_str()).collect();
        let lone: Vec<(String, Spot)> = conf
            .scores
            .iter()
            .filter(|(name, _)| !names.contains(name.as_str()))
            .map(|(name, (_, spot))| (name.clone(), *spot))
            .collect();
        for (name, spot) in lone {
            self.note(Nature::Remark, spot, format!("{name} has a score, and no file defines it"), "");
        }
        let mut patterns: BTreeMap<(&'static str, &Test), &RuleText> = BTreeMap::new();
        let mut twins = Vec::new();
        for rule in &conf.rules {
            if matches!(rule.test, Test::Meta(_) | Test::Eval { .. }) {
                continue;
            }
            match patterns.get(&(kind(&rule.test), &rule.test)) {
                Some(first) => {
                    twins.push((rule.spot, format!("rule {} looks for the same as {}", rule.name, first.name)))
                }
                None => drop(patterns.insert((kind(&rule.test), &rule.test), rule)),
            }
        }
        for (spot, why) in twins {
            self.note(Nature::Remark, spot, why, "one of them is enough, and costs half");
        }
        for (key, (count, spot)) in &conf.idle {
            let lines = if *count == 1 { "a line".to_owned() } else { format!("{count} lines") };
            let why = format!("the setting {key} has no effect here ({lines})");
            self.note(Nature::Remark, *spot, why, "");
        }
    }
}
