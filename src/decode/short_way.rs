//! The short way through a chunk: whole lines of the usual fields, and data lines that go on from
//! chunk to chunk. It is what most bytes take, with what is known of an event in registers; anything
//! else is left to the long way, in `decoder`, which the same event can take from any line on.

use super::buffer::Buffer;
use super::decoder::{Decoder, Lent, Stage};
use super::two_ended::Slot;
use crate::scan::{self, Input};

/// Not on microcontrollers, where it would cost flash.
pub(super) const SHORT_WAY: bool = cfg!(not(target_pointer_width = "32"));

/// An event, or how far the short way led.
type Lines<'c> = Result<Lent<'c>, SoFar<'c>>;

/// What is found of an event up to where no line can be taken.
pub(super) struct SoFar<'c> {
    input: Input<'c>,
    lent: Lent<'c>,
    joined: bool,
}

impl<B: Buffer> Decoder<B> {
    /// From the start of an event.
    ///
    /// No part is measured: the event fits if it takes fewer bytes of the chunk than there is room
    /// for. If it takes more, `chunk` stays at the event's first line.
    #[inline(always)]
    pub(super) fn short_way<'c, const COMMIT: bool>(&mut self, chunk: &mut &'c [u8]) -> Lines<'c> {
        let so_far = SoFar { input: Input::new(chunk), lent: Lent::default(), joined: false };
        self.whole_lines::<COMMIT, false>(chunk, so_far)
    }

    /// From within an event, at the start of a line or within a data line. All of the chunk fits.
    /// `Some(true)`: an event is complete; `Some(false)`: the chunk is used up.
    pub(super) fn short_way_on<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Option<bool> {
        let mut input = Input::new(chunk);
        if self.mid_value {
            let (part, behind) = input.part()?;
            if !self.buffer.push_data(part) {
                return None;
            }
            let Some(behind) = behind else {
                *chunk = &[];
                return Some(false);
            };
            self.tokenizer.start_line();
            self.mid_value = false;
            input = behind;
            *chunk = behind.rest();
        }
        let joined = self.has_data && lent.data.is_none();
        match self.whole_lines::<COMMIT, true>(chunk, SoFar { input, lent: *lent, joined }) {
            Ok(event) => {
                *lent = event;
                Some(true)
            }
            Err(so_far) => self.leave::<true>(chunk, so_far, lent).then_some(false),
        }
    }

    /// Takes lines off `chunk`. `joined`: there is data in the buffer. `ON`: so may be other parts of
    /// the event.
    #[inline(always)]
    fn whole_lines<'c, const COMMIT: bool, const ON: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        so_far: SoFar<'c>,
    ) -> Lines<'c> {
        let SoFar { mut input, mut lent, mut joined } = so_far;
        'lines: loop {
            #[cfg(test)]
            crate::cost::add(1);
            let behind = 'blank: {
                if let Some(behind) = input.behind_lf() {
                    break 'blank behind;
                }
                let Some((line, behind)) = input.line() else { break 'lines };
                if let Some(value) = line.behind(b"data: ") {
                    if lent.data.is_none() && !joined {
                        lent.data = Some(value);
                    } else if self.join(lent.data, value) {
                        lent.data = None;
                        joined = true;
                    } else {
                        break 'lines;
                    }
                } else if let Some(value) = line.behind(b"id: ") {
                    if scan::has_nul(value) {
                        break 'lines;
                    }
                    if ON {
                        self.buffer.discard(Slot::PendingId);
                    }
                    lent.id = Some(value);
                } else if let Some(value) = line.behind(b"event: ") {
                    if ON {
                        self.buffer.discard(Slot::Type);
                    }
                    lent.event_type = Some(value);
                } else if line.bytes().is_empty() {
                    break 'blank behind;
                } else if line.behind(b":").is_none() {
                    break 'lines;
                }
                input = behind;
                continue 'lines;
            };
            let fits = ON || self.has_room(chunk, &behind);
            if lent.data.is_some() || joined {
                if !fits || COMMIT && !self.commit_lent_id::<ON>(&lent) {
                    break 'lines;
                }
                if ON || joined {
                    self.stage = Stage::Lent;
                } else {
                    self.buffer.after_event();
                }
                if !COMMIT {
                    self.has_id |= lent.id.is_some();
                }
                *chunk = behind.rest();
                return Ok(lent);
            }
            if ON || lent.id.is_some() || !fits {
                break 'lines;
            }
            lent = Lent::default();
            *chunk = behind.rest();
            input = behind;
        }
        Err(SoFar { input, lent, joined })
    }

    /// Leaves the short way. Whether the chunk is used up; otherwise `out` has what is found of the
    /// event.
    pub(super) fn leave<'c, const ON: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        so_far: SoFar<'c>,
        out: &mut Lent<'c>,
    ) -> bool {
        let SoFar { input, mut lent, joined } = so_far;
        if !ON && !self.has_room(chunk, &input) {
            self.buffer.finish_event();
            return false;
        }
        let fits = ON || chunk.len() < self.buffer.room();
        self.stage = Stage::Reading;
        self.has_data = lent.data.is_some() || joined;
        self.has_id |= lent.id.is_some();
        *chunk = input.rest();
        if let (true, Some(part)) = (fits, input.part_of_data()) {
            let pushed = if self.has_data {
                self.join(lent.data, part)
            } else {
                self.buffer.push_data(part)
            };
            if pushed {
                lent.data = None;
                self.has_data = true;
                self.mid_value = true;
                self.tokenizer.start_data();
                *chunk = &[];
                if !self.keep(lent) {
                    self.drop_event();
                }
                return true;
            }
        }
        *out = lent;
        false
    }

    #[inline]
    fn join(&mut self, first: Option<&[u8]>, next: &[u8]) -> bool {
        let before = self.buffer.data().len();
        let joined = first.is_none_or(|first| self.buffer.push_data(first))
            && self.buffer.push_data_line(next);
        if !joined {
            self.buffer.truncate_data(before);
        }
        joined
    }

    #[inline]
    fn commit_lent_id<const ON: bool>(&mut self, lent: &Lent<'_>) -> bool {
        match lent.id {
            Some(id) if self.buffer.set_last_id(id) => self.has_id = false,
            Some(_) => return false,
            None if ON && self.has_id => {
                self.has_id = false;
                self.buffer.commit_pending_id();
            }
            None => {}
        }
        true
    }

    /// Whether an event fits that takes the bytes from `chunk` to `rest`.
    #[inline]
    fn has_room(&self, chunk: &[u8], rest: &Input<'_>) -> bool {
        chunk.len().wrapping_sub(rest.rest().len()) < self.buffer.room()
    }
}
