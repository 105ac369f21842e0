//! An expression as a tree, made when rules are loaded: from it come what has to hit for a meta to hold, and of which rules more is asked
//! than whether they hit. `answer` says what it comes to for a message.

use super::expression::{Expression, Op, Sign};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
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
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Operands, which stand before it.
    pub(super) kids: Vec<usize>,
}

/// An expression as a tree, operands before what they are operands of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn of(expression: &Expression) -> Tree {
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
                        both.push(tree.add(Kind::Negate, vec![right]));
                    }
                    (Kind::Sum, both)
                }
                Op::Binary(sign) => (Kind::Binary(*sign), take(2)),
                Op::Choose => (Kind::Choose, take(3)),
            };
            stack.push(tree.add(kind, kids));
        }
        tree
    }

    fn add(&mut self, kind: Kind, kids: Vec<usize>) -> usize {
        let mut flat = Vec::with_capacity(kids.len());
        for (number, kid) in kids.into_iter().enumerate() {
            // Of sums only the left operand: what is added first may round.
            let joins = matches!(kind, Kind::All | Kind::Any) || (kind == Kind::Sum && number == 0);
            match self.nodes.get_mut(kid) {
                Some(it) if joins && it.kind == kind => flat.append(&mut it.kids),
                _ => flat.push(kid),
            }
        }
        self.nodes.push(Node { kind, kids: flat });
        self.nodes.len() - 1
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
            if let (Kind::Name(place), false) = (node.kind, truth) {
                found.push(place);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_whose_value_counts() {
        let it = Expression::parse("(A || B) && (C + D > 1) && !E && F").unwrap();
        let tree = Tree::of(&it);
        let of = |truth| {
            tree.values(truth).iter().map(|place| it.names[*place].clone()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(of(true), ["C", "D"].map(str::to_owned).into());
        assert_eq!(of(false), ["C", "D", "F"].map(str::to_owned).into());
    }
}
