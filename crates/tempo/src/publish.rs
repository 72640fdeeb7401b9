//! A new map for a thread that must not wait. What lives here: handing a value from
//! the thread that edits it to the one that reads it, through a triple buffer. What
//! does not: what the value is; a [`crate::TempoMap`] or [`crate::Layers`] as a rule.
//!
//! Reading takes no lock, never waits, allocates nothing and frees nothing: old
//! values are dropped by the publisher, when it publishes over them. Both halves
//! may be moved to other threads; what remains is freed with the last half, so let
//! the reader go where freeing is allowed.

use triple_buffer::{Input, Output, TripleBuffer};

/// The half that publishes.
#[derive(Debug)]
pub struct Publisher<T: Send>(Input<T>);

/// The half that reads.
#[derive(Debug)]
pub struct Reader<T: Send>(Output<T>);

/// Both halves, with a value to begin with. The value is copied twice.
pub fn channel<T: Clone + Send>(initial: T) -> (Publisher<T>, Reader<T>) {
    let (input, output) = TripleBuffer::new(&initial).split();
    (Publisher(input), Reader(output))
}

impl<T: Send> Publisher<T> {
    /// Makes a value the newest; the reader's next look finds it. Drops the value
    /// before last.
    pub fn publish(&mut self, value: T) {
        self.0.write(value);
    }

    /// Whether the reader has seen the newest value.
    pub fn is_read(&self) -> bool {
        self.0.consumed()
    }
}

impl<T: Send> Reader<T> {
    /// The newest value. Stays the same for as long as it is borrowed.
    pub fn latest(&mut self) -> &T {
        self.0.read()
    }

    /// The value of the last look, even where there is a newer one: for callers that
    /// change over at the edge of a block only.
    pub fn held(&self) -> &T {
        self.0.output_buffer()
    }
}
