//! A verdict -> replies. Takes a verdict and what is known of the message, gives header fields and the one answer that the
//! server gets; judges nothing.

use std::fmt::Write;

use tamis_engine::{Action, Verdict};

use crate::reply::Replies;
use crate::session::Message;

/// Fields of ours. Copies that come with the message are forged, or of another server, and go.
const OURS: &[&str] = &["X-Spam-Flag", "X-Spam-Score", "X-Spam-Status", "X-Tamis-Verdict"];

/// Says whether mail programs read the message differently (draft-chen-email-mime-ambiguity-defense). Only where it is asked
/// for: another filter in front may write it too.
const AMBIGUITY: &str = "MIME-Ambiguity-Results";

/// How answers look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    /// In front of the subject of a tagged message; empty: nothing.
    pub subject_prefix: String,
    /// What a client is told whose message is refused; the reference id follows.
    pub reject_text: String,
    /// Whether the message gets `MIME-Ambiguity-Results`.
    pub ambiguity_results: bool,
}

/// Whose copies go into the folder for quarantined messages: where all recipients share one action, theirs if it is
/// quarantine; where they differ, everybody's whose action is as strict or stricter. One answer counts for all, so those could
/// be refused or held by the mail server only together with the others.
pub fn to_keep(verdict: Option<&Verdict>, action: Action, message: &Message) -> Vec<String> {
    let results = verdict.map_or(&[][..], |it| it.recipients.as_slice());
    let differ = results.len() == message.recipients.len() && results.iter().any(|it| it.action != action);
    if !differ {
        return if action == Action::Quarantine { message.recipients.clone() } else { Vec::new() };
    }
    let strict = results.iter().filter(|it| it.action >= Action::Quarantine);
    strict.map(|it| it.address.clone()).collect()
}

/// Adds to `replies` what follows from a verdict. Gives the action that was taken.
///
/// `kept` are recipients whose copy is safely on disk in a folder of ours: they are taken out of the envelope.
pub fn verdict(
    verdict: &Verdict,
    message: &Message,
    reference: &str,
    style: &Style,
    kept: &[String],
    replies: &mut Replies,
) -> Action {
    let action = verdict.action;
    match action {
        Action::Reject => {
            let text = if style.reject_text.is_empty() { "Message refused" } else { &style.reject_text };
            replies.smtp(550, "5.7.1", &format!("{text} (reference {reference})"));
        }
        Action::Defer => replies.smtp(451, "4.7.1", &format!("Please try again later (reference {reference})")),
        Action::Discard => replies.discard(),
        Action::Accept | Action::Tag | Action::Quarantine => {
            remove_forged(message, replies);
            add_fields(verdict, reference, replies);
            if style.ambiguity_results {
                remove(message, AMBIGUITY, replies);
                replies.add_header(AMBIGUITY, &ambiguity(verdict, reference));
            }
            if action == Action::Tag && !style.subject_prefix.is_empty() {
                prefix(message, &style.subject_prefix, replies);
            }
            // What is on disk here is not delivered, and not held a second time.
            kept.iter().for_each(|address| replies.delete_recipient(address));
            if action == Action::Quarantine {
                let first = verdict.reasons.first().map_or("", |reason| reason.rule.as_ref());
                replies.quarantine(&format!("tamis {reference}: score {:.1}, {first}", verdict.score));
            }
            replies.proceed();
        }
        // An action that this version does not know yet: no mail is lost.
        _ => replies.smtp(451, "4.7.1", &format!("Please try again later (reference {reference})")),
    }
    action
}

/// What a message gets that could not be judged.
pub fn not_judged(action: Action, message: &Message, reference: &str, replies: &mut Replies) -> Action {
    match action {
        Action::Accept | Action::Tag => {
            remove_forged(message, replies);
            replies.add_header("X-Tamis-Verdict", &format!("not judged; reference={reference}"));
            replies.proceed();
        }
        Action::Quarantine => {
            // Whoever lets it go later lets no forged field go with it.
            remove_forged(message, replies);
            replies.quarantine(&format!("tamis {reference}: not judged"));
            replies.proceed();
        }
        Action::Reject => replies.smtp(550, "5.7.1", &format!("Message could not be checked (reference {reference})")),
        _ => {
            replies.smtp(451, "4.7.1", &format!("Please try again later (reference {reference})"));
            return Action::Defer;
        }
    }
    action
}

/// Takes out fields that only we write. The last first, so that the numbers of the others stay.
fn remove_forged(message: &Message, replies: &mut Replies) {
    OURS.iter().for_each(|name| remove(message, name, replies));
}

fn remove(message: &Message, name: &str, replies: &mut Replies) {
    let count = message.fields.iter().filter(|field| field.eq_ignore_ascii_case(name.as_bytes())).count();
    for number in (1..=count).rev() {
        replies.delete_header(u32::try_from(number).unwrap_or(u32::MAX), name.as_bytes());
    }
}

/// Whether programs differ, in how many readings, and what is malformed: what a program behind us can act on.
fn ambiguity(verdict: &Verdict, reference: &str) -> String {
    let result = if verdict.readings > 1 { "ambiguous" } else { "unambiguous" };
    let mut line = format!("tamis; result={result}; readings={}; reference={reference}", verdict.readings);
    let mut defects: Vec<&str> = verdict.defects.iter().map(|defect| defect.kind.name()).collect();
    defects.sort_unstable();
    defects.dedup();
    line.push_str(";\n\tdefects=");
    list(&mut line, defects.into_iter().map(str::to_owned), ",");
    line
}

fn add_fields(verdict: &Verdict, reference: &str, replies: &mut Replies) {
    let is_spam = verdict.action != Action::Accept;
    if is_spam {
        replies.add_header("X-Spam-Flag", "YES");
    }
    replies.add_header("X-Spam-Score", &format!("{:.1}", verdict.score));
    let mut status = format!("{}, score={:.1}", if is_spam { "Yes" } else { "No" }, verdict.score);
    if let Some(probability) = verdict.spam_probability {
        let _ = write!(status, " bayes={probability:.4}");
    }
    status.push_str("\n\ttests=");
    let names: Vec<&str> = verdict.reasons.iter().map(|reason| reason.rule.as_ref()).collect();
    list(&mut status, names.iter().take(MOST_REASONS).map(|name| (*name).to_owned()), ",");
    replies.add_header("X-Spam-Status", &status);

    let mut line = format!("{}; score={:.1}; reference={reference}", verdict.action.name(), verdict.score);
    if !verdict.incomplete.is_empty() {
        let mut limits: Vec<&str> = verdict.incomplete.iter().map(|gap| gap.limit.name()).collect();
        limits.sort_unstable();
        limits.dedup();
        let _ = write!(line, ";\n\tincomplete={}", limits.join(","));
    }
    if !verdict.reasons.is_empty() {
        line.push_str(";\n\treasons=");
        let reasons = verdict.reasons.iter().take(MOST_REASONS);
        list(&mut line, reasons.map(|reason| format!("{}={:.1}", reason.rule, reason.score)), ", ");
    }
    replies.add_header("X-Tamis-Verdict", &line);
}

/// Reasons that a header field names.
const MOST_REASONS: usize = 40;

/// Joins words, and folds the line before it gets long (RFC 5322, 2.1.1).
fn list(line: &mut String, words: impl Iterator<Item = String>, between: &str) {
    let mut first = true;
    for word in words {
        if !std::mem::take(&mut first) {
            line.push_str(between);
        }
        let length = line.len() - line.rfind('\n').map_or(0, |at| at + 1);
        if length + word.len() > 76 {
            line.truncate(line.trim_end_matches(' ').len());
            line.push_str("\n\t");
        }
        line.push_str(&word);
    }
    if first {
        line.push_str("none");
    }
}

/// Puts a text in front of the subject, unless it stands there.
fn prefix(message: &Message, prefix: &str, replies: &mut Replies) {
    let Some(subject) = &message.subject else {
        return replies.add_header("Subject", prefix);
    };
    let bare = subject.trim_ascii_start();
    if bare.starts_with(prefix.as_bytes()) {
        return;
    }
    let value = [prefix.as_bytes(), b" ", bare].concat();
    let name = message.fields.iter().find(|name| name.eq_ignore_ascii_case(b"subject"));
    replies.change_header(1, name.map_or(b"Subject".as_slice(), Vec::as_slice), &value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_engine::{EngineBuilder, Mail};

    fn told(raw: &[u8], ambiguity_results: bool) -> String {
        let engine = EngineBuilder::new().build().unwrap();
        let judged = engine.worker().scan(&Mail::new(raw));
        let message = Message { fields: vec![b"mime-ambiguity-results".to_vec()], ..Message::default() };
        let style = Style { ambiguity_results, ..Style::default() };
        let mut replies = Replies::default();
        verdict(&judged, &message, "ref", &style, &[], &mut replies);
        String::from_utf8_lossy(&replies.bytes).into_owned()
    }

    #[test]
    fn ambiguity_is_told_where_it_is_asked_for() {
        let two = b"Content-Type: multipart/mixed; boundary=a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
            --a\r\n\r\none\r\n--a--\r\n--b\r\n\r\ntwo\r\n--b--\r\n";
        let ambiguous = told(two, true);
        assert!(ambiguous.contains("tamis; result=ambiguous; readings=2; reference=ref;\n\tdefects="), "{ambiguous}");
        assert!(ambiguous.contains("duplicate-header"), "{ambiguous}");
        // One that came with the message is taken out, and one of ours put in.
        assert_eq!(ambiguous.matches("MIME-Ambiguity-Results\0").count(), 2, "{ambiguous}");
        let plain = told(b"Subject: x\r\n\r\nhello\r\n", true);
        assert!(plain.contains("result=unambiguous; readings=1; reference=ref;\n\tdefects=none"), "{plain}");
        assert!(!told(two, false).contains("MIME-Ambiguity-Results"));
    }
}
