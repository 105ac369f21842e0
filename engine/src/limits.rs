//! How much a message may cost, and the purse from which every stage pays.
//!
//! Costs are counted, never timed: the same message stops at the same place on every machine. The one clock is the
//! caller's, who may set the stop flag of [`Mail::stop`](crate::Mail) at any time.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::incomplete::{Incomplete, Limit};
use crate::place::Place;

/// What one message may cost at most.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the message that are read; the rest is noted. Default 64 MiB: above what mail servers accept.
    pub message_bytes: u32,
    /// Header fields of one part. Default 2,000: real mail stays under 200.
    pub headers: u32,
    /// Bytes of all header fields of one part. Default 256 KiB: Postfix's own limit is 100 KB.
    pub header_bytes: u32,
    /// MIME parts of the message. Default 5,000.
    pub parts: u32,
    /// How deep containers may nest, MIME parts and archives together. Default 40: honest forwards reach 10.
    pub depth: u16,
    /// Items, the message's own parts and everything unpacked. Default 10,000.
    pub items: u32,
    /// Bytes that decoding and unpacking may produce in all. Default 64 MiB.
    pub unpacked_bytes: u64,
    /// How many times its packed size one container may unpack to, once it is over 1 MiB. Default 200: text packs 20.
    pub ratio: u32,
    /// Bytes of one text view (body, hidden text) that detectors see. Default 1 MiB.
    pub text_bytes: u32,
    /// Different links of the message, and as many images. Default 2,000: the longest newsletters have some hundreds.
    pub links: u32,
    /// Steps of work in all: roughly, bytes passed over by any loop. Default 2,000,000,000, about two seconds.
    pub steps: u64,
    /// Bytes of one item that YARA looks at. Default 32 MiB: half of what a message may unpack to.
    pub yara_item_bytes: u32,
    /// Matches of one YARA pattern in one item that are kept. Default 10,000: rules count to some hundreds.
    pub yara_matches: u32,
    /// Seconds that YARA may take for a message. Default 3: real mail takes milliseconds. The one clock of the engine,
    /// and yara-x's own: it ticks once a second, so that it may strike up to one second early.
    pub yara_seconds: u16,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message_bytes: 64 << 20,
            headers: 2_000,
            header_bytes: 256 << 10,
            parts: 5_000,
            depth: 40,
            items: 10_000,
            unpacked_bytes: 64 << 20,
            ratio: 200,
            text_bytes: 1 << 20,
            links: 2_000,
            steps: 2_000_000_000,
            yara_item_bytes: 32 << 20,
            yara_matches: 10_000,
            yara_seconds: 3,
        }
    }
}

/// What a message has cost so far. One is made for each scan and handed down through all stages.
#[derive(Debug)]
pub(crate) struct Budget<'m> {
    /// The limits that it is held to.
    pub(crate) limits: &'m Limits,
    stop: Option<&'m AtomicBool>,
    steps: u64,
    bytes: u64,
    items: u32,
    /// Whether the message's own steps ran out or the caller said stop. Not read off `reached`: one rule that takes too
    /// long is a gap of the same name, and ends nothing else.
    halted: bool,
    /// Limits reached so far, in the order in which they were reached.
    pub(crate) reached: Vec<Incomplete>,
}

impl<'m> Budget<'m> {
    pub(crate) fn new(limits: &'m Limits, stop: Option<&'m AtomicBool>) -> Budget<'m> {
        Budget { limits, stop, steps: 0, bytes: 0, items: 0, halted: false, reached: Vec::new() }
    }

    /// Pays for `steps` of work at `place`. False, once: when the purse is empty or the caller said stop, the gap is
    /// noted; from then on always false. Whoever is told false leaves its loop tidily.
    #[must_use]
    pub(crate) fn work(&mut self, steps: u64, place: impl FnOnce() -> Place) -> bool {
        if self.halted() {
            return false;
        }
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps {
            self.halted = true;
            let explanation = format!("the message needs more than {} steps of work", self.limits.steps);
            self.note(Limit::Steps, place(), explanation);
            return false;
        }
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            self.halted = true;
            self.note(Limit::Deadline, place(), "the caller asked to stop before the scan was done".into());
            return false;
        }
        true
    }

    /// Whether work has ended early, for want of steps or by the stop flag.
    pub(crate) fn halted(&self) -> bool {
        self.halted
    }

    /// How many steps were paid for.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn spent(&self) -> u64 {
        self.steps
    }

    /// How many bytes decoding and unpacking may still produce.
    pub(crate) fn bytes_left(&self) -> u64 {
        self.limits.unpacked_bytes.saturating_sub(self.bytes)
    }

    /// Pays for bytes produced by decoding or unpacking.
    pub(crate) fn spend_bytes(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Pays for one more item; false when there may be no more. The gap is noted once.
    #[must_use]
    pub(crate) fn item(&mut self, place: impl FnOnce() -> Place) -> bool {
        if self.items >= self.limits.items {
            let explanation = format!("the message holds more than {} items", self.limits.items);
            self.note_once(Limit::Items, place, explanation);
            return false;
        }
        self.items += 1;
        true
    }

    /// Notes a limit that was reached.
    pub(crate) fn note(&mut self, limit: Limit, place: Place, explanation: String) {
        self.reached.push(Incomplete { limit, place, explanation });
    }

    /// Notes a limit unless it is noted already: for limits of the whole message that many items would meet.
    pub(crate) fn note_once(&mut self, limit: Limit, place: impl FnOnce() -> Place, explanation: String) {
        if !self.reached.iter().any(|gap| gap.limit == limit) {
            self.note(limit, place(), explanation);
        }
    }
}
