//! The rules of an event stream for lines that come in any pieces: what a line does when it ends, and what
//! a blank line does. What has to be kept goes to the `store`. Right for any input; `whole` is a shorter
//! path through the same rules.

use super::buffer::Buffer;
use super::decoder::{Decoder, Stage};
use super::field::{Field, milliseconds, parse};
use super::store::{Loss, Skipped};
use crate::SMALL_CODE;
use crate::scan::{Lines, ends_with_cr};

/// What a chunk has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathered {
    /// The chunk is used up.
    Chunk,
    /// A blank line has ended an event, which lies in the store.
    Event,
    /// A blank line has ended lines that make no event.
    NoEvent,
    Lost(Loss),
}

impl<B: Buffer> Decoder<B> {
    /// Takes lines off `chunk` up to the next blank line, whatever the chunk starts within. Returns how much of
    /// the chunk is left, too.
    #[inline(never)]
    pub(super) fn gather(&mut self, chunk: &[u8]) -> (Gathered, usize) {
        let mut lines = <Lines<'_>>::new(chunk);
        while let Some((part, word)) = self.next_line(&mut lines) {
            if part.is_empty() && !self.is_mid_line() {
                return (self.end_event(), lines.rest().len());
            }
            self.end_line(part, word);
        }
        let rest = lines.rest();
        if !chunk.is_empty() {
            self.end_lines(chunk, rest);
            self.read(rest);
        }
        (Gathered::Chunk, 0)
    }

    /// Goes on after the lines of `chunk`, of which `rest` is left: a LF that comes next may belong to a CR.
    #[inline(always)]
    pub(super) fn end_lines(&mut self, chunk: &[u8], rest: &[u8]) {
        self.after_cr = rest.is_empty() && ends_with_cr(chunk);
        self.stage = if self.after_cr { Stage::Reading } else { Stage::Gathering };
    }

    /// Takes the next line and its first eight bytes, and before that data lines that follow data.
    #[inline(always)]
    fn next_line<'c>(&mut self, lines: &mut Lines<'c>) -> Option<(&'c [u8], u64)> {
        if SMALL_CODE {
            return lines.take().map(|line| (line, 0));
        }
        if self.is_mid_line() { lines.take_with_word() } else { self.store.join_lines(lines) }
    }

    /// Takes in a part of a line.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    pub(super) fn read(&mut self, part: &[u8]) {
        if self.skipped != Skipped::No {
            return;
        }
        self.skipped = self.store.put(part);
    }

    /// Ends the line being read with `rest`, and does what the standard has its field do. `word` is the first eight
    /// bytes of a line that starts here.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    fn end_line(&mut self, rest: &[u8], word: u64) {
        // A line that lies whole in the chunk is judged there.
        let is_whole = !self.is_mid_line() && self.store.reserve_line(rest.len());
        let (line, word) = if is_whole {
            (rest, word)
        } else {
            self.read(rest);
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
            // A `retry` line with a colon that does not fit has been skipped; one without has no time.
            Some((_, start)) => match line.get(start..).and_then(milliseconds) {
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

    /// Ends a line that is not kept.
    #[cold]
    fn end_skipped(&mut self) {
        match core::mem::replace(&mut self.skipped, Skipped::No) {
            Skipped::Comment => self.count_comments(1),
            Skipped::Ignored => self.count_ignored(1),
            Skipped::Lost | Skipped::No => {}
        }
    }

    /// Does what a blank line does.
    pub(super) fn end_event(&mut self) -> Gathered {
        self.stage = Stage::Reading;
        self.event_has_retry &= self.store.parts.has(Field::Data);
        match self.store.finish() {
            Ok(true) => {
                self.stage = Stage::HandedOut;
                Gathered::Event
            }
            Ok(false) => Gathered::NoEvent,
            Err(loss) => Gathered::Lost(loss),
        }
    }
}
