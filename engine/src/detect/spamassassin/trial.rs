//! One message: which rules hit it. First what can be known by a look at each text is noted; then rules that can have a score are decided,
//! and of all others those alone on which they still hang, what is cheap and seldom hits first. Rules that are no metas come first: they
//! are tried anyway, and metas hang on them. Where all findings are asked for, every rule is decided.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::answer::{Known, Standing};
use super::asking::Weight;
use super::context::Context;
use super::evals::State;
use super::matcher::Scratch;
use super::noted::{Noted, Pieces};
use super::plan::Source;
use super::search::Candidates;
use super::{HeaderGroup, PATTERN_STEPS, SpamAssassin};
use crate::facts::Facts;
use crate::facts::spamassassin::Views;
use crate::limits::Budget;
use crate::place::Place;

/// Bytes that are read before the budget is asked.
const READ_AT_ONCE: u64 = 16 << 10;

/// What is kept from message to message.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// What is known of each rule.
    standings: Vec<Standing>,
    /// What else is known of it, where that is the case; of all others what a message before left there.
    pub(super) known: Vec<More>,
    /// Rules that are no metas, and may hit or do.
    pub(super) alive: Vec<u32>,
    /// Metas that are to be decided, by their rules.
    open: Vec<u32>,
    /// By their numbers, metas that may hold as far as is known before any is asked.
    pub(super) awake: Vec<u64>,
    /// By sets.
    pub(super) noted: Vec<Noted>,
    pub(super) candidates: Candidates,
    /// What became known, and whom that was not told yet.
    pub(super) settled: Vec<u32>,
    /// Metas that wait for others to be asked before them, and such whose users have to be asked again.
    pub(super) waiting: Vec<u32>,
    pub(super) outdated: Vec<u32>,
}

/// What is known of a rule.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct More {
    /// How often it hits, if it does.
    count: f64,
    /// While it is not known, what it costs to know it.
    pub(super) weight: Weight,
    /// Of a meta, what to ask for next.
    pub(super) next: u32,
}

/// What was seen of a rule: where, and the text.
pub(super) struct Sight {
    pub(super) rule: u32,
    pub(super) place: Place,
    pub(super) shown: String,
}

/// The text of a set.
pub(super) struct Text<'t> {
    text: Cow<'t, [u8]>,
    /// Where its pieces end; where there are none, it is one.
    ends: Cow<'t, [usize]>,
    end: [usize; 1],
}

impl<'t> Text<'t> {
    pub(super) fn whole(text: Cow<'t, [u8]>) -> Text<'t> {
        Text { end: [text.len()], text, ends: Cow::Borrowed(&[]) }
    }

    pub(super) fn pieces(&self) -> Pieces<'_> {
        Pieces { text: &self.text, ends: if self.ends.is_empty() { &self.end } else { &self.ends } }
    }
}

/// Rules on a message as they are decided.
pub(super) struct Trial<'t> {
    pub(super) program: &'t SpamAssassin,
    pub(super) context: &'t Context<'t>,
    state: State<'t>,
    /// By sets; none where there is no such field, or no text.
    pub(super) texts: Vec<Option<Text<'t>>>,
    /// For each group of header rules whether its field is there.
    pub(super) is_there: Vec<bool>,
    /// All addresses in lower case.
    pub(super) lower: Option<Vec<u8>>,
    pub(super) captured: Option<BTreeMap<&'t str, Vec<String>>>,
    pub(super) store: &'t mut Store,
    pub(super) scratch: &'t mut Scratch,
    pub(super) sights: Vec<Sight>,
    pub(super) gave_up: Vec<u32>,
    pub(super) read: u64,
}

impl<'t> Trial<'t> {
    pub(super) fn new(
        program: &'t SpamAssassin,
        context: &'t Context<'t>,
        store: &'t mut Store,
        scratch: &'t mut Scratch,
    ) -> Trial<'t> {
        store.standings.clone_from(&program.plan.standings);
        store.known.resize(program.rules.len(), More::default());
        store.alive.clear();
        store.open.clear();
        store.awake.clone_from(&program.plan.awake);
        store.noted.resize_with(SpamAssassin::TEXTS + program.headers.len(), Noted::default);
        Trial {
            program,
            context,
            state: State::new(context),
            texts: Vec::with_capacity(SpamAssassin::TEXTS + program.headers.len()),
            is_there: Vec::with_capacity(program.headers.len()),
            lower: None,
            captured: None,
            store,
            scratch,
            sights: Vec::new(),
            gave_up: Vec::new(),
            read: 0,
        }
    }

    /// Decides rules: those that can have a score, or `all`. False where the budget is spent.
    pub(super) fn run(&mut self, facts: &'t Facts<'t>, views: &'t Views, all: bool, budget: &mut Budget<'_>) -> bool {
        let program = self.program;
        self.take_texts(facts, views, all);
        if !self.pay(0, budget) || !budget.work(program.metas.len() as u64, Place::message) {
            return false;
        }
        self.look();
        let mut alive = std::mem::take(&mut self.store.alive);
        for rule in alive.drain(..) {
            if (all || program.plan.is_scored(rule)) && !self.is_known(rule) {
                self.try_rule(rule);
                if !self.pay(READ_AT_ONCE, budget) {
                    return false;
                }
            }
            self.wake(rule);
        }
        // A meta that may hold wakes others in turn, which stand behind it.
        let mut from = 0;
        while let Some(number) = self.awake(from) {
            from = number.saturating_add(1);
            let Some(meta) = program.plan.metas.get(number) else { break };
            if !(all || meta.is_needed) {
                continue;
            }
            self.ask(number);
            self.wake(meta.rule);
            if !self.is_known(meta.rule) && (all || meta.is_scored) {
                self.store.open.push(meta.rule);
            }
        }
        self.scratch.shared("metas");
        let mut open = std::mem::take(&mut self.store.open);
        // What has to be tried anyway is tried first: it may say that other metas do not hold.
        for is_first in [true, false] {
            for rule in &open {
                while self.is_open(*rule) && (!is_first || self.weight(*rule).sure) {
                    self.advance(*rule);
                    if !self.pay(READ_AT_ONCE, budget) {
                        return false;
                    }
                }
            }
        }
        open.clear();
        (self.store.alive, self.store.open) = (alive, open);
        self.scratch.shared("metas");
        self.gave_up.sort_unstable();
        self.gave_up.dedup();
        self.pay(0, budget)
    }

    /// What is known of rules, by their numbers.
    pub(super) fn standings(&self) -> &[Standing] {
        &self.store.standings
    }

    fn pay(&mut self, above: u64, budget: &mut Budget<'_>) -> bool {
        self.read <= above || budget.work(std::mem::take(&mut self.read).saturating_mul(PATTERN_STEPS), Place::message)
    }

    /// Takes the texts of all sets that are needed, and notes what is in them.
    fn take_texts(&mut self, facts: &'t Facts<'t>, views: &'t Views, all: bool) {
        let (program, context) = (self.program, self.context);
        let full = facts.raw.get(views.message.header_at.min(facts.raw.len())..).unwrap_or_default();
        let is_true = |all: &[bool], number: usize| all.get(number) == Some(&true);
        for (number, set) in program.sets() {
            let has_needed = if all { !set.members.is_empty() } else { is_true(&program.plan.needed_sets, number) };
            let lines = |lines: &'t crate::facts::spamassassin::Lines| {
                let (text, ends) = (Cow::Borrowed(lines.text.as_slice()), Cow::Borrowed(lines.ends.as_slice()));
                Some(Text { text, ends, end: [0] })
            };
            let text = match number.checked_sub(SpamAssassin::TEXTS) {
                Some(group) => {
                    let has_exists = all || is_true(&program.plan.needed_groups, group);
                    let group = program.headers.get(group).filter(|_| has_needed || has_exists);
                    let text = group.and_then(|group| self.field(group, has_needed));
                    self.is_there.push(text.is_some());
                    self.scratch.shared("fields");
                    text.map(Text::whole)
                }
                None if !has_needed => None,
                None => match number {
                    0 => lines(&views.body),
                    1 => lines(&views.rawbody),
                    2 => {
                        let uris = &context.uris().lines;
                        self.scratch.shared("addresses");
                        lines(uris)
                    }
                    _ => Some(Text::whole(Cow::Borrowed(full))),
                }
                .filter(|text| !text.text.is_empty()),
            };
            if let Some(noted) = self.store.noted.get_mut(number) {
                noted.clear(set.members.len());
                if let Some(text) = text.as_ref().filter(|_| has_needed) {
                    set.note(text.pieces(), self.scratch, noted);
                    self.read = self.read.saturating_add(text.text.len() as u64);
                }
            }
            self.texts.push(text);
        }
    }

    fn field(&self, group: &HeaderGroup, has_needed: bool) -> Option<Cow<'t, [u8]>> {
        let context = self.context;
        match group.is_field {
            true if !has_needed => context.fields(&group.selector).next().map(|_| Cow::Borrowed(&[][..])),
            true => context.joined_fields(&group.selector),
            false => context.joined(&group.selector),
        }
    }

    /// Takes what it costs to try a rule that is no meta.
    pub(super) fn set_weight(&mut self, rule: u32, weight: Weight) {
        if let Some(known) = self.store.known.get_mut(rule as usize) {
            known.weight = weight;
        }
    }

    pub(super) fn add_cost(&mut self, rule: u32, cost: f32) {
        if let Some(known) = self.store.known.get_mut(rule as usize) {
            known.weight.cost += cost;
        }
    }

    /// Takes how often a rule hits; not a number where that is not known.
    #[inline]
    pub(super) fn set_count(&mut self, rule: u32, count: f64) {
        if count.is_nan() {
            return self.stand(rule, Standing::Open);
        }
        self.stand(rule, Standing::of(count != 0.0));
        if count != 0.0
            && let Some(known) = self.store.known.get_mut(rule as usize)
        {
            known.count = count;
        }
    }

    #[inline]
    pub(super) fn stand(&mut self, rule: u32, standing: Standing) {
        if let Some(slot) = self.store.standings.get_mut(rule as usize) {
            *slot = standing;
        }
    }

    #[inline]
    pub(super) fn is_known(&self, rule: u32) -> bool {
        self.standing(rule).is_known()
    }

    /// Finds out whether a rule hits that is no meta.
    pub(super) fn try_rule(&mut self, rule: u32) {
        let count = match self.program.plan.source(rule) {
            Source::Member(set, member) => self.try_member(set as usize, member),
            Source::Template(number) => f64::from(u8::from(self.try_template(number as usize))),
            Source::Mime(number) => f64::from(self.try_mime(number as usize)),
            Source::UriDetail(number) => f64::from(u8::from(self.try_uri_detail(number as usize))),
            Source::Eval(number) => {
                let hits = |it: &super::Eval| (it.function)(&self.state, &it.arguments);
                f64::from(u8::from(self.program.evals.get(number as usize).is_some_and(hits)))
            }
            Source::Nothing | Source::Exists(_) | Source::Meta(_) => 0.0,
        };
        self.set_count(rule, count);
        self.scratch.rule(rule);
    }
}

impl Known for Trial<'_> {
    #[inline]
    fn standing(&self, rule: u32) -> Standing {
        self.store.standings.get(rule as usize).copied().unwrap_or_default()
    }

    #[inline]
    fn count(&self, rule: u32) -> f64 {
        let count = || self.store.known.get(rule as usize).map_or(0.0, |known| known.count);
        if self.standing(rule) == Standing::Hit { count() } else { 0.0 }
    }

    fn most(&self, rule: u32) -> f64 {
        self.program.plan.most(rule)
    }

    #[inline]
    fn weight(&self, rule: u32) -> Weight {
        self.store.known.get(rule as usize).map(|known| known.weight).unwrap_or_default()
    }
}
