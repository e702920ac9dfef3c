//! Walks through a chunk: releases the last event, skips a byte order mark, and takes each block of lines on one of two
//! paths, borrowed from the chunk (`whole`) or line by line (`gather`). No rule of the standard is decided here.

use super::buffer::Buffer;
use super::decoder::{Decoder, Stage};
use super::field::Field;
use super::gather::Stop;
use super::whole::{Block, Found};
use crate::SMALL_CODE;
use crate::scan::{empty_slice, is_line_end};

impl<B: Buffer> Decoder<B> {
    /// Takes input up to the next event, which is then in the store. Also returns how many bytes of the chunk are left.
    pub(super) fn gather_event(&mut self, mut chunk: &[u8]) -> (Stop, usize) {
        loop {
            let skipped = self.start_block(chunk);
            let (stop, left) = self.gather(chunk.get(skipped..).unwrap_or_default());
            if let Some(stop) = stop {
                return (stop, left);
            }
            let start = chunk.len().wrapping_sub(left);
            chunk = chunk.get(start..).unwrap_or_default();
        }
    }

    /// Takes input up to the next event, which is then in `block` if it is borrowed from the chunk, else in the store.
    /// Also returns how many bytes of the chunk are left.
    #[inline(never)]
    pub(super) fn advance(
        &mut self,
        mut chunk: &[u8],
        block: &mut Block,
        may_borrow: bool,
    ) -> (Stop, usize) {
        loop {
            if !matches!(self.stage, Stage::Between | Stage::Usual | Stage::Gathering) {
                let skipped = self.start_block(chunk);
                chunk = chunk.get(skipped..).unwrap_or_default();
            }
            if self.stage != Stage::Reading && self.stage != Stage::Gathering {
                if chunk.is_empty() {
                    return (Stop::NeedInput, 0);
                }
                let found = block.find(chunk);
                if found == Found::Whole && may_borrow && self.take_found(&mut chunk, block) {
                    if block.parts.has(Field::Data) {
                        return (Stop::Event, chunk.len());
                    }
                    *block = Block::new();
                    continue;
                }
                if found != Found::Rare && self.keep_found(&mut chunk, block) {
                    match found {
                        Found::Whole => {
                            *block = Block::new();
                            match self.end_event() {
                                None => continue,
                                Some(stop) => return (stop, chunk.len()),
                            }
                        }
                        Found::Incomplete => {
                            self.append_to_line(chunk);
                            return (Stop::NeedInput, 0);
                        }
                        Found::Repeated | Found::Rare => {}
                    }
                }
                *block = Block::new();
            }
            let (stop, left) = self.gather(chunk);
            if let Some(stop) = stop {
                return (stop, left);
            }
            let start = chunk.len().wrapping_sub(left);
            chunk = chunk.get(start..).unwrap_or_default();
        }
    }

    /// Keeps the lines of `block`, and takes them off `chunk`. `false`: nothing has changed.
    fn keep_found(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        let bytes = *chunk;
        let is_kept = self.store.keep_block(chunk, block);
        if is_kept {
            self.apply_retry_and_counts(block);
            self.event_has_retry = block.retry.is_some();
            self.after_lines(bytes, chunk);
        }
        is_kept
    }

    /// Applies the reconnection time and the counts of `block`.
    fn apply_retry_and_counts(&mut self, block: &Block) {
        if let Some(retry) = block.retry {
            self.set_retry(retry);
        }
        self.count_comments(block.comments);
        self.count_ignored(block.ignored);
    }

    /// Appends a chunk of one byte, unless it ends a line: a fast path for streams that are read byte by byte.
    #[inline]
    pub(super) fn append_byte(&mut self, chunk: &[u8]) -> bool {
        match chunk {
            [byte] if !is_line_end(byte) => {
                self.append_to_line(&[*byte]);
                true
            }
            _ => false,
        }
    }

    /// Takes a block of `len` bytes off `chunk`, and commits its ID. `false`: it may not fit, and nothing has changed.
    #[inline(always)]
    pub(super) fn take_block(&mut self, chunk: &mut &[u8], len: usize, id: Option<&[u8]>) -> bool {
        // An event counts at most its bytes on the wire.
        if self.store.certain_fit().is_none_or(|longest| len > longest) {
            return false;
        }
        if let Some(id) = id {
            // `id` is a part of `chunk`.
            let start = id.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
            if !self.store.commit_id(id, chunk.get(start..).unwrap_or(id)) {
                return false;
            }
        }
        *chunk = chunk.get(len..).unwrap_or_else(empty_slice);
        true
    }

    /// Takes a block of any kind that is borrowed from the chunk. `false`: it may not fit, and nothing has changed.
    fn take_found(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        if !self.take_block(chunk, block.len, block.parts.get(Field::Id, chunk)) {
            return false;
        }
        self.apply_retry_and_counts(block);
        if block.parts.has(Field::Data) {
            self.stage = if block.is_usual() { Stage::Usual } else { Stage::Between };
            self.store.count_event(0);
        }
        true
    }

    /// Releases the last event, and skips what can come before a line: a byte order mark, or the LF of a CRLF. Returns
    /// the number of bytes skipped. If a block starts after them, the stage is [`Stage::Between`].
    // `chunk` is passed by value: a reference to it would keep it in memory instead of registers.
    #[inline(never)]
    pub(super) fn start_block(&mut self, chunk: &[u8]) -> usize {
        if self.has_stored_event() {
            self.store.release();
            self.stage = Stage::Reading;
            self.event_has_retry = false;
        }
        let (mut len, is_name) = self.byte_order_mark.skip(chunk);
        if is_name {
            // The bytes of a partial mark begin a field name, and no known one.
            self.append_to_line(b"\xEF");
        }
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            len = usize::from(chunk.first() == Some(&b'\n'));
        }
        // Short code never borrows a block from a chunk.
        let is_between = !SMALL_CODE
            && !self.after_cr
            && self.store.is_empty()
            && !self.is_mid_line()
            && self.byte_order_mark.is_done()
            && !self.event_has_retry;
        if is_between {
            self.stage = Stage::Between;
        }
        len
    }
}
