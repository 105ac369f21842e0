//! Buffers that a worker keeps from message to message, so that a scan allocates little. Plain memory: no stage keeps
//! meaning here.

/// Largest buffer that is kept; one big message must not make a worker big for ever.
const KEEP_BYTES: usize = 4 << 20;
/// How many buffers are kept.
const KEEP: usize = 64;

/// Buffers to be reused.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    buffers: Vec<Vec<u8>>,
}

impl Scratch {
    /// An empty buffer, with capacity from earlier use where there is one.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(crate) fn give_back(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEEP_BYTES && self.buffers.len() < KEEP {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }
}
