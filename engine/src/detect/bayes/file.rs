//! The model file: counts of two classes for each slot that was seen, the weights of the logistic expert, and the numbers
//! that turn them into a score.
//!
//! ```text
//! "TAMISNB" version                    8 bytes; the version covers format, tokens and hashes
//! ham messages, spam messages          u32 each, little-endian, like all numbers here
//! alpha least exponent                 f64 each
//! slope offset                         f64 each: of both experts together, of naive Bayes, of the logistic expert
//! number of slots                      u32
//! for each slot, ascending             gap to the one before, ham, spam: variable-length numbers (LEB128)
//! bias                                 f64
//! number of features                   u32; 0 where there is no logistic expert
//! for each feature, ascending          gap to the one before (LEB128), weight (i16, steps of 1/4096), squares (u16)
//! checksum                             the first 8 bytes of the SHA-256 of all before
//! ```
//!
//! Squares are kept by their logarithm: 0 is none, else e^((number - 1) / 1500 - 30).

use sha2::{Digest, Sha256};

use super::counts::Counts;
use super::features::{read_variable, variable};
use super::hash::{FEATURE_BITS, VERSION};
use super::logistic::Logistic;

const MAGIC: &[u8; 7] = b"TAMISNB";

/// Steps of a weight in 1.
pub(super) const WEIGHT_STEPS: f32 = 4_096.0;

/// A score -> log-odds that can be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) slope: f64,
    pub(super) offset: f64,
}

impl Curve {
    pub(super) fn of(&self, score: f64) -> f64 {
        self.slope * score + self.offset
    }
}

/// The numbers of a model beside its counts and weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    pub(super) ham_messages: u32,
    pub(super) spam_messages: u32,
    /// What is added to every count.
    pub(super) alpha: f64,
    /// Log-ratios nearer to 0 than this do not count.
    pub(super) least: f64,
    /// The sum is divided by the number of tokens that count, to the power of this.
    pub(super) exponent: f64,
    /// Calibration of both experts together, and of each alone.
    pub(super) fused: Curve,
    pub(super) naive_bayes: Curve,
    pub(super) logistic: Curve,
}

/// A feature's weight and squares, as the file has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) feature: u32,
    pub(super) weight: i16,
    pub(super) squares: u16,
}

/// What a model file holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Saved {
    pub(super) parameters: Parameters,
    pub(super) counts: Counts,
    pub(super) bias: f64,
    /// Ascending; empty without a logistic expert.
    pub(super) weights: Vec<Weight>,
}

/// The weights of an expert, for the file.
pub(super) fn weights(logistic: &Logistic) -> Vec<Weight> {
    let both = logistic.weights.iter().zip(&logistic.squares).zip(0u32..);
    both.filter(|((_, squares), _)| **squares > 0.0)
        .map(|((weight, squares), feature)| Weight {
            feature,
            weight: (weight * WEIGHT_STEPS).round() as i16, // saturates
            squares: ((squares.ln() + 30.0) * 1_500.0).round().clamp(0.0, 65_534.0) as u16 + 1,
        })
        .collect()
}

/// The expert that such weights are of.
pub(super) fn logistic(weights: &[Weight], bias: f64) -> Logistic {
    let mut logistic = Logistic { bias, ..Logistic::new() };
    for it in weights {
        if let Some(weight) = logistic.weights.get_mut(it.feature as usize) {
            *weight = f32::from(it.weight) / WEIGHT_STEPS;
        }
        if let Some(squares) = logistic.squares.get_mut(it.feature as usize)
            && let Some(number) = it.squares.checked_sub(1)
        {
            *squares = (f32::from(number) / 1_500.0 - 30.0).exp();
        }
    }
    logistic
}

/// A model file.
pub(super) fn write(saved: &Saved) -> Vec<u8> {
    let Saved { parameters, counts, bias, weights } = saved;
    let mut out = Vec::with_capacity(128 + counts.bytes().len() + weights.len() * 5);
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    out.extend_from_slice(&parameters.ham_messages.to_le_bytes());
    out.extend_from_slice(&parameters.spam_messages.to_le_bytes());
    let curves = [parameters.fused, parameters.naive_bayes, parameters.logistic];
    let numbers = [parameters.alpha, parameters.least, parameters.exponent];
    for number in numbers.into_iter().chain(curves.iter().flat_map(|curve| [curve.slope, curve.offset])) {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&counts.len().to_le_bytes());
    out.extend_from_slice(counts.bytes());
    out.extend_from_slice(&bias.to_le_bytes());
    out.extend_from_slice(&u32::try_from(weights.len()).unwrap_or(u32::MAX).to_le_bytes());
    let mut before = 0;
    for it in weights {
        variable(it.feature - before, &mut out);
        out.extend_from_slice(&it.weight.to_le_bytes());
        out.extend_from_slice(&it.squares.to_le_bytes());
        before = it.feature;
    }
    let checksum = Sha256::digest(&out);
    out.extend(checksum.iter().take(8));
    out
}

/// Reads a model file. Memory is bounded by its length.
pub(super) fn read(bytes: &[u8]) -> Result<Saved, String> {
    let (body, checksum) = bytes.split_last_chunk::<8>().ok_or("not a model file: too short")?;
    let rest = body.strip_prefix(MAGIC).ok_or("not a model file of Tamis")?;
    let (version, rest) = rest.split_first().ok_or("the model file breaks off")?;
    if *version != VERSION {
        return Err(format!("a model of version {version}, and this program reads version {VERSION}"));
    }
    if !Sha256::digest(body).starts_with(checksum) {
        return Err("the model file is damaged: its checksum does not fit".into());
    }
    let mut reader = Reader { rest };
    let (ham_messages, spam_messages) = (reader.number()?, reader.number()?);
    let mut numbers = [0.0; 9];
    for number in &mut numbers {
        *number = f64::from_le_bytes(reader.take()?);
    }
    let [alpha, least, exponent, ref curves @ ..] = numbers;
    let count = reader.number()?;
    let (counts, rest) = Counts::read(count, reader.rest)?;
    reader.rest = rest;
    let bias = f64::from_le_bytes(reader.take()?);
    // What no training comes near; far beyond, sums of them are no numbers any more.
    let sane = numbers.iter().chain([&bias]).all(|number| number.abs() <= 1e6)
        && (1e-6..=1e6).contains(&alpha)
        && (0.0..=10.0).contains(&least)
        && (0.0..=2.0).contains(&exponent);
    if !sane {
        return Err("the model file has parameters that make no sense".into());
    }
    let count = reader.number()?;
    let mut weights = Vec::with_capacity((count as usize).min(reader.rest.len() / 5));
    let mut feature = 0u32;
    for number in 0..count {
        let gap = read_variable(&mut reader.rest).ok_or("the model file breaks off")?;
        feature = feature.checked_add(gap).filter(|it| *it >> FEATURE_BITS == 0).ok_or("a feature beyond the table")?;
        if gap == 0 && number > 0 {
            return Err("a feature twice in the model file".into());
        }
        let (weight, squares) = (i16::from_le_bytes(reader.take()?), u16::from_le_bytes(reader.take()?));
        weights.push(Weight { feature, weight, squares });
    }
    if !reader.rest.is_empty() {
        return Err("bytes behind the end of the model".into());
    }
    let [a, b, c, d, e, f] = *curves;
    let curve = |slope, offset| Curve { slope, offset };
    let parameters = Parameters {
        ham_messages,
        spam_messages,
        alpha,
        least,
        exponent,
        fused: curve(a, b),
        naive_bayes: curve(c, d),
        logistic: curve(e, f),
    };
    Ok(Saved { parameters, counts, bias, weights })
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or("the model file breaks off")?;
        self.rest = rest;
        Ok(*head)
    }

    fn number(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.take()?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::SLOT_BITS;
    use super::*;

    fn example() -> Saved {
        let curve = Curve { slope: 1.5, offset: -0.25 };
        Saved {
            parameters: Parameters {
                ham_messages: 3,
                spam_messages: 2,
                alpha: 0.1,
                least: 2.0,
                exponent: 0.75,
                fused: curve,
                naive_bayes: Curve { slope: 0.5, ..curve },
                logistic: Curve { slope: 1.0, ..curve },
            },
            counts: Counts::new([(0, 1, 0), (7, 300, 2), ((1 << SLOT_BITS) - 1, 0, u32::MAX)]),
            bias: 0.125,
            weights: vec![
                Weight { feature: 0, weight: -3, squares: 1 },
                Weight { feature: (1 << FEATURE_BITS) - 1, weight: i16::MAX, squares: u16::MAX },
            ],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let saved = example();
        let bytes = write(&saved);
        assert_eq!(read(&bytes), Ok(saved.clone()));
        // And the expert's state goes into the file and comes out of it the same.
        let expert = logistic(&saved.weights, saved.bias);
        assert_eq!(weights(&expert), saved.weights);
    }

    #[test]
    fn damaged_files_are_refused() {
        let bytes = write(&example());
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_err(), "cut at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(read(&flipped).is_err(), "flipped at {at}");
        }
        assert!(read(b"").is_err());
        // Sound sums do not make sound content.
        let mut lies = bytes[..bytes.len() - 8].to_vec();
        let count_at = 8 + 8 + 72;
        lies[count_at..count_at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let checksum = Sha256::digest(&lies);
        lies.extend(&checksum[..8]);
        assert!(read(&lies).is_err());
    }
}
