use super::*;

fn literals(pattern: &str) -> Vec<String> {
    let pattern = Pattern::compile(pattern, Over::Source).unwrap();
    pattern.pieces.first().into_iter().flatten().map(|it| String::from_utf8_lossy(it).into_owned()).collect()
}

#[test]
fn literals_that_every_match_must_contain() {
    assert_eq!(literals("next of kin"), ["next of kin"]);
    assert_eq!(literals("million (US )?dollars"), ["million dollars", "million us dollars"]);
    assert_eq!(literals("(?:viagra|cialis)[0-9]+"), ["cialis", "viagra"]);
    assert_eq!(literals("[a-z]+@example"), ["@example"]);
    assert_eq!(literals("(?:ab|viagra)"), Vec::<String>::new());
    assert_eq!(literals("(?:abc)*d"), Vec::<String>::new());
    assert_eq!(literals("grüße aus"), ["e aus"]);
}

#[test]
fn each_piece_of_a_pattern_has_its_literals() {
    let pattern = Pattern::compile("(?:order|renewal).{0,400}(?:refund).{0,9}[0-9]+", Over::Source).unwrap();
    let text = |set: &Vec<Vec<u8>>| set.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect::<Vec<_>>();
    assert_eq!(pattern.pieces.iter().map(text).collect::<Vec<_>>(), [vec!["refund"], vec!["order", "renewal"]]);
    let patterns = Patterns::new(vec![pattern]);
    let hits = |text: &str| {
        let mut hits = 0;
        patterns.search(
            text.as_bytes(),
            &mut SieveMemory::default(),
            &mut Progress::default(),
            |_| true,
            |_, _, _| hits += 1,
        );
        hits
    };
    assert_eq!(hits("refund, refund: the order, REFUND 1"), 1);
    assert_eq!(hits("refund 1"), 0);
    assert_eq!(hits("the refund 1, and the order"), 0);
}

#[test]
fn empty_matches_and_broken_patterns_are_refused() {
    for wrong in ["a*", "", "(", "[z-a]", "(?=x)", "x|"] {
        assert!(Pattern::compile(wrong, Over::Text).is_err(), "{wrong}");
    }
}

#[test]
fn white_space_of_a_flat_text_has_one_form() {
    let form = |pattern: &str, over| Pattern::compile(pattern, over).unwrap().form;
    assert_eq!(form("next of kin", Over::Text), Form::Flat);
    assert_eq!(form("next  of kin", Over::Text), Form::AsIs);
    assert_eq!(form("next of kin", Over::Source), Form::AsIs);
    assert_eq!(form("next of kin", Over::Bytes), Form::AsIs);
    let flat = Pattern::compile(r"kin\s+dear", Over::Text).unwrap();
    // Ten bytes: a k may be a Kelvin sign, of three.
    assert_eq!((flat.longest, flat.pieces), (Some(10), vec![vec![b"kin dear".to_vec()]]));
    // That `\s*` may be a blank is not enough to match nothing.
    assert!(Pattern::compile(r"\s*", Over::Text).is_err());
}

/// Beyond ASCII a flat text's patterns find all that a plain search finds, and a word after a letter such as é.
#[test]
fn boundaries_beyond_ascii_miss_nothing() {
    let words = ["kin", "ü", "dear", " ", "é", "x", "ж", "KIN", "'", "1"];
    let sources = [
        "\\bkin\\b",
        "\\b(?:dear|x)\\b.{0,4}\\bkin",
        "kin\\b",
        "\\bkin\\w",
        "\\b1",
        "\\b1?(?:x|dear){0,2}kin(?:_|x)?\\b",
    ];
    let patterns: Vec<_> = sources.iter().map(|it| Pattern::compile(it, Over::Text).unwrap()).collect();
    let plain: Vec<_> = sources.iter().map(|it| regex::Regex::new(&format!("(?i){it}")).unwrap()).collect();
    let mut state = 7u64;
    let (mut both, mut more) = (0, 0);
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..6 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[(state >> 33) as usize % words.len()]);
        }
        for (pattern, plain) in patterns.iter().zip(&plain) {
            let found = pattern.find(text.as_bytes(), 0, text.len()).is_some();
            assert!(found || !plain.is_match(&text), "{plain} in {text:?}");
            both += u32::from(found && plain.is_match(&text));
            more += u32::from(found && !plain.is_match(&text));
        }
    }
    assert!(both > 1_000 && more > 100, "{both} {more}");
    assert!(patterns[0].find("ékin".as_bytes(), 0, 5).is_some());
}

#[test]
fn windows_find_what_a_plain_search_finds() {
    let sources = [
        r"\w+ \w+",
        "k[iı]",
        "(?:d[e3]){1,2}a",
        r"[0-9]\d.kin",
        "next of kin",
        "\\bkin\\b",
        "^dear",
        "dollars$",
        "(?m)^kin",
        "million (US )?dollars",
        "d.{0,5}rs",
        "(?-i)Kin",
        "[0-9]{3,}",
        "kin.*kin",
        "stra(?:ss|ß)e",
        "kin\\s+dear",
        "ki[mn]",
        "(?:dear|near) kin",
        "k\\w{1,3}n d",
        "next.{0,40}dollars",
        "(?:dear|near).{0,30}(?:million|next).{0,30}kin",
    ];
    let words = [
        "kin",
        "dear",
        "KIN",
        "million",
        "US",
        "dollars",
        "next",
        "of",
        "x",
        "\n",
        "ſ",
        "\u{212a}in",
        "strasse",
        "123",
        ".",
    ];
    let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::compile(it, Over::Source).unwrap()).collect();
    let plain: Vec<regex::Regex> =
        sources.iter().map(|it| regex::RegexBuilder::new(it).case_insensitive(true).build().unwrap()).collect();
    let all = Patterns::new(patterns);
    assert_eq!((all.owners.is_empty(), all.always.is_empty()), (false, false), "all kinds are tried");
    let (mut state, mut sieving) = (7u64, SieveMemory::default());
    let mut hits = 0;
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..1 + (state >> 40) % 60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[(state >> 33) as usize % words.len()]);
            if state >> 62 != 0 {
                text.push(' ');
            }
        }
        let mut found = vec![None; sources.len()];
        all.search(
            text.as_bytes(),
            &mut sieving,
            &mut Progress::default(),
            |_| true,
            |number, start, end| {
                found[number as usize] = Some((start, end));
            },
        );
        for ((plain, found), source) in plain.iter().zip(&found).zip(&sources) {
            assert_eq!(plain.is_match(&text), found.is_some(), "{source} in {text:?}");
            if let Some((start, end)) = found {
                let at = plain.find(&text).unwrap();
                assert_eq!((at.start(), at.end()), (*start, *end), "{source} in {text:?}");
                hits += 1;
            }
        }
    }
    assert!(hits > 5_000, "{hits}");
}
