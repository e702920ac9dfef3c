//! The short way through a chunk: whole lines of the usual fields, and data lines that go on from
//! chunk to chunk. It is what most bytes take, with what is known of an event in registers. Anything
//! else is left to the long way, in `decoder`: from any line on, an event can take either.

use super::buffer::Buffer;
use super::decoder::{Decoder, Lent, Stage};
use super::two_ended::Slot;
use crate::scan::{self, Input};

/// Not on microcontrollers, where it would cost flash.
pub(crate) const SHORT_WAY: bool = cfg!(not(target_pointer_width = "32"));

/// Where the short way has come to.
pub(super) enum Way {
    /// The blank line of an event.
    Event,
    /// The end of the chunk. What is unfinished has been copied.
    Chunk,
    /// Something that has to take the long way.
    Long,
}

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
        let input = Input::new(chunk);
        let start = SoFar { input, lent: Lent::default(), joined: false, cut: false };
        self.take_lines::<COMMIT, false>(start, chunk)
    }

    /// Whether the short way is open from within an event: at the start of a line or within a data
    /// line, if all of the chunk fits.
    pub(super) fn can_take_short_way(&self, chunk: &[u8], lent: &Lent<'_>) -> bool {
        let used = self.buffer.used().wrapping_add(lent.len());
        !self.too_long
            && !chunk.is_empty()
            && self.tokenizer.can_take_short_way(self.mid_value)
            && chunk.len() < self.buffer.limit().saturating_sub(used)
    }

    /// Takes lines off `chunk` from within an event.
    pub(super) fn short_way_within<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Way {
        let mut input = Input::new(chunk);
        if self.mid_value {
            let Some((part, behind)) = input.rest_of_line() else { return Way::Long };
            if !self.buffer.push_data(part) {
                return Way::Long;
            }
            let Some(behind) = behind else {
                *chunk = &[];
                return Way::Chunk;
            };
            self.tokenizer.set_line_start();
            self.mid_value = false;
            *chunk = behind.rest();
            input = behind;
        }
        let joined = self.has_data && lent.data.is_none();
        let start = SoFar { input, lent: *lent, joined, cut: false };
        match self.take_lines::<COMMIT, true>(start, chunk) {
            Ok(event) => {
                *lent = event;
                Way::Event
            }
            Err(so_far) => match self.leave_short_way::<true>(so_far, chunk, lent) {
                true => Way::Chunk,
                false => Way::Long,
            },
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

    /// Leaves the short way, at the end of the chunk or for the long way. Whether the chunk is used
    /// up; otherwise `lent` and `chunk` are where the long way goes on.
    pub(super) fn leave_short_way<'c, const WITHIN: bool>(
        &mut self,
        so_far: SoFar<'c>,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> bool {
        let SoFar { input, lent: mut found, joined, cut } = so_far;
        if !WITHIN && !self.has_room(chunk, input.rest()) {
            // From the first line again, and measure.
            self.buffer.finish_event();
            return false;
        }
        let all_fits = WITHIN || self.has_room(chunk, &[]);
        self.stage = Stage::Reading;
        self.has_data = found.data.is_some() || joined;
        self.has_id |= found.id.is_some();
        *chunk = input.rest();
        if let (true, true, Some(part)) = (cut, all_fits, input.start_of_data()) {
            let kept = match self.has_data {
                true => self.join(found.data, part),
                false => self.buffer.push_data(part),
            };
            if kept {
                found.data = None;
                self.has_data = true;
                self.mid_value = true;
                self.tokenizer.set_in_data();
                *chunk = &[];
                if !self.keep(found) {
                    self.drop_event();
                }
                return true;
            }
        }
        *lent = found;
        false
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
    fn commit_id_of<const WITHIN: bool>(&mut self, lent: &Lent<'_>) -> bool {
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

    /// Whether an event that takes the bytes from `chunk` to `rest` fits beside the last event ID.
    #[inline(always)]
    fn has_room(&self, chunk: &[u8], rest: &[u8]) -> bool {
        chunk.len().wrapping_sub(rest.len()) < self.buffer.room()
    }
}
