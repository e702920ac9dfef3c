//! A block of lines that lies whole in a chunk: found without writing anything, and borrowed from the
//! chunk. The shorter path through the rules of `gather`, to which it leaves all that is rare.

use super::field::{Field, milliseconds, parse, split_word};
use super::store::{Parts, Span};
use crate::scan::{Lines, has_nul};

/// What the lines of a block have given.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Where its parts are in the chunk.
    pub(super) parts: Parts,
    pub(super) retry: Option<u64>,
    pub(super) comments: u32,
    pub(super) ignored: u32,
    /// What its lines take that count, each with one byte for its end.
    pub(super) counted: usize,
    /// How many bytes its lines take, with the blank line if that has come.
    pub(super) len: usize,
}

/// A block as most servers write it.
#[derive(Clone, Copy)]
pub(super) struct Usual<'c> {
    pub(super) event_type: &'c [u8],
    pub(super) id: Option<&'c [u8]>,
    /// `None`: there are only comments, with which the chunk ends.
    pub(super) data: Option<&'c [u8]>,
    /// Comments in a block before it.
    pub(super) comments: u32,
    /// How many bytes its lines and those comments take, with the blank line.
    pub(super) len: usize,
}

/// Finds the block that `chunk` begins with, without a loop, if it is a usual one: a comment block or none, then
/// the type, the id and one line of data. `Err`: it is another one or not
/// complete; `Found::Cut` if no line ends in the chunk.
#[inline(always)]
pub(super) fn usual(chunk: &[u8]) -> Result<Usual<'_>, Found> {
    let mut lines = <Lines<'_>>::new(chunk);
    let mut block = Usual { event_type: &[], id: None, data: None, comments: 0, len: 0 };
    let (mut line, mut word) = lines.take_with_word().ok_or(Found::Cut)?;
    if let Some(data) = Field::Data.value(line, word) {
        block.data = Some(data);
    } else {
        if Field::Comment.value(line, word).is_some() && lines.take_blank() {
            block.comments = 1;
            if lines.rest().is_empty() {
                block.len = lines.start();
                return Ok(block);
            }
            (line, word) = lines.take_with_word().ok_or(Found::Rare)?;
        }
        if let Some(event_type) = Field::Event.value(line, word) {
            block.event_type = event_type;
            (line, word) = lines.take_with_word().ok_or(Found::Rare)?;
        }
        if let Some(id) = Field::Id.value(line, word) {
            if has_nul(id) {
                return Err(Found::Rare);
            }
            block.id = Some(id);
            (line, word) = lines.take_with_word().ok_or(Found::Rare)?;
        }
        block.data = Some(Field::Data.value(line, word).ok_or(Found::Rare)?);
    }
    if !lines.take_blank() {
        return Err(Found::Rare);
    }
    block.len = lines.start();
    Ok(block)
}

/// What a chunk begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A block of lines with its blank line.
    Whole,
    /// A block of which more is to come. What has been found of it is in its lines that are complete.
    Cut,
    /// A block with a field that comes a second time, such as more data. What has been found of it is in the
    /// lines before.
    Again,
    /// Something rare, which is left to `gather`.
    Rare,
}

impl Block {
    pub(super) const fn new() -> Self {
        Self { parts: Parts::NONE, retry: None, comments: 0, ignored: 0, counted: 0, len: 0 }
    }

    /// Finds the block that `chunk` begins with.
    #[inline(always)]
    pub(super) fn find(&mut self, chunk: &[u8]) -> Found {
        let mut lines = <Lines<'_>>::new(chunk);
        let (mut comments, mut ignored, mut counted) = (0_u32, 0_u32, 0_usize);
        let found = loop {
            let start = lines.start();
            let word = lines.word();
            let Some(end) = lines.take_end::<2>() else { break Found::Cut };
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
                    break Found::Again;
                }
                self.parts.set(field, span);
                counted = counted.wrapping_add(end.wrapping_sub(start)).wrapping_add(1);
            } else if field == Field::Comment {
                comments = comments.wrapping_add(1);
            } else {
                match milliseconds(line().get(value..).unwrap_or_default()) {
                    Some(time) => self.retry = Some(time),
                    None => ignored = ignored.wrapping_add(1),
                }
            }
        };
        self.comments = comments;
        self.ignored = ignored;
        self.counted = counted;
        if found != Found::Again {
            self.len = lines.start();
        }
        if self.parts.get(Field::Id, chunk).is_some_and(has_nul) { Found::Rare } else { found }
    }

    /// Whether the next block is likely to be a [`usual`] one: this one ends with its data and sets no
    /// reconnection time.
    pub(super) fn is_usual(&self) -> bool {
        let data = self.parts.span(Field::Data);
        self.retry.is_none() && self.len.wrapping_sub(data.end) <= 4
    }
}
