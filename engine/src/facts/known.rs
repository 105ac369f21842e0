//! Domains that the facts know by name. Tables of our own, sorted, kept short: what changes weekly belongs on a list.

/// Whether anybody can have a mailbox at the domain.
pub(super) fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.binary_search(&domain).is_ok()
}

/// Whether the domain shortens addresses: where a link leads cannot be read from it.
pub(super) fn is_shortener(domain: &str) -> bool {
    SHORTENERS.binary_search(&domain).is_ok()
}

/// Whether a name ends in a suffix of files that is a top-level domain as well: `setup.sh`, `report.zip`.
pub(super) fn is_file_suffix(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|suffix| FILE_SUFFIXES.binary_search(&suffix).is_ok())
}

const FREE_MAIL: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "aim.com",
    "aol.com",
    "aol.de",
    "arcor.de",
    "bigpond.com",
    "bk.ru",
    "bol.com.br",
    "btinternet.com",
    "centrum.cz",
    "comcast.net",
    "daum.net",
    "email.com",
    "email.cz",
    "excite.com",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "free.fr",
    "freemail.hu",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hushmail.com",
    "icloud.com",
    "inbox.lv",
    "inbox.ru",
    "interia.pl",
    "juno.com",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.co.uk",
    "live.com",
    "live.fr",
    "live.nl",
    "lycos.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "nate.com",
    "naver.com",
    "netscape.net",
    "netzero.net",
    "o2.pl",
    "onet.pl",
    "op.pl",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "rocketmail.com",
    "seznam.cz",
    "sina.com",
    "sohu.com",
    "t-online.de",
    "terra.com.br",
    "tiscali.it",
    "tuta.com",
    "tutanota.com",
    "ukr.net",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "ya.ru",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "yeah.net",
    "ymail.com",
    "zoho.com",
];

const SHORTENERS: &[&str] = &[
    "adf.ly",
    "amzn.to",
    "bit.do",
    "bit.ly",
    "bitly.com",
    "bl.ink",
    "buff.ly",
    "clck.ru",
    "cutt.ly",
    "dlvr.it",
    "fb.me",
    "g.co",
    "goo.gl",
    "goo.su",
    "ht.ly",
    "ift.tt",
    "is.gd",
    "j.mp",
    "lnkd.in",
    "mcaf.ee",
    "ow.ly",
    "post.ly",
    "qr.ae",
    "qrco.de",
    "rb.gy",
    "rebrand.ly",
    "rotf.lol",
    "s.id",
    "shorte.st",
    "shorturl.at",
    "shrtco.de",
    "smarturl.it",
    "snip.ly",
    "soo.gd",
    "su.pr",
    "t.co",
    "t.ly",
    "t2m.io",
    "tiny.cc",
    "tiny.one",
    "tinyurl.com",
    "tr.im",
    "trib.al",
    "u.to",
    "urlz.fr",
    "v.gd",
    "vk.cc",
    "vu.fr",
    "wp.me",
    "x.co",
    "youtu.be",
    "zpr.io",
];

const FILE_SUFFIXES: &[&str] = &["app", "cc", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "zip"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_binary_search() {
        for table in [FREE_MAIL, SHORTENERS, FILE_SUFFIXES] {
            assert!(table.is_sorted_by(|one, next| one < next));
        }
    }

    #[test]
    fn domains_of_free_mail_are_registrable() {
        for domain in FREE_MAIL.iter().chain(SHORTENERS) {
            assert_eq!(crate::text::host::registrable(&format!("x.{domain}")), *domain);
        }
    }

    #[test]
    fn files_and_hosts() {
        assert!(is_file_suffix("setup.sh") && is_file_suffix("a.b.zip"));
        assert!(!is_file_suffix("example.com") && !is_file_suffix("sh.example"));
    }
}
