//! What an expression may still come to while some of the rules that it names are not tried. Takes an expression and what is known of
//! rules, gives the span of its value, and which rule to try next where that does not decide it: what is cheap, and is likely to decide.

use super::asking::{Ask, Choice, Truth, Weight};
use super::expression::Sign;
use super::span::Span;
use super::tree::{Kind, Tree};

#[cfg(test)]
mod tests;

/// How likely a comparison holds whose left side is not 0.
const COMPARED: f32 = 0.3;

/// What is known of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    #[default]
    Missed,
    Hit,
    /// Nothing, or of a meta no more than what to ask for next.
    Open,
    /// The same, and more became known since it was asked.
    Stale,
}

impl Standing {
    #[inline]
    pub(super) fn of(hits: bool) -> Standing {
        if hits { Standing::Hit } else { Standing::Missed }
    }

    #[inline]
    pub(super) fn is_known(self) -> bool {
        matches!(self, Standing::Missed | Standing::Hit)
    }
}

/// What is known of rules.
pub(super) trait Known {
    fn standing(&self, rule: u32) -> Standing;
    /// How often a rule hit of which that is known.
    fn count(&self, rule: u32) -> f64;
    /// How often it may at most.
    fn most(&self, rule: u32) -> f64;
    fn weight(&self, rule: u32) -> Weight;
}

/// An operand. Names stand where they are asked for: most of what an expression consists of are names, and negated ones.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kid {
    Name(u32),
    Not(u32),
    Step(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Number(f64),
    Not,
    Negate,
    /// With the operand that is its value.
    All(Kid),
    Any,
    Sum,
    Binary(Sign),
    /// What has a number on its right side.
    Compare(Sign, f64),
    Choose,
}

/// An expression among all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Root(Kid);

/// Expressions over rules by their numbers, all in one piece: a message asks hundreds of them, in their order, and each would be elsewhere
/// in memory.
#[derive(Debug, Default)]
pub(super) struct Flats {
    /// With the range of their operands.
    steps: Vec<(Step, u32, u32)>,
    kids: Vec<Kid>,
}

impl Flats {
    /// Adds one. `rule` gives the rule of a name by its place, or the number that it counts as; `often` about how often a rule may hit.
    pub(super) fn add(
        &mut self,
        tree: &Tree,
        rule: &dyn Fn(usize) -> Result<u32, f64>,
        often: &dyn Fn(u32) -> u32,
    ) -> Root {
        let mut done: Vec<Kid> = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            let mut kids: Vec<Kid> = node.kids.iter().filter_map(|kid| done.get(*kid).copied()).collect();
            let step = match node.kind {
                Kind::Name(place) => match rule(place) {
                    Ok(rule) => {
                        done.push(Kid::Name(rule));
                        continue;
                    }
                    Err(number) => Step::Number(number),
                },
                Kind::Not => match kids.first() {
                    Some(Kid::Name(rule)) => {
                        done.push(Kid::Not(*rule));
                        continue;
                    }
                    _ => Step::Not,
                },
                Kind::Number(number) => Step::Number(number),
                Kind::Negate => Step::Negate,
                Kind::All => match kids.last().copied() {
                    Some(last) => {
                        // What is 0 nearly always is looked at first.
                        kids.sort_by_key(|kid| match kid {
                            Kid::Name(rule) => (0, often(*rule)),
                            Kid::Not(_) => (1, 0),
                            Kid::Step(_) => (2, 0),
                        });
                        Step::All(last)
                    }
                    None => Step::Number(0.0),
                },
                Kind::Any => Step::Any,
                Kind::Sum => Step::Sum,
                Kind::Binary(sign) => match kids.last().and_then(|kid| self.number(*kid)) {
                    Some(number) if kids.len() == 2 => {
                        kids.pop();
                        Step::Compare(sign, number)
                    }
                    _ => Step::Binary(sign),
                },
                Kind::Choose => Step::Choose,
            };
            let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
            let from = number(self.kids.len());
            self.kids.append(&mut kids);
            done.push(Kid::Step(number(self.steps.len())));
            self.steps.push((step, from, number(self.kids.len())));
        }
        // There is no expression of nothing; it would be one that never holds.
        Root(done.pop().unwrap_or(Kid::Step(u32::MAX)))
    }

    fn number(&self, kid: Kid) -> Option<f64> {
        let Kid::Step(number) = kid else { return None };
        match self.steps.get(number as usize)?.0 {
            Step::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Rules that all have to hit for the whole to hold, those that seldom do first.
    pub(super) fn needed(&self, root: Root) -> impl Iterator<Item = u32> {
        let kids = match root.0 {
            Kid::Step(number) => match self.step(number) {
                (Step::All(_), kids) => kids,
                _ => &[],
            },
            _ => &[],
        };
        kids.iter().filter_map(|kid| if let Kid::Name(rule) = kid { Some(*rule) } else { None })
    }

    /// Whether it holds.
    #[inline]
    pub(super) fn holds(&self, root: Root, known: &impl Known) -> Truth {
        self.truth(root.0, known)
    }

    /// What it may come to, and what to ask for next where that is not decided. `truth`: whether no more is asked than if it is 0. What
    /// does not count any more is not looked at.
    pub(super) fn answer(&self, root: Root, truth: bool, known: &impl Known) -> (Span, Ask) {
        if truth { self.holds(root, known).told() } else { self.value(root.0, known) }
    }

    /// What a rule alone tells of the whole where it does not hit, and where it does: whether it holds, or nothing.
    pub(super) fn told_by(&self, root: Root, rule: u32, truth: bool) -> (Option<bool>, Option<bool>) {
        let Root(root) = root;
        let (step, kids) = match root {
            Kid::Step(number) => self.step(number),
            Kid::Name(_) | Kid::Not(_) => (Step::All(root), std::slice::from_ref(&root)),
        };
        let (has, has_not) = (kids.contains(&Kid::Name(rule)), kids.contains(&Kid::Not(rule)));
        match step {
            Step::All(_) => {
                let is_alone = truth && kids.len() == 1;
                let no = |it: bool, other: bool| if it { Some(false) } else { (is_alone && other).then_some(true) };
                (no(has, has_not), no(has_not, has))
            }
            Step::Any if truth => (has_not.then_some(true), has.then_some(true)),
            _ => (None, None),
        }
    }

    fn step(&self, number: u32) -> (Step, &[Kid]) {
        match self.steps.get(number as usize) {
            Some((step, from, to)) => (*step, self.kids.get(*from as usize..*to as usize).unwrap_or_default()),
            None => (Step::Number(0.0), &[]),
        }
    }

    /// Whether something is 0. It goes as deep as the expression, which has a limit.
    #[inline]
    fn truth(&self, kid: Kid, known: &impl Known) -> Truth {
        match kid {
            Kid::Name(rule) => name(rule, known),
            Kid::Not(rule) => name(rule, known).not(),
            Kid::Step(number) => self.truth_of(number, known),
        }
    }

    fn truth_of(&self, number: u32, known: &impl Known) -> Truth {
        let (step, kids) = self.step(number);
        let kid = |place: usize| kids.get(place).map_or(Truth::No, |kid| self.truth(*kid, known));
        match step {
            Step::Number(number) => Truth::of(number != 0.0),
            Step::Not => kid(0).not(),
            Step::Negate => kid(0),
            Step::All(_) | Step::Any => {
                let holds = step == Step::Any;
                let Some(open) = self.open(kids, holds, known) else { return Truth::of(holds) };
                let chance = if holds { 1.0 - open.rest } else { open.rest };
                open.ask(chance, holds).map_or(Truth::of(!holds), Truth::Open)
            }
            Step::Sum | Step::Binary(_) | Step::Compare(..) => {
                let (span, ask) = self.value(Kid::Step(number), known);
                Truth::of_span(span, ask)
            }
            Step::Choose => match kid(0) {
                Truth::Yes => kid(1),
                Truth::No => kid(2),
                Truth::Open(ask) => match (kid(1), kid(2)) {
                    (Truth::No, Truth::No) => Truth::No,
                    (Truth::Yes, Truth::Yes) => Truth::Yes,
                    _ => Truth::Open(ask),
                },
            },
        }
    }

    /// Which of operands are open, where none decides the whole: one that holds does, or one that does not.
    #[inline]
    fn open(&self, kids: &[Kid], holds: bool, known: &impl Known) -> Option<Choice> {
        let mut open = Choice::new();
        let decides = |chance: f32| if holds { chance } else { 1.0 - chance };
        for kid in kids {
            // Most are names, and known.
            let (rule, is_plain) = match *kid {
                Kid::Name(rule) => (rule, true),
                Kid::Not(rule) => (rule, false),
                Kid::Step(number) => {
                    match self.truth_of(number, known) {
                        Truth::Open(ask) => open.add(ask.next, ask.weight, decides(ask.weight.chance)),
                        Truth::Yes if holds => return None,
                        Truth::No if !holds => return None,
                        Truth::Yes | Truth::No => {}
                    }
                    continue;
                }
            };
            let standing = known.standing(rule);
            if !standing.is_known() {
                let weight = known.weight(rule);
                open.add(Some(rule), weight, decides(if is_plain { weight.chance } else { 1.0 - weight.chance }));
            } else if ((standing == Standing::Hit) == is_plain) == holds {
                return None;
            }
        }
        Some(open)
    }

    fn value(&self, kid: Kid, known: &impl Known) -> (Span, Ask) {
        let number = match kid {
            Kid::Name(rule) => {
                return match known.standing(rule) {
                    Standing::Missed => (Span::exactly(0.0), Ask::NOTHING),
                    Standing::Hit => (Span::exactly(known.count(rule)), Ask::NOTHING),
                    Standing::Open | Standing::Stale => {
                        (Span::up_to(known.most(rule)), Ask { next: Some(rule), weight: known.weight(rule) })
                    }
                };
            }
            Kid::Not(_) => return self.truth(kid, known).told(),
            Kid::Step(number) => number,
        };
        let (step, kids) = self.step(number);
        let zero = (Span::exactly(0.0), Ask::NOTHING);
        let value = |place: usize| kids.get(place).map_or(zero, |kid| self.value(*kid, known));
        match step {
            Step::Number(number) => (Span::exactly(number), Ask::NOTHING),
            Step::Not => kids.first().map_or(Truth::No, |kid| self.truth(*kid, known)).not().told(),
            Step::Negate => {
                let (span, ask) = value(0);
                (span.negative(), ask)
            }
            Step::All(last) => match self.truth_of(number, known) {
                Truth::No => zero,
                Truth::Yes => self.value(last, known),
                Truth::Open(ask) => (self.value(last, known).0.or(Span::exactly(0.0)), ask),
            },
            Step::Any => self.any(kids, known),
            Step::Sum => self.sum(kids, known),
            Step::Binary(sign) => {
                let ((left, its), (right, other)) = (value(0), value(1));
                let (next, sure) = match left.value() {
                    None => (its.next, its.weight.sure),
                    Some(_) => (other.next, other.weight.sure),
                };
                let weight = Weight { cost: its.weight.cost + other.weight.cost, chance: COMPARED, sure };
                (Span::binary(sign, left, right), Ask { next, weight })
            }
            Step::Compare(sign, number) => {
                let (left, its) = value(0);
                let (next, sure) = if left.value().is_none() { (its.next, its.weight.sure) } else { (None, false) };
                let weight = Weight { cost: its.weight.cost, chance: COMPARED, sure };
                (Span::binary(sign, left, Span::exactly(number)), Ask { next, weight })
            }
            Step::Choose => match kids.first().map_or(Truth::No, |kid| self.truth(*kid, known)) {
                Truth::Yes => value(1),
                Truth::No => value(2),
                Truth::Open(ask) => (value(1).0.or(value(2).0), ask),
            },
        }
    }

    /// The first that is not 0 is the value.
    fn any(&self, kids: &[Kid], known: &impl Known) -> (Span, Ask) {
        let (mut whole, mut ask): (Option<Span>, Ask) = (None, Ask::NOTHING);
        for kid in kids {
            let (span, its) = self.value(*kid, known);
            if span.is_zero() {
                continue;
            }
            if ask.next.is_none() {
                (ask.next, ask.weight.sure) = (its.next, its.weight.sure);
            }
            ask.weight.cost += its.weight.cost;
            ask.weight.chance = ask.weight.chance.max(its.weight.chance);
            whole = Some(whole.map_or(span, |whole| whole.or_else(span)));
            if !span.may_be_zero() {
                break;
            }
        }
        (whole.unwrap_or(Span::exactly(0.0)), ask)
    }

    fn sum(&self, kids: &[Kid], known: &impl Known) -> (Span, Ask) {
        let (mut from, mut to) = (0.0, 0.0);
        let (mut ask, mut cheapest) = (Ask::NOTHING, f32::MAX);
        for kid in kids {
            // Sums have up to hundreds of names, most of which are known.
            let (least, most, its) = match *kid {
                Kid::Name(rule) => match known.standing(rule) {
                    Standing::Missed => continue,
                    Standing::Hit => {
                        let count = known.count(rule);
                        (from, to) = (from + count, to + count);
                        continue;
                    }
                    Standing::Open | Standing::Stale => {
                        (0.0, known.most(rule), Ask { next: Some(rule), weight: known.weight(rule) })
                    }
                },
                _ => {
                    let (span, its) = self.value(*kid, known);
                    (span.least, span.most, its)
                }
            };
            (from, to) = (from + least, to + most);
            if least != most {
                if ask.next.is_none() || its.weight.cost < cheapest {
                    (ask.next, ask.weight.sure, cheapest) = (its.next, its.weight.sure, its.weight.cost);
                }
                ask.weight.cost += its.weight.cost;
                ask.weight.chance = ask.weight.chance.max(its.weight.chance);
            }
        }
        (Span::between(from, to), ask)
    }
}

#[inline]
fn name(rule: u32, known: &impl Known) -> Truth {
    match known.standing(rule) {
        Standing::Missed => Truth::No,
        Standing::Hit => Truth::Yes,
        Standing::Open | Standing::Stale => Truth::Open(Ask { next: Some(rule), weight: known.weight(rule) }),
    }
}
