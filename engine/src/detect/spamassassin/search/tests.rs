//! A set against each of its patterns by itself.

use super::super::matcher::Scratch;
use super::*;

/// The next text drawn from words.
fn drawn(words: &[&str], count: usize, state: &mut u64) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..count {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.extend_from_slice(words[(*state >> 33) as usize % words.len()].as_bytes());
    }
    text
}

/// Holds what a set finds in two pieces of a text against a search of each; gives for each member whether it found anything.
fn checked(set: &Set, patterns: &[Pattern], text: &[u8], middle: usize) -> Vec<bool> {
    let ends = [middle, text.len()];
    let (mut noted, mut candidates, mut scratch) = <(Noted, Candidates, Scratch)>::default();
    noted.clear(patterns.len());
    let pieces = Pieces { text, ends: &ends };
    set.note(pieces, &mut scratch, &mut noted);
    let of = |(number, pattern): (u32, &Pattern)| {
        let mut count = 0;
        let mut each = |_, found: Found| count += found.count;
        set.search(number, patterns, pieces, &mut noted, &mut candidates, &mut scratch, &mut each);
        let most = set.members[number as usize].most;
        let expected: u32 = (0..2).map(|piece| pattern.search(pieces.get(piece), most).count).sum();
        assert_eq!(count, expected.min(most), "{number} in {:?}", String::from_utf8_lossy(text));
        count > 0
    };
    (0..).zip(patterns).map(of).collect()
}

#[test]
fn a_set_finds_what_each_pattern_finds() {
    check(false);
    check(true);
}

/// `wait`: of what mail is full of nothing is noted before it is asked for.
fn check(wait: bool) {
    let sources = [
        "next of kin",
        r"\d{3}",
        "(?i)MILLION",
        r"kin(?! dear)",
        "^dear",
        "dollars $",
        "d.{0,5}rs",
        "x|kin dear",
        r"(?:(?:dear|kin)\s+){2}",
        r"(?:(?:ne[wx]t|dollar|of)[s ]+){3,4}1",
        r"(?:mill[i1]on ){1,2}of",
        "e|12",
        " ?n",
        r"\s \n",
    ];
    let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::new(it.as_bytes(), "i").unwrap()).collect();
    let mut set = Set::default();
    let all_of_them = sources.len() as u32;
    for number in 0..all_of_them {
        set.members.push(Member { rule: number, pattern: number, most: u32::MAX, skips_first: false });
    }
    set.finish(&patterns, &|_| wait);
    assert_eq!((0..all_of_them).any(|number| set.near(number).is_some_and(|near| near.waits)), wait);
    let words = ["kin", "dear", "million", "dollars", "next", "of", "123", " ", "\n"];
    let mut state = 7u64;
    let (mut all, mut each_was_found) = (0, [0; 14]);
    for _ in 0..2_000 {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let word = words[(state >> 33) as usize % words.len()];
            text.extend_from_slice(word.as_bytes());
            text.push(b' ');
            if word == "\n" {
                ends.push(text.len());
            }
        }
        ends.push(text.len());
        let mut counts = [0; 14];
        let pieces = Pieces { text: &text, ends: &ends };
        let (mut noted, mut candidates) = (Noted::default(), Candidates::default());
        noted.clear(sources.len());
        let mut scratch = Scratch::default();
        set.note(pieces, &mut scratch, &mut noted);
        for number in 0..all_of_them {
            let mut each = |_, found: Found| counts[number as usize] += found.count;
            let before = set.may_match(number, &noted);
            set.search(number, &patterns, pieces, &mut noted, &mut candidates, &mut scratch, &mut each);
            assert!(before || counts[number as usize] == 0);
        }
        for (number, pattern) in patterns.iter().enumerate() {
            let mut start = 0;
            let mut expected = 0;
            for end in &ends {
                expected += pattern.search(&text[start..*end], u32::MAX).count;
                start = *end;
            }
            assert_eq!(counts[number], expected, "{} in {:?}", sources[number], String::from_utf8_lossy(&text));
            all += expected;
            each_was_found[number] += expected;
        }
    }
    assert!(all > 5_000 && each_was_found.iter().all(|found| *found > 20), "{all} {each_was_found:?}");
}

#[test]
fn what_begins_where_lines_do_is_tried_there() {
    let sources = [
        "^[^d].*?kin",
        "^of.*dear",
        r"^.\s?.{0,3}\n\n?next",
        r"^(?:.*\n){3}million",
        "^.*dollars(?! of)",
        "^[^d].*?kin",
        r"^of.*\n?.*dear|^\n\ndear",
    ];
    let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::new(it.as_bytes(), "im").unwrap()).collect();
    assert_eq!(
        patterns.iter().map(Pattern::lines).collect::<Vec<_>>(),
        [Some(1), Some(0), None, None, Some(0), Some(1), Some(2)]
    );
    let mut set = Set::default();
    for (number, most) in (0..).zip([1, 1, 1, 1, u32::MAX, u32::MAX, 2]) {
        set.members.push(Member { rule: number, pattern: number, most, skips_first: false });
    }
    set.finish(&patterns, &|_| false);
    let words = ["kin", "dear ", "million ", "dollars", "next", "of ", "\n", "\n"];
    let (mut state, mut found) = (7u64, [[0; 2]; 7]);
    for _ in 0..3_000 {
        let text = drawn(&words, 10, &mut state);
        for (found, is_found) in found.iter_mut().zip(checked(&set, &patterns, &text, text.len() / 2)) {
            found[usize::from(is_found)] += 1;
        }
    }
    assert!(found.iter().flatten().all(|times| *times > 20), "{found:?}");
}

#[test]
fn what_must_come_several_times_is_counted_first() {
    // Words of many letters that may each be written in several ways: no table holds all that may come behind them.
    let letter = |letter: char| format!(r"(?:[{letter}\xC3\xE0-\xFF]|\xC4[\x80-\xA{}]|{letter}_)", letter as u32 % 10);
    let spelled = |word: &str| word.chars().map(letter).collect::<String>();
    let names = "quizzical zephyrous jacquerie voracious buckwheat flummoxed whizzbang hydroxide maximized squeezing chutzpahs exchequer";
    let all = names.split(' ').map(spelled).collect::<Vec<_>>().join("|");
    let source = format!(r"(?:\d?\s?(?:{all})s?:?(?:[._]{{1,60}}|\s))");
    let sources = [format!("{source}{{3}}"), format!("{source}{{3,5}}1")];
    let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::new(it.as_bytes(), "i").unwrap()).collect();
    let mut set = Set::default();
    for number in 0..2 {
        set.members.push(Member { rule: number, pattern: number, most: u32::MAX, skips_first: false });
    }
    set.finish(&patterns, &|_| false);
    for (near, pattern) in (0..2).map(|number| set.near(number).unwrap()).zip(&patterns) {
        assert_eq!((near.times, near.tail), (3, Some((0, 0))));
        let may = |text: &[u8]| pattern.may_come_at(text, 0, true).map(|(may, _)| may);
        let told = [&b"quizzical: zephyrous..1"[..], b"quizzical: zephyrou", b"quizzical of"].map(may);
        assert_eq!(told, [Some(true), Some(false), Some(false)], "one comes, and another");
    }
    let words = ["quizzical", "Zephyrous", "j_acquerie", "voracious", "flummox", ":..", "__", " ", " ", "1", "\n"];
    let (mut state, mut found) = (7u64, [[0; 2]; 2]);
    for _ in 0..6_000 {
        let text = drawn(&words, 16, &mut state);
        for (found, is_found) in found.iter_mut().zip(checked(&set, &patterns, &text, text.len() / 3)) {
            found[usize::from(is_found)] += 1;
        }
    }
    assert!(found.iter().flatten().all(|times| *times > 10), "{found:?}");
}
