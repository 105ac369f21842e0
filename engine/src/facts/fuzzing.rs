//! The facts over which fuzz targets run rules and conditions; see `crate::fuzzing`.

use super::{Facts, gather};
use crate::input::{Mail, Networks};
use crate::limits::{Budget, Limits};
use crate::scratch::Scratch;
use crate::wanted::Wanted;
use crate::{mime, unpack};

/// A message that has something of everything.
const SAMPLE: &[u8] = b"Received: from a.example (a.example [192.0.2.1]) by mx.example.com with ESMTP; \
    Tue, 24 Nov 2026 08:00:00 +0100\r\nReceived: from [10.0.0.1] by a.example with SMTP; Tue, 24 Nov 2026 07:59:00 +0100\r\n\
    From: \"Anna Example\" <anna@a.example>\r\nTo: bob@example.com, Carol <carol@example.com>\r\n\
    Reply-To: other@b.example\r\nSubject: =?utf-8?B?w6RiYw==?= urgent invoice\r\nDate: Tue, 24 Nov 2026 07:58:00 +0100\r\n\
    Message-ID: <1@a.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
    Content-Type: text/html; charset=utf-8\r\n\r\n<p>Pay <a href=\"http://192.0.2.7/x\">www.bank.example</a> now\r\n\
    <p style=display:none>hidden</p><img src=http://c.example/p.gif><form action=http://d.example/></form>\r\n--b\r\n\
    Content-Type: application/pdf; name=\"invoice.pdf.exe\"\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA\r\n\
    --b--\r\n";

/// Runs `with` over the facts of the sample. They are made once a thread and never freed, since they borrow.
pub(crate) fn with_sample<R>(with: impl FnOnce(&'static Facts<'static>) -> R) -> R {
    thread_local! {
        static FACTS: &'static Facts<'static> = sample();
    }
    FACTS.with(|facts| with(facts))
}

/// What `.cf` rules see of a message, to be read by people.
pub fn spamassassin(raw: &[u8]) -> String {
    let limits = Limits::default();
    let views = super::spamassassin::gather(raw, &mut Budget::new(&limits, None));
    let line = |line: &[u8]| format!("{:?}\n", String::from_utf8_lossy(line));
    let body: String = views.body.iter().map(line).collect();
    let htmls: String = views
        .htmls
        .iter()
        .map(|(_, html)| format!("{:?} {:?} {:?}\n", html.inside, html.titles, html.numbers))
        .collect();
    let fields: String = views
        .message
        .nodes
        .iter()
        .map(|node| format!("{} {:?} {:?} {}\n", node.media_type, node.charset, node.name, node.body.len()))
        .collect();
    format!("{body}{htmls}{fields}{:?}\n", views.message.oddities)
}

/// Runs `with` over the facts of any message.
pub(crate) fn with_message<R>(raw: &[u8], with: impl FnOnce(&Facts<'_>, &mut Budget<'_>) -> R) -> R {
    let (limits, networks, mail) = (Limits::default(), Networks::default(), Mail::new(raw));
    let mut budget = Budget::new(&limits, None);
    let tree = mime::parse(raw, &mut budget);
    let wanted = Wanted::SPAMASSASSIN;
    let content = unpack::open_all(raw, tree, wanted, &mut Scratch::default(), &mut budget, None);
    let facts = gather(&mail, &content, &networks, wanted, &mut budget);
    with(&facts, &mut budget)
}

fn sample() -> &'static Facts<'static> {
    let limits: &Limits = Box::leak(Box::default());
    let networks: &Networks = Box::leak(Box::default());
    let mail: &Mail<'_> = Box::leak(Box::new(Mail::new(SAMPLE)));
    let mut budget = Budget::new(limits, None);
    let tree = mime::parse(SAMPLE, &mut budget);
    let content = unpack::open_all(SAMPLE, tree, Wanted::ALL, &mut Scratch::default(), &mut budget, None);
    let content = Box::leak(Box::new(content));
    Box::leak(Box::new(gather(mail, content, networks, Wanted::ALL, &mut budget)))
}
