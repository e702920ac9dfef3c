//! The effects of complete lines and of the blank line, for lines that arrive in any pieces. Keeps lines in the
//! `store`. Correct for any input; `whole` is a faster path for a block of lines that is whole in a chunk.

use super::buffer::Buffer;
use super::decoder::{DecodeError, Decoder, Stage};
use super::field::{Field, parse, parse_retry};
use super::store::Skipped;
use crate::SMALL_CODE;
use crate::scan::{Lines, ends_with_cr};

/// Why the decoder stops reading.
// One byte, so that it is returned in a register. `Result<Progress, DecodeError>` is two: up to 8 % more instructions
// on a Cortex-M3.
pub(super) enum Stop {
    /// The chunk is used up.
    NeedInput,
    /// A blank line has completed an event.
    Event,
    /// A blank line has ended an event that is lost.
    Lost(DecodeError),
}

impl<B: Buffer> Decoder<B> {
    /// Takes the lines of `chunk` up to the next blank line. The chunk may start within a line. `None`: a blank line has
    /// ended lines without data. Also returns how many bytes of the chunk are left.
    #[inline(never)]
    pub(super) fn gather(&mut self, chunk: &[u8]) -> (Option<Stop>, usize) {
        let mut lines = <Lines<'_>>::new(chunk);
        while let Some((part, word)) = self.next_line(&mut lines) {
            if part.is_empty() && !self.is_mid_line() {
                return (self.end_event(), lines.rest().len());
            }
            self.end_line(part, word);
        }
        let rest = lines.rest();
        if !chunk.is_empty() {
            self.after_lines(chunk, rest);
            self.append_to_line(rest);
        }
        (Some(Stop::NeedInput), 0)
    }

    /// Updates the state after the lines of `chunk`, of which `rest` is left: if the chunk ends with a CR, the next
    /// byte may be its LF.
    #[inline(always)]
    pub(super) fn after_lines(&mut self, chunk: &[u8], rest: &[u8]) {
        self.after_cr = rest.is_empty() && ends_with_cr(chunk);
        self.stage = if self.after_cr { Stage::Reading } else { Stage::Gathering };
    }

    /// Takes the next line and its first eight bytes. Before that, joins data lines directly after data.
    #[inline(always)]
    fn next_line<'c>(&mut self, lines: &mut Lines<'c>) -> Option<(&'c [u8], u64)> {
        if SMALL_CODE {
            return lines.take().map(|line| (line, 0));
        }
        if self.is_mid_line() { lines.take_with_word() } else { self.store.join_lines(lines) }
    }

    /// Appends a part of the line being read.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    pub(super) fn append_to_line(&mut self, part: &[u8]) {
        if self.skipped != Skipped::No {
            return;
        }
        self.skipped = self.store.append_to_line(part);
    }

    /// Ends the line being read with `rest`, and applies its field. `word` has the first eight bytes of `rest`.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    fn end_line(&mut self, rest: &[u8], word: u64) {
        // A line that is whole in the chunk is parsed there.
        let is_whole = !self.is_mid_line() && self.store.reserve_line(rest.len());
        let (line, word) = if is_whole {
            (rest, word)
        } else {
            self.append_to_line(rest);
            if self.skipped != Skipped::No {
                return self.end_skipped();
            }
            self.store.terminate_line()
        };
        match parse(line, word) {
            Some((field, start)) if field.is_part() => {
                return if is_whole {
                    self.store.keep_whole(field, rest, start);
                } else {
                    self.store.keep(field, start);
                };
            }
            Some((Field::Comment, _)) => self.count_comments(1),
            // A `retry` line that does not fit was skipped if it has a colon. Without a colon it has no value.
            Some((_, start)) => match line.get(start..).and_then(parse_retry) {
                Some(time) => {
                    self.set_retry(time);
                    self.event_has_retry = true;
                }
                None => self.count_ignored(1),
            },
            None => self.count_ignored(1),
        }
        self.store.drop_line();
    }

    /// Ends a line that was skipped.
    #[cold]
    fn end_skipped(&mut self) {
        match core::mem::replace(&mut self.skipped, Skipped::No) {
            Skipped::Comment => self.count_comments(1),
            Skipped::Ignored => self.count_ignored(1),
            Skipped::Lost | Skipped::No => {}
        }
    }

    /// Handles a blank line. `None`: the lines before it had no data.
    pub(super) fn end_event(&mut self) -> Option<Stop> {
        self.stage = Stage::Reading;
        self.event_has_retry &= self.store.parts.has(Field::Data);
        match self.store.finish() {
            Ok(true) => {
                self.stage = Stage::HandedOut;
                Some(Stop::Event)
            }
            Ok(false) => None,
            Err(error) => Some(Stop::Lost(error)),
        }
    }
}
