//! What the engine would like to know and cannot look up itself. The door that has a network asks, and hands the
//! answers to `judge`. A question without an answer is neutral.

use std::net::IpAddr;

/// Something that only the network knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Question {
    /// The addresses (DNS type A) of this name, without a trailing dot.
    DnsAddress(String),
}

/// What the network said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The addresses found; none where the name does not exist.
    Addresses(Vec<IpAddr>),
    /// It could not be found out.
    Unknown,
}

/// Answers to the questions of one message.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    answers: Vec<(Question, Answer)>,
}

impl Answers {
    /// No answers: every question stays open.
    pub fn new() -> Answers {
        Answers::default()
    }

    /// Adds the answer to a question; a later one replaces an earlier one.
    pub fn insert(&mut self, question: Question, answer: Answer) {
        match self.answers.iter_mut().find(|(asked, _)| *asked == question) {
            Some((_, slot)) => *slot = answer,
            None => self.answers.push((question, answer)),
        }
    }

    /// The answer to a question; [`Answer::Unknown`] where there is none.
    pub fn answer(&self, question: &Question) -> &Answer {
        self.answers.iter().find(|(asked, _)| asked == question).map_or(&Answer::Unknown, |(_, answer)| answer)
    }
}
