use super::{addresses, date, received, text, words_are_whole};

/// Found by the property `line_ends_do_not_matter`: two blanks for CRLF moved where evidence is cut.
#[test]
fn an_address_that_is_folded_is_the_same_with_either_line_end() {
    let folded = "Ann <ann@a.example>, bob@some\r\n where.example, Carl\r\n <carl@c.example>";
    assert_eq!(addresses(folded.as_bytes()), addresses(folded.replace('\r', "").as_bytes()));
}

#[test]
fn texts_of_headers() {
    for (raw, shown) in [
        ("plain \r\n folded", "plain  folded"),
        ("=?utf-8?Q?caf=C3=A9_au?= =?utf-8?q?_lait?=", "café au lait"),
        ("=?UTF-8?B?ww==?= =?utf-8?B?qQ==?=", "é"),
        ("=?iso-8859-1?Q?a?= and =?koi8-r?B?8NLJ18XU?=", "a and Привет"),
        ("=?utf-8*en?Q?x?=", "x"),
        ("=?utf-8?X?x?= =?", "=?utf-8?X?x?= =?"),
        ("=?utf-8?Q?two words?=", "two words"),
    ] {
        assert_eq!(text(raw.as_bytes()), shown, "{raw}");
    }
    assert_eq!(text(b"caf\xe9"), "café");
}

#[test]
fn addresses_as_people_write_them() {
    let it = |raw: &str| {
        let found = addresses(raw.as_bytes());
        found.iter().map(|it| format!("{}|{}", it.name, it.address)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(it("\"Doe, J.\" <j@A.Example>, b@b.example"), "Doe, J.|j@a.example |b@b.example");
    assert_eq!(it("=?utf-8?Q?Doe=2C_J=C3=BC?= <j@a.example>"), "Doe, Jü|j@a.example");
    assert_eq!(it("team: a@a.example, b@b.example;"), "|a@a.example |b@b.example");
    assert_eq!(it("\"broken <j@a.example>"), "broken|j@a.example");
    assert_eq!(it("undisclosed"), "undisclosed|");
    assert_eq!(it(""), "");
}

#[test]
fn dates_and_traces() {
    assert_eq!(date(b" Tue, 24 Nov 2026 04:00:00 +0230 (x)"), Some((1_795_483_800, 150)));
    assert_eq!(date(b"yesterday"), None);
    let it = received(
        b" from mail.a.example (host.b.example [192.0.2.7])\r\n by mx.c.example (Postfix) with ESMTPS id 1\r\n\
          for <d@c.example>; Tue, 24 Nov 2026 04:00:00 +0000",
    );
    assert_eq!(
        (it.helo.as_str(), it.name.as_str(), it.by.as_str()),
        ("mail.a.example", "host.b.example", "mx.c.example")
    );
    assert_eq!((it.ip, it.with.as_str()), ("192.0.2.7".parse().ok(), "ESMTPS"));
    assert_eq!(it.time, Some(1_795_492_800));
    let it = received(b"from [192.0.2.8] (helo=a.example) by b.example with smtp");
    assert_eq!((it.ip, it.name.as_str(), it.helo.as_str()), ("192.0.2.8".parse().ok(), "", "a.example"));
    let it = received(b"from x (unknown [IPv6:2001:db8::1]) by b.example");
    assert_eq!(it.ip, "2001:db8::1".parse().ok());
    // qmail: what the client said stands in one comment, its address in another.
    let it = received(
        b"from unknown (HELO mail.a.example) (192.0.2.9)\n  by b.example with SMTP; 24 Nov 2026 04:00:00 -0000",
    );
    assert_eq!((it.helo.as_str(), it.name.as_str()), ("mail.a.example", ""));
    assert_eq!((it.ip, it.by.as_str(), it.with.as_str()), ("192.0.2.9".parse().ok(), "b.example", "SMTP"));
    let it = received(b"from host.a.example (HELO x) (u@192.0.2.9) by b.example with SMTP");
    assert_eq!((it.helo.as_str(), it.name.as_str(), it.ip), ("x", "host.a.example", "192.0.2.9".parse().ok()));
    let it = received(b"from a.example (host.example [192.0.2.1]) by b.example (192.0.2.2) with SMTP (192.0.2.3)");
    assert_eq!((it.name.as_str(), it.ip), ("host.example", "192.0.2.1".parse().ok()));
    assert_eq!(received(b"(((((("), received(b""));
}

#[test]
fn encoded_words_that_cannot_be_read() {
    for whole in ["plain", "a =? b", "=?utf-8?Q?caf=C3=A9?=", "=?utf-8?B?ww==?= =?utf-8?B?qQ?=", "x=?y", "=?a b?Q?c?="]
    {
        assert!(words_are_whole(whole.as_bytes()), "{whole}");
    }
    for broken in ["=?utf-8?X?x?=", "=?utf-8?Q?no end", "=?utf-9?Q?x?=", "=?utf-8?Q?=FF?=", "=?utf-8?B?a*b=?="] {
        assert!(!words_are_whole(broken.as_bytes()), "{broken}");
    }
    assert_eq!(text("=?utf-8?B?8J+Y?= =?utf-8?Q?=80?=".as_bytes()), "😀");
    // Many beginnings without an end: one search for it, not one for each.
    let many = "=?a?Q?x".repeat(100_000);
    assert_eq!(text(many.as_bytes()), many);
}

/// Against another implementation: every day of 160 years.
#[test]
fn days_are_counted_as_mailparse_does() {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut days = 0i64;
    for year in 1970..2130 {
        for name in months {
            for day in 1..=31 {
                let written = format!("{day} {name} {year} 03:04:05 +0000");
                let Some((ours, _)) = date(written.as_bytes()) else { continue };
                assert_eq!(ours, mailparse::dateparse(&written).unwrap(), "{written}");
                assert_eq!(ours, days * 86_400 + 11_045, "{written}");
                days += 1;
            }
        }
    }
    assert_eq!(days, 160 * 365 + 39, "no leap day in 2100");
}

#[test]
fn dates_in_every_order() {
    let at = Some((1_795_483_800, 150));
    for same in [
        "Tue, 24 Nov 2026 04:00:00 +0230",
        "Tue,24 Nov 2026 04:00:00 +0230 (IST)",
        "24 november 2026 04:00 +0230",
        "Nov 24 2026 04:00:00 +0230",
        "Tue Nov 24 04:00:00 2026 +0230",
        "24-Nov-26 04:00:00 +0230",
        "Tue, 24 Nov 2026\r\n\t04:00:00 GMT+0230",
    ] {
        assert_eq!(date(same.as_bytes()), at, "{same}");
    }
    assert_eq!(date(b"24 Nov 2026 04:00:00 EST"), Some((1_795_510_800, -300)));
    assert_eq!(date(b"24 Nov 2026 04:00:00 CET"), Some((1_795_492_800, 0)));
    assert_eq!(date(b"29 Feb 2028 00:00:60 +0000").map(|it| it.1), Some(0));
    for none in [
        "",
        "soon",
        "24 Nov 2026",
        "04:00:00",
        "31 Feb 2026 04:00:00 +0000",
        "29 Feb 2027 04:00:00 +0000",
        "24 Nov 2026 24:00:00 +0000",
        "24 Nov 2026 04:60:00 +0000",
        "24 Nov 4294967295 04:00:00 +0000",
        "24 Nov 1969 04:00:00 +0000",
        "24 Nov 2026 04:00:00 +9999",
        "0 Nov 2026 04:00:00 +0000",
    ] {
        assert_eq!(date(none.as_bytes()), None, "{none}");
    }
}
