//! The layout of an unfinished event in one buffer: `[ data, line -> | free | <- type and pending
//! id | last id ]`. Moves bytes so that none is moved more often than a constant; knows nothing of
//! the standard's rules.
//!
//! An `event` or `id` line that arrives in pieces is gathered behind the data and goes to the back
//! when it is complete. There the value written last lies lowest: to replace it moves nothing else,
//! and to replace the other one moves only bytes that came with the line before.
//!
//! On small targets, steps that several others share are not inlined: it would cost flash.

use super::buffer::Buffer;
use super::lent::Lent;
use crate::SHORT_WAY;
use crate::copy::copy;
use core::cell::Cell;
use core::ops::Range;

/// A value at the back of the buffer that belongs to the unfinished event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Type,
    PendingId,
}

/// The fields are lengths in bytes, of parts of one memory: no sum of them overflows.
/// They come before the memory, where a Cortex-M0 reaches them with short instructions.
#[repr(C)]
pub(super) struct TwoEnded<B> {
    line: usize,
    event_type: usize,
    pending_id: usize,
    last_id: usize,
    lower: Slot,
    /// Apart from the others: added up with them by a vector, it would be loaded in another width than
    /// it has just been stored in, which stalls.
    data: usize,
    memory: B,
}

impl<B> TwoEnded<B> {
    pub(super) const fn new(memory: B) -> Self {
        Self {
            memory,
            data: 0,
            line: 0,
            event_type: 0,
            pending_id: 0,
            last_id: 0,
            lower: Slot::Type,
        }
    }

    pub(super) const fn memory(&self) -> &B {
        &self.memory
    }

    pub(super) fn into_memory(self) -> B {
        self.memory
    }

    /// How many bytes are in use.
    pub(super) const fn used(&self) -> usize {
        self.front().wrapping_add(self.back())
    }

    pub(super) const fn has_type(&self) -> bool {
        self.event_type > 0
    }

    const fn front(&self) -> usize {
        self.data.wrapping_add(self.line)
    }

    const fn back(&self) -> usize {
        self.event_type.wrapping_add(self.pending_id).wrapping_add(self.last_id)
    }

    const fn len_of(&self, slot: Slot) -> usize {
        match slot {
            Slot::Type => self.event_type,
            Slot::PendingId => self.pending_id,
        }
    }

    const fn set_len_of(&mut self, slot: Slot, len: usize) {
        match slot {
            Slot::Type => self.event_type = len,
            Slot::PendingId => self.pending_id = len,
        }
    }
}

impl<B: Buffer> TwoEnded<B> {
    pub(super) fn limit(&self) -> usize {
        self.memory.limit()
    }

    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.memory.limit().wrapping_sub(self.last_id)
    }

    pub(super) fn data(&self) -> &[u8] {
        self.memory.bytes().get(..self.data).unwrap_or_default()
    }

    pub(super) fn event_type(&self) -> &[u8] {
        self.memory.bytes().get(self.range(Slot::Type)).unwrap_or_default()
    }

    pub(super) fn last_id(&self) -> &[u8] {
        self.memory.bytes().get(self.last_id_start()..).unwrap_or_default()
    }

    fn last_id_start(&self) -> usize {
        self.memory.bytes().len().saturating_sub(self.last_id)
    }

    /// Where a slot's value lies.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn range(&self, slot: Slot) -> Range<usize> {
        let above = if slot == self.lower { self.len_of(slot.other()) } else { 0 };
        let end = self.last_id_start().saturating_sub(above);
        end.saturating_sub(self.len_of(slot))..end
    }

    /// Makes room for `more` bytes. `false`: over the limit, or out of memory.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline)]
    fn reserve(&mut self, more: usize) -> bool {
        let needed = self.used().wrapping_add(more);
        needed <= self.memory.bytes().len() || self.grow(needed)
    }

    fn grow(&mut self, needed: usize) -> bool {
        let len = self.memory.bytes().len();
        if !self.memory.grow(needed) {
            return false;
        }
        let new_len = self.memory.bytes().len();
        let back = self.back();
        self.shift(len.saturating_sub(back)..len, new_len.saturating_sub(back));
        true
    }

    /// Copies `from`, which lies in the buffer, to `to`.
    ///
    /// Byte by byte: what is moved is short, and `memmove` takes 1.3 kB on a small target.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn shift(&mut self, from: Range<usize>, to: usize) {
        let cells = Cell::from_mut(self.memory.bytes_mut()).as_slice_of_cells();
        let up = from.start < to;
        let from = cells.get(from).unwrap_or_default();
        let pairs = cells.get(to..).unwrap_or_default().iter().zip(from);
        #[cfg(test)]
        crate::cost::add(pairs.len());
        let copy = |(to, from): (&Cell<u8>, &Cell<u8>)| to.set(from.get());
        if up { pairs.rev().for_each(copy) } else { pairs.for_each(copy) }
    }

    /// Writes `new` at `at`, where there is room.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn write(&mut self, at: usize, new: &[u8]) {
        let room = self.memory.bytes_mut().get_mut(at..).unwrap_or_default();
        if let Some((room, _)) = room.split_at_mut_checked(new.len()) {
            #[cfg(test)]
            crate::cost::add(new.len());
            copy(new, room);
        }
    }

    /// Copies type and data of an event. `false`: no room; some of them may have been copied.
    pub(super) fn keep(&mut self, lent: &Lent<'_>) -> bool {
        lent.event_type.is_none_or(|event_type| self.set(Slot::Type, event_type))
            && lent.data.is_none_or(|data| self.push_data(data))
    }

    /// Adds to the data. `false`: no room, nothing added.
    #[must_use]
    pub(super) fn push_data(&mut self, new: &[u8]) -> bool {
        let room = self.reserve(new.len());
        if room {
            self.append_data(new);
        }
        room
    }

    /// How many bytes there are room for in the memory that is there.
    pub(super) fn free(&self) -> usize {
        self.memory.bytes().len().saturating_sub(self.used())
    }

    /// Adds to the data what is known to have room.
    pub(super) fn append_data(&mut self, new: &[u8]) {
        self.write(self.data, new);
        self.data = self.data.wrapping_add(new.len());
    }

    /// Adds to the line that is being gathered what is known to have room.
    pub(super) fn append_line(&mut self, new: &[u8]) {
        self.write(self.front(), new);
        self.line = self.line.wrapping_add(new.len());
    }

    /// Adds a LF and a further line to the data. `false`: no room, nothing added.
    #[must_use]
    #[inline]
    pub(super) fn push_data_line(&mut self, line: &[u8]) -> bool {
        let len = line.len().wrapping_add(1);
        let room = self.reserve(len);
        if room {
            let free = self.memory.bytes_mut().get_mut(self.data..).unwrap_or_default();
            if let Some(([lf, to @ ..], _)) = free.split_at_mut_checked(len) {
                #[cfg(test)]
                crate::cost::add(len);
                *lf = b'\n';
                copy(line, to);
            }
            self.data = self.data.wrapping_add(len);
        }
        room
    }

    /// The room behind the data, if the buffer has nothing else but the last id.
    #[inline(always)]
    pub(super) fn free_behind_data(&mut self) -> &mut [u8] {
        let end = self.last_id_start();
        self.memory.bytes_mut().get_mut(self.data..end).unwrap_or_default()
    }

    /// The first `len` bytes of that have become data.
    #[inline(always)]
    pub(super) fn add_to_data(&mut self, len: usize) {
        self.data = self.data.wrapping_add(len);
    }

    /// Adds to the line that is being gathered. `false`: no room, nothing added.
    #[must_use]
    pub(super) fn push_line(&mut self, new: &[u8]) -> bool {
        let room = self.reserve(new.len());
        if room {
            self.append_line(new);
        }
        room
    }

    /// Forgets the line that is being gathered.
    pub(super) const fn drop_line(&mut self) {
        self.line = 0;
    }

    /// Makes the gathered line the value of `slot`.
    pub(super) fn finish_line(&mut self, slot: Slot) {
        self.clear(slot);
        let end = self.range(slot).end;
        self.shift(self.data..self.front(), end.saturating_sub(self.line));
        self.set_len_of(slot, self.line);
        self.line = 0;
    }

    /// Makes `value` the value of `slot`. `false`: no room, nothing changed.
    #[must_use]
    pub(super) fn set(&mut self, slot: Slot, value: &[u8]) -> bool {
        let room = self.reserve(value.len());
        if room {
            self.clear(slot);
            let end = self.range(slot).end;
            self.write(end.saturating_sub(value.len()), value);
            self.set_len_of(slot, value.len());
        }
        room
    }

    /// Removes the value of `slot`.
    #[inline]
    pub(super) fn discard(&mut self, slot: Slot) {
        if self.len_of(slot) > 0 {
            self.clear(slot);
        }
    }

    /// Removes the value of `slot` and makes it the lower one.
    fn clear(&mut self, slot: Slot) {
        if slot != self.lower {
            if !SHORT_WAY || self.len_of(slot) > 0 {
                let below = self.range(self.lower);
                let to = below.start.wrapping_add(self.len_of(slot));
                self.shift(below, to);
            }
            self.lower = slot;
        }
        self.set_len_of(slot, 0);
    }

    /// Makes the pending id the last id.
    pub(super) fn commit_pending_id(&mut self) {
        if SHORT_WAY && self.pending_id == self.last_id {
            // In its place. Where the pending id was is free when the event is over.
            let (id, last) = (self.range(Slot::PendingId), self.last_id_start());
            if let Some((values, last_id)) = self.memory.bytes_mut().split_at_mut_checked(last) {
                copy(values.get(id).unwrap_or_default(), last_id);
            }
            return;
        }
        if self.lower == Slot::PendingId {
            self.raise_pending_id();
        }
        self.shift_values_to(self.last_id_start().wrapping_add(self.last_id));
        self.last_id = self.pending_id;
        self.pending_id = 0;
    }

    /// Exchanges the pending id and the type above it: reverses each, then both together.
    fn raise_pending_id(&mut self) {
        let (id, event_type) = (self.range(Slot::PendingId), self.range(Slot::Type));
        let both = id.start..event_type.end;
        #[cfg(test)]
        crate::cost::add(both.len());
        for range in [id, event_type, both] {
            self.memory.bytes_mut().get_mut(range).unwrap_or_default().reverse();
        }
        self.lower = Slot::Type;
    }

    /// Moves type and pending id so that they end at `to`.
    fn shift_values_to(&mut self, to: usize) {
        if self.event_type == 0 && self.pending_id == 0 {
            return;
        }
        let values = self.range(self.lower).start..self.last_id_start();
        let start = to.saturating_sub(values.len());
        self.shift(values, start);
    }

    /// Makes `id` the last id. `false`: no room, nothing changed.
    #[must_use]
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(super) fn set_last_id(&mut self, id: &[u8]) -> bool {
        if SHORT_WAY && id.len() == self.last_id {
            self.write(self.last_id_start(), id);
            return true;
        }
        self.replace_last_id(id)
    }

    /// Makes the last `len` bytes of `last` the last id, if the buffer has nothing else but data.
    /// `false`: nothing changed.
    ///
    /// All 16 are copied, which takes fewer instructions: there is nothing before the id.
    #[inline(always)]
    pub(super) fn set_last_id_to_end_of(&mut self, last: &[u8; 16], len: usize) -> bool {
        let memory = self.memory.bytes_mut();
        if memory.len() < self.data.wrapping_add(16) {
            return false;
        }
        let Some(room) = memory.last_chunk_mut() else { return false };
        *room = *last;
        self.last_id = len;
        true
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn replace_last_id(&mut self, id: &[u8]) -> bool {
        let room = self.reserve(id.len().saturating_sub(self.last_id));
        if room {
            let start = self.memory.bytes().len().saturating_sub(id.len());
            self.shift_values_to(start);
            self.write(start, id);
            self.last_id = id.len();
        }
        room
    }

    /// Drops the data and the type, and keeps the ids and the line that is being gathered.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn drop_event(&mut self) {
        self.shift(self.data..self.front(), 0);
        self.data = 0;
        self.clear(Slot::Type);
    }

    /// Drops data and type, now that the event is over and its id committed.
    #[inline]
    pub(super) const fn finish_event(&mut self) {
        self.data = 0;
        self.event_type = 0;
        if SHORT_WAY {
            self.pending_id = 0;
        }
    }

    /// Lets the memory shrink, now that nobody holds the event any more.
    pub(super) fn after_event(&mut self) {
        if let Some(len) = self.memory.after_event(self.used()) {
            self.finish_event();
            self.shrink(len);
        }
    }

    /// Empties the buffer but for the last id.
    pub(super) fn finish_stream(&mut self) {
        self.data = 0;
        self.line = 0;
        self.event_type = 0;
        self.pending_id = 0;
        if let Some(len) = self.memory.after_stream() {
            self.shrink(len);
        }
    }

    /// Gives back what is beyond `len` bytes. Only the last id is in the buffer.
    fn shrink(&mut self, len: usize) {
        let old = self.last_id_start();
        let len = len.max(self.last_id);
        self.shift(old..old.wrapping_add(self.last_id), len.saturating_sub(self.last_id));
        self.memory.shrink(len);
    }
}

impl Slot {
    const fn other(self) -> Self {
        match self {
            Self::Type => Self::PendingId,
            Self::PendingId => Self::Type,
        }
    }
}
