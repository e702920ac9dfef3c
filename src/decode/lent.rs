//! The parts of an event that nobody has copied: [`Lent`] borrows them, [`Places`] says where they are.

use super::buffer::Buffer;
use super::message::MessageEvent;
use super::two_ended::TwoEnded;
use core::ops::Range;

/// The parts of an event that lie in the chunk, complete and not copied. Each stands in place of
/// its counterpart in the buffer.
#[derive(Clone, Copy, Default)]
pub(super) struct Lent<'c> {
    pub(super) data: Option<&'c [u8]>,
    pub(super) event_type: Option<&'c [u8]>,
    pub(super) id: Option<&'c [u8]>,
    /// What is being read fits for certain.
    pub(super) has_room: bool,
}

impl<'c> Lent<'c> {
    /// The event; of what is not here, the buffer has the counterpart. Its id is the last event ID.
    #[inline(always)]
    pub(super) fn event<'a, B: Buffer>(self, buffer: &'a TwoEnded<B>) -> MessageEvent<'a>
    where
        'c: 'a,
    {
        MessageEvent {
            event_type: self.event_type.unwrap_or_else(|| buffer.event_type()),
            data: self.data.unwrap_or_else(|| buffer.data()),
            last_event_id: buffer.last_id(),
        }
    }

    pub(super) fn len(&self) -> usize {
        let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
        len(self.data).wrapping_add(len(self.event_type)).wrapping_add(len(self.id))
    }
}

/// The parts of an event that lie in some bytes, by their places there: what [`Lent`] has, for who cannot
/// hold a borrow of the bytes.
#[derive(Clone, Debug)]
pub(super) struct Places {
    data: Option<Range<usize>>,
    event_type: Option<Range<usize>>,
    id: Option<Range<usize>>,
}

impl Places {
    pub(super) const NONE: Self = Self { data: None, event_type: None, id: None };

    #[inline]
    pub(super) fn of(lent: &Lent<'_>, bytes: &[u8]) -> Self {
        let range = |part: &[u8]| match part {
            // It need not lie in the bytes.
            [] => 0..0,
            _ => place(part, bytes)..place(part, bytes).wrapping_add(part.len()),
        };
        Self {
            data: lent.data.map(range),
            event_type: lent.event_type.map(range),
            id: lent.id.map(range),
        }
    }

    #[inline]
    pub(super) fn lent<'x>(&self, bytes: &'x [u8]) -> Lent<'x> {
        let part = |place: &Range<usize>| bytes.get(place.clone()).unwrap_or_default();
        Lent {
            data: self.data.as_ref().map(part),
            event_type: self.event_type.as_ref().map(part),
            id: self.id.as_ref().map(part),
            has_room: false,
        }
    }
}

/// Where `part` starts in `bytes`, of which it is one.
#[inline(always)]
pub(super) fn place(part: &[u8], bytes: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr())
}
