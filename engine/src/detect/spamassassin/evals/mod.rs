//! The functions that `eval:` calls. Takes a message and arguments, says yes or no. A function that needs the network is known, and
//! always says no: that is what it comes to with SpamAssassin's network tests off.

mod alternatives;
mod body;
mod date;
mod freemail;
mod header;
mod html;
mod image;
mod lists;
mod mime;
mod relay;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::context::Context;
use super::pattern::Pattern;

/// A message, and what several functions ask about it.
pub(super) struct State<'c> {
    pub(super) context: &'c Context<'c>,
    attachments: OnceCell<mime::Attachments>,
    difference: OnceCell<alternatives::Difference>,
    alike: OnceCell<Option<alternatives::Alike>>,
    images: OnceCell<image::Images>,
    date_shift: OnceCell<f64>,
    uppercase: OnceCell<f64>,
    hotmail: OnceCell<(bool, bool)>,
    recipients: OnceCell<(bool, f64)>,
    freemail_body: OnceCell<Option<Vec<String>>>,
}

impl<'c> State<'c> {
    pub(super) fn new(context: &'c Context<'c>) -> State<'c> {
        State {
            context,
            attachments: OnceCell::new(),
            difference: OnceCell::new(),
            alike: OnceCell::new(),
            images: OnceCell::new(),
            date_shift: OnceCell::new(),
            uppercase: OnceCell::new(),
            hotmail: OnceCell::new(),
            recipients: OnceCell::new(),
            freemail_body: OnceCell::new(),
        }
    }
}

/// What a call has in parentheses.
#[derive(Debug)]
pub(super) struct Arguments {
    texts: Vec<String>,
    /// What they are as numbers; `None` where one is none.
    numbers: Vec<Option<f64>>,
    /// The argument that is a pattern, where the function takes one.
    pub(super) pattern: Option<Pattern>,
}

impl Arguments {
    pub(super) fn new(texts: Vec<String>, pattern: Option<Pattern>) -> Arguments {
        let numbers = texts.iter().map(|text| text.trim().parse().ok()).collect();
        Arguments { texts, numbers, pattern }
    }

    fn text(&self, number: usize) -> &str {
        self.texts.get(number).map_or("", String::as_str)
    }

    /// A number; `None` where there is none, or `undef`.
    fn number(&self, number: usize) -> Option<f64> {
        self.numbers.get(number).copied().flatten()
    }

    /// Whether a value is at least the first of two arguments, and below the second.
    fn spans(&self, from: usize, value: f64) -> bool {
        self.number(from).is_none_or(|least| value >= least) && self.number(from + 1).is_none_or(|most| value < most)
    }

    fn matches(&self, text: &[u8]) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

/// A function.
pub(super) type Function = fn(&State<'_>, &Arguments) -> bool;

/// What is known of a function by its name.
pub(super) enum Known {
    Function(Function),
    /// The argument of this number is a pattern.
    WithPattern(Function, usize),
    /// It asks the network, or what SpamAssassin learned.
    Elsewhere,
    Unknown,
}

/// Beginnings of functions that ask the network, other programs, or what SpamAssassin learned.
const ELSEWHERE: &[&str] = &[
    "check_rbl",
    "check_dns_sender",
    "check_uridnsbl",
    "check_bayes",
    "check_dcc",
    "check_pyzor",
    "check_razor2",
    "check_for_spf",
    "check_for_def_spf",
    "check_spf",
    "check_dkim",
    "check_for_dkim",
    "check_for_def_dkim",
    "check_arc",
    "check_dmarc",
    "check_hashbl",
    "check_access_database",
    "check_from_in_auto",
    "check_senders_reputation",
    "check_asn",
    "check_microsoft_executable",
    "check_suspect_name",
    "check_shortcircuit",
    "check_language",
    "short_url",
    "pdf_",
    "check_fromname",
    "check_spamcop",
    "check_uri_local",
];

/// Looks a function up, in any spelling of its name.
pub(super) fn known(name: &str) -> Known {
    let name = name.replace("whitelist", "welcomelist").replace("blacklist", "blocklist");
    let function: Function = match name.as_str() {
        "check_abundant_unicode_ratio" => mime::abundant_unicode,
        "check_base64_length" => mime::base64_length,
        "check_for_ascii_text_illegal" => mime::ascii_illegal,
        "check_for_mime" => mime::check,
        "check_for_mime_html" => mime::html,
        "check_for_mime_html_only" => mime::html_only,
        "check_for_uppercase" => mime::uppercase,
        "check_ma_non_text" => mime::alternative_non_text,
        "check_mime_multipart_ratio" => mime::multipart_ratio,
        "check_msg_parse_flags" => mime::parse_flags,
        "check_qp_ratio" => mime::quoted_ratio,
        "check_for_faraway_charset" => mime::faraway_charset,
        "check_blank_line_ratio" => body::blank_lines,
        "check_body_length" => body::length,
        "check_stock_info" => body::stock,
        "multipart_alternative_difference" => alternatives::alternative_difference,
        "multipart_alternative_difference_count" => alternatives::alternative_count,
        "tvd_vertical_words" => body::vertical_words,
        "plaintext_body_length" => body::plain_length,
        "plaintext_sig_length" => body::signature_length,
        "plaintext_body_sig_ratio" => body::signature_ratio,
        "check_body_8bits" => body::eight_bits,
        "html_charset_faraway" => html::charset_faraway,
        "html_eval" => html::eval,
        "html_image_only" => html::image_only,
        "html_image_ratio" => html::image_ratio,
        "html_range" => html::range,
        "html_tag_balance" => html::tag_balance,
        "html_tag_exists" => html::tag_exists,
        "html_test" => html::test,
        "html_text_match" => return Known::WithPattern(html::text_match, 1),
        "html_text_not_match" => return Known::WithPattern(html::text_not_match, 1),
        "html_title_subject_ratio" => html::title_ratio,
        "check_iframe_src" => html::iframe,
        "check_https_http_mismatch" => html::https_http_mismatch,
        "check_https_ip_mismatch" => html::https_ip_mismatch,
        "check_uri_truncated" => |it, _| it.context.uris().truncated,
        "check_all_trusted" => relay::all_trusted,
        "check_no_relays" => relay::none,
        "check_relays_unparseable" => |it, _| it.context.relays().unparseable > 0,
        "check_for_forged_received_trail" => relay::forged_trail,
        "check_for_forged_received_ip_helo" => relay::forged_ip_helo,
        "check_for_no_rdns_dotcom_helo" => relay::no_rdns_dotcom,
        "check_for_numeric_helo" => relay::numeric_helo,
        "check_for_sender_no_reverse" => relay::sender_no_reverse,
        "helo_ip_mismatch" => relay::helo_mismatch,
        "check_mailfrom_matches_rcvd" => relay::envelope_matches,
        "check_equal_from_domains" => header::different_domains,
        "check_for_fake_aol_relay_in_rcvd" => header::fake_aol,
        "check_for_faraway_charset_in_headers" => header::faraway_charset,
        "check_for_forged_eudoramail_received_headers" => header::forged_eudoramail,
        "check_for_forged_gmail_received_headers" => header::forged_gmail,
        "check_for_forged_hotmail_received_headers" => |it, _| header::hotmail(it).0,
        "check_for_forged_juno_received_headers" => header::forged_juno,
        "check_for_forged_yahoo_received_headers" => header::forged_yahoo,
        "check_for_no_hotmail_received_headers" => |it, _| header::hotmail(it).1,
        "check_for_msn_groups_headers" => |it, _| header::msn_groups(it),
        "gated_through_received_hdr_remover" => |it, _| header::gated(it),
        "check_for_matching_env_and_hdr_from" => header::envelope_is_from,
        "check_for_missing_to_header" => header::missing_to,
        "check_for_shifted_date" => header::shifted_date,
        "check_for_to_in_subject" => header::to_in_subject,
        "check_for_unique_subject_id" | "check_for_illegal_ip" => |_, _| false,
        "check_header_count_range" => header::count_range,
        "check_illegal_chars" => header::illegal_chars,
        "check_messageid_not_usable" => header::message_id_unusable,
        "check_outlook_message_id" => header::outlook_message_id,
        "check_ratware_envelope_from" => header::ratware_envelope,
        "check_ratware_name_id" => header::ratware_name,
        "check_unresolved_template" => header::unresolved_template,
        "similar_recipients" => header::similar_recipients,
        "sorted_recipients" => |it, _| header::recipients(it).0,
        "subject_is_all_caps" => header::all_caps,
        "check_freemail_from" => return Known::WithPattern(freemail::from, 0),
        "check_freemail_header" => return Known::WithPattern(freemail::header, 1),
        "check_freemail_body" => return Known::WithPattern(freemail::body, 0),
        "check_freemail_replyto" => freemail::reply_to,
        "image_count" => image::count,
        "image_named" => image::named,
        "image_name_regex" => return Known::WithPattern(image::name_matches, 0),
        "image_size_exact" => image::size_exact,
        "image_size_range" => image::size_range,
        "image_to_text_ratio" => image::text_ratio,
        "pixel_coverage" => image::coverage,
        "check_from_in_list" => lists::from_in_list,
        "check_to_in_list" => lists::to_in_list,
        "check_replyto_in_list" => lists::reply_to_in_list,
        "check_from_in_blocklist" => |it, _| lists::from_in(it, "blocklist_from"),
        "check_to_in_blocklist" => |it, _| lists::to_in(it, "blocklist_to"),
        "check_to_in_welcomelist" => |it, _| lists::to_in(it, "welcomelist_to"),
        "check_to_in_more_spam" => |it, _| lists::to_in(it, "more_spam_to"),
        "check_to_in_all_spam" => |it, _| lists::to_in(it, "all_spam_to"),
        "check_from_in_welcomelist" => |it, _| lists::welcome(it) == lists::Welcome::Yes,
        "check_forged_in_welcomelist" => {
            |it, _| lists::welcome(it) == lists::Welcome::Forged && lists::default_welcome(it) == lists::Welcome::No
        }
        "check_from_in_default_welcomelist" => |it, _| lists::default_welcome(it) == lists::Welcome::Yes,
        "check_forged_in_default_welcomelist" => {
            |it, _| lists::default_welcome(it) == lists::Welcome::Forged && lists::welcome(it) == lists::Welcome::No
        }
        "check_subject_in_welcomelist" => |it, _| lists::subject_in(it, "welcomelist_subject"),
        "check_subject_in_blocklist" => |it, _| lists::subject_in(it, "blocklist_subject"),
        "check_uri_host_listed" => lists::uri_host_listed,
        "check_uri_host_in_blocklist" => |it, _| lists::uri_host_in(it, "BLOCK"),
        "check_uri_host_in_welcomelist" => |it, _| lists::uri_host_in(it, "WELCOME"),
        "have_any_bounce_relays" => |it, _| lists::has_bounce_relays(it),
        "check_welcomelist_bounce_relays" => lists::bounce_relays,
        _ if ELSEWHERE.iter().any(|start| name.starts_with(start)) => return Known::Elsewhere,
        _ => return Known::Unknown,
    };
    Known::Function(function)
}

/// Whether a function asks of the HTML of a message alone, and says no where there is none.
pub(super) fn is_of_html(name: &str) -> bool {
    name.starts_with("html_")
        || matches!(name, "check_iframe_src" | "check_https_http_mismatch" | "check_https_ip_mismatch")
}

/// Patterns that functions use.
pub(super) fn patterns() -> Result<BTreeMap<&'static str, Pattern>, String> {
    header::PATTERNS
        .iter()
        .chain(freemail::PATTERNS)
        .map(|(name, text)| {
            Ok((*name, Pattern::capturing(text.as_bytes(), "").map_err(|error| format!("{name}: {error}"))?))
        })
        .collect()
}

impl State<'_> {
    /// Whether one of our own patterns is found in a text.
    fn finds(&self, name: &str, text: &str) -> bool {
        self.context.formats.evals.get(name).is_some_and(|pattern| pattern.is_match(text.as_bytes()))
    }

    /// The first group of one of our own patterns.
    fn group(&self, name: &str, text: &str) -> Option<String> {
        let groups = self.context.formats.evals.get(name)?.groups(text.as_bytes())?;
        let (start, end) = groups.get(1).copied().flatten()?;
        text.get(start..end).map(str::to_owned)
    }

    fn header(&self, selector: &str) -> Cow<'_, str> {
        self.context.text(selector)
    }

    fn has_ip(&self, text: &str) -> bool {
        self.context.formats.ip.is_match(text.as_bytes())
    }
}

/// Blanks of all kinds as single blanks.
fn squeezed(text: &str) -> String {
    let is_blank = |it: char| it.is_ascii_whitespace() || it == '\u{0B}';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_blank) {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push(' ');
        rest = rest.get(at..).unwrap_or_default().trim_start_matches(is_blank);
    }
    out.push_str(rest);
    out
}

/// How many bytes are such. Sums of one byte each let the processor count sixteen at once.
fn count(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let of = |piece: &[u8]| piece.iter().fold(0u8, |sum, byte| sum.wrapping_add(u8::from(is(*byte))));
    text.chunks(255).map(|piece| usize::from(of(piece))).sum()
}
