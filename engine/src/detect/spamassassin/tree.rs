//! What an expression may still come to while some of the rules that it names are not tried. Takes an expression and what is known of its
//! names, gives the span of its value, and which rule to try next where that does not decide it.

use super::expression::{Expression, Op, Sign};

/// So many times as much has to be spent on a negated operand of `&&` until one is false: in most mail it holds.
const NEGATED_TIMES: u32 = 3;

/// The values that something may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) least: f64,
    pub(super) most: f64,
    /// Whether it may be 0, and whether it may be anything else.
    zero: bool,
    other: bool,
}

impl Span {
    pub(super) fn exactly(value: f64) -> Span {
        Span { least: value, most: value, zero: value == 0.0, other: value != 0.0 }
    }

    /// A count that is not known.
    pub(super) fn up_to(most: f64) -> Span {
        Span { least: 0.0, most, zero: true, other: most > 0.0 }
    }

    fn between(least: f64, most: f64) -> Span {
        if least.is_nan() || most.is_nan() {
            return Span { least: f64::NEG_INFINITY, most: f64::INFINITY, zero: true, other: true };
        }
        Span { least, most, zero: least <= 0.0 && most >= 0.0, other: least != 0.0 || most != 0.0 }
    }

    fn truth(of: Span) -> Span {
        let number = |it: bool| f64::from(u8::from(it));
        Span { least: number(!of.zero), most: number(of.other), zero: of.zero, other: of.other }
    }

    /// Either of two.
    fn or(self, it: Span) -> Span {
        let (least, most) = (self.least.min(it.least), self.most.max(it.most));
        Span { least, most, zero: self.zero || it.zero, other: self.other || it.other }
    }

    /// Its value, where there is no other.
    pub(super) fn value(self) -> Option<f64> {
        (self.least == self.most).then_some(self.least)
    }

    pub(super) fn is_zero(self) -> bool {
        !self.other
    }

    /// Whether it is known if it is 0.
    pub(super) fn has_truth(self) -> bool {
        !(self.zero && self.other)
    }
}

/// What an expression may come to, and where that is not decided, the place of the name to ask for next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) span: Span,
    pub(super) next: Option<usize>,
}

impl Answer {
    fn known(span: Span) -> Answer {
        Answer { span, next: None }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Number(f64),
    /// A rule, by its place among the names.
    Name(usize),
    Not,
    Negate,
    /// Of any number of operands: what is `a && (b && c)` to Perl is `a && b && c`.
    All,
    Any,
    Sum,
    Binary(Sign),
    Choose,
}

#[derive(Clone, Debug, PartialEq)]
struct Node {
    kind: Kind,
    /// Operands, which stand before it.
    kids: Vec<usize>,
    /// Of what may be asked in any order, the operands with the cheapest first.
    by_cost: Vec<usize>,
    /// About what it costs to know it.
    cost: u32,
}

/// An expression as a tree, operands before what they are operands of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// `cost` says about what it costs to know a rule, by its place among the names.
    pub(super) fn of(expression: &Expression, cost: &dyn Fn(usize) -> u32) -> Tree {
        let mut tree = Tree::default();
        let mut stack: Vec<usize> = Vec::new();
        for op in &expression.program {
            let mut take = |count: usize| stack.split_off(stack.len().saturating_sub(count));
            let (kind, kids) = match op {
                Op::Number(number) => (Kind::Number(*number), Vec::new()),
                Op::Name(place) => (Kind::Name(*place), Vec::new()),
                Op::Not => (Kind::Not, take(1)),
                Op::Negate => (Kind::Negate, take(1)),
                Op::Binary(Sign::And) => (Kind::All, take(2)),
                Op::Binary(Sign::Or) => (Kind::Any, take(2)),
                Op::Binary(Sign::Plus) => (Kind::Sum, take(2)),
                // So that a long sum is not deep.
                Op::Binary(Sign::Minus) => {
                    let mut both = take(2);
                    if let Some(right) = both.pop() {
                        both.push(tree.add(Kind::Negate, vec![right], cost));
                    }
                    (Kind::Sum, both)
                }
                Op::Binary(sign) => (Kind::Binary(*sign), take(2)),
                Op::Choose => (Kind::Choose, take(3)),
            };
            stack.push(tree.add(kind, kids, cost));
        }
        tree
    }

    fn add(&mut self, kind: Kind, kids: Vec<usize>, cost: &dyn Fn(usize) -> u32) -> usize {
        let mut flat = Vec::with_capacity(kids.len());
        for (number, kid) in kids.into_iter().enumerate() {
            // Of sums only the left operand: what is added first may round.
            let joins = matches!(kind, Kind::All | Kind::Any) || (kind == Kind::Sum && number == 0);
            match self.nodes.get_mut(kid) {
                Some(it) if joins && it.kind == kind => flat.append(&mut it.kids),
                _ => flat.push(kid),
            }
        }
        let costs = flat.iter().map(|kid| self.nodes.get(*kid).map_or(0, |it| it.cost));
        let cost = match &kind {
            Kind::Number(_) => 0,
            Kind::Name(place) => cost(*place),
            Kind::Not => costs.fold(0, u32::saturating_add).saturating_mul(NEGATED_TIMES),
            Kind::All => costs.min().unwrap_or(0),
            _ => costs.fold(0, u32::saturating_add),
        };
        let mut by_cost = if matches!(kind, Kind::All | Kind::Any) { flat.clone() } else { Vec::new() };
        by_cost.sort_by_key(|kid| self.nodes.get(*kid).map_or(0, |it| it.cost));
        self.nodes.push(Node { kind, kids: flat, by_cost, cost });
        self.nodes.len() - 1
    }

    /// About what it costs to know it.
    pub(super) fn cost(&self) -> u32 {
        self.nodes.last().map_or(0, |it| it.cost)
    }

    /// What it may come to, and the place of the name to ask for next where that is not decided. `truth`: whether no more is asked than
    /// if it is 0. What does not count any more is not looked at.
    pub(super) fn answer(&self, truth: bool, name: &dyn Fn(usize) -> Span) -> Answer {
        match self.nodes.len().checked_sub(1) {
            Some(last) => self.part(last, truth, name),
            None => Answer::known(Span::exactly(0.0)),
        }
    }

    /// The same for a node. It goes as deep as the expression, which has a limit.
    fn part(&self, number: usize, truth: bool, name: &dyn Fn(usize) -> Span) -> Answer {
        let zero = Answer::known(Span::exactly(0.0));
        let Some(node) = self.nodes.get(number) else { return zero };
        let kid = |place: usize, truth: bool| node.kids.get(place).map_or(zero, |kid| self.part(*kid, truth, name));
        match &node.kind {
            Kind::Number(number) => Answer::known(Span::exactly(*number)),
            Kind::Name(place) => Answer { span: name(*place), next: Some(*place) },
            Kind::Not => {
                let Answer { span: it, next } = kid(0, true);
                Answer { span: Span::truth(Span { zero: it.other, other: it.zero, ..it }), next }
            }
            Kind::Negate => {
                let Answer { span: it, next } = kid(0, truth);
                Answer { span: Span { least: -it.most, most: -it.least, ..it }, next }
            }
            Kind::All => self.all(node, truth, name),
            Kind::Any => self.any(node, truth, name),
            Kind::Sum => {
                let (mut sum, mut next, mut cost) = (None, None, u32::MAX);
                for kid in &node.kids {
                    let it = self.part(*kid, false, name);
                    sum = Some(sum.map_or(it.span, |sum: Span| sum.plus(it.span)));
                    let its = self.nodes.get(*kid).map_or(0, |it| it.cost);
                    if it.span.value().is_none() && (next.is_none() || its < cost) {
                        (next, cost) = (it.next, its);
                    }
                }
                Answer { span: sum.unwrap_or(zero.span), next }
            }
            Kind::Binary(sign) => {
                let (left, right) = (kid(0, false), kid(1, false));
                let next = if left.span.value().is_none() { left.next } else { right.next };
                Answer { span: binary(*sign, left.span, right.span), next }
            }
            Kind::Choose => {
                let condition = kid(0, true);
                match (condition.span.zero, condition.span.other) {
                    (false, _) => kid(1, truth),
                    (true, false) => kid(2, truth),
                    (true, true) => {
                        let (one, other) = (kid(1, truth).span, kid(2, truth).span);
                        Answer { span: one.or(other), next: condition.next }
                    }
                }
            }
        }
    }

    fn all(&self, node: &Node, truth: bool, name: &dyn Fn(usize) -> Span) -> Answer {
        let (mut next, mut may_be_zero) = (None, false);
        for kid in &node.by_cost {
            let it = self.part(*kid, true, name);
            if it.span.is_zero() {
                return Answer::known(Span::exactly(0.0));
            }
            if it.span.zero {
                may_be_zero = true;
                next = next.or(it.next);
            }
        }
        if truth {
            return if may_be_zero {
                Answer { span: Span::up_to(1.0), next }
            } else {
                Answer::known(Span::exactly(1.0))
            };
        }
        // The last is the value.
        let last = node.kids.last().map_or(Answer::known(Span::exactly(0.0)), |kid| self.part(*kid, false, name));
        match may_be_zero {
            true => Answer { span: last.span.or(Span::exactly(0.0)), next },
            false => last,
        }
    }

    fn any(&self, node: &Node, truth: bool, name: &dyn Fn(usize) -> Span) -> Answer {
        if truth {
            let mut next = None;
            for kid in &node.by_cost {
                let it = self.part(*kid, true, name);
                if !it.span.zero {
                    return Answer::known(Span::exactly(1.0));
                }
                if it.span.other {
                    next = next.or(it.next);
                }
            }
            let span = if next.is_some() { Span::up_to(1.0) } else { Span::exactly(0.0) };
            return Answer { span, next };
        }
        // The first that is not 0 is the value.
        let (mut whole, mut next): (Option<Span>, _) = (None, None);
        for kid in &node.kids {
            let it = self.part(*kid, false, name);
            if it.span.is_zero() {
                continue;
            }
            next = next.or(it.next);
            whole = Some(whole.map_or(it.span, |whole| Span { zero: it.span.zero, ..whole.or(it.span) }));
            if !it.span.zero {
                break;
            }
        }
        Answer { span: whole.unwrap_or(Span::exactly(0.0)), next }
    }

    /// Names of which one must hit for the whole not to be 0, the rarest that there are, and how often they do; `None` where it may
    /// hold whatever hits. What compares is taken to be 0 where its left side is, which the caller sees to.
    pub(super) fn wakers(&self, often: &dyn Fn(usize) -> u32) -> Option<(u32, Vec<usize>)> {
        let mut all: Vec<Option<(u32, Vec<usize>)>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut kids = node.kids.iter().map(|kid| all.get(*kid).cloned().flatten());
            let found = match &node.kind {
                Kind::Number(number) => (*number == 0.0).then(|| (0, Vec::new())),
                Kind::Name(place) => Some((often(*place), vec![*place])),
                Kind::All => kids.flatten().min_by_key(|(often, _)| *often),
                Kind::Any | Kind::Sum => kids.try_fold((0u32, Vec::new()), |(sum, mut names), kid| {
                    let (often, more) = kid?;
                    names.extend(more);
                    Some((sum.saturating_add(often), names))
                }),
                Kind::Binary(Sign::More | Sign::MoreEqual | Sign::Equal | Sign::Times | Sign::Over) => {
                    kids.next().flatten()
                }
                _ => None,
            };
            all.push(found);
        }
        all.pop().flatten()
    }

    /// The names whose value counts, and not only whether it is 0. `truth` is of the whole.
    pub(super) fn values(&self, truth: bool) -> Vec<usize> {
        let mut found = Vec::new();
        let mut truths = vec![true; self.nodes.len()];
        if let Some(last) = truths.last_mut() {
            *last = truth;
        }
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let truth = truths.get(number).copied().unwrap_or(true);
            if let (Kind::Name(place), false) = (&node.kind, truth) {
                found.push(*place);
            }
            for (place, kid) in node.kids.iter().enumerate() {
                let by_value = match node.kind {
                    Kind::Not => false,
                    Kind::All => !truth && place + 1 == node.kids.len(),
                    Kind::Any => !truth,
                    Kind::Choose => !truth && place > 0,
                    _ => true,
                };
                if by_value && let Some(slot) = truths.get_mut(*kid) {
                    *slot = false;
                }
            }
        }
        found
    }
}

impl Span {
    fn plus(self, other: Span) -> Span {
        match (self.value(), other.value()) {
            (Some(one), Some(two)) => Span::exactly(one + two),
            _ => Span::between(self.least + other.least, self.most + other.most),
        }
    }
}

fn binary(sign: Sign, left: Span, right: Span) -> Span {
    if let (Some(one), Some(other)) = (left.value(), right.value()) {
        return Span::exactly(sign.of(one, other));
    }
    let told = |surely: bool, never: bool| match (surely, never) {
        (true, _) => Span::exactly(1.0),
        (_, true) => Span::exactly(0.0),
        _ => Span::up_to(1.0),
    };
    let apart = left.most < right.least || left.least > right.most;
    match sign {
        Sign::Less => told(left.most < right.least, left.least >= right.most),
        Sign::LessEqual => told(left.most <= right.least, left.least > right.most),
        Sign::More => told(left.least > right.most, left.most <= right.least),
        Sign::MoreEqual => told(left.least >= right.most, left.most < right.least),
        Sign::Equal => told(false, apart),
        Sign::Unequal => told(apart, false),
        // Counts are not below 0, nor are most numbers in expressions; anything may come of the rest.
        Sign::Times if left.least >= 0.0 && right.least >= 0.0 => {
            Span::between(left.least * right.least, left.most * right.most)
        }
        _ => Span::between(f64::NAN, f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_decides_as_the_whole_does() {
        let texts = [
            "A && !B && (C || D)",
            "(A || B) && (C + D + E > 1)",
            "A + B + C >= 2 || D && E",
            "!(A || B) || C - D < 0",
            "A ? B : C || D",
            "(A || B || C) * 2 + (D && E) == 3",
            "A && (B && (C && D)) && E",
            "(A ^ B) + C / D",
            "-A < B && 1",
            "0 || A && 0 || B",
        ];
        let mut fewer = 0;
        for text in texts {
            let it = Expression::parse(text).unwrap();
            let tree = Tree::of(&it, &|place| 1 + (place as u32 * 7) % 3);
            for number in 0..3usize.pow(5) {
                let count = |place: usize| {
                    let letter = it.names[place].bytes().next().unwrap() - b'A';
                    ((number / 3usize.pow(u32::from(letter))) % 3) as f64
                };
                let expected = it.value(&mut Vec::new(), &count);
                for truth in [false, true] {
                    let mut asked = vec![false; it.names.len()];
                    let got = loop {
                        let known = |place: usize| match asked[place] {
                            true => Span::exactly(count(place)),
                            false => Span::up_to(2.0),
                        };
                        let Answer { span, next } = tree.answer(truth, &known);
                        assert!(
                            truth || (span.least <= expected && expected <= span.most),
                            "{text}: {span:?} {expected}"
                        );
                        match span.value() {
                            Some(value) => break value,
                            None if truth && span.has_truth() => break f64::from(u8::from(!span.is_zero())),
                            None => {
                                let place = next.unwrap();
                                assert!(!asked[place], "{text}: {} twice", it.names[place]);
                                asked[place] = true;
                            }
                        }
                    };
                    match truth {
                        true => assert_eq!(got != 0.0, expected != 0.0, "{text} {number}"),
                        false => assert_eq!(got, expected, "{text} {number}"),
                    }
                    fewer += asked.iter().filter(|it| !**it).count();
                }
            }
        }
        assert!(fewer > 2_000, "{fewer}");
    }

    #[test]
    fn names_whose_value_counts() {
        let it = Expression::parse("(A || B) && (C + D > 1) && !E && F").unwrap();
        let tree = Tree::of(&it, &|_| 1);
        let of = |truth| {
            tree.values(truth).iter().map(|place| it.names[*place].clone()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(of(true), ["C", "D"].map(str::to_owned).into());
        assert_eq!(of(false), ["C", "D", "F"].map(str::to_owned).into());
    }
}
