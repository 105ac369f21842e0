//! What moved a score, as people read it: tokens with their counts, and runs of characters.

use super::features::{OUTSIDE, WORD, grams};
use super::hash;
use super::logistic::Sums;
use super::tokens::{self, Family, Sink};
use crate::facts::Facts;

/// A token that moved a message's score.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TokenWeight {
    /// The token, readable: `subject:meeting`, `url:host:example.com`; `text:"free"` is a run of characters.
    pub token: String,
    /// What it adds to the log-odds, of both experts together; above 0 speaks for spam.
    pub weight: f64,
    /// In how many learned ham messages it was; 0 for a run of characters, which is not counted.
    pub ham: u32,
    /// In how many learned spam messages it was.
    pub spam: u32,
}

/// Tokens as people read them, with their slots and features.
#[derive(Default)]
pub(super) struct Readable {
    /// By slot, each slot once.
    tokens: Vec<Token>,
    /// By feature, each once, where it stands first; without those of tokens. With the segment.
    runs: Vec<(u32, u8, String)>,
    with_features: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Token {
    slot: u32,
    /// Whether a word of the visible text has the slot: of tokens that share one, any.
    not_text: bool,
    name: String,
    feature: Option<u32>,
}

impl Sink for Readable {
    fn token(&mut self, family: Family, of: &str, text: &str) {
        let name = match of {
            "" => format!("{}:{text}", family.name()),
            of => format!("{}:{of}:{text}", family.name()),
        };
        let hash = hash::token(family, of, text);
        let portable = self.with_features && tokens::is_portable(family, of);
        let feature = portable.then(|| hash::feature(hash));
        self.tokens.push(Token { slot: hash::slot(hash), not_text: family != Family::Body, name, feature });
    }
}

impl Readable {
    pub(super) fn of(facts: &Facts<'_>, with_features: bool) -> Readable {
        let mut readable = Readable { with_features, ..Readable::default() };
        tokens::tokens(facts, &mut readable);
        readable.tokens.sort();
        // Of tokens that share a slot or a feature only one counts; the first by name is shown.
        readable.tokens.dedup_by_key(|token| token.slot);
        let mut features: Vec<u32> = Vec::new();
        for token in &mut readable.tokens {
            match token.feature {
                Some(feature) if features.contains(&feature) => token.feature = None,
                Some(feature) => features.push(feature),
                None => {}
            }
        }
        if with_features {
            features.sort_unstable();
            grams(facts, &mut String::new(), |segment, four, feature| {
                if features.binary_search(&feature).is_err() {
                    let of = if segment == OUTSIDE { "header" } else { "text" };
                    readable.runs.push((feature, segment, format!("{of}:{:?}", String::from_utf8_lossy(&four))));
                }
            });
            readable.runs.sort();
            readable.runs.dedup_by_key(|(feature, _, _)| *feature);
        }
        readable
    }

    /// Of the words of the visible text that speak for ham only the strongest count.
    pub(super) fn keep_good_words(&mut self, most: usize, ratio: impl Fn(u32) -> i16) {
        let good = |token: &Token| !token.not_text && ratio(token.slot) < 0;
        let mut slots: Vec<(i16, u32)> =
            self.tokens.iter().filter(|it| good(it)).map(|it| (ratio(it.slot), it.slot)).collect();
        slots.sort_unstable();
        let kept: std::collections::HashSet<u32> = slots.iter().take(most).map(|it| it.1).collect();
        self.tokens.retain(|token| !good(token) || kept.contains(&token.slot));
    }

    /// Ascending.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        self.tokens.iter().map(|token| token.slot)
    }

    /// Where a block of the text decides, and not the whole, only its features and those outside of the text count. Gives how
    /// many do.
    pub(super) fn keep_deciding(&mut self, weigh: impl Fn(u32) -> f64) -> u32 {
        let segment = |token: &Token| if token.not_text { OUTSIDE } else { WORD };
        let of_tokens = self.tokens.iter().filter_map(|token| Some((token.feature?, segment(token))));
        let of_runs = self.runs.iter().map(|(feature, segment, _)| (*feature, *segment));
        let (mut sums, mut count) = (Sums::default(), 0);
        for (feature, segment) in of_tokens.chain(of_runs) {
            sums.add(segment, weigh(feature), 1);
            count += 1;
        }
        let Some((block, features)) = sums.decides() else { return count };
        self.runs.retain(|(_, segment, _)| *segment == block || *segment == OUTSIDE);
        self.tokens.iter_mut().filter(|token| !token.not_text).for_each(|token| token.feature = None);
        features
    }

    /// What each moved the score by; `counts` are of the slots, in their order.
    pub(super) fn weigh(
        self,
        counts: &[(u32, u32)],
        of_slot: impl Fn(u32) -> f64,
        of_feature: impl Fn(u32) -> f64,
    ) -> Vec<TokenWeight> {
        let tokens = self.tokens.into_iter().zip(counts).map(|(token, (ham, spam))| TokenWeight {
            weight: of_slot(token.slot) + token.feature.map_or(0.0, &of_feature),
            token: token.name,
            ham: *ham,
            spam: *spam,
        });
        let runs = self.runs.into_iter();
        let runs = runs.map(|(feature, _, token)| TokenWeight { token, weight: of_feature(feature), ham: 0, spam: 0 });
        tokens.chain(runs).filter(|it| it.weight != 0.0).collect()
    }
}
