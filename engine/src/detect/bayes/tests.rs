use super::file;
use super::model::{Model, Ratio};
use super::tokens::TokenSet;
use super::train::{Totals, fit, fitted_ratios, held_out};
use crate::label::Label;
use ndarray::Array2;

/// Messages of two classes whose words overlap, from a small generator of pseudo-random numbers.
fn messages(count: u64) -> Vec<(TokenSet, Label)> {
    let mut state = 42u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..count)
        .map(|number| {
            let label = if number % 3 == 0 { Label::Spam } else { Label::Ham };
            let own = if label == Label::Spam { 1_000 } else { 2_000 };
            let mut slots: Vec<u32> = (0..40 + random(60))
                .map(|_| u32::try_from(if random(4) == 0 { own + random(60) } else { 5_000 + random(400) }).unwrap())
                .collect();
            slots.sort_unstable();
            slots.dedup();
            (TokenSet { slots: slots.into(), digest: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) }, label)
        })
        .collect()
}

/// The rows that linfa would be given message by message, over the slots that occur.
fn dense(messages: &[(TokenSet, Label)]) -> (Array2<f64>, Vec<usize>, Vec<u32>) {
    let mut columns: Vec<u32> = messages.iter().flat_map(|(tokens, _)| tokens.slots.iter().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut rows = Array2::zeros((messages.len(), columns.len()));
    for (row, (tokens, _)) in messages.iter().enumerate() {
        for slot in &tokens.slots {
            rows[(row, columns.binary_search(slot).unwrap())] = 1.0;
        }
    }
    let labels = messages.iter().map(|(_, label)| usize::from(*label == Label::Spam)).collect();
    (rows, labels, columns)
}

/// Holds linfa, fitted on the rows of the messages, against our counts and sparse sums.
fn linfa_agrees(messages: &[(TokenSet, Label)]) {
    let (rows, labels, columns) = dense(messages);
    let by_rows = fitted_ratios(rows, labels).unwrap();
    // `fit` itself fails where the fit on totals is away from the closed form; here the fit on rows is held against it.
    let (bytes, _) = fit(messages).unwrap();
    let (parameters, counts) = file::read(&bytes).unwrap();
    let ratio = Ratio::new(&parameters, &counts);
    for (tokens, _) in messages {
        let column = |slot: &u32| by_rows[columns.binary_search(slot).unwrap()];
        let fitted: f64 = tokens.slots.iter().map(column).sum();
        let ours: f64 = tokens
            .slots
            .iter()
            .map(|slot| {
                let (ham, spam) = counts.of(*slot);
                ratio.exact(ham, spam)
            })
            .sum();
        assert!((fitted - ours).abs() < 1e-9 * fitted.abs().max(1.0), "{fitted} {ours}");
    }
}

#[test]
fn linfa_on_rows_and_our_counts_agree() {
    linfa_agrees(&messages(300));
}

/// Every fortieth message of the SpamAssassin corpus, where `corpus/fetch.sh` has put it.
#[test]
fn linfa_on_rows_and_our_counts_agree_on_real_mail() {
    let cache = || std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(".cache/tamis-corpora"));
    let corpora = std::env::var_os("TAMIS_CORPORA").map(Into::into).or_else(cache).unwrap_or_default();
    let corpus = corpora.join("spamassassin");
    if !corpus.is_dir() {
        assert!(std::env::var_os("TAMIS_REQUIRE_CORPUS").is_none(), "run corpus/fetch.sh");
        return eprintln!("nothing was looked at: run corpus/fetch.sh");
    }
    let engine = crate::EngineBuilder::new().build().unwrap();
    let (mut worker, mut learned) = (engine.worker(), Vec::new());
    for (folder, label) in [("ham", Label::Ham), ("spam", Label::Spam)] {
        let entries = std::fs::read_dir(corpus.join(folder)).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().step_by(40) {
            let raw = std::fs::read(file).unwrap();
            learned.push((worker.token_set(&crate::Mail::new(&raw)), label));
        }
    }
    assert!(learned.len() > 140, "{} messages", learned.len());
    linfa_agrees(&learned);
}

/// Three words are not enough to act upon, however spammy they are.
#[test]
fn few_tokens_add_few_points() {
    let learned = messages(300);
    let (bytes, _) = fit(&learned).unwrap();
    let model = Model::read(&bytes).unwrap();
    let whole = |tokens: &TokenSet| model.score(&tokens.slots).points();
    let (tokens, _) = learned.iter().max_by(|a, b| whole(&a.0).total_cmp(&whole(&b.0))).unwrap();
    let telling: Vec<u32> = tokens.slots.iter().copied().filter(|slot| model.score(&[*slot]).used == 1).collect();
    let (few, all) = (model.score(&telling[..3]), model.score(&telling));
    assert!(few.log_odds > 0.5 * all.log_odds, "{few:?} {all:?}");
    assert!(few.points() < 0.3 * few.log_odds, "{few:?}");
    assert!(all.points() > 0.4 * all.log_odds.min(6.0), "{all:?}");
}

#[test]
fn the_table_is_within_a_hundredth_of_the_exact_score() {
    let messages = messages(300);
    let (bytes, _) = fit(&messages).unwrap();
    let (parameters, counts) = file::read(&bytes).unwrap();
    let (ratio, model) = (Ratio::new(&parameters, &counts), Model::read(&bytes).unwrap());
    for (tokens, _) in &messages {
        let ratios: Vec<f64> = tokens
            .slots
            .iter()
            .map(|slot| {
                let (ham, spam) = counts.of(*slot);
                ratio.of(ham, spam)
            })
            .collect();
        let used = ratios.iter().filter(|ratio| **ratio != 0.0).count().max(1) as f64;
        let exact = parameters.slope * ratios.iter().sum::<f64>() / used.powf(parameters.exponent) + parameters.offset;
        let score = model.score(&tokens.slots);
        assert!((score.log_odds - exact).abs() < 0.01, "{} {exact}", score.log_odds);
        let weighted = exact * used / (used + 12.0);
        assert!((score.probability() - 1.0 / (1.0 + (-weighted).exp())).abs() < 0.01);
    }
}

#[test]
fn classes_are_told_apart_and_the_file_does_not_depend_on_the_order() {
    let learned = messages(300);
    let (_, scores) = fit(&learned).unwrap();
    let wrong = scores.iter().filter(|(score, label)| (*score > 0.0) != (*label == Label::Spam)).count();
    assert!(wrong < 10, "{wrong} of {}", scores.len());
    let mut trainers = [crate::Trainer::new(), crate::Trainer::new()];
    learned.iter().for_each(|(tokens, label)| trainers[0].learn(tokens.clone(), *label));
    learned.iter().rev().for_each(|(tokens, label)| trainers[1].learn(tokens.clone(), *label));
    let [one, other] = trainers.map(|trainer| trainer.fit().unwrap().bytes);
    assert_eq!(one, other);
}

#[test]
fn too_little_is_said() {
    assert_eq!(fit(&messages(12)).unwrap_err(), "8 messages of ham are too few: at least 10 are needed");
}

#[test]
fn a_held_out_message_is_not_known() {
    // A word of one message only: known to the whole model, and to no model that scores it held out.
    let mut learned = messages(60);
    let unique = TokenSet { slots: vec![999_999].into(), digest: 3 };
    learned.push((unique.clone(), Label::Spam));
    let mut totals = Totals::new();
    learned.iter().for_each(|(tokens, label)| totals.add(tokens, *label));
    let scores = held_out(&learned, &totals, 5);
    assert_eq!(scores.iter().filter(|(score, _)| *score == 0.0).count(), 1);
    let (bytes, _) = fit(&learned).unwrap();
    assert_ne!(Model::read(&bytes).unwrap().score(&unique.slots), Model::read(&bytes).unwrap().score(&[]));
}
