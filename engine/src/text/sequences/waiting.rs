//! What was seen, until it is known that nothing that ends before it is still to come. Takes it by where a part of it stands, and hands it on
//! by where it ends, in a time that does not depend on how much waits.

/// Ends lie in so many bytes behind the last place that was looked at.
const SPAN: usize = 64;

/// Memory to be reused.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// By the end: owner, and start.
    ends: [Vec<(u32, usize)>; SPAN],
    /// Whether something waits there.
    bits: u64,
    /// The last place that was looked at: ends lie behind it.
    at: usize,
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting { ends: std::array::from_fn(|_| Vec::new()), bits: 0, at: 0 }
    }
}

impl Waiting {
    /// To be called before a text, when nothing waits.
    pub(super) fn begin(&mut self) {
        self.at = 0;
    }

    /// Adds what ends less than `SPAN` behind the last place.
    pub(super) fn add(&mut self, owner: u32, from: usize, to: usize) {
        self.bits |= 1 << (to % SPAN);
        if let Some(ends) = self.ends.get_mut(to % SPAN) {
            ends.push((owner, from));
        }
    }

    /// Hands on what ends at a place or before it: all that comes later ends behind it.
    pub(super) fn hand_on(&mut self, at: usize, each: &mut impl FnMut(u32, usize, usize)) {
        while self.bits != 0 {
            let behind = u32::try_from((self.at + 1) % SPAN).unwrap_or(0);
            let end = self.at + 1 + self.bits.rotate_right(behind).trailing_zeros() as usize;
            if end > at {
                break;
            }
            self.bits &= !(1 << (end % SPAN));
            if let Some(ends) = self.ends.get_mut(end % SPAN) {
                ends.drain(..).for_each(|(owner, from)| each(owner, from, end));
            }
        }
        self.at = at;
    }
}
