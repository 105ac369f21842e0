//! Equal results of different readings as one. Takes the content once all is decoded; what two readings have alike becomes one
//! item of both, and readings in which all is alike become one.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::{Content, Data, Item, index};
use crate::limits::Budget;
use crate::place::{Place, Readings};

/// SHA-256 takes up to 4 ns a byte where the processor does not help.
const STEPS_A_BYTE: u64 = 3;

/// All that a reader sees of an item.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Seen {
    parent: Option<u32>,
    names: Vec<String>,
    declared: String,
    charset: Option<String>,
    attached: bool,
    cut: bool,
    size: u64,
    digest: Option<[u8; 32]>,
}

/// Merges items and readings that are alike.
pub(super) fn merge(content: &mut Content<'_>, budget: &mut Budget<'_>) {
    if content.readings.len() < 2 || budget.halted() {
        return;
    }
    let bytes = content.items.iter().skip(1).filter(|item| item.sha256.is_none()).map(|item| content.bytes(item).len());
    let steps = (bytes.sum::<usize>() as u64).saturating_mul(STEPS_A_BYTE);
    if !budget.work(steps, Place::message) {
        return;
    }
    let (kept, readings) = alike(content);
    let merged = readings_alike(content, &kept, &readings);
    let count = merged.iter().copied().max().map_or(1, |last| last + 1);
    let same_items = kept.iter().enumerate().all(|(old, new)| index(old) == *new);
    if same_items && count == content.readings.len() {
        return;
    }
    renumber(content, &kept, &readings, &merged, budget);
}

/// For each item the first that is alike, and for each of those all readings that have one.
fn alike(content: &Content<'_>) -> (Vec<u32>, Vec<Readings>) {
    let mut kept: Vec<u32> = Vec::with_capacity(content.items.len());
    let mut readings: Vec<Readings> = content.items.iter().map(|item| item.readings).collect();
    let mut known: HashMap<Seen, Vec<u32>> = HashMap::new();
    // A file that stands twice in one reading stays two: the first of another reading is the first of this one.
    let mut turns: HashMap<(u32, usize), usize> = HashMap::new();
    for (number, item) in (0u32..).zip(&content.items) {
        let same = if number == 0 { None } else { Some(known.entry(seen(content, item, &kept)).or_default()) };
        let Some(same) = same else {
            kept.push(number);
            continue;
        };
        let found = same.first().copied().and_then(|first| {
            let turn = turns.entry((first, item.readings.first())).or_default();
            let candidate = same.get(*turn).copied();
            *turn += 1;
            let own = readings.get(candidate? as usize)?;
            let disjoint = own.without(item.readings) == *own;
            candidate.filter(|_| disjoint)
        });
        match found {
            Some(other) => {
                kept.push(other);
                if let Some(all) = readings.get_mut(other as usize) {
                    *all = all.union(item.readings);
                }
            }
            None => {
                // What comes behind it in the same reading is not alike to it.
                let first = same.first().copied().unwrap_or(number);
                same.push(number);
                turns.insert((first, item.readings.first()), same.len());
                kept.push(number);
            }
        }
    }
    (kept, readings)
}

fn seen(content: &Content<'_>, item: &Item, kept: &[u32]) -> Seen {
    let bytes = content.bytes(item);
    let is_open = item.data != Data::Closed;
    Seen {
        parent: item.parent.and_then(|parent| kept.get(parent as usize)).copied(),
        names: item.names.clone(),
        declared: item.declared.clone(),
        charset: item.charset.clone(),
        attached: item.attached,
        cut: item.cut,
        size: item.size,
        digest: item.sha256.or_else(|| is_open.then(|| Sha256::digest(bytes).into())),
    }
}

/// For each reading its number once those that hold the same items are one.
fn readings_alike(content: &Content<'_>, kept: &[u32], readings: &[Readings]) -> Vec<usize> {
    let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
    (0..content.readings.len())
        .map(|reading| {
            let holds = |(old, new): &(usize, &u32)| {
                *old == **new as usize && readings.get(*old).is_some_and(|it| it.contains(reading))
            };
            let held = kept.iter().enumerate().skip(1).filter(holds).map(|(_, new)| *new).collect();
            let next = known.len();
            *known.entry(held).or_insert(next)
        })
        .collect()
}

/// Leaves out what is alike, with new numbers for what is left.
fn renumber(content: &mut Content<'_>, kept: &[u32], readings: &[Readings], merged: &[usize], budget: &mut Budget<'_>) {
    let renamed = |old: Readings| {
        let new = merged.iter().enumerate().filter(|(reading, _)| old.contains(*reading)).map(|(_, new)| *new);
        new.map(Readings::only).reduce(Readings::union).unwrap_or(old)
    };
    let mut numbers: Vec<u32> = Vec::with_capacity(kept.len());
    let mut next = 0;
    for (old, first) in kept.iter().enumerate() {
        let number = match *first as usize == old {
            true => {
                next += 1;
                next - 1
            }
            false => numbers.get(*first as usize).copied().unwrap_or_default(),
        };
        numbers.push(number);
    }
    let number = |old: u32| numbers.get(old as usize).copied().unwrap_or(old);
    let mut items = Vec::with_capacity(next as usize);
    for (old, mut item) in std::mem::take(&mut content.items).into_iter().enumerate() {
        if kept.get(old).is_none_or(|first| *first as usize == old) {
            item.parent = item.parent.map(number);
            item.readings = renamed(readings.get(old).copied().unwrap_or(item.readings));
            items.push(item);
        }
    }
    content.items = items;
    let mut reading = 0;
    content.readings.retain(|_| {
        let first = merged.get(reading).is_some_and(|new| !merged.iter().take(reading).any(|other| other == new));
        reading += 1;
        first
    });
    content.forks.clear();
    let items = &content.items;
    let moved = |place: &mut Place| {
        if place.item == 0 {
            return;
        }
        let is_gone = kept.get(place.item as usize).is_some_and(|first| *first != place.item);
        place.readings = renamed(place.readings);
        place.item = number(place.item);
        if let (true, Some(item)) = (is_gone, items.get(place.item as usize)) {
            place.path = item.path.clone();
            place.readings = item.readings;
        }
    };
    let mut told = HashSet::new();
    content.defects.iter_mut().for_each(|defect| moved(&mut defect.place));
    content.defects.retain(|it| told.insert((it.kind, it.place.item, it.place.view.clone(), it.place.offset)));
    budget.reached.iter_mut().for_each(|gap| moved(&mut gap.place));
}
