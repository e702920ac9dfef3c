//! A buffer on the heap that grows when an event needs it, up to a limit, and shrinks again.

use super::buffer::{Buffer, Memory};
use alloc::vec::Vec;

/// The first allocation, and the least that a review of the size keeps, in bytes.
const LEAST: usize = 256;
/// The number of events between two reviews of the size.
const REVIEW: u8 = 32;

/// A buffer on the heap that grows as events need it, up to a fixed limit (feature `alloc`).
///
/// It starts without memory and doubles when an event, or a line of any kind, does not fit, so that growth copies each
/// byte a constant number of times. An event beyond the limit is [too long](crate::DecodeError::EventTooLong). If the
/// allocator refuses memory, the event is reported as [`OutOfMemory`](crate::DecodeError::OutOfMemory); nothing aborts.
/// An event that `next` borrows from the chunk needs no memory.
///
/// The buffer reviews its size every 32 events. If none of them needed a quarter of it, it shrinks to twice what they
/// needed. [`Decoder::reconnect`](crate::Decoder::reconnect) frees all memory that the last event ID does not need.
///
/// ```
/// use sse_wire::{Decoder, GrowingBuffer};
///
/// let mut decoder = Decoder::new(GrowingBuffer::with_limit(1024 * 1024));
/// let mut chunk: &[u8] = b"data: 1\n\n";
/// assert!(decoder.next(&mut chunk).is_some());
/// ```
pub struct GrowingBuffer {
    bytes: Vec<u8>,
    limit: usize,
    /// The most bytes that an event has used since the last review.
    peak: usize,
    /// Events since the last review.
    events: u8,
}

impl GrowingBuffer {
    /// Makes an empty buffer that holds at most `limit` bytes, and never more than a slice can (`isize::MAX`).
    /// Allocates nothing yet.
    #[must_use]
    pub const fn with_limit(limit: usize) -> Self {
        let most = usize::MAX >> 1;
        let limit = if limit < most { limit } else { most };
        Self { bytes: Vec::new(), limit, peak: 0, events: 0 }
    }

    /// The number of bytes that are allocated now.
    #[must_use]
    pub const fn allocated(&self) -> usize {
        self.bytes.capacity()
    }
}

impl Buffer for GrowingBuffer {}
impl Memory for GrowingBuffer {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
    #[inline]
    fn limit(&self) -> usize {
        self.limit
    }

    fn grow(&mut self, needed: usize) -> bool {
        let len = self.bytes.len();
        if needed <= len {
            return true;
        }
        if needed > self.limit {
            return false;
        }
        // If the allocator refuses the wanted size, it may have a smaller one. Each further try stays as large as
        // possible: growth by a constant would copy all bytes for each new one.
        let mut size = len.saturating_mul(2).max(needed).max(LEAST).min(self.limit);
        while self.bytes.try_reserve_exact(size.saturating_sub(len)).is_err() {
            if size == needed {
                return false;
            }
            size = needed.saturating_add(size.saturating_sub(needed) >> 1);
        }
        self.bytes.resize(size, 0);
        true
    }

    fn after_event(&mut self, used: usize) -> Option<usize> {
        self.peak = self.peak.max(used);
        self.events = self.events.saturating_add(1);
        if self.events < REVIEW {
            return None;
        }
        let wanted = self.peak.saturating_mul(2).max(LEAST);
        self.peak = 0;
        self.events = 0;
        (wanted.saturating_mul(2) < self.bytes.len()).then_some(wanted)
    }

    fn after_stream(&mut self) -> Option<usize> {
        self.peak = 0;
        self.events = 0;
        Some(0)
    }

    fn shrink(&mut self, len: usize) {
        self.bytes.truncate(len);
        // `shrink_to_fit` aborts if the allocator has no memory for the smaller allocation.
        let mut smaller = Vec::new();
        if smaller.try_reserve_exact(len).is_ok() {
            smaller.extend_from_slice(&self.bytes);
            self.bytes = smaller;
        }
    }
}

impl core::fmt::Debug for GrowingBuffer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("GrowingBuffer")
            .field("allocated", &self.allocated())
            .field("limit", &self.limit)
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for GrowingBuffer {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "GrowingBuffer({=usize} of {=usize} B)", self.allocated(), self.limit);
    }
}
