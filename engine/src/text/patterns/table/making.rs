//! A table while it is made of an automaton whose states are made as they are asked for: those that mail leads to first get rows.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input};

use super::{BEFORE, BEFORE_OF, BEYOND_ASCII, LARGEST, MOST_LEAVING, STATES_BYTES, Table};

/// A state that is to have a row.
pub(super) struct Row {
    next: Vec<LazyStateID>,
    is_end: bool,
}

/// A table while it is made: states get rows in the order in which mail most likely leads to them, until there are enough.
pub(super) struct Making {
    pub(super) automaton: DFA,
    pub(super) backwards: bool,
    pub(super) cache: Cache,
    pub(super) rows: Vec<Row>,
    /// Those of states that have one.
    pub(super) numbers: HashMap<LazyStateID, usize>,
    /// States by how far away they are, and in the order in which they were met.
    pub(super) waiting: BinaryHeap<Reverse<(u32, usize, LazyStateID)>>,
    pub(super) met: usize,
}

impl Making {
    pub(super) fn table(mut self) -> Option<(Box<Table>, bool)> {
        let (mut classes, mut bytes) = ([0; 256], Vec::new());
        for (byte, slot) in (0..=255u8).zip(&mut classes) {
            *slot = self.automaton.byte_classes().get(byte);
            if usize::from(*slot) == bytes.len() {
                bytes.push(byte);
            }
        }
        let mut starts = [None; BEFORE];
        let befores = [None].into_iter().chain((0..=255u8).map(Some));
        for before in befores {
            let state = self.start(before)?;
            let of = before.map_or(0, |byte| BEFORE_OF.get(usize::from(byte)).copied().unwrap_or_default());
            let slot = starts.get_mut(usize::from(of))?;
            // What stands before tells no more than that.
            if *slot.get_or_insert(state) != state {
                return None;
            }
            self.meet(0, state);
        }
        let is_whole = self.explore(&bytes)?;
        let code = |state: LazyStateID| self.code(state, bytes.len());
        let mut next = vec![0; usize::from(Table::FIRST)];
        for row in &self.rows {
            next.extend(row.next.iter().map(|state| code(*state)));
        }
        let ends = self.rows.iter().map(|row| row.is_end).collect();
        let (first, width) = (usize::from(Table::FIRST), bytes.len().max(1));
        let rows = (first..).step_by(width).zip(next.get(first..).unwrap_or_default().chunks(width));
        let leaving = rows.map(|(state, row)| leaving(state, row, &classes)).collect();
        let starts = starts.map(|state| state.map_or(Table::BEYOND, code));
        Some((Box::new(Table { next, ends, width: bytes.len(), starts, classes, leaving }), is_whole))
    }

    fn start(&mut self, before: Option<u8>) -> Option<LazyStateID> {
        let text = before.map(|byte| [byte]);
        let text = text.as_ref().map_or(&[][..], |text| text);
        let input = Input::new(text).anchored(Anchored::Yes);
        match self.backwards {
            true => self.automaton.start_state_reverse(&mut self.cache, &input.range(..0)).ok(),
            false => self.automaton.start_state_forward(&mut self.cache, &input.range(text.len()..)).ok(),
        }
    }

    /// A state that is so far away, which may not have been met before.
    fn meet(&mut self, distance: u32, state: LazyStateID) {
        if !state.is_dead() && !state.is_match() && !state.is_quit() && !self.numbers.contains_key(&state) {
            self.waiting.push(Reverse((distance, self.met, state)));
            self.met += 1;
        }
    }

    /// Whether all states got rows.
    fn explore(&mut self, bytes: &[u8]) -> Option<bool> {
        while let Some(Reverse((distance, _, state))) = self.waiting.pop() {
            if self.numbers.contains_key(&state) {
                continue;
            }
            if (self.rows.len() + 1) * bytes.len() > LARGEST || self.cache.memory_usage() > STATES_BYTES {
                return Some(false);
            }
            self.numbers.insert(state, self.rows.len());
            let mut next = Vec::with_capacity(bytes.len());
            for byte in bytes {
                let to = self.automaton.next_state(&mut self.cache, state, *byte).ok()?;
                self.meet(distance + if byte.is_ascii() { 1 } else { BEYOND_ASCII }, to);
                next.push(to);
            }
            let is_end = self.automaton.next_eoi_state(&mut self.cache, state).ok()?.is_match();
            if self.cache.clear_count() > 0 {
                return None;
            }
            self.rows.push(Row { next, is_end });
        }
        Some(true)
    }

    fn code(&self, state: LazyStateID, width: usize) -> u16 {
        if state.is_dead() {
            return Table::DEAD;
        }
        if state.is_match() {
            return Table::MATCH;
        }
        let row = self.numbers.get(&state).and_then(|row| row.checked_mul(width)?.checked_add(Table::FIRST.into()));
        row.and_then(|row| u16::try_from(row).ok()).unwrap_or(Table::BEYOND)
    }
}

/// The bytes that lead from a state, by its row, to another one, if they are few.
fn leaving(state: usize, row: &[u16], classes: &[u8; 256]) -> Option<[u8; MOST_LEAVING]> {
    let leaves = |class: &u8| row.get(usize::from(*class)).is_none_or(|next| usize::from(*next) != state);
    if (0..).zip(row).filter(|(class, _)| leaves(class)).count() > MOST_LEAVING {
        return None;
    }
    let mut all = (0..=255).zip(classes).filter(|(_, class)| leaves(class)).map(|(byte, _)| byte);
    let first = all.next()?;
    let second = all.next().unwrap_or(first);
    let third = all.next().unwrap_or(second);
    all.next().is_none().then_some([first, second, third])
}
