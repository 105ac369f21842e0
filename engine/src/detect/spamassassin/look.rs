//! What is known of rules before any is tried: of most that they do not hit, since nothing of them was noted, or the field, the address or
//! the HTML that they look at is not there.

use super::SpamAssassin;
use super::pattern::Pattern;
use super::trial::Trial;

/// More places where something of a rule was noted than so many make it no dearer.
const MOST_PLACES: usize = 64;

impl<'t> Trial<'t> {
    /// Takes what can be known of rules for nothing: all but what may hit or does was taken not to.
    pub(super) fn look(&mut self) {
        let program = self.program;
        for ((number, set), unseen) in program.sets().zip(&program.plan.unseen) {
            let is_there = self.texts.get(number).is_some_and(Option::is_some);
            for member in if is_there { &unseen.present } else { &unseen.absent } {
                let count = self.unseen(number, *member, is_there);
                if let Some(member) = set.members.get(*member as usize) {
                    self.first(member.rule, count);
                }
            }
            if is_there
                && let Some(slot) = self.store.noted.get_mut(number)
                && !slot.seen.is_empty()
            {
                let (noted, texts) = (std::mem::take(slot), std::mem::take(&mut self.texts));
                let text = texts.get(number).and_then(Option::as_ref);
                for seen in &noted.seen {
                    let Some(member) = set.members.get(*seen as usize) else { continue };
                    let is_let = text.is_none_or(|text| set.lets(*seen, text.pieces(), &noted, MOST_PLACES));
                    if !is_let && program.other(number, *seen).is_none() {
                        continue;
                    }
                    self.first(member.rule, f64::NAN);
                    let cost = program.plan.row(member.rule).place_cost;
                    if let Some(near) = set.near(*seen).filter(|_| cost > 0.0) {
                        self.add_cost(member.rule, cost * noted.hits(near.slot).take(MOST_PLACES).count() as f32);
                    }
                }
                self.texts = texts;
                if let Some(slot) = self.store.noted.get_mut(number) {
                    *slot = noted;
                }
            }
        }
        for (number, group) in program.headers.iter().enumerate() {
            if self.is_there.get(number) == Some(&true) {
                group.exists.iter().for_each(|rule| self.first(*rule, 1.0));
            }
        }
        let has_html = !self.context.views.htmls.is_empty();
        for eval in program.evals.iter().filter(|eval| has_html || !eval.of_html) {
            self.first(eval.rule, f64::NAN);
        }
        self.look_at_parts();
        let has_any = !program.templates.is_empty() || !program.uri_details.is_empty();
        if has_any && !self.context.uris().all.is_empty() {
            program.templates.iter().for_each(|template| self.first(template.rule, f64::NAN));
            program.uri_details.iter().for_each(|detail| self.first(detail.rule, f64::NAN));
        }
    }

    /// How often a member hits of which nothing was noted.
    fn unseen(&self, set: usize, member: u32, is_there: bool) -> f64 {
        let other = self.program.other(set, member);
        let is_negated = other.is_some_and(|(negated, _)| *negated);
        match other {
            // It sees another text than none.
            Some((_, Some(_))) if !is_there => f64::NAN,
            _ if !is_there && set >= SpamAssassin::TEXTS => {
                f64::from(u8::from(self.matches_empty(set, member) != is_negated))
            }
            _ if !is_there => 0.0,
            _ if self.may_match(set, member) => f64::NAN,
            _ => f64::from(u8::from(is_negated)),
        }
    }

    /// Takes the first that is known of a rule that is no meta, or that nothing is.
    pub(super) fn first(&mut self, rule: u32, count: f64) {
        if count != 0.0 {
            self.set_count(rule, count);
            self.set_weight(rule, self.program.plan.row(rule).weight);
            self.store.alive.push(rule);
        }
    }

    fn matches_empty(&self, set: usize, member: u32) -> bool {
        self.pattern_of(set, member).is_some_and(Pattern::matches_empty)
    }

    fn pattern_of(&self, set: usize, member: u32) -> Option<&'t Pattern> {
        let member = self.program.set(set)?.members.get(member as usize)?;
        self.program.patterns.get(member.pattern as usize)
    }

    fn may_match(&self, set: usize, member: u32) -> bool {
        let (set, noted) = (self.program.set(set), self.store.noted.get(set));
        set.zip(noted).is_some_and(|(set, noted)| set.may_match(member, noted))
    }
}
