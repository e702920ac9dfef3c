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
        let line = self.next_line(&mut lines);
        // A call of its own for what needs many registers.
        if !SMALL_CODE && line.is_none() {
            return self.gather_rest(chunk, &lines);
        }
        self.gather_lines(chunk, lines, line)
    }

    /// The same, from `line` on, which has been taken.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(never))]
    fn gather_lines<'c>(
        &mut self,
        chunk: &'c [u8],
        mut lines: Lines<'c>,
        mut line: Option<(&'c [u8], u64)>,
    ) -> (Gathered, usize) {
        while let Some((part, word)) = line {
            if self.is_mid_line() {
                self.end_line(part);
            } else if part.is_empty() {
                let left = lines.rest().len();
                self.after_cr = left == 0 && ends_with_cr(chunk);
                return (self.end_event(), left);
            } else if SMALL_CODE || !self.keep_value(part, word) {
                self.end_line(part);
            }
            line = self.next_line(&mut lines);
        }
        self.gather_rest(chunk, &lines)
    }

    /// Takes in what `chunk` ends with, without a line end.
    #[inline(always)]
    fn gather_rest(&mut self, chunk: &[u8], lines: &Lines<'_>) -> (Gathered, usize) {
        let rest = lines.rest();
        if !chunk.is_empty() {
            self.after_cr = rest.is_empty() && ends_with_cr(chunk);
            self.stage = if self.after_cr { Stage::Reading } else { Stage::Gathering };
            self.read(rest);
        }
        (Gathered::Chunk, 0)
    }

    /// Takes the next line and its first eight bytes, and before that data lines that follow data.
    #[inline(always)]
    fn next_line<'c>(&mut self, lines: &mut Lines<'c>) -> Option<(&'c [u8], u64)> {
        if SMALL_CODE {
            return lines.take().map(|line| (line, 0));
        }
        if self.is_mid_line() { lines.take_with_word() } else { self.store.join_lines(lines) }
    }

    /// Does what [`end_line`](Self::end_line) does, for a line that lies whole in the chunk and is a usual one.
    /// `false`: it is not.
    #[inline(always)]
    fn keep_value(&mut self, line: &[u8], word: u64) -> bool {
        match parse(line, word) {
            Some((field, value)) if field.is_part() => {
                self.store.keep_value(field, value, line.len())
            }
            _ => false,
        }
    }

    /// Takes in a part of a line.
    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    pub(super) fn read(&mut self, part: &[u8]) {
        if self.skipped != Skipped::No {
            return;
        }
        self.skipped = self.store.put(part);
    }

    /// Ends the line being read with `rest`, and does what the standard has its field do.
    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
    pub(super) fn end_line(&mut self, rest: &[u8]) {
        self.read(rest);
        if self.skipped != Skipped::No {
            return self.end_skipped();
        }
        if !SMALL_CODE {
            self.store.end_line();
        }
        let (line, word) = self.store.line_read();
        match parse(line, word) {
            Some((field, value)) if field.is_part() => {
                let len = value.len();
                return self.store.keep(field, len);
            }
            Some((Field::Comment, _)) => self.count_comments(1),
            // One that does not fit has been skipped, but for `retry` alone, which is no time.
            Some((Field::Retry, value)) => match milliseconds(value) {
                Some(time) => self.set_retry(time),
                None => self.count_ignored(1),
            },
            _ => self.count_ignored(1),
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
    #[cfg_attr(any(not(target_pointer_width = "64"), sse_wire_small), inline(never))]
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
