//! Functions that ask about header fields.

use super::{Arguments, State, date, squeezed};

/// What servers of large providers wrote into Received. The patterns are those of Mail::SpamAssassin::Plugin::HeaderEval 4.0.1
/// (Apache-2.0), whose functions these are.
pub(super) const PATTERNS: &[(&str, &str)] = &[
    ("ezmlm", r"(?m)^contact \S+\@\S+; run by ezmlm$"),
    ("list-to", r"(?m)^mailing list \S+\@\S+"),
    ("qmail", r"qmail \d+ invoked (?:from network|by .{3,20})\); \d+ ... \d+"),
    ("msn-groups", r"from groups\.msn\.com \(\S+\.msn\.com "),
    ("hotmail-1", r"from (?:\S*\.)?hotmail.com \(\S+\.hotmail(?:\.msn)?\.com[ \)]"),
    ("hotmail-2", r"from \S*\.outbound\.protection\.outlook\.com \(\S+\.outbound\.protection\.outlook\.com[ \)]"),
    ("hotmail-3", r"from \S*\.(?:eur|nam)prd\d+\.prod\.outlook\.com \((?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)\)"),
    ("hotmail-4", r"from \S*\.hotmail.com \(\[(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)\][ \):]"),
    ("hotmail-5", r"from \S+ by \S+\.hotmail(?:\.msn)?\.com with HTTP;"),
    ("hotmail-6", r"from \[66\.218.\S+\] by \S+\.yahoo\.com"),
    ("hotmail-says", r"(?:from |HELO |helo=)\S*hotmail\.com\b"),
    ("groups-to", r"(?i)<(\S+)\@groups\.msn\.com>"),
    ("groups-by", r"from mail pickup service by ((?:p\d\d\.)groups\.msn\.com)\b"),
    ("yahoo-trusted", r" rdns=\S+\.yahoo\.com "),
    ("yahoo-untrusted", r"^[^\]]+ rdns=\S+\.yahoo\.com "),
    ("yahoo-1", r"by web\S+\.mail\S*\.yahoo\.com via HTTP"),
    ("yahoo-2", r"by sonic\S+\.consmr\.mail\S*\.yahoo\.com with HTTP"),
    ("yahoo-3", r"by smtp\S+\.yahoo\.com with SMTP"),
    (
        "yahoo-4",
        r"from \[(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)\] by \S+\.(?:groups|scd|dcn)\.yahoo\.com with NNFMP",
    ),
    ("yahoo-5", r"by \w+\.\w+\.yahoo\.com \(\d+\.\d+\.\d+/\d+\.\d+\.\d+\)(?: with ESMTP)? id \w+"),
    ("yahoo-bulk", r"\bmailer\d+\.bulk\.scd\.yahoo\.com\b"),
    ("juno-1", r"from.*\b(?:juno|untd)\.com.*[\[\(](?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)[\]\)].*by"),
    ("juno-2", r" cookie\.(?:juno|untd)\.com "),
    ("juno-3", r"from.*\bmail\.com.*\[(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)\].*by"),
    ("juno-4", r"from (webmail\S+\.untd\.com) \(\1 \[(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)\]\) by"),
    ("gmail-1", r"by 10\.\S+ with SMTP id \S+"),
    ("gmail-2", r"by 2002:a\d\d:\w+:\S+ with SMTP id \S+"),
    ("gmail-3", r"by smtp\.googlemail\.com with ESMTPSA id \S+"),
    ("local-1", r"\bfrom (?:localhost\s|(?:\S+ ){1,2}\S*\b127\.0\.0\.1\b)"),
    ("local-2", r"qmail \d+ invoked by uid \d+"),
    ("local-3", r"\bby localhost with \w+ \(fetchmail-[\d.]+"),
    (
        "caps-charset",
        r"(?i)=\?[-_a-z0-9]*(?:koi|jp|jis|euc|gb|big5|isoir|cp1251|windows-1251|georgianps|pt154|tis)[-_a-z0-9]*\?",
    ),
    ("outlook-id", r"^<[0-9a-f]{4}([0-9a-f]{8})\$[0-9a-f]{8}\$[0-9a-f]{8}\@"),
    ("ratware-id", r"<[A-Z]{28}\.([^>]+?)>"),
    ("template", r"%[A-Z][A-Z_-]"),
    (
        "template-exempt",
        r"(?i)^(?:X-VMS-To|X-UIDL|X-Face|To|Cc|From|Subject|References|In-Reply-To|(?:X-|Resent-|X-Original-)?Message-Id):",
    ),
    ("aol-relay", r"(?i) rly-[a-z][a-z]\d\d\."),
    ("aol-honest", r"/AOL-\d+\.\d+\.\d+\)|ESMTP id (?:RELAY|MAILRELAY|MAILIN)"),
    ("unsubscribe", r"(?i)<mailto:(?:leave-\S+|\S+-unsubscribe)\@\S+>$"),
    ("word-charset", r"=\?(.+?)\?.\?.*?\?="),
];

pub(super) fn gated(it: &State<'_>) -> bool {
    if it.finds("ezmlm", &it.header("Mailing-List"))
        && it.finds("list-to", &it.header("Delivered-To"))
        && it.finds("qmail", &it.header("Received"))
    {
        return true;
    }
    let received = it.header("Received");
    it.context.get("Received").is_empty() || it.finds("msn-groups", &received)
}

pub(super) fn msn_groups(it: &State<'_>) -> bool {
    let Some(list) = it.group("groups-to", &it.header("To")) else { return false };
    let Some(server) = it.group("groups-by", &it.header("Received")) else { return false };
    let id = it.header("Message-Id");
    if list == "notifications" {
        return id.starts_with('<') && id.contains(&format!("@{server}>"));
    }
    id.starts_with(&format!("<{list}-"))
        && id.contains("@groups.msn.com>")
        && it.header("EnvelopeFrom:addr").contains(&format!("{list}-bounce@groups.msn.com"))
}

/// Whether Received pretends to be of Hotmail, and whether only From does.
pub(super) fn hotmail(it: &State<'_>) -> (bool, bool) {
    *it.hotmail.get_or_init(|| {
        // Where neither names it all that follows says no.
        let from = is_of(&it.header("From:addr"), "hotmail.com");
        let mut received = it.context.fields("Received").map(|field| field.value);
        if !from && received.all(|value| memchr::memmem::find(value, b"hotmail.com").is_none()) {
            return (false, false);
        }
        let received = squeezed(&it.header("Received"));
        if received.contains("from mail pickup service by hotmail.com with Microsoft SMTPSVC;") || msn_groups(it) {
            return (false, false);
        }
        let ip = it.has_ip(&it.header("X-Originating-Ip"));
        let organisation = it.header("X-OriginatorOrg");
        let organisation = organisation.contains("hotmail.com") || organisation.contains("msonline-outlook");
        if gated(it) {
            return (false, false);
        }
        let honest = (ip
            && ["hotmail-1", "hotmail-4", "hotmail-5", "hotmail-6"].iter().any(|name| it.finds(name, &received)))
            || (organisation && ["hotmail-2", "hotmail-3"].iter().any(|name| it.finds(name, &received)));
        if honest {
            return (false, false);
        }
        if it.finds("hotmail-says", &received) {
            return (true, false);
        }
        (false, from)
    })
}

/// Whether an address ends in a name, as a word of its own.
fn is_of(address: &str, name: &str) -> bool {
    let Some((rest, end)) = address.len().checked_sub(name.len()).and_then(|at| address.split_at_checked(at)) else {
        return false;
    };
    end.eq_ignore_ascii_case(name) && !rest.ends_with(|it: char| it.is_ascii_alphanumeric() || it == '_')
}

pub(super) fn forged_eudoramail(it: &State<'_>, _: &Arguments) -> bool {
    if !is_of(&it.header("From:addr"), "eudoramail.com") || gated(it) {
        return false;
    }
    let received = squeezed(&it.header("Received"));
    !(received.contains("whowhere.com;") && it.has_ip(&it.header("X-Sender-Ip")))
}

pub(super) fn forged_yahoo(it: &State<'_>, _: &Arguments) -> bool {
    let from = it.header("From:addr");
    if !is_of(&from, "yahoo.com") {
        return false;
    }
    let mut received = it.header("Received");
    if !it.header("Resent-From").is_empty() && !it.header("Resent-To").is_empty() {
        let other = it.header("X-Received");
        if !other.is_empty() {
            received = other;
        }
    }
    let received = squeezed(&received);
    let relays = it.context.relays();
    if gated(it)
        || it.finds("yahoo-trusted", &relays.trusted_text)
        || it.finds("yahoo-untrusted", &relays.untrusted_text)
    {
        return false;
    }
    let honest = ["yahoo-1", "yahoo-2", "yahoo-3", "yahoo-4", "yahoo-5"].iter().any(|name| it.finds(name, &received));
    let bulk = it.finds("yahoo-bulk", &received) && from.to_ascii_lowercase().ends_with("@reply.yahoo.com");
    !honest && !bulk
}

pub(super) fn forged_juno(it: &State<'_>, _: &Arguments) -> bool {
    if !is_of(&it.header("From:addr"), "juno.com") || gated(it) {
        return false;
    }
    let (origin, mailer, received) = (it.header("X-Originating-IP"), it.header("X-Mailer"), it.header("Received"));
    if !origin.is_empty() {
        return (!it.finds("juno-1", &received) && !it.finds("juno-2", &received)) || !mailer.contains("Juno ");
    }
    if it.finds("juno-3", &received) {
        if !mailer.contains("mail.com") {
            return true;
        }
    } else if it.finds("juno-4", &received) {
        if !mailer.starts_with("Webmail Version ") {
            return true;
        }
    } else {
        return true;
    }
    // Without an address of origin none can be in it.
    true
}

pub(super) fn forged_gmail(it: &State<'_>, _: &Arguments) -> bool {
    if !is_of(&it.header("From:addr"), "gmail.com") {
        return false;
    }
    let other = it.header("X-Received");
    if it.finds("gmail-1", &other) || it.finds("gmail-2", &other) || it.finds("gmail-3", &it.header("Received")) {
        return false;
    }
    it.header("X-Gm-Message-State").len() < 60 || it.header("X-Google-Smtp-Source").len() < 60
}

pub(super) fn fake_aol(it: &State<'_>, _: &Arguments) -> bool {
    let received = squeezed(&it.header("Received"));
    it.finds("aol-relay", &received) && !it.finds("aol-honest", &received)
}

pub(super) fn faraway_charset(it: &State<'_>, _: &Arguments) -> bool {
    if super::mime::reads_all(it) {
        return false;
    }
    ["From:raw", "Subject:raw"].iter().flat_map(|selector| it.context.texts(selector)).any(|field| {
        let mut rest = field.as_str();
        while let Some(charset) = it.group("word-charset", rest) {
            if super::mime::is_faraway(it, &charset) {
                return true;
            }
            let at = rest.find("=?").map_or(rest.len(), |at| at + 2 + charset.len());
            rest = rest.get(at..).unwrap_or_default();
        }
        false
    })
}

pub(super) fn illegal_chars(it: &State<'_>, arguments: &Arguments) -> bool {
    let name = arguments.text(0).trim_end_matches(":raw");
    let bytes = it.context.get(&[name, ":raw"].concat()).concat();
    if bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x0B) {
        return false;
    }
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 0x0B | 0x0C | 0x0E..=0x1F);
    if !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok() && !bytes.iter().any(is_control) {
        return false;
    }
    let mut illegal = bytes.iter().filter(|byte| is_control(byte) || **byte >= 0x7F).count();
    if illegal > 0 && name.eq_ignore_ascii_case("subject") {
        // One pound or registered sign is none.
        let exempt = bytes.iter().filter(|byte| matches!(byte, 0xA2 | 0xA3 | 0xAE)).count();
        illegal -= usize::from(exempt == 1);
    }
    let (ratio, count) = (arguments.number(1).unwrap_or(0.0), arguments.number(2).unwrap_or(0.0));
    illegal as f64 / bytes.len() as f64 >= ratio && illegal as f64 >= count
}

pub(super) fn envelope_is_from(it: &State<'_>, _: &Arguments) -> bool {
    it.header("EnvelopeFrom:addr").eq_ignore_ascii_case(&it.header("From:addr"))
}

/// The recipients, without repeats in a row.
fn named(it: &State<'_>) -> Vec<String> {
    let mut all = it.context.texts("ToCc:addr");
    if all.len() < 5 {
        all.extend(it.context.texts("Bcc:addr"));
    }
    all.retain(|address| !address.is_empty());
    all.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    all.truncate(256);
    all
}

/// Whether many recipients stand in order, and how alike they are.
pub(super) fn recipients(it: &State<'_>) -> (bool, f64) {
    *it.recipients.get_or_init(|| likeness(&named(it)))
}

fn likeness(all: &[String]) -> (bool, f64) {
    let sorted = all.len() >= 7 && all.is_sorted();
    if all.len() < 5 {
        return (sorted, 0.0);
    }
    let head = |text: &str| text.chars().take(2).collect::<String>();
    let parts: Vec<(String, String, String)> = all
        .iter()
        .map(|address| {
            let host = address.split_once('@').map_or("", |(_, host)| host);
            (head(address), head(host), host.to_owned())
        })
        .collect();
    let (mut hits, mut pairs) = (0u32, 0u32);
    for (number, one) in parts.iter().enumerate() {
        for other in parts.iter().skip(number + 1) {
            hits += u32::from(one.0 == other.0) + u32::from(one.1 == other.1 && one.2 != other.2);
            pairs += 1;
        }
    }
    (sorted, f64::from(hits) / f64::from(pairs.max(1)))
}

pub(super) fn similar_recipients(it: &State<'_>, arguments: &Arguments) -> bool {
    arguments.spans(0, recipients(it).1)
}

pub(super) fn missing_to(it: &State<'_>, _: &Arguments) -> bool {
    ["To", "Apparently-To"].iter().all(|name| it.context.fields(name).next().is_none())
}

/// How many seconds the Date field is ahead of the Received fields, by the nearest of them.
fn shift(it: &State<'_>) -> f64 {
    *it.date_shift.get_or_init(|| {
        let dates = ["Resent-Date", "Date"].iter().flat_map(|name| it.context.texts(name));
        let Some(sent) = dates.into_iter().find_map(|text| date::parse(&text)) else { return 0.0 };
        let all = it.header("Received");
        let mut received: Vec<&str> = all.split('\n').filter(|line| !line.trim().is_empty()).collect();
        // What fetched the mail at home wrote its own.
        let mut local = 0;
        let is_local = |at: usize, names: &[&str]| {
            received.get(at).is_some_and(|line| names.iter().any(|name| it.finds(name, line)))
        };
        if is_local(0, &["local-1", "local-2"]) {
            local = 1;
        }
        local = if is_local(local, &["local-3"]) { local + 1 } else { 0 };
        received.drain(..local.min(received.len()));
        let times = received.iter().filter_map(|line| date::parse(date::in_received(line)?));
        let mut differences: Vec<i64> = times.map(|time| sent - time).collect();
        if differences.len() > 1 && differences.last() == Some(&0) {
            differences.pop();
        }
        differences.sort_by_key(|difference| difference.unsigned_abs());
        differences.first().map_or(0.0, |difference| *difference as f64)
    })
}

pub(super) fn shifted_date(it: &State<'_>, arguments: &Arguments) -> bool {
    arguments.spans(0, shift(it) / 3_600.0)
}

pub(super) fn all_caps(it: &State<'_>, _: &Arguments) -> bool {
    let subject = it.header("Subject");
    let mut subject = subject.trim();
    loop {
        let prefix = ["re:", "fwd:", "fw:", "aw:", "antwort:", "wg:", "sv:", "vb:", "vs:", "vl:"];
        let starts = |prefix: &&&str| subject.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
        let Some(prefix) = prefix.iter().find(starts) else { break };
        subject = subject.get(prefix.len()..).unwrap_or_default().trim_start();
    }
    if !subject.contains(|it: char| it.is_ascii_whitespace()) || subject.len() < 10 {
        return false;
    }
    let mut letters = subject.chars().filter(char::is_ascii_alphabetic).peekable();
    letters.peek().is_some()
        && letters.all(|it| it.is_ascii_uppercase())
        && !it.finds("caps-charset", &it.header("Subject:raw"))
}

pub(super) fn to_in_subject(it: &State<'_>, arguments: &Arguments) -> bool {
    let to = it.header("To:addr").to_ascii_lowercase();
    if to.is_empty() {
        return false;
    }
    let subject = it.header("Subject");
    let lower = subject.to_ascii_lowercase();
    if arguments.text(0) == "address" {
        return lower.contains(&to);
    }
    if arguments.text(0) != "user" {
        return false;
    }
    let whole = it.header("To:addr");
    let user = whole.split('@').next().unwrap_or_default();
    let small = user.to_ascii_lowercase();
    let end = lower.trim_end_matches('\n');
    // `re: word user`, `User, ...`, `user` alone.
    if end == small {
        return true;
    }
    if let Some(rest) = lower.strip_prefix("re:").or_else(|| lower.strip_prefix("fw:")) {
        let rest = rest.trim_start().trim_end_matches('\n');
        let word = rest.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').count();
        let behind = rest.get(word..).filter(|_| word > 0).map(str::trim_start);
        if rest == small
            || (behind == Some(small.as_str())
                && rest.get(word..).is_some_and(|it| it.starts_with(char::is_whitespace)))
        {
            return true;
        }
    }
    if let Some(rest) = subject.strip_prefix(user) {
        let rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix([',', ':', ';', '!', '?', '-'])
            && (behind.is_empty() || behind.starts_with(char::is_whitespace))
        {
            return true;
        }
    }
    let rest = lower.strip_prefix(',').map(str::trim_start).and_then(|rest| rest.strip_prefix(small.as_str()));
    rest.is_some_and(|rest| matches!(rest.trim_end_matches('\n'), "," | ":" | ";" | "!" | "?" | "-"))
}

pub(super) fn outlook_message_id(it: &State<'_>, _: &Arguments) -> bool {
    let Some(token) = it.group("outlook-id", &it.header("MESSAGEID")) else { return false };
    let Ok(token) = i64::from_str_radix(&token, 16) else { return false };
    // Outlook counts in units of 1 / 0.00232 s since 1601, of which it writes the upper half.
    let differs =
        |time: i64| (token - (time as f64 * 0.002_328_306_436_538_7 + 27_111_902.832_984_9) as i64).abs() >= 250;
    if !differs(date::parse(&it.header("Date")).unwrap_or(0)) {
        return false;
    }
    let received = it.header("Received");
    differs(date::parse(&received).unwrap_or(0))
}

pub(super) fn message_id_unusable(it: &State<'_>, _: &Arguments) -> bool {
    let received = it.header("Received");
    it.finds("unsubscribe", &it.header("List-Unsubscribe"))
        || gated(it)
        || received.contains("/CWT/DCE)")
        || received.contains("iPlanet Messaging Server")
}

pub(super) fn count_range(it: &State<'_>, arguments: &Arguments) -> bool {
    let mut values: Vec<&[u8]> = it.context.fields(arguments.text(0)).map(|field| field.value).collect();
    values.sort_unstable();
    values.dedup();
    let count = values.len() as f64;
    count >= arguments.number(1).unwrap_or(0.0) && count <= arguments.number(2).unwrap_or(f64::MAX)
}

pub(super) fn unresolved_template(it: &State<'_>, _: &Arguments) -> bool {
    // The patterns are asked of the few lines that have a percent sign.
    let has_sign = |text: &[u8]| memchr::memchr(b'%', text).is_some();
    if !it.context.joined("ALL").is_some_and(|all| has_sign(&all)) {
        return false;
    }
    let may = it.context.all_fields(false).filter(|field| has_sign(field.name) || has_sign(field.value));
    may.map(|field| String::from_utf8_lossy(&[field.name, b": ", field.ended].concat()).into_owned())
        .any(|line| it.finds("template", &line) && !it.finds("template-exempt", &line))
}

pub(super) fn ratware_name(it: &State<'_>, _: &Arguments) -> bool {
    let Some(id) = it.group("ratware-id", &it.header("MESSAGEID")) else { return false };
    let from = it.header("From");
    let Some((name, _)) = from.split_once(&format!("<{id}>")) else { return false };
    let name = name.trim_end();
    name.ends_with('"') && name.matches('"').count() >= 2 && !name.ends_with("\"\"")
}

pub(super) fn ratware_envelope(it: &State<'_>, _: &Arguments) -> bool {
    let (to, from) = (it.header("To:addr"), it.header("EnvelopeFrom:addr"));
    let from = from.to_ascii_lowercase();
    if from.is_empty() || (from.starts_with("srs") && from.get(3..5).is_some_and(|it| it.ends_with(['=', '+', '-']))) {
        return false;
    }
    let Some((user, host)) = to.split_once('@').filter(|(user, _)| !user.is_empty()) else { return false };
    // The recipient's domain, any character, and his name before the sender's `@`.
    let user = user.to_ascii_lowercase();
    if !from.match_indices('@').any(|(at, _)| from.get(..at).is_some_and(|before| before.ends_with(&user))) {
        return false;
    }
    let settings = it.context.settings;
    let domain = settings.registered(host);
    if !settings.is_domain(&domain) {
        return false;
    }
    from.match_indices(domain.as_str()).any(|(at, _)| {
        let starts = !from.get(..at).unwrap_or_default().ends_with(|it: char| it.is_ascii_alphanumeric() || it == '_');
        let mut rest = from.get(at + domain.len()..).unwrap_or_default().chars();
        starts
            && rest.next().is_some()
            && rest.as_str().strip_prefix(user.as_str()).is_some_and(|rest| rest.starts_with('@'))
    })
}

pub(super) fn different_domains(it: &State<'_>, _: &Arguments) -> bool {
    let second_level = |address: &str| {
        let (_, host) = address.rsplit_once('@')?;
        let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
        let _ = dots.next();
        let short = dots.next().filter(|at| *at > 0).and_then(|at| host.get(at + 1..)).unwrap_or(host);
        (!short.is_empty()).then(|| short.to_ascii_lowercase())
    };
    match (second_level(&it.header("From:addr")), second_level(&it.header("EnvelopeFrom:addr"))) {
        (Some(from), Some(envelope)) => from != envelope,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_compile() {
        let all = super::super::patterns().unwrap();
        assert!(all.values().all(|pattern| pattern.compiles()), "{}", all.len());
    }
}
