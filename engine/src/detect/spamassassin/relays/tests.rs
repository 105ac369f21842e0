use super::*;

/// The words taken for a login are what a group around its name would be.
#[test]
fn logins_are_those_of_a_group() {
    let parts = [
        " by mx.example",
        " with ",
        "ESMTPA",
        "esmtpsa",
        "HTTPS",
        "ASMTP",
        "ESMTP",
        ";",
        " ",
        "(x;y)",
        " by ",
        " id 1",
        "LMTPA ",
    ];
    let (mut state, mut found) = (7u64, 0);
    for (pattern, login, _) in LOGINS.iter().filter(|(_, login, _)| matches!(login, Login::Second | Login::Last)) {
        let grouped = pattern.replacen("(?:(?:ES", "(?<auth>(?:ES", 1);
        let of = |pattern: &str| regex::bytes::RegexBuilder::new(pattern).unicode(false).build().unwrap();
        let (plain, grouped) = (of(pattern), of(&grouped));
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..7 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(parts[(state >> 33) as usize % parts.len()]);
            }
            let by_group = grouped.captures(text.as_bytes()).map(|it| it.name("auth").unwrap().as_bytes());
            let by_words = plain.find(text.as_bytes()).and_then(|it| logged_in(login, it.as_bytes()));
            assert_eq!(by_words, by_group, "{text}");
            found += usize::from(by_group.is_some());
        }
    }
    assert!(found > 1_000, "{found}");
}

/// No format is passed over that would match.
#[test]
fn what_a_pattern_needs_is_in_what_it_matches() {
    let it = Reader::new().unwrap();
    for text in [
        "from h.example (r.example [192.0.2.7]) by mx.example (Postfix) with ESMTP id DEF",
        "from h.example (HELO x) (192.0.2.7) by mx.example with SMTP; x",
        "from [192.0.2.7] (helo=x.example) by mx.example with esmtp (Exim 4.1) id x",
    ] {
        let seen = it.pieces.seen(text.as_bytes());
        for format in &it.formats {
            let matches = format.pattern.regex().unwrap().is_match(text.as_bytes().get(5..).unwrap());
            assert!(!matches || format.pattern.may_match(&seen), "{text}: {}", format.pattern.text);
        }
    }
}

fn texts(lines: &[&str]) -> (String, String, u32) {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    let it = Reader::new().unwrap().read(&lines, &[], &Settings::default());
    (it.trusted_text, it.untrusted_text, it.unparseable)
}

#[test]
fn every_format_compiles() {
    let it = Reader::new().unwrap();
    let formats = it.guards.iter().chain(it.formats.iter().map(|it| &it.pattern));
    let others = [&it.date, &it.envelope, &it.upper, &it.navgw, &it.any_ip];
    let all: Vec<&Lazy> = formats.chain(it.logins.iter().map(|(login, _)| login)).chain(others).collect();
    assert!(all.len() > 60);
    all.iter().for_each(|it| assert!(it.regex().is_some(), "{}", it.text));
}

#[test]
fn hops_are_read() {
    let (trusted, untrusted, odd) = texts(&[
        "from localhost (localhost [127.0.0.1]) by mx.example (Postfix) with ESMTP id ABC for <a@b.example>; Mon, 1 Jan 2024 10:00:00 +0000",
        "from h.example (r.example [192.0.2.7]) by mx.example (Postfix) with ESMTP id DEF; Mon, 1 Jan 2024 10:00:00 +0000",
        "nonsense",
        "from [weird",
    ]);
    assert_eq!(
        trusted,
        "[ ip=127.0.0.1 rdns=localhost helo=localhost by=mx.example ident= envfrom= intl=1 id=ABC auth= msa=0 ]"
    );
    assert_eq!(
        untrusted,
        "[ ip=192.0.2.7 rdns=r.example helo=h.example by=mx.example ident= envfrom= intl=0 id=DEF auth= msa=0 ]"
    );
    assert_eq!(odd, 1);
}
