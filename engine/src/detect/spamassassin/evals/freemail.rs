//! Functions that ask whether addresses are of providers that give mailboxes to everybody.

use std::collections::BTreeSet;

use super::{Arguments, State};

pub(super) const PATTERNS: &[(&str, &str)] = &[
    // Addresses of providers themselves, and of lists that forward.
    (
        "freemail-exempt",
        r"(?i)^(?:abuse|support|sales|info|helpdesk|contact|kontakt|(?:post|host|domain)master|undisclosed.*|request-[a-f0-9]{16}|bounced?-|[a-f0-9]{8}(?:\.[a-f0-9]{8}|-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})|.+=.+=.+)\@",
    ),
    (
        "freemail-bulk",
        r"(?i)(?:^(?:post|host|domain)master|^double-bounce|^(?:sentto|owner|return|(?:gr)?bounced?)-.+|-(?:request|bounces?|admin|owner)|\b(?:do[._-t]?)?no[._-t]?repl(?:y|ies)|.+=.+)\@",
    ),
    ("freemail-url", r"(?i)<?https?://\S{0,255}(?:\@|%40)\S{0,255}"),
    (
        "freemail-quoted",
        r"(?i)<?(?<!mailto:)(?<![a-z0-9!#$%&'*+/=?^_`{|}~-])([a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}\@(?:[a-z0-9-]{1,61}\.){1,4}[a-z]{2,24})(?:>|\s{1,10}(?!(?:fa(?:x|csi)|tel|phone|e?-?mail))[a-z]{2,11}:)",
    ),
    (
        "freemail-address",
        r"(?i)(?<![a-z0-9!#$%&'*+/=?^_`{|}~-])([a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*\@(?:[a-z0-9](?:[a-z0-9-]{0,59}[a-z0-9])?\.){1,4}[a-z]{2,24})(?![a-z0-9-])",
    ),
];

/// Addresses of a text that are looked at.
const MOST: usize = 40;

fn is_free(it: &State<'_>, address: &str) -> bool {
    let settings = it.context.settings;
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    if address.is_empty() || settings.freemail_exempt.contains(address) || settings.freemail_exempt.contains(domain) {
        return false;
    }
    // The pattern costs more than the lists, and most domains are in none.
    (settings.freemail.contains(domain) || settings.freemail_globs.fits(address))
        && !it.finds("freemail-exempt", address)
}

fn addresses(it: &State<'_>, selector: &str) -> Vec<String> {
    let mut all = it.context.texts(selector);
    all.iter_mut().for_each(|address| address.make_ascii_lowercase());
    all
}

pub(super) fn header(it: &State<'_>, arguments: &Arguments) -> bool {
    let selector = [arguments.text(0), ":addr"].concat();
    addresses(it, &selector).iter().any(|address| is_free(it, address) && arguments.matches(address.as_bytes()))
}

pub(super) fn from(it: &State<'_>, arguments: &Arguments) -> bool {
    let all = it.context.senders();
    all.iter()
        .map(|address| address.to_ascii_lowercase())
        .any(|address| is_free(it, &address) && arguments.matches(address.as_bytes()))
}

/// The free addresses of the text; `None` where there are so many that they tell nothing.
fn in_body<'s>(it: &'s State<'_>) -> Option<&'s [String]> {
    it.freemail_body.get_or_init(|| find_in_body(it)).as_deref()
}

fn find_in_body(it: &State<'_>) -> Option<Vec<String>> {
    let settings = it.context.settings;
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    for (uri, found) in &it.context.uris().all {
        if found.types.contains(&"a") && !found.types.contains(&"parsed") {
            let Some(rest) =
                uri.get(..7).filter(|head| head.eq_ignore_ascii_case("mailto:")).and_then(|_| uri.get(7..))
            else {
                continue;
            };
            if let Some(address) =
                it.group("freemail-address", rest).filter(|address| rest.starts_with(address.as_str()))
            {
                let address = address.to_ascii_lowercase();
                if seen.insert(address.clone()) {
                    all.push(address);
                }
            }
            if all.len() >= MOST / 2 {
                break;
            }
        }
    }
    'lines: for line in it.context.views.body.iter() {
        if memchr::memchr(b'@', line).is_none() {
            continue;
        }
        let mut line = String::from_utf8_lossy(line).into_owned();
        for name in ["freemail-url", "freemail-quoted"] {
            let Some(pattern) = it.context.formats.evals.get(name) else { continue };
            let mut from = 0;
            while let Some((start, end)) = line.get(from..).and_then(|rest| pattern.place(rest.as_bytes())) {
                if end == start || !line.is_char_boundary(from + start) || !line.is_char_boundary(from + end) {
                    break;
                }
                line.replace_range(from + start..from + end, " ");
                from += start + 1;
            }
        }
        let mut rest = line.as_str();
        while let Some(pattern) = it.context.formats.evals.get("freemail-address")
            && let Some(groups) = pattern.groups(rest.as_bytes())
            && let Some((start, end)) = groups.get(1).copied().flatten()
        {
            let address = rest.get(start..end).unwrap_or_default().to_ascii_lowercase();
            if settings.is_domain(address.rsplit_once('@').map_or("", |(_, host)| host)) && seen.insert(address.clone())
            {
                all.push(address);
            }
            if all.len() >= MOST {
                break 'lines;
            }
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    let (most, most_free) = settings.freemail_most;
    let (most, most_free) = (if most == 0 { 5 } else { most }, if most_free == 0 { 3 } else { most_free });
    let mut free = Vec::new();
    for (number, address) in all.into_iter().enumerate() {
        if number + 1 == most {
            return None;
        }
        if is_free(it, &address) {
            free.push(address);
            if free.len() == most_free {
                return None;
            }
        }
    }
    Some(free)
}

pub(super) fn body(it: &State<'_>, arguments: &Arguments) -> bool {
    in_body(it).is_some_and(|free| free.iter().any(|address| arguments.matches(address.as_bytes())))
}

pub(super) fn reply_to(it: &State<'_>, arguments: &Arguments) -> bool {
    if it.context.envelope_from().is_some_and(|from| it.finds("freemail-bulk", from)) {
        return false;
    }
    let from = addresses(it, "From:addr");
    let reply = addresses(it, "Reply-To:addr");
    let from_free = from.iter().any(|address| is_free(it, address));
    let reply_free = reply.iter().any(|address| is_free(it, address));
    if from_free && reply_free && !from.iter().any(|address| reply.contains(address)) {
        return true;
    }
    let is_reply = arguments.text(0) == "reply";
    let goes_on = match is_reply {
        true => !(!reply.is_empty() && !reply_free) && from_free,
        false => reply_free,
    };
    if !goes_on {
        return false;
    }
    let answers = if !is_reply || reply_free { &reply } else { &from };
    let Some(free) = in_body(it) else { return false };
    free.iter().any(|address| answers.iter().any(|answer| answer != address))
}
