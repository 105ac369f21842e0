//! Every plausible reading of a message: it is walked once, and where that met points at which programs differ, again for
//! each way that they take. Readings with the same leaves are one. An unambiguous message meets no such point.

use std::collections::{HashMap, HashSet};

use super::choice::Choices;
use super::tree::{Part, PartKind, Tree};
use super::walk;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::{Place, Readings};
use crate::text::span::Span;

/// Most walks over one message: the points met by three tricks at once.
const MOST_WALKS: usize = 96;
/// A large message is walked less often: of the steps that it may cost there is one byte of a walk for so many, but never
/// fewer walks than this. So it is by size and not by what a walk cost, which is not the same with either line end; a walk
/// costs up to 42 steps a byte, where parameters are all that there is.
const STEPS_A_BYTE: u64 = 400;
const LEAST_WALKS: usize = 8;
/// How many times their own size all readings together may hold in contents that the first does not have; of a small
/// message, as many bytes.
const MOST_CONTENT: usize = 4;
const LEAST_CONTENT: usize = 64 << 10;

/// Reads a message into a tree, with its other readings.
#[inline(never)] // benches/instructions.py finds it by its name
pub(crate) fn parse(raw: &[u8], budget: &mut Budget<'_>) -> Tree {
    parse_within(raw, 0, budget)
}

/// Reads a message that was found within `around` containers, which count towards the depth limit. Depths in the tree
/// begin at 0 all the same.
pub(crate) fn parse_within(raw: &[u8], around: u16, budget: &mut Budget<'_>) -> Tree {
    let (mut first, met) = walk::walk(raw, around, 0, budget);
    if met != 0 {
        others(raw, around, met, &mut first, budget);
    }
    first
}

/// Adds the other readings to `first`.
fn others(raw: &[u8], around: u16, met: u32, first: &mut Tree, budget: &mut Budget<'_>) {
    // Either line end is as long, so that the same lines have the same readings.
    let size = length(raw);
    let bytes = usize::try_from(budget.limits.steps / STEPS_A_BYTE).unwrap_or(usize::MAX);
    let most = (bytes / size.max(1)).clamp(LEAST_WALKS, MOST_WALKS);
    let mut room = size.saturating_mul(MOST_CONTENT).max(LEAST_CONTENT);
    let mut held: HashSet<Leaf> = leaves(first).into_iter().collect();
    let mut outcomes = vec![leaves(first)];
    // Breadth first: each point alone, then two, then three.
    let mut waiting: Vec<(u32, u32)> = vec![(0, met)];
    let mut done: Vec<u32> = vec![0];
    let mut next = 0;
    'all: while let Some((taken, met)) = waiting.get(next).copied() {
        next += 1;
        for bit in (0..32).map(|n| 1u32 << n).filter(|bit| met & bit != 0 && taken & bit == 0) {
            let taken = taken | bit;
            if done.contains(&taken) {
                continue;
            }
            let full = done.len() > most || outcomes.len() >= Readings::MOST;
            if full {
                let explanation = format!("{} readings were looked at, and there may be more", outcomes.len());
                budget.note_once(Limit::Readings, Place::message, explanation);
                break 'all;
            }
            done.push(taken);
            // A limit that the first walk met is noted already.
            let noted = budget.reached.len();
            let (mut tree, met) = walk::walk(raw, around, taken, budget);
            let gaps = budget.reached.split_off(noted);
            for gap in gaps {
                budget.note_once(gap.limit, || gap.place.clone(), gap.explanation);
            }
            if budget.halted() {
                break 'all;
            }
            let found = leaves(&tree);
            if let Some(same) = outcomes.iter().position(|outcome| *outcome == found) {
                // What has no effect alone may have one together with another, as long as it met something new.
                if same != 0 && met & !first_met(&waiting) == 0 {
                    continue;
                }
                if met & !first_met(&waiting) != 0 {
                    waiting.push((taken, met));
                }
                continue;
            }
            let new: Vec<&Leaf> = found.iter().filter(|leaf| !held.contains(leaf)).collect();
            let bytes: usize = new.iter().map(|leaf| length(leaf.body.of(raw))).sum();
            if bytes > room {
                let explanation = format!("{} readings were looked at, and others hold too much", outcomes.len());
                budget.note_once(Limit::Readings, Place::message, explanation);
                continue;
            }
            room -= bytes;
            held.extend(new.into_iter().cloned().collect::<Vec<_>>());
            outcomes.push(found);
            tree.taken = Choices::words(taken);
            tree.defects.clear();
            waiting.push((taken, met));
            first.others.push(tree);
        }
    }
    mark(first);
}

/// How long a text is without carriage returns: what bounds by it has the same with either line end.
pub(crate) fn length(text: &[u8]) -> usize {
    text.len() - memchr::memchr_iter(b'\r', text).count()
}

/// The points that the first walk met.
fn first_met(waiting: &[(u32, u32)]) -> u32 {
    waiting.first().map_or(0, |(_, met)| *met)
}

/// What a reader would see of a leaf.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Leaf {
    body: Span,
    encodings: Vec<super::Encoding>,
    media_type: String,
    names: Vec<String>,
    attached: bool,
}

fn leaf(part: &Part) -> Leaf {
    let encodings = std::iter::once(part.encoding).chain(part.encodings.iter().copied()).collect();
    Leaf {
        body: part.body,
        encodings,
        media_type: part.media_type.clone(),
        names: part.names.clone(),
        attached: part.disposition == "attachment",
    }
}

fn leaves(tree: &Tree) -> Vec<Leaf> {
    let is_leaf = |part: &&Part| part.kind == PartKind::Leaf && part.body.len() > 0;
    tree.parts.iter().filter(is_leaf).map(leaf).collect()
}

/// Says of each leaf in which readings it is there, and leaves it to the first of them.
fn mark(first: &mut Tree) {
    let mut seen: HashMap<Leaf, Readings> = HashMap::new();
    let number = |tree: &Tree, number: usize, seen: &mut HashMap<Leaf, Readings>| {
        for part in tree.parts.iter().filter(|part| part.kind == PartKind::Leaf) {
            let only = Readings::only(number);
            seen.entry(leaf(part)).and_modify(|all| *all = all.union(only)).or_insert(only);
        }
    };
    number(first, 0, &mut seen);
    for (index, tree) in first.others.iter().enumerate() {
        number(tree, index + 1, &mut seen);
    }
    let mut own = std::mem::take(&mut first.others);
    let mut kept: HashSet<Leaf> = HashSet::new();
    for (index, tree) in std::iter::once(&mut *first).chain(own.iter_mut()).enumerate() {
        for part in &mut tree.parts {
            part.readings = Readings::only(index);
            if part.kind == PartKind::Leaf {
                let it = leaf(part);
                part.readings = seen.get(&it).copied().unwrap_or(part.readings);
                // Within one reading two leaves may be equal in all but where their headers stand.
                part.known = index > 0 && kept.contains(&it);
                kept.insert(it);
            } else {
                part.known = index > 0;
            }
        }
    }
    first.others = own;
}
