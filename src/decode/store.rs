//! The lines of an event until its blank line, in the caller's buffer. This file decides whether a line fits; `gather`
//! decides whether it counts.
//!
//! ```text
//! [ last event ID | kept lines, each with a LF | the line being read | at least 8 bytes free ]
//! 0            id_len                          line                  end
//! ```
//!
//! Only the value of a kept line is needed. The name stays before the value if the line came in several chunks, or if
//! it comes after data and is not joined to it. A data line directly after data is joined at once, other data lines at
//! the blank line. Of a lost event only the ID is kept, without a LF. The eight free bytes hold the start of a line
//! that does not fit.

use super::buffer::Buffer;
use super::decoder::{DecodeError, LastEventIdError};
use super::field::{Field, identifies_field, split};
use super::whole::Block;
use crate::SMALL_CODE;
use crate::copy::copy;
use crate::scan::{Lines, first_word};
use core::cell::Cell;

/// The number of bytes that stay free, so that the start of a line that does not fit identifies its field.
pub(super) const SPARE: usize = 8;

/// A range of the buffer or of a chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    const EMPTY: Self = Self { start: 0, end: 0 };

    pub(super) const fn len(self) -> usize {
        self.end.wrapping_sub(self.start)
    }
}

/// The positions of an event's type, data and ID.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Parts {
    /// A bit for each field that is present, see [`Field::bit`].
    present: u8,
    /// Data lines came after an `event` or `id` line that came after data. They are not joined yet: the data span
    /// covers only the data before that line.
    scattered: bool,
    /// Why the event is lost, if it is.
    pub(super) loss: Option<DecodeError>,
    spans: [Span; 3],
}

impl Parts {
    pub(super) const NONE: Self =
        Self { present: 0, scattered: false, loss: None, spans: [Span::EMPTY; 3] };

    /// Sets the span of `field`, if it is part of an event.
    #[inline(always)]
    pub(super) fn set(&mut self, field: Field, span: Span) {
        if let Some(part) = self.spans.get_mut(field.slot()) {
            *part = span;
            self.present |= field.bit();
        }
    }

    #[inline(always)]
    pub(super) const fn has(&self, field: Field) -> bool {
        self.present & field.bit() != 0
    }

    #[inline(always)]
    pub(super) fn span(&self, field: Field) -> Span {
        match self.spans.get(field.slot()) {
            Some(span) => *span,
            None => Span::EMPTY,
        }
    }

    /// The value of `field`, if present.
    #[inline(always)]
    pub(super) fn get<'a>(&self, field: Field, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let Span { start, end } = self.span(field);
        if self.has(field) { bytes.get(start..end) } else { None }
    }

    pub(super) const fn remove(&mut self, field: Field) {
        self.present &= !field.bit();
    }

    /// Moves all spans by `by`, which wraps around.
    fn shift(&mut self, by: usize) {
        for span in &mut self.spans {
            span.start = span.start.wrapping_add(by);
            span.end = span.end.wrapping_add(by);
        }
    }
}

/// The kind of line whose rest is skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Skipped {
    /// The line is not skipped.
    No,
    Comment,
    /// A line that is ignored, or a `retry` line that does not fit.
    Ignored,
    /// A line of a lost event.
    Lost,
}

/// The buffer and its layout.
// Flags first: a Cortex-M0 reaches a byte in one instruction only if it is among the first 32.
#[repr(C)]
pub(super) struct Store<B> {
    /// The positions of three values: that of the last `event` line, that of the last `id` line, and those of the first
    /// data line and the data lines directly after it, joined by LF. The ID stays there until the event is released.
    pub(super) parts: Parts,
    /// The length of the last event ID.
    id_len: usize,
    /// The end of the kept lines, and the start of the line being read.
    line: usize,
    /// The end of the line being read, so far.
    end: usize,
    /// The bytes that count against the limit, without the line being read: the last event ID, and the kept lines with
    /// their length on the wire. Never less than `line`.
    used: usize,
    memory: B,
}

impl<B> Store<B> {
    pub(super) const fn new(memory: B) -> Self {
        Self { parts: Parts::NONE, id_len: 0, line: 0, end: 0, used: 0, memory }
    }

    pub(super) const fn memory(&self) -> &B {
        &self.memory
    }

    pub(super) fn into_memory(self) -> B {
        self.memory
    }

    /// The number of bytes in use.
    pub(super) const fn len(&self) -> usize {
        self.end
    }

    /// Whether the store has a part of a line.
    pub(super) const fn is_mid_line(&self) -> bool {
        self.end != self.line
    }

    /// Whether the store has nothing but the last event ID.
    pub(super) const fn is_empty(&self) -> bool {
        // An empty value is present, but has no bytes.
        self.end == self.id_len && self.parts.present == 0 && self.parts.loss.is_none()
    }

    /// Drops all lines.
    fn clear(&mut self) {
        self.line = self.id_len;
        self.end = self.id_len;
        self.used = self.id_len;
        self.parts.present = 0;
        self.parts.scattered = false;
        self.parts.loss = None;
    }
}

impl<B: Buffer> Store<B> {
    /// The last event ID, without the ID of an event that has not been released.
    pub(super) fn last_id(&self) -> &[u8] {
        self.bytes(Span { start: 0, end: self.id_len })
    }

    /// The value of `field`, if present.
    pub(super) fn part(&self, field: Field) -> Option<&[u8]> {
        if self.parts.has(field) { Some(self.bytes(self.parts.span(field))) } else { None }
    }

    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
    fn bytes(&self, span: Span) -> &[u8] {
        self.memory.bytes().get(span.start..span.end).unwrap_or_default()
    }

    /// The longest event, with line ends, that certainly fits beside the last event ID. `None`: no event fits the
    /// buffer.
    pub(super) fn certain_fit(&self) -> Option<usize> {
        self.memory.limit().checked_sub(self.id_len.wrapping_add(SPARE))
    }

    /// Sets the last event ID. `Err`: `id` does not fit, and nothing has changed.
    pub(super) fn set_last_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        let grown = id.len().wrapping_sub(self.id_len);
        let used = self.used.wrapping_add(grown);
        // An ID that is not longer than the old one fits in its place.
        if id.len() > self.id_len {
            let needed = used.wrapping_add(self.line_len()).wrapping_add(SPARE);
            if needed > self.memory.limit() {
                return Err(LastEventIdError::TooLong);
            }
            if !self.memory.grow(self.end.wrapping_add(grown).wrapping_add(SPARE)) {
                return Err(LastEventIdError::OutOfMemory);
            }
        }
        self.shift_lines(id.len());
        self.used = used;
        self.id_len = id.len();
        self.write(0, id);
        Ok(())
    }

    /// Like `set_last_id`, for the ID of an event borrowed from a chunk, while no lines are kept. The event fits by
    /// [`certain_fit`](Self::certain_fit). `from` is the chunk from the ID on. `false`: no memory, and nothing has
    /// changed.
    #[inline(always)]
    pub(super) fn commit_id(&mut self, id: &[u8], from: &[u8]) -> bool {
        debug_assert!(self.is_empty(), "no lines are kept");
        debug_assert!(from.starts_with(id), "`from` starts with the ID");
        // Sixteen bytes are one move. Overwriting the rest of the buffer is harmless; the spare bytes must exist.
        match (from.first_chunk::<16>(), self.memory.bytes_mut().first_chunk_mut::<24>()) {
            (Some(from), Some(to)) if id.len() <= 16 && !SMALL_CODE => {
                if let Some(to) = to.first_chunk_mut() {
                    *to = *from;
                }
            }
            _ => {
                if !self.memory.grow(id.len().wrapping_add(SPARE)) {
                    return false;
                }
                self.write(0, id);
            }
        }
        self.id_len = id.len();
        self.line = id.len();
        self.end = id.len();
        self.used = id.len();
        true
    }

    /// Keeps the lines of a block that starts here, and takes them off `chunk`. `false`: they may not fit, and nothing
    /// has changed.
    pub(super) fn keep_block(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        debug_assert!(self.is_empty(), "no lines are kept");
        let Some((_, rest)) = chunk.split_at_checked(block.len) else { return false };
        // A line counts at most its bytes on the wire.
        if !self.reserve(block.len) {
            return false;
        }
        // Data comes last, so that the next data line can be joined to it.
        for field in [Field::Event, Field::Id, Field::Data] {
            if let Some(value) = block.parts.get(field, chunk) {
                let start = self.end;
                self.append(value);
                self.place(field, start);
            }
        }
        self.used = self.used.wrapping_add(block.counted);
        *chunk = rest;
        true
    }

    /// Reserves memory for a whole line. `false`: the line does not fit, or the event is lost.
    #[inline]
    pub(super) fn reserve_line(&mut self, len: usize) -> bool {
        self.parts.loss.is_none() && self.reserve(len)
    }

    /// Keeps a line that is whole in the chunk, after a successful [`reserve_line`](Self::reserve_line).
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    pub(super) fn keep_whole(&mut self, field: Field, line: &[u8], value_start: usize) {
        // `join_scattered` finds data lines by their names. A line that is joined now needs no name.
        let keeps_name = self.parts.has(Field::Data) && !self.is_joined(field);
        let skipped = if keeps_name { 0 } else { value_start };
        let start = self.end.wrapping_add(value_start).wrapping_sub(skipped);
        self.append(line.get(skipped..).unwrap_or_default());
        self.used = self.used.wrapping_add(line.len()).wrapping_add(1);
        self.place(field, start);
    }

    const fn line_len(&self) -> usize {
        self.end.wrapping_sub(self.line)
    }

    /// Whether the line being read with `more` bytes and its line end is within the limit.
    #[inline]
    fn is_within_limit(&self, more: usize) -> bool {
        // A limit is at most half of `usize::MAX`, and so is a slice: no sum overflows.
        let needed = self.used.wrapping_add(self.line_len()).wrapping_add(more);
        needed < self.memory.limit().saturating_sub(SPARE)
    }

    /// Whether a line of this field is data directly after data.
    #[inline(always)]
    fn is_joined(&self, field: Field) -> bool {
        let after = self.parts.span(Field::Data).end.wrapping_add(1);
        field == Field::Data && self.parts.has(Field::Data) && after == self.line
    }

    /// Why `more` bytes do not fit.
    fn loss_of(&self, more: usize) -> DecodeError {
        if self.is_within_limit(more) {
            DecodeError::OutOfMemory
        } else {
            DecodeError::EventTooLong
        }
    }

    /// Reserves memory for `more` bytes of the line being read and its line end. `false`: they are not within the
    /// limit, or the allocator has refused.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    fn reserve(&mut self, more: usize) -> bool {
        let needed = self.end.wrapping_add(more).wrapping_add(1).wrapping_add(SPARE);
        self.is_within_limit(more) && self.memory.grow(needed)
    }

    /// Appends `part` to the line being read. Returns whether its rest is skipped.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    pub(super) fn append_to_line(&mut self, part: &[u8]) -> Skipped {
        debug_assert!(
            self.id_len <= self.line && self.line <= self.end,
            "ID, lines and the current line are in order"
        );
        debug_assert!(self.line <= self.used, "kept lines are not longer than on the wire");
        if !self.reserve(part.len()) {
            return self.append_beyond_limit(part);
        }
        self.append(part);
        Skipped::No
    }

    /// Appends to a line that does not fit. Its field decides what is kept.
    #[cold]
    #[inline(never)]
    fn append_beyond_limit(&mut self, part: &[u8]) -> Skipped {
        if part.is_empty() {
            return Skipped::No;
        }
        let loss = self.loss_of(part.len());
        // The spare bytes hold the start of any line, unless the buffer has none.
        let spare = self.line.wrapping_add(SPARE);
        if spare > self.memory.limit() || !self.memory.grow(spare) {
            debug_assert_eq!(self.line_len(), 0, "a partial line has its spare bytes");
            self.drop_lines_for(Some(Field::Data), 0, loss);
            return Skipped::Lost;
        }
        let missing = SPARE.saturating_sub(self.line_len());
        let (start, rest) = part.split_at_checked(missing).unwrap_or((part, &[]));
        self.append(start);
        let line = self.bytes(Span { start: self.line, end: self.end });
        if !identifies_field(line) {
            return Skipped::No;
        }
        let field = split(line).map(|(field, _)| field);
        if self.drop_lines_for(field, rest.len(), loss) {
            self.append(rest);
            return Skipped::No;
        }
        self.end = self.line;
        match field {
            Some(Field::Comment) => Skipped::Comment,
            None | Some(Field::Retry) => Skipped::Ignored,
            Some(Field::Data | Field::Event | Field::Id) => Skipped::Lost,
        }
    }

    /// Drops kept lines so that `more` bytes of the line being read fit. `false`: they do not, or the line does not
    /// count.
    fn drop_lines_for(&mut self, field: Option<Field>, more: usize, loss: DecodeError) -> bool {
        if matches!(field, None | Some(Field::Comment | Field::Retry)) {
            return false;
        }
        if self.parts.loss.is_none() {
            self.parts.loss = Some(loss);
            self.parts.remove(Field::Data);
            self.parts.scattered = false;
            self.keep_ids();
        }
        // An ID must not be refused forever: it displaces the last event ID, then an earlier ID of the same event.
        if field == Some(Field::Id) && !self.is_within_limit(more) {
            self.id_len = 0;
            self.keep_ids();
            if !self.is_within_limit(more) {
                self.parts.remove(Field::Id);
                self.keep_ids();
            }
        }
        self.reserve(more)
    }

    /// Drops all but the last event ID, the value of the event's own ID, and the line being read.
    fn keep_ids(&mut self) {
        let mut to = self.id_len;
        if self.parts.has(Field::Id) {
            let id = self.move_down(self.parts.span(Field::Id), to);
            self.parts.set(Field::Id, id);
            to = id.end;
        }
        let line = self.move_down(Span { start: self.line, end: self.end }, to);
        self.line = line.start;
        self.end = line.end;
        self.used = line.start;
    }

    /// Keeps the line being read, if it fits.
    pub(super) fn keep(&mut self, field: Field, value_start: usize) {
        if !self.reserve(0) && !self.drop_lines_for(Some(field), 0, self.loss_of(0)) {
            return self.drop_line();
        }
        let start = self.line.wrapping_add(value_start);
        if self.parts.loss.is_none() {
            self.used = self.used.wrapping_add(self.line_len()).wrapping_add(1);
            return self.place(field, start);
        }
        if field != Field::Id {
            return self.drop_line();
        }
        self.line = self.end;
        self.parts.set(field, Span { start, end: self.end });
        self.keep_ids();
    }

    /// Makes the line being read a kept line. Its value begins at `start`.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    fn place(&mut self, field: Field, start: usize) {
        let mut value = Span { start, end: self.end };
        if self.is_joined(field) {
            // Moves the value down to the LF that ends the data before it.
            if value.start != self.line {
                value = self.move_down(value, self.line);
            }
            let start = self.parts.span(Field::Data).start;
            self.parts.set(field, Span { start, end: value.end });
        } else if field == Field::Data && self.parts.has(Field::Data) {
            self.parts.scattered = true;
        } else {
            self.parts.set(field, value);
        }
        self.write_lf(value.end);
        self.line = value.end.wrapping_add(1);
        self.end = self.line;
        debug_assert!(
            self.line.wrapping_add(SPARE) <= self.memory.bytes().len(),
            "the spare bytes are there"
        );
    }

    /// Drops the line being read, which does not count.
    pub(super) const fn drop_line(&mut self) {
        self.end = self.line;
    }

    /// Ends the line being read. Returns it and its first eight bytes, as [`Lines::word`] does.
    #[inline]
    pub(super) fn terminate_line(&mut self) -> (&[u8], u64) {
        if !SMALL_CODE {
            self.write_lf(self.end);
        }
        let line = self.bytes(Span { start: self.line, end: self.end });
        let from = self.memory.bytes().get(self.line..).unwrap_or_default();
        (line, if SMALL_CODE { 0 } else { first_word(from) })
    }

    /// Joins the data lines that come next in `lines`, if the last kept line is data. Then takes and returns the line
    /// after them. Data of several lines is common, and this loop keeps its state in registers.
    #[inline(always)]
    pub(super) fn join_lines<'a>(&mut self, lines: &mut Lines<'a>) -> Option<(&'a [u8], u64)> {
        if !self.is_joined(Field::Data) {
            return lines.take_with_word();
        }
        debug_assert!(self.parts.loss.is_none(), "a lost event has no data");
        let mut data = self.parts.span(Field::Data);
        let limit = self.memory.limit().saturating_sub(SPARE);
        let memory = self.memory.bytes_mut();
        let mut used = self.used;
        let line = loop {
            let (start, from) = (lines.start(), lines.rest());
            // Most lines of text have fewer than 90 bytes.
            let Some(end) = lines.take_end::<3>() else { break None };
            let line = from.get(..end.wrapping_sub(start)).unwrap_or_default();
            let word = first_word(from);
            let Some(value) = Field::Data.value(line, word) else { break Some((line, word)) };
            // The spare bytes, and one byte for each line end.
            let at = data.end.wrapping_add(1);
            let needed = value.len().wrapping_add(1).wrapping_add(SPARE);
            let Some(to) = memory.get_mut(at..).and_then(|free| free.get_mut(..needed)) else {
                break Some((line, word));
            };
            if used.wrapping_add(line.len()) >= limit {
                break Some((line, word));
            }
            used = used.wrapping_add(line.len()).wrapping_add(1);
            let Some((to, [lf, ..])) = to.split_at_mut_checked(value.len()) else {
                break Some((line, word));
            };
            copy(value, to);
            *lf = b'\n';
            data.end = at.wrapping_add(value.len());
        };
        self.parts.set(Field::Data, data);
        self.used = used;
        self.line = data.end.wrapping_add(1);
        self.end = self.line;
        line
    }

    /// Appends `part`, which fits.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
    fn append(&mut self, part: &[u8]) {
        self.write(self.end, part);
        self.end = self.end.wrapping_add(part.len());
    }

    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    fn write(&mut self, at: usize, bytes: &[u8]) {
        let free = self.memory.bytes_mut().get_mut(at..).unwrap_or_default();
        if let Some(to) = free.get_mut(..bytes.len()) {
            copy(bytes, to);
        }
    }

    #[inline]
    fn write_lf(&mut self, at: usize) {
        if let Some(byte) = self.memory.bytes_mut().get_mut(at) {
            *byte = b'\n';
        }
    }

    /// Copies `from` down to `to`, and returns its new span.
    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
    fn move_down(&mut self, from: Span, to: usize) -> Span {
        debug_assert!(to <= from.start, "the copy overwrites nothing that is needed");
        let bytes = self.memory.bytes_mut().get_mut(to..from.end).unwrap_or_default();
        let distance = from.start.wrapping_sub(to);
        if SMALL_CODE {
            // `memmove` takes 1.3 KiB of flash on a Cortex-M0.
            let cells = Cell::from_mut(bytes).as_slice_of_cells();
            let from = cells.get(distance..).unwrap_or_default();
            cells.iter().zip(from).for_each(|(to, from)| to.set(from.get()));
        } else if distance <= bytes.len() {
            bytes.copy_within(distance.., 0);
        }
        Span { start: to, end: from.end.wrapping_sub(distance) }
    }

    /// Moves the lines to their place after a last event ID of `id_len` bytes.
    fn shift_lines(&mut self, id_len: usize) {
        let lines = Span { start: self.id_len, end: self.end };
        let by = id_len.wrapping_sub(self.id_len);
        if id_len <= self.id_len {
            self.move_down(lines, id_len);
        } else {
            let end = lines.end.wrapping_add(by);
            let bytes = self.memory.bytes_mut().get_mut(lines.start..end).unwrap_or_default();
            if SMALL_CODE {
                let cells = Cell::from_mut(bytes).as_slice_of_cells();
                let to = cells.get(by..).unwrap_or_default();
                to.iter().zip(cells).rev().for_each(|(to, from)| to.set(from.get()));
            } else if by <= bytes.len() {
                bytes.copy_within(..bytes.len().wrapping_sub(by), by);
            }
        }
        self.line = self.line.wrapping_add(by);
        self.end = self.end.wrapping_add(by);
        self.parts.shift(by);
    }

    /// Handles the blank line. `Ok(true)`: the lines are an event, which stays here until [`release`](Self::release).
    /// `Ok(false)`: they are not; the lines are dropped, and the ID is committed.
    pub(super) fn finish(&mut self) -> Result<bool, DecodeError> {
        debug_assert!(!self.is_mid_line(), "a line ends before the blank line");
        if self.parts.scattered {
            self.join_scattered();
        }
        let loss = self.parts.loss;
        let is_event = self.parts.has(Field::Data);
        if !is_event {
            self.commit();
        }
        loss.map_or(Ok(is_event), Err)
    }

    /// Makes the event's ID the last event ID, and drops the lines.
    fn commit(&mut self) {
        if self.parts.has(Field::Id) {
            let id = self.parts.span(Field::Id);
            self.id_len = id.len();
            let bytes = self.memory.bytes_mut();
            let first = bytes.get(id.start..).and_then(<[u8]>::first_chunk::<16>).copied();
            match (first, bytes.first_chunk_mut()) {
                // The bytes that this overwrites are no longer needed.
                (Some(first), Some(to)) if id.len() <= 16 && !SMALL_CODE => *to = first,
                _ => drop(self.move_down(id, 0)),
            }
        }
        self.clear();
    }

    /// Drops the event that was returned.
    pub(super) fn release(&mut self) {
        let used = self.end;
        self.commit();
        self.count_event(used);
    }

    /// Lets the memory shrink after an event that took `used` bytes of it.
    #[inline]
    pub(super) fn count_event(&mut self, used: usize) {
        // Memory for the ID is always needed. Without this, a long ID would be copied each time the memory shrinks.
        let least = self.id_len.wrapping_add(SPARE);
        if let Some(len) = self.memory.after_event(used.max(least)) {
            self.memory.shrink(len.max(least));
        }
    }

    /// Drops everything but the last event ID, and lets the memory shrink.
    pub(super) fn end_stream(&mut self) {
        self.clear();
        if let Some(len) = self.memory.after_stream() {
            let least = if self.id_len > 0 { self.id_len.wrapping_add(SPARE) } else { 0 };
            self.memory.shrink(len.max(least));
        }
    }

    /// Joins data lines with other lines in between, in linear time.
    ///
    /// Invariant: every line after the joined data still has its name.
    #[cold]
    #[inline(never)]
    fn join_scattered(&mut self) {
        // First, the values of type and ID that are needed and come after the data move before it, in their order.
        let is_type_first = self.parts.span(Field::Event).start < self.parts.span(Field::Id).start;
        for is_first in [true, false] {
            let field = if is_first == is_type_first { Field::Event } else { Field::Id };
            self.bring_before_data(field);
        }
        let mut data = self.parts.span(Field::Data);
        let (mut at, end) = (data.end.wrapping_add(1), self.line);
        while at < end {
            let lines = self.bytes(Span { start: at, end });
            // A LF ends each line.
            let len = lines.iter().take_while(|byte| **byte != b'\n').count();
            let value = lines.get(..len).and_then(split);
            let start = at;
            at = at.wrapping_add(len).wrapping_add(1);
            if let Some((Field::Data, value)) = value {
                let value = Span { start: start.wrapping_add(value), end: at.wrapping_sub(1) };
                self.write_lf(data.end);
                data.end = self.move_down(value, data.end.wrapping_add(1)).end;
            }
        }
        self.parts.set(Field::Data, data);
    }

    /// Exchanges the value of `field`, if it comes after the start of the data, with the bytes before it from that
    /// start on: reverses each part, then both together.
    fn bring_before_data(&mut self, field: Field) {
        let (data, value) = (self.parts.span(Field::Data), self.parts.span(field));
        if !self.parts.has(field) || value.start < data.start {
            return;
        }
        self.reverse(data.start, value.start);
        self.reverse(value.start, value.end);
        self.reverse(data.start, value.end);
        let start = data.start.wrapping_add(value.len());
        self.parts.set(field, Span { start: data.start, end: start });
        self.parts.set(Field::Data, Span { start, end: data.end.wrapping_add(value.len()) });
    }

    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
    fn reverse(&mut self, start: usize, end: usize) {
        self.memory.bytes_mut().get_mut(start..end).unwrap_or_default().reverse();
    }
}
