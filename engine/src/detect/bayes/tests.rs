use super::features::{OUTSIDE, Slot, variable};
use super::file;
use super::model::{Model, fused};
use super::ratio::{Ratio, Sums, damping};
use super::totals::Totals;
use super::train::{fit, fitted_ratios, held_out};
use super::{Experts, Learner, TokenSet};
use crate::label::Label;
use ndarray::Array2;

/// Messages of two classes whose words overlap, from a small generator of pseudo-random numbers.
pub(super) fn messages(count: u64) -> Vec<(TokenSet, Label)> {
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
            (token_set(&slots, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), label)
        })
        .collect()
}

/// A message whose slots are its features as well.
fn token_set(slots: &[u32], digest: u64) -> TokenSet {
    let (mut features, mut before) = (Vec::new(), 0);
    for slot in slots {
        variable(slot - before, &mut features);
        before = *slot;
    }
    let segments = slots.iter().map(|_| OUTSIDE).collect();
    let slots = slots.iter().map(|slot| Slot::new(*slot, false)).collect();
    TokenSet { slots, features: features.into(), segments, digest, id: [0; 16] }
}

fn read(bytes: &[u8]) -> Model {
    Model::read(bytes, Experts::All).unwrap()
}

/// The rows that linfa would be given message by message, over the slots that occur.
fn dense(messages: &[(TokenSet, Label)]) -> (Array2<f64>, Vec<usize>, Vec<u32>) {
    let mut columns: Vec<u32> =
        messages.iter().flat_map(|(tokens, _)| tokens.slots.iter().map(|slot| slot.number())).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut rows = Array2::zeros((messages.len(), columns.len()));
    for (row, (tokens, _)) in messages.iter().enumerate() {
        for slot in &tokens.slots {
            rows[(row, columns.binary_search(&slot.number()).unwrap())] = 1.0;
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
    let saved = file::read(&bytes).unwrap();
    let ratio = Ratio::new(&saved.parameters, &Sums::of(&saved.counts));
    for (tokens, _) in messages {
        let column = |slot: &Slot| by_rows[columns.binary_search(&slot.number()).unwrap()];
        let fitted: f64 = tokens.slots.iter().map(column).sum();
        let counts = saved.counts.of(tokens.slots.iter().map(|slot| slot.number()));
        let ours: f64 = counts.iter().map(|(ham, spam)| ratio.exact(*ham, *spam)).sum();
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
    let model = read(&bytes);
    let whole = |tokens: &TokenSet| model.score(tokens).points();
    let (tokens, _) = learned.iter().max_by(|a, b| whole(&a.0).total_cmp(&whole(&b.0))).unwrap();
    let one = |slot: u32| model.score(&token_set(&[slot], 0));
    let telling: Vec<u32> = tokens
        .slots
        .iter()
        .map(|slot| slot.number())
        .filter(|slot| one(*slot).used == 1 && one(*slot).naive_bayes > 0.0)
        .collect();
    let (few, all) = (model.score(&token_set(&telling[..3], 0)), model.score(&token_set(&telling, 0)));
    assert!(few.log_odds > 0.4 * all.log_odds, "{few:?} {all:?}");
    assert!(few.points() < 0.3 * few.log_odds, "{few:?}");
    assert!(all.points() > 0.4 * all.log_odds.min(6.0), "{all:?}");
}

#[test]
fn the_tables_are_within_a_hundredth_of_the_exact_score() {
    let messages = messages(300);
    let (bytes, _) = fit(&messages).unwrap();
    let saved = file::read(&bytes).unwrap();
    let ratio = Ratio::new(&saved.parameters, &Sums::of(&saved.counts));
    let exact_expert = {
        // As `fit` made it, before it was rounded for the file.
        let learner = Learner::from_model(&bytes).unwrap();
        move |tokens: &TokenSet| learner.score(tokens).logistic.unwrap()
    };
    let model = read(&bytes);
    for (tokens, _) in &messages {
        let counts = saved.counts.of(tokens.slots.iter().map(|slot| slot.number()));
        let ratios: Vec<f64> = counts.iter().map(|(ham, spam)| ratio.of(*ham, *spam)).collect();
        let used = u32::try_from(ratios.iter().filter(|ratio| **ratio != 0.0).count()).unwrap();
        let naive_bayes = ratios.iter().sum::<f64>() / damping(&saved.parameters, used);
        let score = model.score(tokens);
        let logistic = (exact_expert(tokens) - saved.parameters.logistic.offset) / saved.parameters.logistic.slope;
        let exact = saved.parameters.fused.of(fused(naive_bayes, logistic));
        assert!((score.log_odds - exact).abs() < 0.01, "{} {exact}", score.log_odds);
        assert!((score.naive_bayes - saved.parameters.naive_bayes.of(naive_bayes)).abs() < 0.01);
        let few = f64::from(used) / (f64::from(used) + 12.0);
        assert!((score.probability() - 1.0 / (1.0 + (-exact * few).exp())).abs() < 0.01);
        // The learner, by its counts, says what the model says, by its tables.
        assert!((Learner::from_model(&bytes).unwrap().score(tokens).log_odds - score.log_odds).abs() < 0.01);
    }
}

#[test]
fn naive_bayes_can_be_alone() {
    let (bytes, _) = fit(&messages(300)).unwrap();
    let (both, alone) = (read(&bytes), Model::read(&bytes, Experts::NaiveBayes).unwrap());
    for (tokens, _) in &messages(20) {
        let (both, alone) = (both.score(tokens), alone.score(tokens));
        assert_eq!((alone.log_odds, alone.logistic), (both.naive_bayes, None));
    }
}

#[test]
fn classes_are_told_apart_and_the_file_does_not_depend_on_the_order() {
    let learned = messages(300);
    let (_, scores) = fit(&learned).unwrap();
    for expert in 0..3 {
        let wrong = scores.iter().filter(|(it, label)| (it[expert] > 0.0) != (*label == Label::Spam)).count();
        assert!(wrong < 10, "{wrong} of {} by {expert}", scores.len());
    }
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
    let unique = token_set(&[199_999], 3);
    learned.push((unique.clone(), Label::Spam));
    let mut totals = Totals::new();
    learned.iter().for_each(|(tokens, label)| totals.add(&tokens.slots, *label));
    let scores = held_out(&learned, &totals, 5);
    assert_eq!(scores.iter().filter(|it| it.naive_bayes == 0.0).count(), 1);
    let model = read(&fit(&learned).unwrap().0);
    assert_ne!(model.score(&unique), model.score(&TokenSet::default()));
}

/// Learning in place: what was learned is told apart, and what is forgotten is gone.
#[test]
fn learned_and_forgotten() {
    let mut learner = Learner::new();
    for (tokens, label) in &messages(200) {
        learner.learn(tokens, *label);
    }
    let wrong = |learner: &Learner| {
        let right =
            |(tokens, label): &&(TokenSet, Label)| (learner.score(tokens).log_odds > 0.0) == (*label == Label::Spam);
        messages(300).iter().skip(200).filter(|it| !right(it)).count()
    };
    assert!(wrong(&learner) < 10, "{}", wrong(&learner));

    let probe = &messages(230)[229];
    let before = learner.score(&probe.0);
    let (messages_before, counts_before) = (learner.messages(), file::read(&learner.to_bytes()).unwrap().counts);
    let undo = learner.learn(&probe.0, Label::Spam);
    assert_ne!(learner.score(&probe.0), before);
    learner.forget(&probe.0, Label::Spam, undo);
    let after = learner.score(&probe.0);
    assert!((after.log_odds - before.log_odds).abs() < 1e-4, "{before:?} {after:?}");
    assert_eq!(learner.messages(), messages_before);
    assert_eq!(file::read(&learner.to_bytes()).unwrap().counts, counts_before);

    // Forgotten after a hundred others were learned, a wrong label still costs less than it did.
    let mut poisoned = learner.clone();
    let undo = poisoned.learn(&probe.0, Label::Spam);
    for (tokens, label) in messages(200).iter().take(100) {
        poisoned.learn(tokens, *label);
    }
    let with = poisoned.score(&probe.0).log_odds;
    poisoned.forget(&probe.0, Label::Spam, undo);
    assert!(poisoned.score(&probe.0).log_odds < with);
}

/// What is written is what goes on to be learned from.
#[test]
fn a_learner_goes_on_from_its_file() {
    let mut learner = Learner::new();
    messages(100).iter().for_each(|(tokens, label)| {
        learner.learn(tokens, *label);
    });
    let mut again = Learner::from_model(&learner.to_bytes()).unwrap();
    assert_eq!(again.to_bytes(), learner.to_bytes());
    for (tokens, label) in messages(150).iter().skip(100) {
        assert_eq!(learner.learn(tokens, *label).counted, again.learn(tokens, *label).counted);
        assert!((learner.score(tokens).log_odds - again.score(tokens).log_odds).abs() < 0.02);
    }
    learner.fade();
    assert!(learner.messages()[0] < 100);
}

/// Good words below spam help up to a number, and no further.
#[test]
fn more_good_words_do_not_help() {
    let (bytes, _) = fit(&messages(300)).unwrap();
    let model = Model::read(&bytes, Experts::NaiveBayes).unwrap();
    let spam: Vec<Slot> = (1_000..1_020).map(|slot| Slot::new(slot, true)).collect();
    let with = |good: u32| {
        let more = (2_000..2_000 + good).map(|slot| Slot::new(slot, true));
        model.score(&TokenSet { slots: spam.iter().copied().chain(more).collect(), ..TokenSet::default() }).log_odds
    };
    assert!(with(0) > with(10) && with(10) > with(20));
    // A stronger word takes a weaker one's place; there are no more of them.
    assert!(with(20) - with(60) < 0.2 * (with(0) - with(20)), "{} {} {}", with(0), with(20), with(60));
}

/// Scripts without blanks between words are learned from like others: new sentences of known expressions are told apart, by
/// each expert.
#[test]
fn chinese_japanese_korean_and_thai_are_learned() {
    let languages = [
        (
            ["会议时间改到下午三点", "请查收本周的项目报告", "附件是上次讨论的记录", "我们明天一起吃午饭吧"],
            ["免费领取百万大奖", "点击链接立即发财", "低价代开各类发票", "无需抵押快速贷款"],
        ),
        (
            [
                "会議の時間が三時に変わりました",
                "今週の報告書を送ります",
                "議事録を添付しました",
                "明日の昼食はどうですか",
            ],
            ["無料で賞金が当たります", "今すぐ登録して稼ごう", "激安ブランド時計の通販", "審査なしで即日融資"],
        ),
        (
            [
                "회의 시간이 세 시로 바뀌었습니다",
                "이번 주 보고서를 보냅니다",
                "회의록을 첨부합니다",
                "내일 점심 같이 먹어요",
            ],
            ["무료경품에당첨되셨습니다", "지금클릭하고돈버세요", "초저가명품시계판매", "무담보즉시대출가능"],
        ),
        (
            ["ประชุมเลื่อนเป็นบ่ายสามโมง", "ส่งรายงานประจำสัปดาห์", "แนบบันทึกการประชุมมาด้วย", "พรุ่งนี้ไปกินข้าวกลางวันกัน"],
            ["รับเงินรางวัลฟรีทันที", "คลิกลิงก์เพื่อรวยเร็ว", "ขายนาฬิกาแบรนด์ราคาถูก", "เงินกู้ด่วนไม่ต้องค้ำประกัน"],
        ),
    ];
    let engine = crate::EngineBuilder::new().build().unwrap();
    let mut worker = engine.worker();
    let mut tokens = |sentences: &[&str; 4], number: usize| {
        let at = |step: usize| sentences[(number / 4usize.pow(u32::try_from(step).unwrap())) % 4];
        let raw = format!(
            "From: a@b.example\nSubject: {number}\nContent-Type: text/plain; charset=utf-8\n\n{}\u{3002}{}\n{}\n",
            at(0),
            at(1),
            at(2)
        );
        worker.token_set(&crate::Mail::new(raw.as_bytes()))
    };
    for (ham, spam) in languages {
        let mut learner = Learner::new();
        for number in 0..32 {
            learner.learn(&tokens(&ham, number), Label::Ham);
            learner.learn(&tokens(&spam, number), Label::Spam);
        }
        for number in 32..64 {
            let (ham, spam) = (learner.score(&tokens(&ham, number)), learner.score(&tokens(&spam, number)));
            assert!(ham.naive_bayes < 0.0 && spam.naive_bayes > 0.0, "{ham:?} {spam:?}");
            assert!(ham.logistic < Some(0.0) && spam.logistic > Some(0.0), "{ham:?} {spam:?}");
        }
    }
}
