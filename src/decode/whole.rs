//! Parses a block of lines that is whole in a chunk, without writing to the buffer, so that the event can borrow from
//! the chunk. The fast path for the rules of `gather`, which takes all rare input.

use super::field::{Field, parse, parse_retry, split_word};
use super::store::{Parts, Span};
use crate::scan::{Lines, has_nul};

/// The contents of a block of lines.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// The positions of its values in the chunk.
    pub(super) parts: Parts,
    pub(super) retry: Option<u64>,
    pub(super) comments: u32,
    pub(super) ignored: u32,
    /// The length of its lines that count against the limit, with one byte for each line end.
    pub(super) counted: usize,
    /// The length of its lines, with the blank line if there is one.
    pub(super) len: usize,
}

/// A block of lines as most servers write it.
#[derive(Clone, Copy)]
pub(super) struct Usual<'c> {
    pub(super) event_type: &'c [u8],
    pub(super) id: Option<&'c [u8]>,
    /// `None`: there is only a comment block, which ends the chunk.
    pub(super) data: Option<&'c [u8]>,
    /// Comments in a block before this one.
    pub(super) comments: u32,
    /// The length of its lines and those comments, with the blank lines.
    pub(super) len: usize,
}

/// Why the block at the start of a chunk is unusual.
pub(super) enum Unusual {
    /// No line ends in the chunk.
    PartialLine,
    /// Another block, or a usual one without its blank line.
    Other,
}

/// Parses the block at the start of `chunk` without a loop, if it is a usual one: at most one comment block, then at
/// most one `event` line, at most one `id` line, and one `data` line, in this order.
#[inline(always)]
pub(super) fn find_usual(chunk: &[u8]) -> Result<Usual<'_>, Unusual> {
    let mut lines = <Lines<'_>>::new(chunk);
    let mut block = Usual { event_type: &[], id: None, data: None, comments: 0, len: 0 };
    let (mut line, mut word) = lines.take_with_word().ok_or(Unusual::PartialLine)?;
    if let Some(data) = Field::Data.value(line, word) {
        block.data = Some(data);
    } else {
        if Field::Comment.value(line, word).is_some() && lines.take_blank() {
            block.comments = 1;
            if lines.rest().is_empty() {
                block.len = lines.start();
                return Ok(block);
            }
            (line, word) = lines.take_with_word().ok_or(Unusual::Other)?;
        }
        if let Some(event_type) = Field::Event.value(line, word) {
            block.event_type = event_type;
            (line, word) = lines.take_with_word().ok_or(Unusual::Other)?;
        }
        if let Some(id) = Field::Id.value(line, word) {
            if has_nul(id) {
                return Err(Unusual::Other);
            }
            block.id = Some(id);
            (line, word) = lines.take_with_word().ok_or(Unusual::Other)?;
        }
        block.data = Some(Field::Data.value(line, word).ok_or(Unusual::Other)?);
    }
    if !lines.take_blank() {
        return Err(Unusual::Other);
    }
    block.len = lines.start();
    Ok(block)
}

/// The kind of block at the start of a chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A block with its blank line.
    Whole,
    /// A block without its blank line. `Block` covers its complete lines.
    Incomplete,
    /// A block with a second line of one field, such as more data. `Block` covers the lines before that.
    Repeated,
    /// A case that `gather` must handle.
    Rare,
}

impl Block {
    pub(super) const fn new() -> Self {
        Self { parts: Parts::NONE, retry: None, comments: 0, ignored: 0, counted: 0, len: 0 }
    }

    /// Parses the block at the start of `chunk`.
    #[inline(always)]
    pub(super) fn find(&mut self, chunk: &[u8]) -> Found {
        let mut lines = <Lines<'_>>::new(chunk);
        let (mut comments, mut ignored, mut counted) = (0_u32, 0_u32, 0_usize);
        let found = loop {
            let start = lines.start();
            let word = lines.word();
            let Some(end) = lines.take_end::<2>() else { break Found::Incomplete };
            if start == end {
                break Found::Whole;
            }
            let line = || chunk.get(start..end).unwrap_or_default();
            let Some((field, value)) = split_word(word).or_else(|| parse(line(), word)) else {
                ignored = ignored.wrapping_add(1);
                continue;
            };
            let span = Span { start: start.wrapping_add(value), end };
            if field.is_part() {
                if self.parts.has(field) {
                    self.len = start;
                    break Found::Repeated;
                }
                self.parts.set(field, span);
                counted = counted.wrapping_add(end.wrapping_sub(start)).wrapping_add(1);
            } else if field == Field::Comment {
                comments = comments.wrapping_add(1);
            } else {
                match parse_retry(line().get(value..).unwrap_or_default()) {
                    Some(time) => self.retry = Some(time),
                    None => ignored = ignored.wrapping_add(1),
                }
            }
        };
        self.comments = comments;
        self.ignored = ignored;
        self.counted = counted;
        if found != Found::Repeated {
            self.len = lines.start();
        }
        if self.parts.get(Field::Id, chunk).is_some_and(has_nul) { Found::Rare } else { found }
    }

    /// Whether the next block is likely to be a usual one, for [`find_usual`]: this one ends with its data and has no
    /// `retry` line.
    pub(super) fn is_usual(&self) -> bool {
        let data = self.parts.span(Field::Data);
        self.retry.is_none() && self.len.wrapping_sub(data.end) <= 4
    }
}
