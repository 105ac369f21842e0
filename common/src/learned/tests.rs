use std::fs::OpenOptions;
use std::io::Write;

use tamis_engine::{EngineBuilder, Label, Learner, Mail, TokenSet};

use super::{Outcome, Store};

/// The tokens of small messages, spam and ham by turns.
fn messages(count: usize) -> Vec<(TokenSet, Label)> {
    let engine = EngineBuilder::new().build().unwrap();
    let mut worker = engine.worker();
    (0..count)
        .map(|number| {
            let (label, words) = match number % 2 {
                0 => (Label::Ham, "the meeting about the report is on"),
                _ => (Label::Spam, "cheap pills and a free offer for"),
            };
            let raw = format!("From: a{number}@site.example\nSubject: {words}\n\n{words} {number}\n");
            (worker.token_set(&Mail::new(raw.as_bytes())), label)
        })
        .collect()
}

fn learn(store: &Store, messages: &[(TokenSet, Label)]) {
    let mut writer = store.write(None).unwrap();
    for (tokens, label) in messages {
        writer.learn(tokens.clone(), *label, "test", 0).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn what_is_learned_is_there_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("new/learned"));
    assert_eq!(store.model().unwrap(), None);
    let all = messages(30);
    learn(&store, &all);
    let model = store.model().unwrap().unwrap();
    assert_eq!(store.entries().unwrap().len(), 30);

    // The same again changes nothing.
    learn(&store, &all);
    assert_eq!(store.model().unwrap().unwrap(), model);

    let mut writer = store.write(None).unwrap();
    let (tokens, _) = &all[3];
    let [ham, spam] = writer.learner().messages();
    assert_eq!(writer.learn(tokens.clone(), Label::Ham, "test", 1).unwrap(), Outcome::Relabelled);
    assert_eq!(writer.label(&tokens.id()), Some(Label::Ham));
    assert_eq!(writer.forget(&tokens.id(), 2).unwrap(), Outcome::Forgotten);
    assert_eq!(writer.forget(&tokens.id(), 2).unwrap(), Outcome::Unchanged);
    assert!(writer.learner().messages()[0] <= ham && writer.learner().messages()[1] <= spam);
    writer.finish().unwrap();
    assert_eq!(store.entries().unwrap().len(), 29);
    assert_eq!(store.write(None).unwrap().learned(), [15, 14]);
}

#[test]
fn whenever_the_machine_stops_whole_records_count() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let all = messages(12);
    learn(&store, &all);
    let journal = folder.path().join("journal.0");
    let whole = std::fs::read(&journal).unwrap();
    let mut seen = 0;
    for length in (0..whole.len()).rev().step_by(97) {
        std::fs::write(&journal, &whole[..length]).unwrap();
        // A reader takes what is whole, and a writer goes on from there.
        let entries = store.entries().unwrap();
        assert!(entries.len() < 12 && store.model().unwrap().is_some());
        learn(&store, &all);
        assert_eq!(store.entries().unwrap().len(), 12, "cut at {length}");
        seen = seen.max(entries.len());
    }
    assert_eq!(seen, 11);
    // A damaged record ends what can be read, and what stands before it counts.
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&journal, damaged).unwrap();
    assert!((1..12).contains(&store.entries().unwrap().len()));
    OpenOptions::new().append(true).open(&journal).unwrap().write_all(&[9; 3]).unwrap();
    learn(&store, &all);
    assert_eq!(store.entries().unwrap().len(), 12);
}

#[test]
fn a_snapshot_and_the_records_behind_it_are_one_model() {
    let folder = tempfile::tempdir().unwrap();
    let (store, other) = (Store::new(folder.path().join("a")), Store::new(folder.path().join("b")));
    let all = messages(40);
    learn(&store, &all);
    let whole = store.model().unwrap().unwrap();
    // One by one, each by a writer of its own.
    all.iter().for_each(|it| learn(&other, std::slice::from_ref(it)));
    assert!(other.model().unwrap().unwrap() == whole);
}

#[test]
fn of_many_messages_the_latest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path()).keep(10);
    let all = messages(40);
    learn(&store, &all);
    let (model, kept) = (store.model().unwrap().unwrap(), store.entries().unwrap());
    assert_eq!(
        kept.iter().map(|it| it.id).collect::<Vec<_>>(),
        all[30..].iter().map(|it| it.0.id()).collect::<Vec<_>>()
    );
    assert!(!folder.path().join("journal.0").exists() && folder.path().join("journal.1").exists());
    // What is not listed any more is still learned.
    let [ham, spam] = store.write(None).unwrap().learner().messages();
    assert!(ham + spam > 10, "{ham} {spam}");
    learn(&store, &all[35..]);
    assert!(store.model().unwrap().unwrap() == model);
}

#[test]
fn old_counts_fade() {
    let folder = tempfile::tempdir().unwrap();
    let (fading, lasting) = (Store::new(folder.path().join("a")).fade_after(16), Store::new(folder.path().join("b")));
    for store in [&fading, &lasting] {
        learn(store, &messages(40));
    }
    let count = |store: &Store| store.write(None).unwrap().learner().messages().iter().sum::<u32>();
    assert!(count(&fading) < count(&lasting), "{} {}", count(&fading), count(&lasting));
    assert!(fading.model().unwrap().is_some());
}

#[test]
fn several_learn_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let all = messages(40);
    std::thread::scope(|scope| {
        for part in all.chunks(10) {
            let folder = folder.path();
            scope.spawn(move || {
                for one in part {
                    learn(&Store::new(folder), std::slice::from_ref(one));
                }
            });
        }
        // Who reads meanwhile always finds a model, or nothing yet.
        for _ in 0..50 {
            Store::new(folder.path()).model().unwrap();
        }
    });
    let store = Store::new(folder.path());
    assert_eq!(store.entries().unwrap().len(), 40);
}

#[test]
fn what_is_no_store_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("state"), "something").unwrap();
    let store = Store::new(folder.path());
    assert!(store.model().unwrap_err().contains("cannot be read: the file state is not one of Tamis"));
    assert!(store.write(None).is_err());
    let file = folder.path().join("state");
    assert!(Store::new(&file).write(None).unwrap_err().contains("cannot be written"));
}

#[test]
fn what_a_user_learned_stands_on_what_the_site_knows_now() {
    let folder = tempfile::tempdir().unwrap();
    let (site, user) =
        (Store::new(folder.path().join("site")), Store::new(folder.path().join("user")).keep(4).of_user());
    let all = messages(40);
    learn(&site, &all[..10]);
    let model = || site.model().unwrap().unwrap();
    let counts = |model: &[u8]| Learner::from_model(model).unwrap().messages().iter().sum::<u32>();
    assert_eq!(user.model_over(&model()).unwrap(), None);
    let learn_more = |messages: &[(TokenSet, Label)]| {
        let mut writer = user.write(Some(&model())).unwrap();
        for (tokens, label) in messages {
            // As the other, which is news whatever the site knows.
            let label = if *label == Label::Ham { Label::Spam } else { Label::Ham };
            writer.learn(tokens.clone(), label, "ann", 0).unwrap();
        }
        writer.finish().unwrap();
        user.model_over(&model()).unwrap().unwrap()
    };
    let before = model();
    assert!(counts(&learn_more(&all[20..22])) > counts(&before));
    assert!(model() == before, "the site's model is as it was");
    // Nothing is kept of the site's: what that learns, the user has.
    assert!(std::fs::read(folder.path().join("user/state")).unwrap().len() < 100);
    let old = user.model_over(&model()).unwrap().unwrap();
    learn(&site, &all[10..16]);
    assert!(user.model_over(&model()).unwrap().unwrap() != old);
    // Of many messages the latest count.
    learn_more(&all[22..30]);
    let kept: Vec<_> = user.entries().unwrap().iter().map(|it| it.id).collect();
    assert_eq!(kept, all[26..30].iter().map(|it| it.0.id()).collect::<Vec<_>>());
    assert!(counts(&user.model_over(&model()).unwrap().unwrap()) <= counts(&model()) + 4);
    // Killed in the middle of a record, the others count.
    let journal = folder.path().join("user/journal.1");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &whole[..whole.len() - 5]).unwrap();
    assert_eq!(user.entries().unwrap().len(), 3);
    assert!(user.model_over(&model()).unwrap().is_some());
    learn_more(&all[30..31]);
    assert_eq!(user.messages().unwrap().len(), 4);
}
