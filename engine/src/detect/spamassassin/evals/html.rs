//! Functions that ask about HTML.

use std::net::IpAddr;

use super::{Arguments, State};
use crate::facts::spamassassin::Html;

pub(super) fn test(it: &State<'_>, arguments: &Arguments) -> bool {
    let name = arguments.text(0);
    it.context
        .htmls()
        .any(|html| html.flags.contains(name) || html.numbers.get(name).is_some_and(|value| *value != 0.0))
}

pub(super) fn range(it: &State<'_>, arguments: &Arguments) -> bool {
    let (least, most) = (arguments.number(1).unwrap_or(0.0), arguments.number(2).filter(|most| most.is_finite()));
    let values = it.context.htmls().filter_map(|html| html.numbers.get(arguments.text(0)));
    values.copied().any(|value| value > least && most.is_none_or(|most| value <= most))
}

/// `< 512`, `!= 0`.
fn compares(value: f64, expression: &str) -> bool {
    let expression = expression.trim();
    let (sign, number) =
        expression.split_at(expression.find(|it: char| !"<>=!".contains(it)).unwrap_or(expression.len()));
    let Ok(number) = number.trim().parse::<f64>() else { return false };
    match sign {
        "<" => value < number,
        "<=" => value <= number,
        ">" => value > number,
        ">=" => value >= number,
        "==" => value == number,
        "!=" => value != number,
        _ => false,
    }
}

pub(super) fn eval(it: &State<'_>, arguments: &Arguments) -> bool {
    let values = it.context.htmls().filter_map(|html| html.numbers.get(arguments.text(0)));
    values.copied().any(|value| compares(value, arguments.text(1)))
}

pub(super) fn tag_balance(it: &State<'_>, arguments: &Arguments) -> bool {
    let counts = it.context.htmls().filter_map(|html| html.inside.get(arguments.text(0)));
    counts.copied().any(|count| compares(f64::from(count), arguments.text(1)))
}

pub(super) fn tag_exists(it: &State<'_>, arguments: &Arguments) -> bool {
    it.context.htmls().any(|html| html.inside.contains_key(arguments.text(0)))
}

pub(super) fn image_only(it: &State<'_>, arguments: &Arguments) -> bool {
    let (least, most) = (arguments.number(0).unwrap_or(0.0), arguments.number(1).unwrap_or(0.0));
    it.context.htmls().filter(|html| html.inside.contains_key("img")).any(|html| {
        let length = html.numbers.get("length").copied().unwrap_or(0.0);
        length > least && length <= most
    })
}

pub(super) fn image_ratio(it: &State<'_>, arguments: &Arguments) -> bool {
    let (least, most) = (arguments.number(0).unwrap_or(0.0), arguments.number(1).unwrap_or(0.0));
    it.context.htmls().any(|html| {
        let number = |name| html.numbers.get(name).copied().unwrap_or(0.0);
        let area = number("image_area");
        let ratio = number("non_space_len") / area;
        area > 0.0 && ratio > least && ratio <= most
    })
}

pub(super) fn charset_faraway(it: &State<'_>, _: &Arguments) -> bool {
    it.context.htmls().any(|html| {
        let charsets = || html.charsets.split_whitespace();
        let bad = charsets().filter(|charset| super::mime::is_faraway(it, charset)).count();
        bad > 0 && bad >= charsets().count() - bad
    })
}

fn texts<'h>(html: &'h Html, name: &str) -> &'h [String] {
    match name {
        "comment" => &html.comments,
        "script" => &html.scripts,
        "title" => &html.titles,
        "anchor" => &html.anchors,
        _ => &[],
    }
}

pub(super) fn text_match(it: &State<'_>, arguments: &Arguments) -> bool {
    let mut all = it.context.htmls().flat_map(|html| texts(html, arguments.text(0)));
    all.any(|text| arguments.matches(text.as_bytes()))
}

pub(super) fn text_not_match(it: &State<'_>, arguments: &Arguments) -> bool {
    let mut all = it.context.htmls().flat_map(|html| texts(html, arguments.text(0)));
    all.any(|text| !arguments.matches(text.as_bytes()))
}

pub(super) fn title_ratio(it: &State<'_>, arguments: &Arguments) -> bool {
    let subject = it.header("Subject");
    if subject.is_empty() {
        return false;
    }
    let longest = |html: &Html| html.titles.iter().map(|title| title.chars().count()).max().unwrap_or(0);
    let least = arguments.number(0).unwrap_or(0.0);
    it.context.htmls().any(|html| longest(html) as f64 / subject.len() as f64 > least)
}

pub(super) fn iframe(it: &State<'_>, _: &Arguments) -> bool {
    it.context.htmls().any(|html| html.uris.values().any(|uri| uri.types.contains(&"iframe")))
}

/// The host of an address of the web, behind `https?://`.
fn host_of<'u>(uri: &'u str, schemes: &[&str]) -> Option<&'u str> {
    let lower = uri.to_ascii_lowercase();
    let scheme = schemes.iter().find(|scheme| lower.starts_with(**scheme))?;
    let rest = uri.get(scheme.len()..)?;
    let end = rest.find(|it: char| "/:?#".contains(it) || it.is_whitespace()).unwrap_or(rest.len());
    rest.get(..end).filter(|host| !host.is_empty())
}

pub(super) fn https_http_mismatch(it: &State<'_>, arguments: &Arguments) -> bool {
    let settings = it.context.settings;
    let least = arguments.number(0).unwrap_or(1.0).max(1.0);
    it.context.htmls().any(|html| {
        let (mut hit, mut anchors) = (false, 0.0);
        for (uri, found) in &html.uris {
            if found.anchors.is_empty() {
                continue;
            }
            let Some(host) = host_of(uri, &["https://", "http://"]) else { continue };
            if host.parse::<IpAddr>().is_ok() {
                continue;
            }
            let domain = settings.registered(host);
            if !settings.is_domain(&domain) {
                continue;
            }
            anchors += 1.0;
            for text in &found.anchors {
                let Some(at) = text.to_ascii_lowercase().find("https://") else { continue };
                let Some(shown) = host_of(text.get(at..).unwrap_or_default(), &["https://"]) else { continue };
                let shown = match shown.parse::<IpAddr>() {
                    Ok(_) => shown.to_owned(),
                    Err(_) => settings.registered(shown),
                };
                if (shown.parse::<IpAddr>().is_ok() || settings.is_domain(&shown)) && shown != domain {
                    hit = true;
                    break;
                }
            }
        }
        hit && anchors >= least && arguments.number(1).is_none_or(|most| anchors < most)
    })
}

/// Whether an address leads to numbers.
fn leads_to_ip(uri: &str, schemes: &[&str]) -> bool {
    let lower = uri.to_ascii_lowercase();
    let Some(rest) = schemes.iter().find_map(|scheme| lower.strip_prefix(scheme)) else { return false };
    let rest = rest.trim_start_matches('/');
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let mut parts = host.split('.');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    number(parts.next())
        && number(parts.next())
        && number(parts.next())
        && parts.next().is_some_and(|part| part.starts_with(|it: char| it.is_ascii_digit()))
}

pub(super) fn https_ip_mismatch(it: &State<'_>, _: &Arguments) -> bool {
    it.context.htmls().flat_map(|html| &html.uris).any(|(uri, found)| {
        leads_to_ip(uri, &["https:", "http:"])
            && found.anchors.iter().any(|text| {
                let lower = text.to_ascii_lowercase();
                let shows = lower
                    .match_indices("https:")
                    .any(|(at, _)| leads_to_ip(lower.get(at..).unwrap_or_default(), &["https:"]));
                lower.contains("https:") && !shows
            })
    })
}
