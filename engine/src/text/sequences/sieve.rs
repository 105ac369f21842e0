//! Looks for many sequences of byte classes in one pass. Takes sequences, each with its owner, and a text; hands on where one was
//! seen. Of each sequence the few classes that mail has least often one behind the other are noted in a table: for a byte of the text the groups
//! that it begins say whether to look there, whatever the number of sequences, and only where the table says so sequences are compared. Automata, which were here before,
//! waited for memory with SpamAssassin's rules, and kept 8 MB for each thread.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, StartKind};

use super::first::SELDOM_PAIRS;
use super::fold::{groups, rarest};
use super::frequent::Drafted;
use super::known::{Knowns, merged};
use super::pass::{Draft, Owner, Pass};
use super::places::Places;
use super::sets::{Bytes, Sequence, add, folded};
use super::waiting::Waiting;

/// What of a sequence may stand behind the place where its noted classes begin, in bytes.
const MOST_BEHIND: usize = 60;
/// Literals of so many bytes, and nothing else, are an automaton that is a table of moves and fits into the caches, of 256 bytes for each of
/// theirs at most: for the stock rules (3 KB) it takes four sevenths of the instructions, and as long.
const FEW_BYTES: usize = 8 << 10;
/// What is looked up for an owner in more of mail's places than this is often.
const OFTEN: f64 = 1.0 / 300.0;

/// The sequences.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// Sequences and literals with their owners, until all are added.
    added: Vec<(u32, Vec<Sequence>)>,
    literals: Vec<(u32, Vec<Vec<u8>>)>,
    known: Knowns,
    /// Where there are only few literals, their automaton, and their owners: the rest is empty then.
    automaton: Option<(AhoCorasick, Vec<u32>)>,
    /// Of all but those that wait.
    pass: Pass,
    /// Of those that do, where there are any.
    rest: Option<Pass>,
}

/// What is kept from text to text: memory to be reused.
#[derive(Debug, Default)]
pub(crate) struct SieveMemory {
    waiting: Waiting,
    places: Places,
}

impl Sieve {
    /// Adds the sequences of an owner.
    pub(crate) fn add(&mut self, owner: u32, sequences: &[Sequence]) {
        self.added.push((owner, sequences.to_vec()));
    }

    /// Adds the literals of an owner, whatever their case. None may be empty.
    pub(crate) fn add_literals(&mut self, owner: u32, texts: Vec<Vec<u8>>) {
        self.literals.push((owner, texts));
    }

    /// To be called once, when all are added.
    pub(crate) fn finish(&mut self) {
        self.finish_by(SELDOM_PAIRS, false, &|_| false);
    }

    /// The same, in two: those of owners that may wait have a pass of their own, which is made where somebody asks for them: such as mail is full
    /// of, and all where the other pass is a search for few bytes then. Gives these owners. What is seen is in no order then: it is for `search_as_seen`.
    pub(crate) fn finish_in_two(&mut self, may_wait: &dyn Fn(u32) -> bool) -> Vec<u32> {
        self.finish_by(SELDOM_PAIRS, true, may_wait)
    }

    fn finish_by(&mut self, seldom_pairs: f64, is_free: bool, may_wait: &dyn Fn(u32) -> bool) -> Vec<u32> {
        let (added, literals) = (std::mem::take(&mut self.added), std::mem::take(&mut self.literals));
        if added.is_empty()
            && let Some(automaton) = automaton(&literals)
        {
            self.automaton = Some(automaton);
            return Vec::new();
        }
        let of_literals = literals.iter().map(|(owner, texts)| {
            let sequences = merged(texts.iter().map(|text| folded(text)).collect());
            (*owner, sequences)
        });
        let (mut all, mut owners): (Draft, Vec<Owner>) = Default::default();
        let mut load: HashMap<(usize, u32), u32> = HashMap::new();
        let mut numbers = 0u32..;
        for (owner, sequences) in added.into_iter().chain(of_literals) {
            let mut its = Owner { owner, sequences: sequences.len(), ..Owner::default() };
            for (sequence, number) in sequences.iter().zip(&mut numbers) {
                let groups: Vec<u64> = sequence.iter().map(groups).collect();
                let part = rarest(&groups, groups.len().saturating_sub(MOST_BEHIND), &load);
                its.often += part.often;
                self.known.add(owner, sequence, part.before);
                part.ways.iter().for_each(|way| *load.entry((part.width, *way)).or_default() += 1);
                add(&mut its.starts, sequence.get(part.before).unwrap_or(&Bytes::default()));
                all.sequences.push(Drafted { number, groups, part });
            }
            owners.push(its);
        }
        let mut at_once = Draft::default();
        for it in &owners {
            add(&mut all.starts, &it.starts);
            if !may_wait(it.owner) {
                add(&mut at_once.starts, &it.starts);
            }
        }
        let is_quick = at_once.is_quick();
        let waits = |it: &&Owner| may_wait(it.owner) && (is_quick || it.often > OFTEN);
        let waiting: Vec<u32> = owners.iter().filter(waits).map(|it| it.owner).collect();
        let (pass, rest) = if waiting.is_empty() { (all, None) } else { all.parted(&owners, waits) };
        self.known.finish();
        self.pass = pass.finish(seldom_pairs, is_free, &self.known);
        self.rest = rest.map(|rest| rest.finish(seldom_pairs, is_free, &self.known));
        waiting
    }

    /// Hands owner, start and end of each sequence that is in the text, by where they end.
    pub(crate) fn search(&self, text: &[u8], memory: &mut SieveMemory, mut each: impl FnMut(u32, usize, usize)) {
        let SieveMemory { waiting, places } = memory;
        if self.automaton.is_some() {
            return self.search_as_seen(text, places, |_, owner, from, to| each(owner, from, to));
        }
        waiting.begin();
        self.search_as_seen(text, places, |at, owner, from, to| {
            waiting.hand_on(at, &mut each);
            waiting.add(owner, from, to);
        });
        waiting.hand_on(usize::MAX, &mut each);
    }

    /// The same by where a part of them was seen, which is handed on as well: they end no more than `MOST_BEHIND` and eight bytes behind it.
    pub(crate) fn search_as_seen(
        &self,
        text: &[u8],
        places: &mut Places,
        mut each: impl FnMut(usize, u32, usize, usize),
    ) {
        if let Some((automaton, owners)) = &self.automaton {
            for seen in automaton.find_overlapping_iter(text) {
                if let Some(owner) = owners.get(seen.pattern().as_usize()) {
                    each(seen.end().saturating_sub(1), *owner, seen.start(), seen.end());
                }
            }
            return;
        }
        self.pass.search(&self.known, text, places, each);
    }

    /// The same of those that wait.
    pub(crate) fn search_rest_as_seen(
        &self,
        text: &[u8],
        places: &mut Places,
        each: impl FnMut(usize, u32, usize, usize),
    ) {
        if let Some(rest) = &self.rest {
            rest.search(&self.known, text, places, each);
        }
    }
}

/// The automaton of few literals, and whose they are.
fn automaton(literals: &[(u32, Vec<Vec<u8>>)]) -> Option<(AhoCorasick, Vec<u32>)> {
    let all = || literals.iter().flat_map(|(owner, texts)| texts.iter().map(|text| (*owner, text)));
    let bytes: usize = all().map(|(_, text)| text.len()).sum();
    if bytes == 0 || bytes > FEW_BYTES {
        return None;
    }
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).start_kind(StartKind::Unanchored).kind(Some(AhoCorasickKind::DFA));
    Some((builder.build(all().map(|(_, text)| text)).ok()?, all().map(|(owner, _)| owner).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::sets::{class, has};
    use super::*;

    /// A text of letters drawn from some.
    fn drawn(seed: &mut u64, letters: &[u8], length: usize) -> Vec<u8> {
        let next = |_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            letters[(*seed >> 33) as usize % letters.len()]
        };
        (0..length).map(next).collect()
    }

    fn check(sequences: &[Sequence], letters: &[u8]) {
        [0.0, f64::INFINITY].iter().for_each(|seldom_pairs| check_by(*seldom_pairs, false, sequences, letters));
        check_by(SELDOM_PAIRS, true, sequences, letters);
    }

    #[test]
    fn what_mail_is_full_of_may_wait() {
        let mut sieve = Sieve::default();
        let of = |text: &str| vec![folded(text.as_bytes())];
        (0..)
            .zip(["the", "quiz", " and ", "zyx", "lamp", "kiwi"])
            .for_each(|(owner, text)| sieve.add(owner, &of(text)));
        sieve.add_literals(6, vec![b"th".to_vec(), b"xylophone".to_vec()]);
        assert_eq!(
            sieve.finish_in_two(&|owner| !(2..6).contains(&owner)),
            [0, 6],
            "what is seldom does not, nor what must not"
        );
        let text = b"The quiz and that xylophone";
        let (mut places, mut first, mut rest) = (Places::default(), Vec::new(), Vec::new());
        sieve.search_as_seen(text, &mut places, |_, owner, from, _| first.push((owner, from)));
        sieve.search_rest_as_seen(text, &mut places, |_, owner, from, _| rest.push((owner, from)));
        rest.sort_unstable();
        assert_eq!((first, rest), (vec![(1, 4), (2, 8)], vec![(0, 0), (6, 0), (6, 13), (6, 18)]));
    }

    #[test]
    fn all_wait_that_may_where_what_is_left_is_one_byte() {
        let mut sieve = Sieve::default();
        let of = |text: &str| vec![folded(text.as_bytes())];
        (0..).zip(["\0", "quiz", "zyx"]).for_each(|(owner, text)| sieve.add(owner, &of(text)));
        assert_eq!(sieve.finish_in_two(&|owner| owner > 0), [1, 2]);
        let (mut places, mut first, mut rest) = (Places::default(), Vec::new(), Vec::new());
        sieve.search_as_seen(b"zyx \0 quiz", &mut places, |_, owner, from, _| first.push((owner, from)));
        sieve.search_rest_as_seen(b"zyx \0 quiz", &mut places, |_, owner, from, _| rest.push((owner, from)));
        assert_eq!((first, rest), (vec![(0, 4)], vec![(2, 0), (1, 6)]));
    }

    fn check_by(seldom_pairs: f64, is_free: bool, sequences: &[Sequence], letters: &[u8]) {
        let mut sieve = Sieve::default();
        (0..).zip(sequences).for_each(|(owner, it)| sieve.add(owner, std::slice::from_ref(it)));
        sieve.finish_by(seldom_pairs, is_free, &|_| false);
        assert_eq!(sieve.pass.has_rows(), is_free && !sieve.pass.is_quick());
        assert!(is_free || sieve.pass.is_by_pairs() == (seldom_pairs > 0.0));
        let (mut memory, mut seed, mut all) = (SieveMemory::default(), 5u64, 0);
        for round in 0..300 {
            let text = drawn(&mut seed, letters, round % 60);
            let mut found = Vec::new();
            let mut add = |owner, start, end| found.push((end, owner, start));
            if is_free {
                sieve.search_as_seen(&text, &mut memory.places, |_, owner, start, end| add(owner, start, end));
            } else {
                sieve.search(&text, &mut memory, add);
                assert!(found.is_sorted_by_key(|(end, ..)| *end), "by where they end");
            }
            found.sort_unstable();
            let mut expected = Vec::new();
            for end in 1..=text.len() {
                for (owner, sequence) in (0u32..).zip(sequences) {
                    let Some(start) = end.checked_sub(sequence.len()) else { continue };
                    if text[start..end].iter().zip(sequence).all(|(byte, class)| has(class, *byte)) {
                        expected.push((end, owner, start));
                    }
                }
            }
            assert_eq!(found, expected);
            all += found.len();
        }
        assert!(all > 300, "{all}");
    }

    #[test]
    fn it_finds_what_a_plain_search_finds() {
        check(
            &[
                vec![class("ab"), class("b")],
                vec![class("b"), class("abc"), class("c")],
                vec![class("c"), class("c")],
                vec![class("abc"), class("a"), class("d"), class("ad")],
                vec![class("e"), class("abcde"), class("abcde"), class("abcde"), class("d"), class("a1@")],
                vec![class("1")],
            ],
            b"abcdeAB1@",
        );
        check(&[vec![class("a"), class("bc")], vec![class("a")], vec![class("ab"), class("c"), class("c")]], b"abc");
        // What mail is full of, by one letter, and by four.
        let of = |text: &str| text.chars().map(|it| class(&it.to_string())).collect::<Sequence>();
        let common = " etaoinsr";
        let letters: Vec<Sequence> =
            common.chars().map(|it| of(&it.to_string())).chain([of("e t"), of("ttee")]).collect();
        check(&letters, common.as_bytes());
        let pairs = common.chars().flat_map(|one| common.chars().map(move |other| format!("{one}{other}")));
        let fours: Vec<Sequence> = pairs.map(|it| [of(&it), vec![class("eta"), class("oinsr ")]].concat()).collect();
        check(&fours, common.as_bytes());
        // Sequences of all lengths.
        let mut seed = 9u64;
        let word = |number: usize| drawn(&mut seed, b"abcd1-", 1 + number % 9);
        let words: Vec<Vec<u8>> = (0..900).map(word).collect();
        let one = |byte: &u8| {
            if byte.is_multiple_of(2) {
                class(&format!("{}x", char::from(*byte)))
            } else {
                class(&char::from(*byte).to_string())
            }
        };
        let all: Vec<Sequence> = words.iter().map(|word| word.iter().map(one).collect()).collect();
        check(&all, b"abcd1-x");
    }

    #[test]
    fn literals_are_found_whatever_their_case() {
        let (mut few, mut sieve) = (Sieve::default(), Sieve::default());
        let long = "a literal that is longer than what may stand behind the part of it that is looked up, by far";
        for (owner, text) in (0..).zip(["next of kin", "k", "of", long]) {
            few.add_literals(owner, vec![text.as_bytes().to_vec()]);
            sieve.add_literals(owner, vec![text.as_bytes().to_vec()]);
        }
        few.finish();
        sieve.add(9, &[vec![class("0"), class("0")]]);
        sieve.finish();
        assert!(few.automaton.is_some() && sieve.automaton.is_none());
        let text = format!("Next OF KIN. {}", long.to_uppercase());
        let check = |sieve: &Sieve| {
            let mut found = Vec::new();
            sieve.search(text.as_bytes(), &mut SieveMemory::default(), |owner, from, to| found.push((owner, from, to)));
            assert_eq!(found[..3], [(2, 5, 7), (1, 8, 9), (0, 0, 11)]);
            assert!(found.contains(&(3, 13, 13 + long.len())));
        };
        check(&few);
        check(&sieve);
    }
}
