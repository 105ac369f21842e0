//! How mail servers write Received, as far as SpamAssassin tells them apart: the first format that fits says what is where. A table;
//! longer than other files for that. The formats, their order and their oddities are those of Mail::SpamAssassin 4.0.1 (Apache-2.0),
//! since `X-Spam-Relays-*` is what its rules match.

/// One format.
pub(super) struct Format {
    /// Only where this is found too; `!` before it: only where it is not.
    pub(super) guard: &'static str,
    /// With groups `helo`, `rdns`, `ip`, `by`, `ident`, `id`, `envfrom`, `sub`. `IP` stands for an address, `LOCAL` for this host.
    pub(super) pattern: &'static str,
    pub(super) then: Then,
}

/// What a format means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// A hop.
    Hop,
    /// A hop by a server that looks names up: without a name there is none.
    Looked,
    /// As `Looked`, where the name is the HELO too.
    Named,
    /// qmail: as `Looked` unless the name is `unknown`.
    Qmail,
    /// As `Looked`, by a server that writes in capitals and `unverified` for no name.
    Upper,
    /// Not a hop between hosts.
    Skip,
    /// Not one, and neither are those after it: the message was fetched from a mailbox.
    Fetched,
}

const fn hop(guard: &'static str, pattern: &'static str) -> Format {
    Format { guard, pattern, then: Then::Hop }
}

const fn looked(guard: &'static str, pattern: &'static str) -> Format {
    Format { guard, pattern, then: Then::Looked }
}

const fn skip(pattern: &'static str) -> Format {
    Format { guard: "", pattern, then: Then::Skip }
}

/// Behind `from `, in order.
pub(super) const FORMATS: &[Format] = &[
    hop(r" \((?:SquirrelMail|NaSMail) authenticated user ", r"(?<ip>IP)\b(?:[^.-]).{9,79}by (?<by>\S+) with HTTP"),
    hop(r"aol\.com.*with HTTP \(WebMailUI\)", r"(?<ip>IP) by (?<by>\S+) \(IP\) with HTTP \(WebMailUI\)"),
    hop(" SMTPSVC", r"^(?<helo>\S*) \(\[(?<ip>IP)\][^)]{0,40}\) by (?<by>\S+) with Microsoft SMTPSVC"),
    skip(r"^mail pickup service by \S+ with Microsoft SMTPSVC$"),
    hop(
        r" with (?:Microsoft SMTP Server|mapi id) (?:\([^)]+\) )?\d+\.\d+\.\d+\.\d+(?:$| )",
        r"^(?<helo>\S+) \(\[?(?<ip>IP)(?:%[A-Z0-9._~-]*)?\]?\) by (?<by>\S+) (?<noid>)",
    ),
    hop(r"\[XMail ", r"^(?<helo>\S+) \((?<ip>\[?IP\]?)(?::\d+)\) by (?<by>\S+)(?: \(\S+\))? with \[XMail"),
    hop(r"\(ecelerity\b", r"^\(\[(?<ip>IP):\d+\] helo=(?<helo>\S+)\) by (?<by>\S+) "),
    hop(r"\(ecelerity\b", r"^\S+ \(\[(?<ip>IP):\d+\]\) by (?<by>\S+) "),
    Format { guard: "Exim", pattern: r"\bwith local(?:-\S+)? ", then: Then::Skip },
    hop("Exim", r"^\[(?<ip>IP)\] \((?<sub>.*?)\) by (?<by>\S+) "),
    hop("Exim", r"^(?<rdns>(?<helo>\S+)) \(\[(?<ip>IP)\](?<sub>.*?)\) by (?<by>\S+) "),
    hop("Exim", r"^(?<rdns>(?<helo>\S+)) \[(?<ip>IP)\](?::\d+)? by (?<by>\S+) "),
    hop("Exim", r"^(?<rdns>\S+) (?:.*?\((?<helo>\S+)\) )?.*?\[(?<ip>IP)(?:\.\d+)?\] .*?by (?<by>\S+) "),
    looked(r" \(Postfix\) with", r"^(?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\) by (?<by>\S+) "),
    looked(r" \(Postfix\) with", r"^(?<helo>\S+) \((?<rdns>\S+)\[(?<ip>IP)\]\) by (?<by>\S+) "),
    hop(r"\(Scalix SMTP Relay", r"^(?<helo>\S+) \( ?(?<ip>IP)\) by (?<by>\S+)"),
    hop(r" \(Lotus Domino ", r"^(?<helo>\S+) \(\[(?<ip>IP)\]\) by (?<by>\S+) \(Lotus"),
    hop(r"\bwith HTTP\b", r"^(?<ip>IP) \(\[IP\]\) by (?<by>\S+)"),
    looked(
        r"! by \S+ \(qmail-\S+\) with ",
        r"^(?<helo>\S+) \((?:IDENT:)?(?:(?<ident>[^@ ]*)@)?(?<rdns>\S+) \[(?<ip>IP)\].*\) by (?<by>\S+) \(",
    ),
    looked("", r"^(?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\) by (?<by>\S+) with \S+ \("),
    hop("", r"^(?<rdns>\S+) \(\[(?<ip>IP)\] helo=(?<helo>\S+)\) by (?<by>\S+) with "),
    hop("", r"^(?<helo>\S+) \(<unknown\S*>\[(?<ip>IP)\]\) by (?<by>\S+) "),
    looked("", r"^(?<helo>\S+) \((?<rdns>\S+\.\S+)\[(?<ip>IP)\]\) by (?<by>\S+) "),
    looked("", r"^(?<helo>\S+) \((?<ident>\S*)@\[(?<ip>IP)\].*\) by (?<by>\S+) \("),
    hop("", r"^(?:(?<ip>IP) )?.*by (?<by>\S+\.hotmail\.msn\.com) "),
    hop(
        "",
        r"^(?<rdns>\S+) \((?:HELO|EHLO) (?<helo>\S*)\) \((?<ip>IP)\) by (?<by>\S+) \(qpsmtpd/\S+\) with (?:ESMTP|SMTP)",
    ),
    hop("", r"^(?<rdns>\S+) \(LHLO (?<helo>\S*)\) \((?<ip>IP)\) by (?<by>\S+) with LMTP"),
    hop("", r"^(?<rdns>\S+) \((?:HELO|EHLO) (?<helo>\S*)\) \[(?<ip>IP)\] by (?<by>\S+) \([^)]+\) with (?:ESMTP|SMTP)"),
    hop("", r"^(?<helo>\S+) \(\[(?<ip>IP)\]\) by (?<by>\S+) via smtpd \(for \S+\) with SMTP\("),
    qmail(
        r"^(?<rdns>\S+) \((?:HELO|EHLO) (?<helo>[^ ()]*)\) \((?<ident>\S*)@\[?(?<ip>IP)\]?\)(?: \(envelope-sender <\S+>\))? by (?<by>\S+)",
    ),
    qmail(
        r"^(?<rdns>\S+) \((?:HELO|EHLO) (?<helo>[^ ()]*)\) \(\[?(?<ip>IP)\]?\)(?: \(envelope-sender <\S+>\))? by (?<by>\S+)",
    ),
    qmail(r"^(?<rdns>(?<helo>\S+)) \((?<ident>\S*)@\[?(?<ip>IP)\]?\)(?: \(envelope-sender <\S+>\))? by (?<by>\S+)"),
    qmail(r"^(?<rdns>(?<helo>\S+)) \(\[?(?<ip>IP)\]?\)(?: \(envelope-sender <\S+>\))? by (?<by>\S+)"),
    hop("", r"^\[(?<ip>IP)\] by (?<by>\S+) via HTTP$"),
    hop("", r"^\S+ \( \[(?<ip>IP)\]\).*? by (?<by>\S+) "),
    hop("", r"^\((?<helo>\S+) \[(?<ip>IP)\]\) by (?<by>\S+) "),
    hop("", r"^\[(?<ip>IP)\] by (?<by>\S+) "),
    hop("", r"^\(\[?(?<ip>IP)\]?\) by (?<by>\S+) "),
    looked("", r"^(?<helo>\S+) \[(?<ip>IP)\] by (?<by>\S+) \[IP\] with "),
    hop("", r"^(?<helo>\S+) \[\((?<ip>IP)\)\] by (?<by>\S+) \(IP\) "),
    looked("", r"^(?<helo>\S+) \(\[(?<ip>IP)\]\) by (?<by>\S+) \("),
    hop("", r"^(?<helo>\S+) \(softdnserr \[(?<ip>IP)\]\).*? by (?<by>\S+)\b"),
    looked("", r"^(?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\).*? by (?<by>\S+)\b"),
    looked("", r"^(?<helo>\S+) \(\[(?<ip>IP)(?:[.:]\d+)?\]\).*? by (?<by>\S+) "),
    looked("", r"^(?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\)(?: \(authenticated bits=\d+\))? by (?<by>\S+) \("),
    Format { guard: "", pattern: r"with (?:POP3|IMAP)", then: Then::Fetched },
    looked(
        "",
        r"^(?<rdns>\S+) \((?:HELO|EHLO) (?<helo>[^)]*)\) \((?:(?<ident>\S*)@)?\[?(?<ip>IP)\]?\).* by (?<by>\S+) ",
    ),
    Format {
        guard: "",
        pattern: r"^(?<rdns>\S+) \((?:(?<ident>\S*)@)?\[?(?<ip>IP)\]?\).* by (?<by>\S+) ",
        then: Then::Named,
    },
    hop("", r"^\[(?<ip>IP)\] by (?<by>\S+) with http for "),
    looked("", r"^(?<rdns>\S+)\((?<ip>IP)\) by (?<by>\S+) via smap "),
    looked("", r"^(?<rdns>\S+)\((?<ip>IP), (?:HELO|EHLO) (?<helo>\S*)\) by (?<by>\S+) via smap "),
    hop("", r"^\[(?<ip>IP)\] by (?<by>\S+) \(Post"),
    hop("", r"^\[(?<ip>IP)\] by (?<by>\S+) \(ArGoSoft"),
    hop("", r"^(?<ip>IP) by (?<by>\S+) \((?:SMTPL|InterScan)\b"),
    skip(r"^\S+ by \S+ with BSMTP"),
    looked("", r"^(?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\) by (?<by>\S+) with "),
    looked("", r"^(?<rdns>\S+) \((?:HELO|EHLO) (?<helo>\S*)\) \((?:(?<ident>\S+)@)?(?<ip>IP).*?\) by (?<by>\S+) with "),
    hop("", r"^\[(?<ip>IP)\] \((?:account \S+ )?(?:HELO|EHLO) (?<helo>\S*)\) by (?<by>\S+) \("),
    Format {
        guard: r" \(CommuniGate Pro",
        pattern: r"^(?<rdns>\S+) \(\[(?<ip>IP)\] verified\) by (?<by>\S+) \(",
        then: Then::Named,
    },
    hop("", r"^\(\[(?<ip>IP)\]\) by (?<by>\S+) with "),
    hop("", r"^(?<helo>\D\S+) \((?<ip>IP)\) by (?<by>\S+) "),
    skip(r"^\S+ \(\S+\) by \S+ \(Content Technologies "),
    hop("", r"^(?<helo>\S+) \(\[(?<ip>IP)\] \[\S+\]\) by (?<by>\S+) with "),
    hop("", r"^(?<ip>IP) by (?<by>\S+) with "),
    looked("", r"^(?<helo>\S+) \((?<rdns>\S+)\[(?<ip>IP)\]\) by (?<by>\S+) "),
    hop("", r"^\[(?<ip>IP)\]\S+ \((?:HELO|EHLO) (?<helo>\S*)\) by (?<by>\S+) "),
    hop("", r"^(?<ip>IP) \((?:HELO|EHLO) (?<helo>\S*)\) by (?<by>\S+) "),
    hop("", r"^(?<helo>\S+) \[(?<ip>IP)\] by (?<by>\S+) "),
    hop("", r"^(?<rdns>\S+)\((?<ip>IP)\) by (?<by>\S+) "),
    hop("", r"^\[(?<ip>IP)\] by (?<by>\S+) \(MailGate "),
    hop("", r"^(?<helo>\S+) \(unverified \[(?<ip>IP)\]\) by (?<by>\S+) "),
    hop("", r"^(?<ip>IP) \([A-Za-z][^)]+\) by (?<by>\S+) with "),
    hop("", r"^\[(?<ip>IP)\] \((?<sub>[^)]+)\) by (?<by>\S+) "),
    hop("", r"^(?<rdns>\S+) \((?:\S+@)?(?<ip>IP)\) by (?<by>\S+) with "),
    looked("", r#"^(?<rdns>\S+)\((?<ip>IP)\)(?:, claiming to be "(?<helo>\S+)")? via \S+ by (?<by>\S+),"#),
    hop("", r"^(?<helo>\S+) \(\S+@(?<ip>IP) with login\) by (?<by>\S+\.yahoo\.com) with SMTP"),
    hop("", r"^X-Originating-IP: (?<ip>IP)$"),
    skip(r"^\S+ \([^\s@]+@LOCAL\) by \S+ \("),
    skip(r"^\S+ \S+ by \S+ with local-e?smtp "),
    skip(r"^127\.0\.0\.1 \(AVG SMTP \S+ \[\S+\]\)"),
    skip(r"^\S+@\S+ by \S+ "),
    skip(r"^Unknown/Local \("),
    skip(r"^LOCAL \((?:\S+@)?LOCAL[)\[]"),
    skip(r"^\S+ \((?:\S+@)?LOCAL\) "),
    skip(r"^\S+ \(\S+@\S+ \[LOCAL\]\) "),
    skip(r"^\(AUTH: \S+\) by \S+ with "),
    skip(r"^localhost \(localhost \[\[UNIX: localhost\]\]\) by "),
    skip(r"^\S+\.amazon\.com by \S+\.amazon\.com with ESMTP \(peer crosscheck: "),
    skip(r"^[^.]+ by \S+ with Novell_GroupWise"),
    skip(r"^no\.name\.available by \S+ via smtpd \(for "),
    skip(r"^\S+ by \S+ \(.{0,100}\) with qmail-scanner"),
    skip(r"^\S+ by \S+ with local"),
    skip(r"^\S+ \(\[unix socket\]\) by \S+ \(Cyrus v[0-9]*?\.[0-9]*?\.[0-9]*?\) with LMTPA"),
    skip(r"^\S+ by \S+ (?:with|via|for|\()"),
    skip(r"^\S+ (?:(?:with|via|for) \S+|\(unverified\)) by\b"),
    skip(r"^\S+ \(unknown\) by \S+ \(SG\) with \b"),
    skip(r"^\S+ \(\S+ \[local\]\) by \S+ \(OpenSMTPD\) with \b"),
    skip(r"\(LSMTP for"),
    skip(r"^\(\[LOCAL\]\) with MailEnable "),
    skip(r"^facebook\.com \([^)]+\) by facebook\.com with Thrift id \S+$"),
    skip(r"^\S+ named \S+ by gmailapi\.google\.com with HTTPREST$"),
    skip(r"^\S+ id \S+$"),
    skip(r"^\[<.*? \(Jetsend"),
];

/// What qmail writes, and those who write like it.
const QMAIL: &str = r"^\S+(?: \((?:HELO|EHLO) \S*\))? \((?:\S+@)?\[?IP\]?\)(?: \(envelope-sender <\S+>\))? by \S+(?: \(.+\))* with (?:.* )?(?:SMTP|QMQP)(?:$|[^ ]| (?:[^i]|i[^d]|id[^ ]))";

const fn qmail(pattern: &'static str) -> Format {
    Format { guard: QMAIL, pattern, then: Then::Qmail }
}

/// As what a sender logged in, where a text says that he did.
#[derive(Clone, Copy, Debug)]
pub(super) enum Login {
    /// By this name.
    As(&'static str),
    /// By what the group `auth` is.
    Group,
    /// By the second of the words that match, or the last of them: what such a group would be, for less.
    Second,
    Last,
}

/// What says that the sender logged in, and as what. Then what each such text has one of, in small letters, where the pattern does not tell by itself.
pub(super) const LOGINS: &[(&str, Login, &[&str])] = &[
    (r"(?i) by .* with (?:(?:ES|L|UTF8S|UTF8L)MTPS?A|ASMTP|HTTP[SU]?)(?: |;|$)", Login::Last, WITH_LOGIN),
    (r"(?i) with (?:(?:ES|L|UTF8S|UTF8L)MTPS?A|ASMTP|HTTP[SU]?)(?: |;|$).* by ", Login::Second, WITH_LOGIN),
    (r"^from .*?(?:\]\)|\)\]) \(AUTH: (?<auth>LOGIN|PLAIN|DIGEST-MD5|CRAM-MD5) \S+(?:, .*?)?\) by ", Login::Group, &[]),
    (r"^from .*?(?:\](?: \([^)]*\))?\)|\)\]) .*?\(.*?authenticated.*?\).*? by", Login::As("Sendmail"), &[]),
    (
        r"from \S* \((?:HELO|EHLO) \S*\) \[IP\] by mail\.gmx\.(?:net|com) \([^)]+\) with (?:ESMTP|SMTP)",
        Login::As("GMX"),
        &[],
    ),
    (
        r" \(authenticated as .*\) by .+ \(\d{1,2}\.\d\.\d{3}(?:\.\d{1,3})?\) \(authenticated as .+\) id ",
        Login::As("CriticalPath"),
        &[],
    ),
    (r"\) \(Authenticated sender: \S+\) by \S+ \([^)]+\) with ", Login::As("Postfix"), &[]),
    (
        r"CommuniGate Pro (?:HTTP|SMTP|XIMSS|IMAP).* \(account | \(account .*CommuniGate Pro (?:HTTP|SMTP|XIMSS|IMAP)",
        Login::As("Communigate"),
        &[],
    ),
    (r" with Microsoft Exchange Server HTTP-DAV\b", Login::As("HTTP-DAV"), &[]),
    (r"(?i) by .*\(via (?<auth>HTTP.?)\)(?: |;|$)", Login::Group, &[]),
];

const WITH_LOGIN: &[&str] = &["mtpa", "mtpsa", "asmtp", "http"];
