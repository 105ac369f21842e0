//! What holds for any bytes, with the stock rules and model: there is a verdict, it costs no more than it may, and it is
//! the same for either line end and any number of threads. Costs are counted in steps and bytes of memory, not seconds.

use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use tamis_common::config::Config;
use tamis_common::json;
use tamis_common::mails::Mails;
use tamis_engine::{Engine, Limit, Limits, Mail, Verdict};

/// Steps that a message of the corpus, mutated, may cost: a tenth of the default. 64 KiB that are fields with parameters alone, walked in
/// each of 64 readings, are charged 40 steps a byte each time: 168 million, for some 30 ms. Most take less than a hundredth of it.
const STEPS: u64 = 200_000_000;
/// Bytes of memory that it may hold at a time.
const MEMORY: u64 = 24 << 20;

fn built(limits: Limits) -> Engine {
    Config::default().builder().limits(limits).build().unwrap_or_else(|error| panic!("{error}"))
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut limits = Limits::default();
        limits.steps = STEPS;
        built(limits)
    })
}

/// With steps to spare: a message with CRLF has more bytes, and where steps run out there is another verdict.
fn spacious() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| built(Limits::default()))
}

/// Our own messages.
fn corpus() -> &'static [Vec<u8>] {
    static CORPUS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
        let mails = Mails::open(&[folder], Limits::default().message_bytes).unwrap();
        let messages: Vec<Vec<u8>> = mails.map(|job| job.load().unwrap().raw).collect();
        assert!(messages.len() >= 150, "only {} messages", messages.len());
        messages
    })
}

/// One change to a message.
#[derive(Clone, Debug)]
enum Edit {
    /// A byte is another.
    Byte(Index, u8),
    /// A range is gone.
    Cut(Index, Index),
    /// A range stands there again, this often.
    Repeat(Index, Index, usize),
    /// A word is put in.
    Word(Index, &'static str),
    /// A piece of another message is put in.
    Splice(Index, Index, Index),
}

const WORDS: &[&str] = &[
    "\r\n",
    "\n",
    "\n\n",
    "--",
    "=",
    "=?utf-8?B?",
    "?=",
    "\"",
    "(",
    "<",
    ">",
    "<style>p{display:none}</style>",
    "<p>",
    "&amp;",
    "</a>",
    "<a href=http://x.example/>",
    "Content-Type: multipart/mixed; boundary=b\n",
    "Content-Type: message/rfc822\n\n",
    "Content-Transfer-Encoding: base64\n",
    "--b\n",
    "begin 644 a\n",
    "+AGE-",
    "PK\u{3}\u{4}",
    "\u{0}",
    "\u{202e}",
    "http://",
    "@",
    "UEsDBBQAAAAIAA",
    "H4sIAAAAAAAA/",
];

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        (at(), at()).prop_map(|(from, to)| Edit::Cut(from, to)),
        (at(), at(), 2..40usize).prop_map(|(from, to, times)| Edit::Repeat(from, to, times)),
        (at(), select(WORDS)).prop_map(|(at, word)| Edit::Word(at, word)),
        (at(), at(), at()).prop_map(|(at, of, from)| Edit::Splice(at, of, from)),
    ]
}

/// Every attached file of our own messages, and every file in it: its name and its bytes.
fn files() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let (mut worker, mut files) = (engine().worker(), Vec::new());
        for raw in corpus() {
            worker.items(&Mail::new(raw), |item| {
                if let (Some(name), true) = (item.names.first(), item.bytes.len() > 32) {
                    files.push((name.clone(), item.bytes.to_vec()));
                }
            });
        }
        let kinds = |extension: &str| files.iter().filter(|(name, _)| name.ends_with(extension)).count();
        assert!(files.len() >= 40 && kinds(".zip") >= 4 && kinds(".html") >= 2, "{} files", files.len());
        files
    })
}

/// A message with a file, whose bytes are as they are: no edit of them spoils an encoding around them.
fn with_file(name: &str, content: &[u8]) -> Vec<u8> {
    let name = name.replace(['"', '\\', '\r', '\n'], "_");
    let head = format!(
        "From: a@one.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=\"=_properties\"\r\n\r\n--=_properties\r\n\
         Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: binary\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--=_properties--\r\n"].concat()
}

/// The bytes with the edits made, cut at 64 KiB.
fn edited(mut raw: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let length = raw.len() + 1;
        let range = |a: &Index, b: &Index| {
            let (a, b) = (a.index(length), b.index(length));
            a.min(b)..a.max(b).min(a.min(b) + 2_000)
        };
        match edit {
            Edit::Byte(at, byte) => {
                if let Some(old) = raw.get_mut(at.index(length)) {
                    *old = *byte;
                }
            }
            Edit::Cut(from, to) => drop(raw.drain(range(from, to))),
            Edit::Repeat(from, to, times) => {
                let range = range(from, to);
                let piece = raw[range.clone()].repeat(*times);
                raw.splice(range, piece);
            }
            Edit::Word(at, word) => {
                let at = at.index(length);
                raw.splice(at..at, word.bytes());
            }
            Edit::Splice(at, of, from) => {
                let other = of.get(corpus());
                let start = from.index(other.len() + 1);
                let at = at.index(length);
                raw.splice(at..at, other[start..(start + 1_000).min(other.len())].iter().copied());
            }
        }
        raw.truncate(64 << 10);
    }
    raw
}

fn messages(most: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let one = (any::<Index>(), prop::collection::vec(edit(), 0..12))
        .prop_map(|(message, edits)| edited(message.get(corpus()).clone(), &edits));
    prop::collection::vec(one, 1..=most)
}

/// Finite, well-formed, and about this message.
fn sound(verdict: &Verdict, raw: &[u8]) {
    assert!(verdict.score.is_finite() && verdict.bytes == raw.len() as u64);
    assert!(verdict.spam_probability.is_some_and(|it| (0.0..=1.0).contains(&it)));
    let shown = json::verdict("a.eml", verdict, None).to_string();
    assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok());
}

/// Scans a message; what it costs must be within the bounds above.
fn within_bounds(raw: &[u8]) -> Result<(), TestCaseError> {
    let mut verdict = None;
    let used = allocation_counter::measure(|| {
        verdict = Some(engine().worker().scan(&Mail::new(raw)));
    });
    let verdict = verdict.unwrap();
    sound(&verdict, raw);
    prop_assert!(!verdict.incomplete.iter().any(|gap| gap.limit == Limit::Steps), "{:?}", verdict.incomplete);
    prop_assert!(used.bytes_max <= MEMORY, "{} bytes for {}", used.bytes_max, raw.len());
    Ok(())
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn any_bytes_give_a_verdict(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2_000),
            prop::collection::vec(select(WORDS), 0..200).prop_map(|words| words.concat().into_bytes()),
        ],
    ) {
        within_bounds(&bytes)?;
    }

    #[test]
    fn any_mutation_of_a_message_stays_within_steps_and_memory(messages in messages(1)) {
        for raw in messages {
            within_bounds(&raw)?;
        }
    }

    #[test]
    fn any_mutation_of_a_file_stays_within_steps_and_memory(
        file in any::<Index>(),
        edits in prop::collection::vec(edit(), 0..8),
    ) {
        let (name, content) = file.get(files());
        within_bounds(&with_file(name, &edited(content.clone(), &edits)))?;
    }

    #[test]
    fn line_ends_do_not_matter(messages in messages(1)) {
        for mut raw in messages {
            // A lone CR is content of its own; what comes of it depends on the line ends around it.
            raw.retain(|byte| *byte != b'\r');
            let mut crlf = Vec::with_capacity(raw.len() + raw.len() / 16);
            for byte in &raw {
                crlf.extend_from_slice(if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) });
            }
            let mut worker = spacious().worker();
            let (lf, crlf) = (worker.scan(&Mail::new(&raw)), worker.scan(&Mail::new(&crlf)));
            let shown = |it: &Verdict| {
                let reasons: Vec<_> = it.reasons.iter().map(|it| (it.rule.to_string(), it.evidence.clone())).collect();
                (it.action, it.score.to_bits(), reasons, it.items, it.readings)
            };
            prop_assert_eq!(shown(&lf), shown(&crlf));
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn threads_do_not_matter(messages in messages(24), threads in 2usize..6) {
        let mails: Vec<Mail<'_>> = messages.iter().map(|raw| Mail::new(raw)).collect();
        let alone = engine().scan_many(&mails, 1);
        prop_assert_eq!(engine().scan_many(&mails, threads), alone);
    }
}
