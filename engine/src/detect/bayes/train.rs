//! Messages with labels -> a model. The multinomial naive Bayes model is fitted by `linfa-bayes`; since that needs only
//! the sums of each class, it is fitted on one row a class, in milliseconds (`docs/why/bayes.md`). The logistic
//! expert learns them in an order that looks like chance and is the same each time. Calibrated on scores of messages that
//! the scoring model has not seen.

use std::collections::HashMap;

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_bayes::MultinomialNb;
use ndarray::{Array1, Array2};
use serde::Deserialize;

use super::counts::Counts;
use super::features::TokenSet;
use super::file::{self, Curve, Parameters, Saved};
use super::learner::parameters;
use super::logistic::Logistic;
use super::ratio::{Ratio, Sums};
use super::totals::Totals;
use super::{hash, model};
use crate::label::Label;

/// Added to every count. This and the next two were fixed by cross-validation inside the learned half of the corpus.
pub(super) const ALPHA: f64 = 0.1;
/// Log-ratios nearer to 0 do not count: tokens that say little are many, and drown the few that say much.
pub(super) const LEAST: f64 = 2.0;
/// The sum is divided by the number of tokens that count, to the power of this.
pub(super) const EXPONENT: f64 = 0.75;
/// How often the logistic expert learns each message.
const PASSES: u64 = 3;
/// Parts that the messages are dealt into for calibration.
const FOLDS: u64 = 5;
/// How far the fitted parameters may be from the closed form, in log-ratio.
const TOLERANCE: f64 = 1e-9;

/// What a fitted linfa model is inside: the same fields in the same order, since it keeps them to itself.
#[derive(Deserialize)]
struct Fitted {
    class_info: HashMap<usize, FittedClass>,
}

#[derive(Deserialize)]
struct FittedClass {
    _class_count: usize,
    _prior: f64,
    _feature_count: Array1<f64>,
    feature_log_prob: Array1<f64>,
}

/// The log-ratios that linfa fits to rows of counts, one for each column. `labels` gives each row's class: 0 for ham, 1
/// for spam.
pub(super) fn fitted_ratios(rows: Array2<f64>, labels: Vec<usize>) -> Result<Vec<f64>, String> {
    let data = DatasetBase::new(rows, Array1::from(labels));
    let model = MultinomialNb::<f64, usize>::params().alpha(ALPHA).fit(&data).map_err(|error| error.to_string())?;
    let bytes = postcard::to_stdvec(&model).map_err(|error| error.to_string())?;
    let fitted: Fitted = postcard::from_bytes(&bytes).map_err(|error| error.to_string())?;
    let class = |label: usize| fitted.class_info.get(&label).ok_or("a class without messages");
    let (ham, spam) = (class(0)?, class(1)?);
    Ok(spam.feature_log_prob.iter().zip(&ham.feature_log_prob).map(|(spam, ham)| spam - ham).collect())
}

/// A message that a model which had not learned it has scored: raw scores of naive Bayes and of the logistic expert.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldOut {
    pub(super) naive_bayes: f64,
    pub(super) logistic: f64,
    /// Of the logistic expert, without regard to blocks of the text.
    pub(super) whole: f64,
    pub(super) label: Label,
}

impl HeldOut {
    /// What is calibrated: the message as a whole. A block that decides lifts some ham a little, and a curve that made up for it
    /// took a third of the spam of mail that is unlike what was learned for ham.
    fn fused(&self) -> f64 {
        model::fused(self.naive_bayes, self.whole)
    }
}

/// What fitting gives: the model file, and for each message the calibrated log-odds by a model that had not learned it: of
/// both experts together, of naive Bayes, of the logistic expert.
pub(crate) type Outcome = (Vec<u8>, Vec<([f64; 3], Label)>);

/// Fits a model to everything learned.
pub(crate) fn fit(messages: &[(TokenSet, Label)]) -> Result<Outcome, String> {
    let mut totals = Totals::new();
    messages.iter().for_each(|(tokens, label)| totals.add(&tokens.slots, *label));
    for (count, class) in totals.messages.iter().zip(["ham", "spam"]) {
        if u64::from(*count) < 2 * FOLDS {
            return Err(format!("{count} messages of {class} are too few: at least {} are needed", 2 * FOLDS));
        }
    }
    let counts = totals.counts();
    let mut parameters = parameters(totals.messages);
    check(&counts, &parameters)?;

    let held_out = held_out(messages, &totals, FOLDS);
    let curve =
        |score: fn(&HeldOut) -> f64| calibrate(&held_out.iter().map(|it| (score(it), it.label)).collect::<Vec<_>>());
    parameters.fused = curve(HeldOut::fused);
    parameters.naive_bayes = curve(|it| it.naive_bayes);
    parameters.logistic = curve(|it| it.whole);
    let calibrated = held_out.iter().map(|it| {
        let score = model::score(&parameters, it.naive_bayes, Some(it.logistic), 0);
        ([score.log_odds, score.naive_bayes, score.logistic.unwrap_or_default()], it.label)
    });
    let calibrated = calibrated.collect();
    let logistic = logistic(messages.iter());
    let saved = Saved { parameters, counts, bias: logistic.bias, weights: file::weights(&logistic) };
    Ok((file::write(&saved), calibrated))
}

/// The logistic expert, fitted to messages.
fn logistic<'m>(messages: impl Iterator<Item = &'m (TokenSet, Label)>) -> Logistic {
    let mut logistic = Logistic::new();
    let mut messages: Vec<_> = messages.collect();
    for pass in 0..PASSES {
        messages.sort_by_key(|(tokens, _)| hash::shuffled(tokens.digest, pass));
        for (tokens, label) in &messages {
            logistic.learn(tokens, *label);
        }
    }
    logistic
}

/// Fits the model by linfa and holds the closed form, by which scores are made, against it.
fn check(counts: &Counts, parameters: &Parameters) -> Result<(), String> {
    let columns: Vec<(u32, u32, u32)> = counts.iter().collect();
    let mut rows = Array2::zeros((2, columns.len()));
    for (column, (_, ham, spam)) in columns.iter().enumerate() {
        if let Some(cell) = rows.get_mut((0, column)) {
            *cell = f64::from(*ham);
        }
        if let Some(cell) = rows.get_mut((1, column)) {
            *cell = f64::from(*spam);
        }
    }
    let fitted = fitted_ratios(rows, vec![0, 1])?;
    let ratio = Ratio::new(parameters, &Sums::of(counts));
    let farthest = columns
        .iter()
        .zip(&fitted)
        .map(|((_, ham, spam), fitted)| (ratio.exact(*ham, *spam) - fitted).abs())
        .fold(0.0, f64::max);
    if farthest > TOLERANCE {
        return Err(format!("the fitted model is {farthest:e} away from the closed form"));
    }
    Ok(())
}

/// The raw scores of each message by a model that learned from the other folds only.
pub(super) fn held_out(messages: &[(TokenSet, Label)], totals: &Totals, folds: u64) -> Vec<HeldOut> {
    let parameters = parameters(totals.messages);
    let mut scores = Vec::with_capacity(messages.len());
    for fold in 0..folds {
        let mut rest = totals.clone();
        let held = |(tokens, _): &&(TokenSet, Label)| tokens.digest % folds == fold;
        for (tokens, label) in messages.iter().filter(held) {
            rest.remove(&tokens.slots, *label);
        }
        let logistic = logistic(messages.iter().filter(|it| !held(it)));
        scores.extend(messages.iter().filter(held).map(|(tokens, label)| HeldOut {
            naive_bayes: rest.score(&parameters, &tokens.slots).0,
            logistic: logistic.score(tokens),
            whole: logistic.whole(tokens),
            label: *label,
        }));
    }
    scores
}

/// Slope and offset of the logistic curve that fits the scores best (Platt), by Newton's method with Platt's targets,
/// which keep the curve finite where the classes do not overlap. The classes weigh the same: what a site's share of
/// spam is, the training folder cannot know.
fn calibrate(scores: &[(f64, Label)]) -> Curve {
    let count = |class: Label| scores.iter().filter(|(_, label)| *label == class).count() as f64;
    let (ham, spam) = (count(Label::Ham), count(Label::Spam));
    let (mut slope, mut offset) = (0.5, 0.0);
    for _ in 0..100 {
        let (mut gradient, mut hessian) = ([0.0; 2], [1e-9, 0.0, 1e-9]);
        for (score, label) in scores {
            let (target, weight) = match label {
                Label::Spam => ((spam + 1.0) / (spam + 2.0), 1.0 / spam),
                Label::Ham => (1.0 / (ham + 2.0), 1.0 / ham),
            };
            let probability = 1.0 / (1.0 + (-(slope * score + offset)).exp());
            let (error, curve) = ((probability - target) * weight, probability * (1.0 - probability) * weight);
            gradient[0] += error * score;
            gradient[1] += error;
            hessian[0] += curve * score * score;
            hessian[1] += curve * score;
            hessian[2] += curve;
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        if determinant.abs() < 1e-18 {
            break;
        }
        let steps = [
            (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
            (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
        ];
        // Far from the optimum the curve is flat and a whole step too long.
        let scale = (1.0 / steps[0].abs().max(steps[1].abs()).max(1e-12)).min(1.0);
        slope -= steps[0] * scale;
        offset -= steps[1] * scale;
        if steps[0].abs() + steps[1].abs() < 1e-10 {
            break;
        }
    }
    Curve { slope: slope.max(1e-3), offset }
}
