//! The long way, which is right for any input: the rules by which tokens make events. What a field means,
//! when it counts, and what happens to an event that is too long.

use super::buffer::Buffer;
use super::decoder::Decoder;
use super::lent::Lent;
use super::token::{Field, Token};
use super::two_ended::Slot;
use super::ways::{Stage, Step};
use crate::SHORT_WAY;
use crate::scan::Input;

impl<B: Buffer> Decoder<B> {
    /// Goes from token to token, each of which the decoder's state takes in: right for any input.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(super) fn long_way<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        if SHORT_WAY {
            self.stage = Stage::Reading;
        }
        // What a resumed line has lent comes from before this chunk's start.
        let lent_before = if SHORT_WAY { lent.len() } else { 0 };
        let mut full_at = self.full_at(chunk).saturating_add(lent_before);
        let mut input = Input::new(chunk);
        let result = loop {
            #[cfg(test)]
            crate::cost::add(1);
            match self.tokenizer.next_in(&mut input) {
                Some(Token::Value { field, fragment, end }) => {
                    lent.has_room = input.rest().len() >= full_at;
                    match field {
                        Field::Data => self.take_data(lent, fragment, end),
                        Field::Event => self.take_type(lent, fragment, end),
                        Field::Id => self.take_id(lent, fragment, end),
                        Field::Retry => self.take_retry(fragment, end),
                        Field::Comment => {}
                    }
                    self.mid_value = true;
                    if end {
                        self.finish_value();
                    }
                }
                Some(Token::Dispatch) => {
                    if COMMIT || self.too_long || !self.has_data {
                        self.commit_id(lent);
                    }
                    if self.too_long {
                        self.finish_event();
                        break Step::TooLong;
                    }
                    if self.has_data {
                        self.stage = Stage::Lent;
                        break Step::Event;
                    }
                    self.finish_event();
                    *lent = Lent::default();
                    if SHORT_WAY {
                        break Step::Between;
                    }
                    full_at = self.full_at(input.rest());
                }
                None => {
                    if !self.keep(lent) {
                        self.drop_event();
                    }
                    if SHORT_WAY && self.can_resume_line() {
                        self.stage = Stage::InLine;
                    }
                    break Step::Chunk;
                }
            }
        };
        *chunk = input.rest();
        result
    }

    /// Drops the event that the call before has handed out.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(super) fn release(&mut self) {
        if matches!(self.stage, Stage::Lent | Stage::Joined | Stage::Ready) {
            self.buffer.after_event();
            self.finish_event();
        }
    }

    pub(super) fn finish_event(&mut self) {
        self.buffer.finish_event();
        self.stage = Stage::Reading;
        self.has_data = false;
        self.too_long = false;
    }

    pub(super) const fn finish_value(&mut self) {
        self.mid_value = false;
        self.rejected = false;
        self.new_retry = 0;
    }

    /// The event fits as long as so much of the chunk is left: it never takes more bytes than it came
    /// in, but for one, the LF before a data line whose name was in the chunk before. Only behind
    /// this point its parts have to be added up.
    #[inline]
    fn full_at(&self, chunk: &[u8]) -> usize {
        let used = self.buffer.used().wrapping_add(1);
        chunk.len().saturating_sub(self.buffer.limit().saturating_sub(used))
    }

    /// Whether `more` bytes are within the limit, with all that the event has so far.
    #[inline]
    fn fits(&self, lent: &Lent<'_>, more: usize) -> bool {
        lent.has_room || self.adds_up(lent, more)
    }

    /// What is lent and `more` are of one chunk, what is in use is of one buffer: the sum does not
    /// overflow.
    #[cold]
    #[inline(never)]
    fn adds_up(&self, lent: &Lent<'_>, more: usize) -> bool {
        let used = self.buffer.used().wrapping_add(lent.len());
        used.wrapping_add(more) <= self.buffer.limit()
    }

    fn take_data<'c>(&mut self, lent: &mut Lent<'c>, fragment: &'c [u8], end: bool) {
        if self.too_long {
            return;
        }
        let first = !self.mid_value;
        let separator: &[u8] = if first && self.has_data { b"\n" } else { b"" };
        if !self.fits(lent, separator.len().wrapping_add(fragment.len())) {
            self.give_up(lent);
        } else if first && end && !self.has_data {
            lent.data = Some(fragment);
        } else {
            let before = lent.data.take().unwrap_or_default();
            let kept = self.buffer.push_data(before)
                && self.buffer.push_data(separator)
                && self.buffer.push_data(fragment);
            if !kept {
                self.give_up(lent);
            }
        }
        self.has_data = true;
    }

    fn take_type<'c>(&mut self, lent: &mut Lent<'c>, fragment: &'c [u8], end: bool) {
        if self.too_long {
            return;
        }
        if !self.fits(lent, fragment.len()) {
            self.buffer.drop_line();
            self.give_up(lent);
        } else if end && !self.mid_value {
            self.buffer.discard(Slot::Type);
            lent.event_type = Some(fragment);
        } else if !self.gather(lent, fragment) {
            self.give_up(lent);
        } else if end {
            self.buffer.finish_line(Slot::Type);
        }
    }

    fn take_id<'c>(&mut self, lent: &mut Lent<'c>, fragment: &'c [u8], end: bool) {
        if self.rejected {
            return;
        }
        // What is behind a NUL does not count towards the size, because in another cutting of the
        // stream it would come after the line has been rejected.
        let nul = fragment.iter().position(|&byte| byte == 0);
        let len = nul.unwrap_or(fragment.len());
        if !self.fits(lent, len) {
            self.give_up(lent);
        }
        if nul.is_some() || !self.fits(lent, len) {
            self.reject_line();
        } else if end && !self.mid_value {
            self.buffer.discard(Slot::PendingId);
            lent.id = Some(fragment);
            self.has_id = true;
        } else if !self.gather(lent, fragment) {
            self.give_up(lent);
            self.rejected = true;
        } else if end {
            self.buffer.finish_line(Slot::PendingId);
            self.has_id = true;
        }
    }

    /// Adds to a line that comes in pieces. `false`: the allocator has no memory, and the line is
    /// dropped.
    fn gather(&mut self, lent: &mut Lent<'_>, fragment: &[u8]) -> bool {
        // The line lies behind the data: what is lent goes first.
        let kept = self.keep(&core::mem::take(lent)) && self.buffer.push_line(fragment);
        if !kept {
            self.buffer.drop_line();
        }
        kept
    }

    fn reject_line(&mut self) {
        self.buffer.drop_line();
        self.rejected = true;
    }

    fn take_retry(&mut self, fragment: &[u8], end: bool) {
        for byte in fragment {
            let digit = byte.wrapping_sub(b'0');
            self.rejected |= digit > 9;
            self.new_retry = self.new_retry.saturating_mul(10).saturating_add(u64::from(digit));
        }
        let empty = fragment.is_empty() && !self.mid_value;
        if end && !self.rejected && !empty {
            self.retry = Some(self.new_retry);
        }
    }

    /// Drops an event that is too long. Its id stays.
    fn give_up(&mut self, lent: &mut Lent<'_>) {
        lent.data = None;
        lent.event_type = None;
        self.drop_event();
    }

    pub(super) fn drop_event(&mut self) {
        self.buffer.drop_event();
        self.too_long = true;
    }

    /// Makes the id of the block, if it has one, the last event ID.
    #[inline]
    fn commit_id(&mut self, lent: &mut Lent<'_>) {
        if self.has_id {
            self.has_id = false;
            match lent.id.take() {
                Some(id) if self.buffer.set_last_id(id) => {}
                Some(_) => self.give_up(lent),
                None => self.buffer.commit_pending_id(),
            }
        }
    }

    /// Copies what is in the chunk into the buffer. `false`: the allocator has no memory.
    pub(super) fn keep(&mut self, lent: &Lent<'_>) -> bool {
        // The id first: it outlives an event that is given up.
        let id_kept = lent.id.is_none_or(|id| self.buffer.set(Slot::PendingId, id));
        self.has_id &= id_kept;
        id_kept && self.buffer.keep(lent)
    }
}
