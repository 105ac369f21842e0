//! A message that programs read differently: each finding says in which readings it was seen, and policy can act on it.

use tamis_engine::{Action, Direction, DirectionPolicy, EngineBuilder, Mail, PolicySettings, View};

const TWO_BOUNDARIES: &[u8] = b"From: a@a.example\r\nSubject: two\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=one\r\nContent-Type: multipart/mixed; boundary=two\r\n\r\n\
    --one\r\n\r\nfirst words\r\n--one--\r\n\
    --two\r\n\r\nsecond words\r\n--two\r\nContent-Type: application/octet-stream; name=a.bin\r\n\r\n\x00\x01\x02\r\n--two--\r\n";

const PLAIN: &[u8] = b"From: a@a.example\r\nSubject: two\r\n\r\nfirst words\r\n";

fn rule(name: &str, body: &str) -> String {
    format!("[rule.{name}]\nwhat = \"w\"\nwhy = \"y\"\n{body}\n")
}

#[test]
fn a_finding_says_in_which_readings_it_was_seen() {
    let rules = [
        rule("first", "in = \"body\"\nany = ['first words']"),
        rule("second", "in = \"body\"\nany = ['second words']"),
        rule("file", "when = 'files.exists(f, f.is_hidden)'"),
        rule("subject", "in = \"subject\"\nany = ['two']"),
        rule("whole", "when = 'readings > 1'"),
    ];
    let engine = EngineBuilder::new().rules_text("test.toml", rules.concat()).build().unwrap();
    let verdict = engine.worker().scan(&Mail::new(TWO_BOUNDARIES));
    assert_eq!(verdict.readings, 2);
    let seen = |rule: &str| -> Vec<u8> {
        let reason = verdict.reasons.iter().find(|reason| *reason.rule == *rule);
        reason.unwrap_or_else(|| panic!("{rule} is not found")).place.readings.iter().collect()
    };
    assert_eq!(seen("first"), [0]);
    assert_eq!(seen("second"), [1]);
    assert_eq!(seen("file"), [1]);
    // A header is the same for all.
    assert_eq!(seen("subject"), [0, 1]);
    assert_eq!(seen("whole"), [0, 1]);
    let twice = verdict.defects.iter().find(|defect| defect.kind.name() == "duplicate-header").unwrap();
    assert_eq!((&twice.place.view, twice.place.readings.iter().collect::<Vec<_>>()), (&View::Raw, vec![0, 1]));
}

#[test]
fn differing_readings_have_an_action_of_their_own() {
    for (action, expected) in [(Action::Accept, Action::Accept), (Action::Quarantine, Action::Quarantine)] {
        let inbound = DirectionPolicy { differing_readings: action, ..DirectionPolicy::standard(Direction::Inbound) };
        let settings = PolicySettings { inbound, ..PolicySettings::default() };
        let engine = EngineBuilder::new().policy(settings).build().unwrap();
        assert_eq!(engine.worker().scan(&Mail::new(TWO_BOUNDARIES)).action, expected);
        assert_eq!(engine.worker().scan(&Mail::new(PLAIN)).action, Action::Accept);
    }
}
