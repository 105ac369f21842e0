//! Who a message is from and to, by its envelope and by its header, and whether the two agree.

use super::headers::Fields;
use super::{EnvelopeFacts, People, Person, known};
use crate::input::Mail;
use crate::mime::fields;
use crate::text::host;

/// What the caller knows of the transport. Where no return path was handed in, the field of that name stands in: the
/// delivering server wrote it from the envelope. Without a header nobody asks for the sender.
pub(super) fn envelope(mail: &Mail<'_>, header: Option<&Fields<'_>>) -> EnvelopeFacts {
    let given = &mail.envelope;
    let sender = header.and_then(|header| match (&given.mail_from, header.first("return-path")) {
        (Some(path), _) => Some(person(String::new(), path)),
        (None, Some(field)) => {
            let path = fields::addresses(field).into_iter().next();
            Some(path.map(|it| person(String::new(), &it.address)).unwrap_or_default())
        }
        (None, None) => None,
    });
    EnvelopeFacts {
        has_from: sender.is_some(),
        from: sender.unwrap_or_default(),
        recipients: given.rcpt_to.clone(),
        helo: given.helo.clone().unwrap_or_default(),
        auth_user: given.auth_user.clone().unwrap_or_default(),
        tls: given.tls,
    }
}

pub(super) fn gather(header: &Fields<'_>, envelope: &EnvelopeFacts) -> People {
    let mut more_senders = Vec::new();
    let mut first_and_more = |name: &'static str| -> (Person, u32) {
        let mut all = persons(header, name).into_iter();
        let first = all.next();
        let count = usize::from(first.is_some()).saturating_add(all.len());
        more_senders.extend(all.map(|person| (name, person)));
        (first.unwrap_or_default(), u32::try_from(count).unwrap_or(u32::MAX))
    };
    let (from, from_count) = first_and_more("from");
    let (sender, _) = first_and_more("sender");
    let (reply_to, _) = first_and_more("reply-to");
    let to = persons(header, "to");
    let cc = persons(header, "cc");
    People {
        sender,
        recipients_named: all_named(&envelope.recipients, &to, &cc),
        return_path_agrees: agree(&from, &envelope.from),
        reply_to_agrees: agree(&from, &reply_to),
        from,
        from_count,
        reply_to,
        more_senders,
        to,
        cc,
    }
}

/// The addresses of all fields of a name.
fn persons(header: &Fields<'_>, name: &str) -> Vec<Person> {
    header.all(name).flat_map(fields::addresses).map(|it| person(it.name, &it.address)).collect()
}

/// Takes an address apart.
fn person(name: String, address: &str) -> Person {
    let address = address.trim();
    let (local, written) = address.rsplit_once('@').unwrap_or((address, ""));
    let host = host::normal(written).into_owned();
    let domain = host::registrable(&host).to_owned();
    Person {
        address: if written.is_empty() { address.to_owned() } else { format!("{local}@{}", written.to_lowercase()) },
        local: local.to_owned(),
        is_free_mail: known::is_free_mail(&domain),
        name_address: address_in(&name).to_owned(),
        name,
        host,
        domain,
    }
}

/// The first address inside a display name: `"service@bank.example" <x@elsewhere.example>`.
fn address_in(name: &str) -> &str {
    let mut from = 0;
    while let Some(at) = name.get(from..).and_then(|rest| rest.find('@')) {
        let at = from + at;
        let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_{|}~.".contains(c);
        let is_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        let before = name.get(from..at).unwrap_or_default();
        let after = name.get(at + 1..).unwrap_or_default();
        let local = before.len() - before.trim_end_matches(is_local).len();
        let end = after.len() - after.trim_start_matches(is_host).len();
        let host = after.get(..end).unwrap_or_default().trim_end_matches(['.', '-', '_']);
        if local > 0 && host::is_valid(&host::normal(host)) {
            return name.get(at - local..at + 1 + host.len()).unwrap_or_default();
        }
        from = at + 1;
    }
    ""
}

fn agree(one: &Person, other: &Person) -> bool {
    one.domain.is_empty() || other.domain.is_empty() || one.domain == other.domain
}

/// Whether every recipient of the envelope stands in To or Cc.
fn all_named(recipients: &[String], to: &[Person], cc: &[Person]) -> bool {
    if recipients.is_empty() {
        return true;
    }
    let mut named: Vec<String> = to.iter().chain(cc).map(|it| it.address.to_lowercase()).collect();
    named.sort_unstable();
    recipients.iter().all(|recipient| named.binary_search(&recipient.trim().to_lowercase()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let someone = person("A B".into(), "A.B@Mail.Example.CO.UK");
        assert_eq!((someone.local.as_str(), someone.host.as_str()), ("A.B", "mail.example.co.uk"));
        assert_eq!((someone.address.as_str(), someone.domain.as_str()), ("A.B@mail.example.co.uk", "example.co.uk"));
        assert!(!someone.is_free_mail);
        assert!(person(String::new(), "x@gmail.com").is_free_mail);
        assert!(!person(String::new(), "x@gmail.com.example").is_free_mail);
        assert_eq!(person(String::new(), "x@bücher.example").host, "xn--bcher-kva.example");
        let nobody = person(String::new(), "");
        assert_eq!((nobody.address.as_str(), nobody.domain.as_str()), ("", ""));
        assert_eq!(person(String::new(), "\"a@b\"@example.com").local, "\"a@b\"");
    }

    #[test]
    fn an_address_in_the_display_name() {
        assert_eq!(address_in("service@bank.example"), "service@bank.example");
        assert_eq!(address_in("Bank (info@bank.example.), now"), "info@bank.example");
        assert_eq!(address_in("@ home, or a@b@c.example"), "b@c.example");
        for none in ["", "Bank", "me @ work", "user@localhost", "@bank.example", "R&D @bank"] {
            assert_eq!(address_in(none), "", "{none}");
        }
        let hostile = "a@".repeat(100_000);
        assert_eq!(address_in(&hostile), "");
    }

    #[test]
    fn recipients_and_whether_they_are_named() {
        let to = [person(String::new(), "a@example.com")];
        let cc = [person(String::new(), "B@Example.net")];
        assert!(all_named(&["A@example.COM".into(), "b@example.net".into()], &to, &cc));
        assert!(!all_named(&["a@example.com".into(), "c@example.com".into()], &to, &cc));
        assert!(all_named(&[], &to, &cc), "unknown envelope");
    }

    #[test]
    fn agreement_is_of_registrable_domains() {
        let at = |address: &str| person(String::new(), address);
        assert!(agree(&at("a@example.com"), &at("bounce@mail.example.com")));
        assert!(!agree(&at("a@example.com"), &at("a@example.net")));
        assert!(!agree(&at("a@one.co.uk"), &at("a@two.co.uk")), "a public suffix is no common domain");
        assert!(agree(&at("a@example.com"), &at("")), "the null sender");
    }
}
