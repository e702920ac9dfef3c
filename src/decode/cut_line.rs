//! A line that a chunk cuts: what there is of it goes to the buffer at the end of the chunk, and the
//! next chunk goes on with it. The short way's part of what the tokenizer does byte by byte; `retry`,
//! a NUL in an id and fields that are not known are left to that.

use super::buffer::Buffer;
use super::decoder::Decoder;
use super::lent::Lent;
use super::short_way::Taken;
use super::token::{Field, usual_value};
use super::two_ended::Slot;
use super::ways::{Stage, Step};
use crate::scan::{self, Lines};

impl<B: Buffer> Decoder<B> {
    /// Whether the next chunk may begin with [`resume_line`](Self::resume_line).
    pub(super) fn can_resume_line(&self) -> bool {
        self.tokenizer.is_in_usual_line() && !self.too_long && !self.rejected
    }

    /// Takes the start of an event, of which no more is in the chunk, into the buffer, where it fits.
    #[inline]
    pub(super) fn start_cut_event<'c, const COMMIT: bool>(
        &mut self,
        taken: &Taken<'c>,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        self.has_data = taken.lent.data.is_some() || taken.joined;
        self.has_id |= taken.lent.id.is_some();
        *lent = taken.lent;
        *chunk = taken.lines.rest();
        self.start_cut_line::<COMMIT>(chunk, lent)
    }

    /// Goes on with a line that the chunk before has cut.
    #[inline(always)]
    pub(super) fn resume_line<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        let Some((field, value)) = self.tokenizer.value_in(chunk) else {
            return self.long_way::<COMMIT>(chunk, lent);
        };
        if chunk.len() >= self.buffer.free() {
            return self.long_way::<COMMIT>(chunk, lent);
        }
        let mut lines = Lines::new(value);
        let Some(line) = lines.take::<3>() else {
            if value.last() == Some(&b'\r') || !self.append(field, value) {
                return self.long_way::<COMMIT>(chunk, lent);
            }
            self.mid_value = true;
            self.tokenizer.set_in_value(field);
            *chunk = &[];
            return Step::Chunk;
        };
        if !self.end_line(field, line.bytes(), lent) {
            return self.long_way::<COMMIT>(chunk, lent);
        }
        self.mid_value = false;
        self.tokenizer.set_at_line_start();
        // Most events go on with data lines, and end with one.
        *chunk = lines.rest();
        let mut in_data = field == Field::Data;
        while in_data {
            #[cfg(test)]
            crate::cost::add(1);
            if lines.take_blank() {
                // An id that the last chunks had is in the buffer, and none can have come since.
                if COMMIT && self.has_id {
                    self.buffer.commit_pending_id();
                    self.has_id = false;
                }
                self.stage = Stage::Lent;
                *chunk = lines.rest();
                return Step::Event;
            }
            let line = lines.take::<3>();
            match line.and_then(|line| line.behind(b"data: ")) {
                Some(data) => {
                    if let Some(before) = lent.data.take() {
                        self.buffer.append_data(before);
                    }
                    self.append(Field::Data, data);
                    *chunk = lines.rest();
                }
                None if line.is_none() && chunk.last() != Some(&b'\r') => {
                    return self.start_cut_line::<COMMIT>(chunk, lent);
                }
                None => in_data = false,
            }
        }
        self.long_way::<COMMIT>(chunk, lent)
    }

    /// Keeps what is lent, and takes the start of a line with which the chunk ends.
    fn start_cut_line<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        self.stage = Stage::Reading;
        if !self.keep(lent) {
            self.drop_event();
        }
        *lent = Lent::default();
        if chunk.is_empty() || !self.too_long && self.start_line(chunk) {
            *chunk = &[];
            return Step::Chunk;
        }
        self.long_way::<COMMIT>(chunk, lent)
    }

    /// Takes the end of a value, or a value that is whole. `false`: nothing taken.
    #[inline(always)]
    fn end_line<'c>(&mut self, field: Field, part: &'c [u8], lent: &mut Lent<'c>) -> bool {
        let is_whole = !self.mid_value;
        match field {
            Field::Data if is_whole && !self.has_data => {
                self.has_data = true;
                lent.data = Some(part);
                return true;
            }
            Field::Id if is_whole && !scan::has_nul(part) => {
                self.buffer.discard(Slot::PendingId);
                lent.id = Some(part);
            }
            Field::Event if is_whole => {
                self.buffer.discard(Slot::Type);
                lent.event_type = Some(part);
            }
            _ if !self.append(field, part) => return false,
            Field::Event => self.buffer.finish_line(Slot::Type),
            Field::Id => self.buffer.finish_line(Slot::PendingId),
            _ => {}
        }
        self.has_id |= field == Field::Id;
        true
    }

    /// Adds a part of a value, for which there is room, to what there is of it. `false`: nothing added.
    #[inline(always)]
    fn append(&mut self, field: Field, part: &[u8]) -> bool {
        match field {
            Field::Data => {
                if self.has_data && !self.mid_value {
                    self.buffer.append_data(b"\n");
                }
                self.buffer.append_data(part);
                self.has_data = true;
            }
            Field::Id if scan::has_nul(part) => return false,
            Field::Event | Field::Id => self.buffer.append_line(part),
            Field::Retry | Field::Comment => {}
        }
        true
    }

    /// Takes the start of a line that ends in a later chunk. `false`: nothing taken.
    #[inline]
    pub(super) fn start_line(&mut self, part: &[u8]) -> bool {
        let taken = match usual_value(part) {
            _ if part.len() >= self.buffer.free() => false,
            None => self.tokenizer.start_name(part),
            Some((field, value)) => {
                let taken = self.append(field, value);
                if taken {
                    self.tokenizer.set_in_value(field);
                    self.mid_value = true;
                }
                taken
            }
        };
        if taken {
            self.stage = Stage::InLine;
        }
        taken
    }
}
