//! About how often each rule is asked for, estimated when rules are loaded: most of those that serve others stand beside what seldom hits, and
//! are not asked for where that does not. Takes rules and expressions, gives a share of messages.

use super::SpamAssassin;
use super::tree::{Kind, Tree};

/// How often a rule hits that looks at a text, at a header field, and one of all others, about.
const OF_TEXT: f64 = 0.03;
const OF_FIELD: f64 = 0.1;
const OF_OTHER: f64 = 0.1;
/// How often what compares holds, for each time that its left side is not 0.
const COMPARED: f64 = 0.3;

/// By the numbers of rules, in how many messages each is asked for.
pub(super) fn asked(program: &SpamAssassin) -> Vec<f64> {
    let mut chances = vec![OF_OTHER; program.rules.len()];
    let mut set = |rule: u32, chance: f64| {
        if let Some(slot) = chances.get_mut(rule as usize) {
            *slot = chance;
        }
    };
    for (number, all) in program.sets() {
        let chance = if number < SpamAssassin::TEXTS { OF_TEXT } else { OF_FIELD };
        all.members.iter().for_each(|member| set(member.rule, chance));
    }
    let mut trees = Vec::with_capacity(program.metas.len());
    for meta in &program.metas {
        let tree = Tree::of(&meta.expression);
        let rule = |place: usize| meta.parts.get(place).copied().flatten();
        let its = chances_of(&tree, &|place| rule(place).and_then(|rule| chances.get(rule as usize)).copied());
        if let Some(slot) = chances.get_mut(meta.rule as usize) {
            *slot = if meta.off { 0.0 } else { its.last().copied().unwrap_or(0.0) };
        }
        trees.push((tree, its));
    }
    let is_scored = |(number, is_off): (u32, &bool)| f64::from(u8::from(!is_off && !program.is_sub(number)));
    let mut asked: Vec<f64> = (0u32..).zip(&program.off).map(is_scored).collect();
    // Metas stand behind what they ask for.
    for (meta, (tree, chances)) in program.metas.iter().zip(&trees).rev().filter(|(meta, _)| !meta.off) {
        let whole = asked.get(meta.rule as usize).copied().unwrap_or(0.0);
        for (rule, its) in shares(tree, chances, whole) {
            if let Some(slot) = meta.parts.get(rule).copied().flatten().and_then(|rule| asked.get_mut(rule as usize)) {
                *slot = (*slot + its).min(1.0);
            }
        }
    }
    asked
}

/// How likely each node of a tree is not 0, by that of names.
fn chances_of(tree: &Tree, of: &dyn Fn(usize) -> Option<f64>) -> Vec<f64> {
    let mut chances: Vec<f64> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        let mut kids = node.kids.iter().map(|kid| chances.get(*kid).copied().unwrap_or(0.0));
        let chance = match node.kind {
            Kind::Number(number) => f64::from(u8::from(number != 0.0)),
            Kind::Name(place) => of(place).unwrap_or(0.0),
            Kind::Not => 1.0 - kids.next().unwrap_or(0.0),
            Kind::Negate => kids.next().unwrap_or(0.0),
            Kind::All => kids.product(),
            Kind::Any | Kind::Sum => 1.0 - kids.map(|it| 1.0 - it).product::<f64>(),
            Kind::Binary(_) => COMPARED * kids.next().unwrap_or(0.0),
            Kind::Choose => COMPARED,
        };
        chances.push(chance);
    }
    chances
}

/// For each name of a tree how often it is asked for, by how often the whole is: what must hold together is asked for in turn, until one
/// does not.
fn shares(tree: &Tree, chances: &[f64], whole: f64) -> Vec<(usize, f64)> {
    let mut asked = vec![0.0; tree.nodes.len()];
    if let Some(last) = asked.last_mut() {
        *last = whole;
    }
    let mut names = Vec::new();
    for (number, node) in tree.nodes.iter().enumerate().rev() {
        let its = asked.get(number).copied().unwrap_or(0.0);
        if let Kind::Name(place) = node.kind {
            names.push((place, its));
        }
        // What must not hit is no obstacle: it is likely to be asked for later.
        let passes = |kid: &usize| match tree.nodes.get(*kid) {
            Some(it) if node.kind == Kind::All && it.kind != Kind::Not => chances.get(*kid).copied().unwrap_or(0.0),
            _ => 1.0,
        };
        // How likely all behind each pass, last first: so it takes no longer than there are.
        let behind = node.kids.iter().rev().scan(1.0, |all, kid| Some(std::mem::replace(all, *all * passes(kid))));
        let behind: Vec<f64> = behind.collect();
        let mut before = 1.0;
        for (kid, behind) in node.kids.iter().zip(behind.into_iter().rev()) {
            if let Some(slot) = asked.get_mut(*kid) {
                *slot = its * before * behind;
            }
            before *= passes(kid);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::expression::Expression;
    use super::*;

    #[test]
    fn what_stands_beside_what_seldom_hits_is_seldom_asked_for() {
        let it = Expression::parse("A && (B || !C) && D + E > 1").unwrap();
        let tree = Tree::of(&it);
        let chance = |place: usize| Some(if it.names[place] == "A" { 0.01 } else { 0.5 });
        let chances = chances_of(&tree, &chance);
        let shares = shares(&tree, &chances, 0.8);
        let of = |name: &str| shares.iter().find(|(place, _)| it.names[*place] == name).unwrap().1;
        assert!(of("B") < 0.01 && of("C") < 0.01 && of("D") < 0.01 && of("E") < 0.01);
        assert!((of("A") - 0.8 * 0.75 * 0.3 * 0.75).abs() < 1e-9, "{}", of("A"));
    }
}
