//! How much memory the messages of all sessions take together. Sessions ask before they keep bytes; what a message holds is
//! given back when it goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that is shared out.
#[derive(Debug)]
pub struct Room {
    used: AtomicUsize,
    most: AtomicUsize,
}

impl Room {
    /// Of so many bytes.
    pub fn new(most: usize) -> Room {
        Room { used: AtomicUsize::new(0), most: AtomicUsize::new(most) }
    }

    /// Another size, from now on.
    pub fn resize(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// Bytes that are in use.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        let most = self.most.load(Ordering::Relaxed);
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= most);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

/// What one message holds of it.
#[derive(Debug, Default)]
pub struct Held {
    from: Option<Arc<Room>>,
    bytes: usize,
}

impl Held {
    /// Takes some more; false where there is none.
    pub fn more(&mut self, room: &Arc<Room>, bytes: usize) -> bool {
        let taken = bytes == 0 || room.take(bytes);
        if taken && bytes > 0 {
            self.from.get_or_insert_with(|| Arc::clone(room));
            self.bytes = self.bytes.saturating_add(bytes);
        }
        taken
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(room) = &self.from {
            room.used.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

/// A copy of a message is not counted: only tests make one.
impl Clone for Held {
    fn clone(&self) -> Held {
        Held::default()
    }
}

impl PartialEq for Held {
    fn eq(&self, _: &Held) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let room = Arc::new(Room::new(10));
        let (mut one, mut other) = (Held::default(), Held::default());
        assert!(one.more(&room, 6) && !other.more(&room, 5) && other.more(&room, 4) && other.more(&room, 0));
        assert_eq!(room.used(), 10);
        drop(one);
        assert_eq!(room.used(), 4);
        assert!(other.more(&room, 6));
        drop(other);
        assert_eq!(room.used(), 0);
    }
}
