//! The short way for an event whose lines all lie in the chunk. It is what most events take, with
//! nothing of them kept anywhere but in registers; what is rare is left to the long way.

use super::buffer::Buffer;
use super::decoder::{Decoder, Lent, Stage};
use crate::scan::{self, Input};

/// Not on microcontrollers, where it would cost flash.
pub(super) const SHORT_WAY: bool = cfg!(not(target_pointer_width = "32"));

/// An event whose blank line has been found, or what was found of one up to a line that takes the
/// long way.
pub(super) type Whole<'c> = Result<Lent<'c>, Lent<'c>>;

impl<B: Buffer> Decoder<B> {
    /// Takes the lines of an event off `chunk`. Called between two events only.
    ///
    /// The bytes it takes in all are fewer than there is room for, so that no part of the event has
    /// to be measured; where they are not, `chunk` stays at the event's first line.
    #[inline(always)]
    pub(super) fn whole_event<'c, const COMMIT: bool>(&mut self, chunk: &mut &'c [u8]) -> Whole<'c> {
        let mut input = Input::new(chunk);
        let mut lent = Lent::default();
        // Whether data lines have been joined in the buffer, where `lent` has no data then.
        let mut joined = false;
        let fits = 'lines: loop {
            #[cfg(test)]
            crate::cost::add(1);
            let rest = 'blank: {
                if let Some(rest) = input.behind_lf() {
                    break 'blank rest;
                }
                let Some((line, rest)) = input.line() else { break 'lines true };
                if let Some(value) = line.behind(b"data: ") {
                    if lent.data.is_none() && !joined {
                        lent.data = Some(value);
                    } else {
                        joined = true;
                        if !self.join(lent.data.take(), value) {
                            break 'lines false;
                        }
                    }
                } else if let Some(value) = line.behind(b"id: ") {
                    if scan::has_nul(value) {
                        break 'lines true;
                    }
                    lent.id = Some(value);
                } else if let Some(value) = line.behind(b"event: ") {
                    lent.event_type = Some(value);
                } else if line.bytes().is_empty() {
                    break 'blank rest;
                } else if line.behind(b":").is_none() {
                    break 'lines true;
                }
                input = rest;
                continue 'lines;
            };
            if lent.data.is_some() || joined {
                if !self.has_room(chunk, &rest) || COMMIT && !self.commit(lent.id) {
                    break true;
                }
                if joined {
                    self.stage = Stage::Lent;
                } else {
                    self.buffer.after_event();
                }
                if !COMMIT {
                    self.has_id = lent.id.is_some();
                }
                *chunk = rest.rest();
                return Ok(lent);
            }
            if lent.id.is_some() || !self.has_room(chunk, &rest) {
                break true;
            }
            lent = Lent::default();
            *chunk = rest.rest();
            input = rest;
        };
        if fits && self.has_room(chunk, &input) {
            self.has_data = lent.data.is_some() || joined;
            self.has_id = lent.id.is_some();
            *chunk = input.rest();
            Err(lent)
        } else {
            self.buffer.finish_event();
            Err(Lent::default())
        }
    }

    #[inline]
    fn join(&mut self, first: Option<&[u8]>, next: &[u8]) -> bool {
        first.is_none_or(|first| self.buffer.push_data(first))
            && self.buffer.push_data(b"\n")
            && self.buffer.push_data(next)
    }

    #[inline]
    fn commit(&mut self, id: Option<&[u8]>) -> bool {
        id.is_none_or(|id| self.buffer.set_last_id(id))
    }

    /// Whether an event fits that takes the bytes from `chunk` to `rest`.
    #[inline]
    fn has_room(&self, chunk: &[u8], rest: &Input<'_>) -> bool {
        chunk.len().wrapping_sub(rest.rest().len()) < self.buffer.room()
    }
}
