//! The short way through a chunk: whole lines of the usual fields. It is what most bytes take, with
//! what is known of an event in registers. A line that the chunk cuts is left to `cut_line`, anything
//! else to the long way, in `decoder`: from any line on, an event can take either.
//!
//! `COMMIT`: the event's id becomes the last event ID at its blank line; otherwise the caller sees to
//! that. `WITHIN`: parts of the event, or of its ids, may be in the buffer.

use super::buffer::Buffer;
use super::decoder::{Decoder, Lent, Stage, Step};
use super::two_ended::Slot;
use crate::scan::{self, Input};

/// What has been taken of an event.
pub(super) struct SoFar<'c> {
    /// What comes behind.
    input: Input<'c>,
    lent: Lent<'c>,
    /// Data lines have been joined in the buffer: `lent` has no data.
    joined: bool,
    /// There is no whole line in `input`.
    cut: bool,
}

impl<B: Buffer> Decoder<B> {
    /// Takes an event off `chunk`, from its first line to its blank line, or what can be taken of it.
    ///
    /// No part of it is measured: it fits if it takes fewer bytes of the chunk than there is room for.
    #[inline(always)]
    pub(super) fn short_way<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
    ) -> Result<Lent<'c>, SoFar<'c>> {
        let mut input = Input::new(chunk);
        let mut lent = Lent::default();
        // Most events are one data line.
        if input.starts_with(b"data: ") {
            let Some((line, behind)) = input.line() else {
                return Err(SoFar { input, lent, joined: false, cut: true });
            };
            if let Some(data) = line.behind(b"data: ") {
                lent.data = Some(data);
                if let Some(behind) = behind.behind_lf()
                    && self.has_room(chunk, behind.rest())
                {
                    *chunk = behind.rest();
                    return Ok(lent);
                }
                input = behind;
            }
        }
        let start = SoFar { input, lent, joined: false, cut: false };
        self.take_lines::<COMMIT, false>(start, chunk)
    }

    /// Whether the short way is open from within an event, at the start of a line.
    fn can_take_short_way(&self, chunk: &[u8], lent: &Lent<'_>) -> bool {
        !self.too_long
            && !chunk.is_empty()
            && self.tokenizer.is_at_line_start()
            && self.has_room_for_all(chunk, lent.len())
    }

    /// Takes lines off `chunk` from within an event, if the short way is open from there.
    pub(super) fn take_short_way<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        if !self.can_take_short_way(chunk, lent) {
            return Step::Change;
        }
        self.short_way_within::<COMMIT>(Input::new(chunk), chunk, lent)
    }

    /// Takes lines off `chunk`, which `input` is, from within an event.
    #[inline(never)]
    pub(super) fn short_way_within<'c, const COMMIT: bool>(
        &mut self,
        input: Input<'c>,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        let joined = self.has_data && lent.data.is_none();
        let start = SoFar { input, lent: *lent, joined, cut: false };
        match self.take_lines::<COMMIT, true>(start, chunk) {
            Ok(event) => {
                *lent = event;
                Step::Event
            }
            Err(so_far) => self.leave_short_way::<true>(so_far, chunk, lent),
        }
    }

    /// Takes lines for as long as they can take the short way. `WITHIN`: parts of the event may be in
    /// the buffer, and the chunk fits; otherwise `chunk` is left at the event's first line unless the
    /// event is complete.
    #[inline(always)]
    fn take_lines<'c, const COMMIT: bool, const WITHIN: bool>(
        &mut self,
        so_far: SoFar<'c>,
        chunk: &mut &'c [u8],
    ) -> Result<Lent<'c>, SoFar<'c>> {
        let SoFar { mut input, mut lent, mut joined, .. } = so_far;
        let cut = 'lines: loop {
            #[cfg(test)]
            crate::cost::add(1);
            let behind = 'blank: {
                if let Some(behind) = input.behind_lf() {
                    break 'blank behind;
                }
                let Some((line, behind)) = input.line() else { break 'lines true };
                if let Some(value) = line.behind(b"data: ") {
                    if lent.data.is_none() && !joined {
                        lent.data = Some(value);
                    } else if self.join(lent.data, value) {
                        lent.data = None;
                        joined = true;
                    } else {
                        break 'lines false;
                    }
                } else if let Some(value) = line.behind(b"id: ") {
                    if scan::has_nul(value) {
                        break 'lines false;
                    }
                    if WITHIN {
                        self.buffer.discard(Slot::PendingId);
                    }
                    lent.id = Some(value);
                } else if let Some(value) = line.behind(b"event: ") {
                    if WITHIN {
                        self.buffer.discard(Slot::Type);
                    }
                    lent.event_type = Some(value);
                } else if line.bytes().is_empty() {
                    break 'blank behind;
                } else if line.behind(b":").is_none() {
                    break 'lines false;
                }
                input = behind;
                continue 'lines;
            };
            let fits = WITHIN || self.has_room(chunk, behind.rest());
            if lent.data.is_some() || joined {
                if !fits || COMMIT && !self.commit_id_of::<WITHIN>(&lent) {
                    break 'lines false;
                }
                if WITHIN || joined {
                    self.stage = Stage::Lent;
                }
                if !COMMIT {
                    self.has_id |= lent.id.is_some();
                }
                *chunk = behind.rest();
                return Ok(lent);
            }
            // Without data a block of lines is no event, but its id counts.
            if WITHIN || lent.id.is_some() || !fits {
                break 'lines false;
            }
            lent = Lent::default();
            *chunk = behind.rest();
            input = behind;
        };
        Err(SoFar { input, lent, joined, cut })
    }

    /// Leaves the short way, at the end of the chunk or for the long way, for which `lent` and `chunk`
    /// are where it goes on then.
    #[inline(always)]
    pub(super) fn leave_short_way<'c, const WITHIN: bool>(
        &mut self,
        so_far: SoFar<'c>,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        let SoFar { input, lent: mut found, joined, cut } = so_far;
        if !WITHIN && !self.has_room(chunk, input.rest()) {
            // From the first line again, and measure.
            self.buffer.finish_event();
            return Step::Change;
        }
        self.stage = Stage::Reading;
        self.has_data = found.data.is_some() || joined;
        self.has_id |= found.id.is_some();
        *chunk = input.rest();
        if cut && let Some(part) = input.start_of_line() {
            if !self.keep(&found) {
                self.drop_event();
            }
            found = Lent::default();
            if part.is_empty() || !self.too_long && self.start_line(part) {
                *chunk = &[];
                return Step::Chunk;
            }
        }
        *lent = found;
        Step::Change
    }

    /// Adds a data line to the data in the buffer, which are `first` if that is given. `false`: no
    /// memory, nothing changed.
    #[inline]
    fn join(&mut self, first: Option<&[u8]>, line: &[u8]) -> bool {
        let before = self.buffer.data().len();
        let joined = first.is_none_or(|first| self.buffer.push_data(first))
            && self.buffer.push_data_line(line);
        if !joined {
            self.buffer.truncate_data(before);
        }
        joined
    }

    /// Makes the event's id the last event ID. `false`: no memory, nothing changed.
    #[inline]
    pub(super) fn commit_id_of<const WITHIN: bool>(&mut self, lent: &Lent<'_>) -> bool {
        match lent.id {
            Some(id) if !self.buffer.set_last_id(id) => return false,
            None if WITHIN && self.has_id => self.buffer.commit_pending_id(),
            _ => {}
        }
        if WITHIN {
            self.has_id = false;
        }
        true
    }

    /// Whether all of the chunk fits, with what is in the buffer and `lent` bytes of the same chunk.
    #[inline]
    fn has_room_for_all(&self, chunk: &[u8], lent: usize) -> bool {
        let used = self.buffer.used().wrapping_add(lent);
        chunk.len() < self.buffer.limit().saturating_sub(used)
    }

    /// Whether an event that takes the bytes from `chunk` to `rest` fits beside the last event ID.
    #[inline(always)]
    fn has_room(&self, chunk: &[u8], rest: &[u8]) -> bool {
        chunk.len().wrapping_sub(rest.len()) < self.buffer.room()
    }
}
