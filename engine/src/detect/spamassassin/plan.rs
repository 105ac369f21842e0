//! What is tried, and when: made once, when rules are loaded. Takes rules, gives for each how it is found out whether it hits, about what
//! that costs, and which rules have to be seen before a meta is worth a look.

use super::expression::Expression;
use super::matcher::Tried;
use super::tree::{Span, Tree};
use super::{HeaderGroup, SpamAssassin};

/// How it is found out whether a rule hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// It never does, or is switched off.
    #[default]
    Nothing,
    /// A field of this group of header rules is there.
    Exists(usize),
    /// A member of a set.
    Member(usize, u32),
    Template(usize),
    Mime(usize),
    UriDetail(usize),
    Eval(usize),
    Meta(usize),
}

/// About what it costs to know whether a rule hits, and how often it does or may: numbers to order rules by, some tens of
/// nanoseconds each.
#[derive(Clone, Copy, Debug)]
struct Weight {
    cost: u32,
    often: u32,
}

/// An expression, and when it is worth a look.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) rule: u32,
    pub(super) expression: Expression,
    /// The rules behind the expression's names.
    pub(super) parts: Vec<Option<u32>>,
    pub(super) off: bool,
    pub(super) tree: Tree,
}

/// For all rules, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) sources: Vec<Source>,
    /// How often it may hit at most.
    pub(super) most: Vec<f64>,
    /// Whether more is asked of it than if it hits.
    pub(super) by_value: Vec<bool>,
    /// The metas that are worth a look where it may hit.
    pub(super) wakes: Vec<Vec<u32>>,
    /// For each meta whether it is worth one always.
    pub(super) awake: Vec<bool>,
    /// Rules that may hit whatever the text is: nothing can be noted of them.
    pub(super) open: Vec<u32>,
    /// Rules that can have a score.
    pub(super) scored: Vec<u32>,
    /// Whether a rule is one of them, or anything that they may hang on.
    pub(super) needed: Vec<bool>,
}

impl Plan {
    /// Makes it; the trees of metas are made by the way.
    pub(super) fn of(program: &mut SpamAssassin) -> Plan {
        let rules = program.rules.len();
        let mut plan = Plan {
            sources: vec![Source::Nothing; rules],
            most: vec![1.0; rules],
            by_value: vec![false; rules],
            wakes: vec![Vec::new(); rules],
            awake: vec![false; program.metas.len()],
            needed: vec![false; rules],
            ..Plan::default()
        };
        let mut weights = vec![Weight { cost: 0, often: 0 }; rules];
        plan.leaves(program, &mut weights);
        plan.metas(program, &mut weights);
        plan.scored = (0u32..)
            .zip(&program.rules)
            .filter(|(number, rule)| plan.source(*number) != Source::Nothing && !rule.name.starts_with("__"))
            .map(|(number, _)| number)
            .collect();
        plan.needs(program);
        plan
    }

    pub(super) fn source(&self, rule: u32) -> Source {
        self.sources.get(rule as usize).copied().unwrap_or_default()
    }

    fn set(&mut self, rule: u32, source: Source, weights: &mut [Weight], weight: Weight) {
        let place = rule as usize;
        if let (Some(slot), Some(its)) = (self.sources.get_mut(place), weights.get_mut(place)) {
            (*slot, *its) = (source, weight);
        }
    }

    fn leaves(&mut self, program: &SpamAssassin, weights: &mut [Weight]) {
        for (number, set) in program.sets() {
            let group = number.checked_sub(SpamAssassin::TEXTS).and_then(|group| program.headers.get(group));
            for (place, member) in (0u32..).zip(&set.members) {
                let other = group.and_then(|group: &HeaderGroup| group.others.get(&place));
                let is_noted = set.near(place).is_some_and(|near| near.tried == Tried::Noted);
                let pattern = program.patterns.get(member.pattern as usize);
                // A field is short, and a text is not.
                let cost = match (group.is_some(), is_noted) {
                    (true, true) => 4,
                    (true, false) => 12,
                    (false, true) => 20,
                    (false, false) => 150,
                } + match pattern.is_some_and(|it| it.is_fancy() || it.is_new(true)) {
                    true if group.is_none() => 200,
                    true => 20,
                    false => 0,
                };
                let often = match (other, is_noted) {
                    (Some(_), _) => 1_000,
                    (None, true) => 5,
                    (None, false) => 100,
                };
                if other.is_some() || !is_noted || pattern.is_some_and(|it| it.shortest == 0) {
                    self.open.push(member.rule);
                }
                if let Some(slot) = self.most.get_mut(member.rule as usize) {
                    *slot = if member.most > 1 { f64::INFINITY } else { 1.0 };
                }
                self.set(member.rule, Source::Member(number, place), weights, Weight { cost, often });
            }
        }
        for (number, group) in program.headers.iter().enumerate() {
            for rule in &group.exists {
                self.set(*rule, Source::Exists(number), weights, Weight { cost: 1, often: 300 });
            }
        }
        let templates = (0..).zip(&program.templates).map(|(number, it)| (it.rule, Source::Template(number), 1.0, 300));
        let mime = (0..).zip(&program.mime).map(|(number, it)| (it.rule, Source::Mime(number), f64::from(it.most), 40));
        let details = (0..).zip(&program.uri_details).map(|(number, it)| (it.rule, Source::UriDetail(number), 1.0, 40));
        let evals = (0..).zip(&program.evals).map(|(number, it)| (it.rule, Source::Eval(number), 1.0, 40));
        for (rule, source, most, cost) in templates.chain(mime).chain(details).chain(evals) {
            self.set(rule, source, weights, Weight { cost, often: 50 });
            self.open.push(rule);
            if let Some(slot) = self.most.get_mut(rule as usize) {
                *slot = most;
            }
        }
    }

    /// Metas stand behind what they ask for.
    fn metas(&mut self, program: &mut SpamAssassin, weights: &mut [Weight]) {
        for (number, meta) in program.metas.iter_mut().enumerate() {
            let part = |place: usize| meta.parts.get(place).copied().flatten();
            let weight = |place: usize| part(place).and_then(|it| weights.get(it as usize).copied());
            let tree = Tree::of(&meta.expression, &|place| weight(place).map_or(0, |it| it.cost));
            let span = |place: usize| match part(place) {
                Some(rule) => Span::up_to(self.most.get(rule as usize).copied().unwrap_or(f64::INFINITY)),
                None => Span::exactly(constant(&meta.expression, place)),
            };
            let whole = tree.answer(false, &span).span;
            let wakers = tree.wakers(&|place| weight(place).map_or(0, |it| it.often));
            let may = match &wakers {
                Some((_, wakers)) => {
                    let without = |place: usize| if wakers.contains(&place) { Span::exactly(0.0) } else { span(place) };
                    !tree.answer(true, &without).span.is_zero()
                }
                None => true,
            };
            let (often, wakers) = match wakers.filter(|_| !may) {
                Some((often, wakers)) => (often, wakers.into_iter().filter_map(part).collect()),
                None => (1_000, Vec::new()),
            };
            let weight = Weight { cost: tree.cost(), often };
            meta.tree = tree;
            if meta.off {
                continue;
            }
            if let Some(slot) = self.awake.get_mut(number) {
                *slot = may;
            }
            for rule in wakers {
                if let Some(slot) = self.wakes.get_mut(rule as usize) {
                    slot.push(u32::try_from(number).unwrap_or(u32::MAX));
                }
            }
            if let Some(slot) = self.most.get_mut(meta.rule as usize) {
                *slot = whole.most.max(1.0);
            }
            self.set(meta.rule, Source::Meta(number), weights, weight);
        }
        for meta in program.metas.iter().rev() {
            let by_value = self.by_value.get(meta.rule as usize).copied().unwrap_or(false);
            for rule in
                meta.tree.values(!by_value).into_iter().filter_map(|place| meta.parts.get(place).copied().flatten())
            {
                if let Some(slot) = self.by_value.get_mut(rule as usize) {
                    *slot = true;
                }
            }
        }
    }

    fn needs(&mut self, program: &SpamAssassin) {
        for rule in &self.scored {
            if let Some(slot) = self.needed.get_mut(*rule as usize) {
                *slot = true;
            }
        }
        for meta in program.metas.iter().rev().filter(|meta| !meta.off) {
            if self.needed.get(meta.rule as usize) == Some(&true) {
                for rule in meta.parts.iter().flatten() {
                    if let Some(slot) = self.needed.get_mut(*rule as usize) {
                        *slot = true;
                    }
                }
            }
        }
    }
}

/// What a name counts as that is no rule.
pub(super) fn constant(expression: &Expression, place: usize) -> f64 {
    f64::from(u8::from(expression.names.get(place).is_some_and(|name| name == "local_tests_only")))
}
