//! YARA through the engine: what is found where, what it weighs, what a limit leaves out, and what is said of files that
//! are wrong.

use std::time::Instant;

use super::compile::VERSION;
use crate::unpack::tests::build::*;
use crate::{Engine, EngineBuilder, Limit, Limits, Mail, Problem, Verdict, View};

/// The test file of all virus scanners, in two halves.
fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

const EICAR: &str = include_str!("../../../../rules/yara/eicar.yar");

fn engine(rules: &str) -> Engine {
    EngineBuilder::new().yara_text("mine.yar", rules).build().unwrap_or_else(|error| panic!("{error}"))
}

fn scan(engine: &Engine, raw: &[u8]) -> Verdict {
    engine.worker().scan(&Mail::new(raw))
}

/// The paths at which a rule is a reason.
fn paths<'v>(verdict: &'v Verdict, rule: &str) -> Vec<&'v str> {
    verdict.reasons.iter().filter(|it| &*it.rule == rule).map(|it| &*it.place.path).collect()
}

fn rules(verdict: &Verdict) -> Vec<&str> {
    let mut rules: Vec<&str> = verdict.reasons.iter().map(|it| &*it.rule).collect();
    rules.sort_unstable();
    rules
}

#[test]
fn eicar_is_found_in_every_container() {
    let engine = engine(EICAR);
    let eicar = eicar();
    let plain = String::from_utf8(eicar.clone()).unwrap();
    let forwarded = [
        b"Subject: fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\
          Content-Type: message/rfc822\r\n\r\n"
            .as_slice(),
        &file("outer.zip", &zip(&[("inner.zip", &zip(&[("eicar.com", &eicar)]))])),
        b"\r\n--o--\r\n",
    ]
    .concat();
    let inline = format!("Subject: x\r\n\r\nsee below\r\n{}\r\nbye\r\n", uuencode("eicar.com", &eicar));
    for (raw, path) in [
        (attached("eicar.com", "7bit", plain.as_bytes()), "2"),
        (attached("eicar.com", "base64", base64(&eicar).as_bytes()), "2"),
        (attached("eicar.com", "quoted-printable", quoted_printable(&eicar).as_bytes()), "2"),
        (attached("eicar.com", "x-uuencode", uuencode("eicar.com", &eicar).as_bytes()), "2"),
        (inline.into_bytes(), "1/eicar.com"),
        (file("a.zip", &zip(&[("dir/eicar.com", &eicar)])), "2/a.zip/dir/eicar.com"),
        (file("a.tar", &tar(&[("eicar.com", &eicar)])), "2/a.tar/eicar.com"),
        (file("a.tar.gz", &gzip(&tar(&[("eicar.com", &eicar)]))), "2/a.tar.gz/a.tar/eicar.com"),
        (file("a.gz", &gzip(&eicar)), "2/a.gz/a"),
        (forwarded, "1.2/outer.zip/inner.zip/eicar.com"),
    ] {
        let verdict = scan(&engine, &raw);
        assert_eq!(paths(&verdict, "yara-eicar_test_file"), [path]);
        let reason = &verdict.reasons[0];
        assert_eq!((reason.score, &*reason.group), (15.0, "yara"), "{path}");
        assert_eq!((&reason.place.view, reason.place.offset, reason.place.length), (&View::Decoded, 0, 68), "{path}");
        assert!(reason.evidence.starts_with("X5O!P%@AP"), "{}", reason.evidence);
        assert!(reason.explanation.contains("(YARA rule: Tamis, MIT OR Apache-2.0)"), "{}", reason.explanation);
        assert_eq!(verdict.incomplete, [], "{path}");
    }
}

#[test]
fn the_raw_message_and_the_visible_text_are_looked_at() {
    let engine = engine(
        r#"rule header { strings: $a = "X-Odd: yes" condition: $a and depth == 0 and mime_type == "message/rfc822" }
           rule shown { strings: $a = "please pay the invoice now, dear customer" condition: $a }"#,
    );
    let raw = b"X-Odd: yes\r\nContent-Type: text/html\r\n\r\n<p>please pay <b>the</b> in<i></i>voice now, dear customer</p>\r\n";
    let verdict = scan(&engine, raw);
    assert_eq!(rules(&verdict), ["yara-header", "yara-shown"]);
    let view = |rule: &str| verdict.reasons.iter().find(|it| &*it.rule == rule).map(|it| it.place.view.clone());
    assert_eq!(view("yara-header"), Some(View::Raw));
    assert_eq!(view("yara-shown"), Some(View::Visible));
    // What is seen in a part is said of the part, though it stands in the raw message too.
    let part = scan(
        &self::engine(r#"rule a { strings: $a = "needle" condition: $a }"#),
        b"Subject: x\r\n\r\na needle in a text that is long enough to be looked at\r\n",
    );
    assert_eq!((&*part.reasons[0].place.path, part.reasons[0].place.offset), ("1", 2));
}

#[test]
fn globals_say_what_an_item_is() {
    for (condition, path) in [
        (r#"filename == "dir/Report.PDF" and extension == "pdf""#, "2/a.zip/dir/Report.PDF"),
        (r#"path == "2/a.zip/dir/Report.PDF" and depth == 3"#, "2/a.zip/dir/Report.PDF"),
        (r#"mime_type == "application/octet-stream" and kind == "zip" and depth == 2"#, "2"),
        (r#"mime_type == "" and extension == "pdf""#, "2/a.zip/dir/Report.PDF"),
        ("filesize == 40 and depth > 2", "2/a.zip/dir/Report.PDF"),
    ] {
        let engine = engine(&format!("rule a {{ condition: {condition} }}"));
        let verdict = scan(&engine, &file("a.zip", &zip(&[("dir/Report.PDF", &[b'x'; 40])])));
        assert_eq!(paths(&verdict, "yara-a"), [path], "{condition}");
    }
}

#[test]
fn weights_come_from_metadata_unless_somebody_says_otherwise() {
    let rules = r#"
        rule plain { condition: depth == 0 }
        rule weighted { meta: weight = "2.5" description = "It is odd" author = "Ann" condition: depth == 0 }
        rule scored { meta: score = 75 license = "MIT" condition: depth == 0 }
        rule negative { meta: weight = -3 score = 90 condition: depth == 0 }
    "#;
    let raw = b"Subject: a message of more than thirty-two bytes\r\n\r\nhello\r\n";
    let score = |verdict: &Verdict, rule: &str| verdict.reasons.iter().find(|it| &*it.rule == rule).map(|it| it.score);
    let verdict = scan(&engine(rules), raw);
    for (rule, expected) in [("yara-plain", 1.0), ("yara-weighted", 2.5), ("yara-scored", 7.5), ("yara-negative", -3.0)]
    {
        assert_eq!(score(&verdict, rule), Some(expected), "{rule}");
    }
    let told = |rule: &str| verdict.reasons.iter().find(|it| &*it.rule == rule).unwrap().explanation.clone();
    assert_eq!(told("yara-weighted"), "It is odd (YARA rule: Ann)");
    assert_eq!(told("yara-scored"), "the YARA rule scored hits (YARA rule: MIT)");

    let scores = "[group.mine]\ncap = 1.5\n[group.mine.scores]\nyara-weighted = 2.0\n";
    let engine = EngineBuilder::new()
        .yara_text("mine.yar", rules)
        .scores_text("scores.toml", scores)
        .score_rule("yara-scored", 0.5, Problem::file("tamis.toml", ""))
        .disable_rule("yara-negative", Problem::file("tamis.toml", ""))
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let verdict = scan(&engine, raw);
    assert_eq!(score(&verdict, "yara-weighted"), Some(1.5));
    assert_eq!(score(&verdict, "yara-scored"), Some(0.5));
    assert_eq!(score(&verdict, "yara-negative"), None);
    let wrong = EngineBuilder::new()
        .yara_text("mine.yar", rules)
        .score_rule("yara-scord", 0.5, Problem::file("tamis.toml", ""))
        .disable_rule("yara-nothing", Problem::file("tamis.toml", ""))
        .build()
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("did you mean \"yara-scored\"?") && wrong.contains("no rule yara-nothing"), "{wrong}");
}

/// Nested loops: hours on any machine.
const SLOW: &str = r#"rule slow { condition:
    extension == "slow" and for all i in (1..2000000000) : ( for all j in (1..2000000000) : ( i * j != 7 or filesize > 1 ) ) }
    rule later { condition: extension == "later" }"#;

#[test]
fn a_time_out_costs_a_message_once_and_names_its_rule() {
    let limits = Limits { yara_seconds: 2, ..Limits::default() };
    let engine = EngineBuilder::new().limits(limits).yara_text("mine.yar", SLOW).build().unwrap();
    let content = [b'x'; 64];
    let slow = file("a.zip", &zip(&[("a.slow", &content), ("b.slow", &content), ("c.later", &content)]));
    let mut worker = engine.worker();
    let began = Instant::now();
    let verdict = worker.scan(&Mail::new(&slow));
    let taken = began.elapsed().as_secs_f64();
    assert!((0.9..3.5).contains(&taken), "{taken} s");
    let gaps: Vec<_> = verdict.incomplete.iter().map(|gap| (gap.limit, &*gap.place.path)).collect();
    assert_eq!(gaps, [(Limit::YaraTime, "2/a.zip/a.slow")]);
    assert!(verdict.incomplete[0].explanation.contains("yara-slow"), "{}", verdict.incomplete[0].explanation);
    assert_eq!(paths(&verdict, "yara-later"), [""; 0], "what comes after is not looked at");
    // The worker goes on with the next message as if nothing had been.
    let verdict = worker.scan(&Mail::new(&file("a.zip", &zip(&[("c.later", &content)]))));
    assert_eq!(paths(&verdict, "yara-later"), ["2/a.zip/c.later"]);
    assert!(verdict.incomplete.is_empty(), "{:?}", verdict.incomplete);
}

#[test]
fn many_items_cannot_take_the_time_limit_each() {
    // Some 0.3 s an item, and 40 items: without a sum it would be 12 s.
    let rules = r#"rule slow { condition: extension == "slow" and for all i in (1..300000000) : ( i != filesize + 500000000 ) }"#;
    let limits = Limits { yara_seconds: 2, ..Limits::default() };
    let engine = EngineBuilder::new().limits(limits).yara_text("mine.yar", rules).build().unwrap();
    let content = vec![b'x'; 128 << 10];
    let names: Vec<String> = (0..40).map(|n| format!("{n}.slow")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), content.as_slice())).collect();
    let began = Instant::now();
    let verdict = scan(&engine, &file("a.tar", &tar(&members)));
    let taken = began.elapsed().as_secs_f64();
    assert!(verdict.incomplete.iter().any(|gap| gap.limit == Limit::YaraTime), "{taken} s, {:?}", verdict.incomplete);
    assert!(taken < 6.0, "{taken} s");
}

#[test]
fn of_a_large_item_the_head_is_looked_at() {
    let rules = r#"rule head { strings: $a = "HEAD" condition: $a } rule tail { strings: $a = "TAIL" condition: $a }"#;
    let content = [b"HEAD".as_slice(), &[b'x'; 5000], b"TAIL"].concat();
    let raw = file("a.bin", &content);
    for (most, tail) in [(content.len() as u32, true), (content.len() as u32 - 1, false)] {
        let limits = Limits { yara_item_bytes: most, ..Limits::default() };
        let engine = EngineBuilder::new().limits(limits).yara_text("mine.yar", rules).build().unwrap();
        let verdict = scan(&engine, &raw);
        assert_eq!((paths(&verdict, "yara-head"), paths(&verdict, "yara-tail").is_empty()), (vec!["2"], !tail));
        let gaps: Vec<_> = verdict.incomplete.iter().filter(|gap| gap.place.path.as_ref() == "2").collect();
        assert_eq!(gaps.len(), usize::from(!tail));
        assert!(gaps.iter().all(|gap| gap.limit == Limit::YaraSize && gap.explanation.contains("5008 bytes")));
    }
}

#[test]
fn small_items_and_large_images_are_left_out_only_as_told() {
    let rules = r#"rule tiny { condition: filesize < 32 and extension == "bin" }
        rule picture { condition: kind == "png" }"#;
    let picture = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0; 1000]].concat();
    let raw = file("a.zip", &zip(&[("a.bin", b"0123456789"), ("b.png", &picture)]));
    for (below, images, expected) in [
        (32, None, vec!["yara-picture"]),
        (0, None, vec!["yara-picture", "yara-tiny"]),
        (32, Some(999), vec![]),
        (32, Some(5000), vec!["yara-picture"]),
    ] {
        let engine = EngineBuilder::new().yara_text("mine.yar", rules).yara_skip(below, images).build().unwrap();
        assert_eq!(rules_of(&engine, &raw), expected, "{below} {images:?}");
    }
    assert!(
        rules_of(&EngineBuilder::new().yara_text("mine.yar", rules).without_yara().build().unwrap(), &raw).is_empty()
    );
}

fn rules_of(engine: &Engine, raw: &[u8]) -> Vec<String> {
    rules(&scan(engine, raw)).into_iter().map(str::to_owned).collect()
}

#[test]
fn matches_are_bounded() {
    let rules = r#"rule many { strings: $a = "ab" condition: #a >= 1000 } rule some { strings: $a = "ab" condition: #a >= 100 }"#;
    let limits = Limits { yara_matches: 100, ..Limits::default() };
    let engine = EngineBuilder::new().limits(limits).yara_text("mine.yar", rules).build().unwrap();
    assert_eq!(rules_of(&engine, &file("a.bin", &b"ab".repeat(2000))), ["yara-some"]);
}

#[test]
fn a_broken_file_is_named_with_its_line_and_the_others_load() {
    let broken =
        "rule fine { condition: depth == 0 }\n\nrule broken {\n  strings:\n    $a = \"x\"\n  condition:\n    $b\n}\n";
    let builder = || {
        EngineBuilder::new()
            .yara_text("broken.yar", broken)
            .yara_text("syntax.yar", "rule good { condition: depth == 0 }\nrule x { condition }\n")
            .yara_text("other.yar", "rule other { condition: depth == 0 }")
    };
    let error = builder().build().unwrap_err();
    let told = error.to_string();
    assert!(told.contains("broken.yar:7:5: ") && told.contains("  7 |     $b\n"), "{told}");
    assert!(told.contains("syntax.yar:2:"), "{told}");
    let (engine, problems) = builder().build_what_works();
    assert_eq!(problems, error.problems);
    let raw = b"Subject: a message of more than thirty-two bytes\r\n\r\nhello\r\n";
    assert_eq!(rules_of(&engine, raw), ["yara-fine", "yara-good", "yara-other"]);
    // That a broken rule has a score, or is left out, is no further mistake.
    let again = builder()
        .score_rule("yara-broken", 2.0, Problem::file("t", ""))
        .disable_rule("yara-broken", Problem::file("t", ""))
        .build();
    assert_eq!(again.unwrap_err().problems, error.problems);
    let weight =
        EngineBuilder::new().yara_text("w.yar", "rule a {\n meta:\n  weight = \"high\"\n condition: true }").build();
    assert!(weight.unwrap_err().to_string().contains("w.yar:3:3: the weight is high"));
}

#[test]
fn what_needs_a_module_that_is_not_built_in_is_noted() {
    let rules = "import \"pe\"\nrule needs { condition: pe.is_pe }\nrule fine { condition: depth == 0 }";
    let engine = engine(rules);
    let names: Vec<&str> = engine.yara_rules().iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["yara-fine"]);
    let notes: Vec<String> = engine.yara_notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.starts_with("mine.yar:1:") || note.starts_with("mine.yar:2:")), "{notes:?}");
    let unknown = EngineBuilder::new().yara_text("u.yar", "import \"nothing\"\nrule a { condition: true }").build();
    assert!(unknown.unwrap_err().to_string().contains("u.yar:1:"));
}

#[test]
fn names_say_their_file_where_several_have_the_same() {
    let one = "rule same { condition: depth == 0 } private rule hidden { condition: true } rule alone { condition: hidden and depth == 0 }";
    let two = "rule same { condition: depth == 0 } private rule hidden { condition: false }";
    let builder = || EngineBuilder::new().yara_text("dir/one.yar", one).yara_text("dir/two.yar", two);
    let raw = b"Subject: a message of more than thirty-two bytes\r\n\r\nhello\r\n";
    assert_eq!(rules_of(&builder().build().unwrap(), raw), ["yara-alone", "yara-one-same", "yara-two-same"]);
    let error =
        builder().yara_text("other/one.yar", "\nrule same { condition: true }").build().unwrap_err().to_string();
    assert!(error.contains("other/one.yar:2: the rule yara-one-same is there already, in dir/one.yar:1"), "{error}");
    let toml = "[rule.yara-alone]\nwhat = 'w'\nwhy = 'y'\nwhen = 'true'\n";
    let error = builder().rules_text("r.toml", toml).build().unwrap_err().to_string();
    assert!(error.contains("there is a rule yara-alone that is not YARA's"), "{error}");
}

#[test]
fn files_include_files_of_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("rules");
    std::fs::create_dir_all(root.join("deep")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("outside.yar", "rule outside { condition: true }");
    write("rules/a.toml", "[rule.toml]\nwhat = 'w'\nwhy = 'y'\nwhen = 'size > 0'\n");
    write("rules/base.yara", "private rule top { condition: depth == 0 }\nrule base { condition: top }\n");
    write("rules/deep/more.yar", "include \"../base.yara\"\nrule more { condition: base }\n");
    write(
        "rules/main.yar",
        "import \"math\"\nrule first { condition: depth == 0 }\n/* include \"none.yar\" */\ninclude \"deep/more.yar\"\n\
         include \"base.yara\"\nrule last { condition: more and first and math.max(1, 2) == 2 }\n",
    );
    let raw = b"Subject: a message of more than thirty-two bytes\r\n\r\nhello\r\n";
    let engine = EngineBuilder::new().rules_path(&root).build().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rules_of(&engine, raw), ["toml", "yara-base", "yara-first", "yara-last", "yara-more"]);
    let last = engine.yara_rules().iter().find(|rule| rule.identifier == "last").unwrap();
    assert_eq!((last.line, last.source.ends_with("main.yar")), (6, true));
    assert_eq!(last.text, "rule last { condition: more and first and math.max(1, 2) == 2 }");

    // A mistake in an included file is told of that file, and one behind an include at its own line.
    write("rules/deep/more.yar", "include \"../base.yara\"\nrule more { condition: bas }\n");
    let error = EngineBuilder::new().rules_path(&root).build().unwrap_err().to_string();
    assert!(error.contains("more.yar:2:24: ") && error.contains("main.yar:6:"), "{error}");
    for include in ["../outside.yar", "deep/nothing.yar", "main.yar"] {
        write("rules/main.yar", &format!("rule a {{ condition: true }}\ninclude \"{include}\"\n"));
        let error = EngineBuilder::new().yara_path(root.join("main.yar")).build().unwrap_err().to_string();
        assert!(error.contains("main.yar:2:1: ") && error.contains(&format!("2 | include \"{include}\"")), "{error}");
    }
    let text = EngineBuilder::new().yara_text("t.yar", "include \"a.yar\"\nrule a { condition: true }").build();
    assert!(text.unwrap_err().to_string().contains("t.yar:1:1: "));
}

#[test]
fn compiled_rules_are_kept_and_a_damaged_copy_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut rules: String = (0..600)
        .map(|n| format!("rule r{n} {{ strings: $a = \"needle number {n} of many\" condition: $a }}\n"))
        .collect();
    rules += &format!("// {}\n", "x".repeat(64 << 10));
    let build = |rules: &str| {
        let builder = EngineBuilder::new().yara_text("mine.yar", rules).yara_cache(folder.path().join("kept"));
        builder.build().unwrap_or_else(|error| panic!("{error}"))
    };
    let raw = b"Subject: x\r\n\r\nhere is needle number 77 of many needles\r\n";
    let kept = || -> Vec<_> {
        let entries =
            std::fs::read_dir(folder.path().join("kept")).map(|it| it.flatten().map(|it| it.path()).collect());
        entries.unwrap_or_default()
    };
    let first = scan(&build(&rules), raw);
    assert_eq!(rules_of(&build(&rules), raw), ["yara-r77"]);
    assert_eq!(kept().len(), 1);
    let written = std::fs::metadata(&kept()[0]).unwrap().modified().unwrap();
    assert_eq!(scan(&build(&rules), raw), first, "from the copy");
    assert_eq!(std::fs::metadata(&kept()[0]).unwrap().modified().unwrap(), written, "read, not written");
    std::fs::write(&kept()[0], b"junk").unwrap();
    assert_eq!(scan(&build(&rules), raw), first);
    assert!(std::fs::metadata(&kept()[0]).unwrap().len() > 1000, "made anew");
    assert_eq!(
        rules_of(&build(&(rules.clone() + "rule more { condition: depth == 0 }")), raw),
        ["yara-more", "yara-r77"]
    );
    assert_eq!(kept().len(), 2);
    build("rule small { condition: true }");
    assert_eq!(kept().len(), 2, "small sets are not kept");
}

#[test]
fn the_same_verdict_on_any_number_of_threads() {
    let rules = format!("{EICAR}\nrule shown {{ strings: $a = /needle [0-9]+/ condition: $a }}");
    let engine = engine(&rules);
    let raws: Vec<Vec<u8>> = (0..60)
        .map(|n| match n % 3 {
            0 => file(
                "a.zip",
                &zip(&[("eicar.com", &eicar()), ("b.txt", format!("needle {n} and more of it").as_bytes())]),
            ),
            1 => format!("Content-Type: text/html\r\n\r\n<p>needle <b>{n}</b></p> and more text to be read\r\n")
                .into_bytes(),
            _ => attached("x.txt", "7bit", b"nothing to be found in here"),
        })
        .collect();
    let mails: Vec<Mail<'_>> = raws.iter().map(|raw| Mail::new(raw)).collect();
    let alone = engine.scan_many(&mails, 1);
    assert_eq!(alone.iter().filter(|it| !it.reasons.is_empty()).count(), 40);
    for threads in [2, 5] {
        assert_eq!(engine.scan_many(&mails, threads), alone, "{threads} threads");
    }
}

#[test]
fn the_version_in_keys_is_the_one_that_is_linked() {
    let lock = include_str!("../../../../Cargo.lock");
    assert!(
        lock.contains(&format!("name = \"yara-x\"\nversion = \"{VERSION}\"")),
        "VERSION in compile.rs is {VERSION}"
    );
}
