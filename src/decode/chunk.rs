//! How a chunk is gone through: what comes before a block of lines, and by which path the block is taken, borrowed from
//! the chunk as `whole` finds it or line by line as `gather` does. No rule of the standard is decided here.

use super::buffer::Buffer;
use super::decoder::{Decoder, Stage};
use super::field::Field;
use super::gather::Gathered;
use super::whole::{Block, Found};
use crate::SMALL_CODE;
use crate::scan::{is_line_end, nothing};

impl<B: Buffer> Decoder<B> {
    /// Goes on to the next event, which is in the store. Returns how much of the chunk is left, too.
    pub(super) fn gather_event(&mut self, mut chunk: &[u8]) -> (Gathered, usize) {
        loop {
            let skipped = self.start_block(chunk);
            let (gathered, left) = self.gather(chunk.get(skipped..).unwrap_or_default());
            if gathered != Gathered::NoEvent {
                return (gathered, left);
            }
            let start = chunk.len().wrapping_sub(left);
            chunk = chunk.get(start..).unwrap_or_default();
        }
    }

    /// Goes on to the next event, which is in `block` if it is borrowed from the chunk, or in the store.
    /// Returns how much of the chunk is left, too.
    #[inline(never)]
    pub(super) fn advance(
        &mut self,
        mut chunk: &[u8],
        block: &mut Block,
        may_borrow: bool,
    ) -> (Gathered, usize) {
        loop {
            if !matches!(self.stage, Stage::Between | Stage::Usual | Stage::Gathering) {
                let skipped = self.start_block(chunk);
                chunk = chunk.get(skipped..).unwrap_or_default();
            }
            if self.stage != Stage::Reading && self.stage != Stage::Gathering {
                if chunk.is_empty() {
                    return (Gathered::Chunk, 0);
                }
                let found = block.find(chunk);
                if found == Found::Whole && may_borrow && self.take_found(&mut chunk, block) {
                    if block.parts.has(Field::Data) {
                        return (Gathered::Event, chunk.len());
                    }
                    *block = Block::new();
                    continue;
                }
                if found != Found::Rare && self.keep_found(&mut chunk, block) {
                    match found {
                        Found::Whole => {
                            *block = Block::new();
                            match self.end_event() {
                                Gathered::NoEvent => continue,
                                gathered => return (gathered, chunk.len()),
                            }
                        }
                        Found::Cut => {
                            self.read(chunk);
                            return (Gathered::Chunk, 0);
                        }
                        Found::Again | Found::Rare => {}
                    }
                }
                *block = Block::new();
            }
            let (gathered, left) = self.gather(chunk);
            if gathered != Gathered::NoEvent {
                return (gathered, left);
            }
            let start = chunk.len().wrapping_sub(left);
            chunk = chunk.get(start..).unwrap_or_default();
        }
    }

    /// Keeps what has been found of a block, and takes it off `chunk`. `false`: nothing has changed.
    fn keep_found(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        let bytes = *chunk;
        let is_kept = self.store.keep_block(chunk, block);
        if is_kept {
            self.take_rest(block);
            self.event_has_retry = block.retry.is_some();
            self.end_lines(bytes, chunk);
        }
        is_kept
    }

    /// Takes in what a block has beside the parts of an event.
    fn take_rest(&mut self, block: &Block) {
        if let Some(retry) = block.retry {
            self.set_retry(retry);
        }
        self.count_comments(block.comments);
        self.count_ignored(block.ignored);
    }

    /// Takes in a chunk of one byte, which is not the end of a line: a stream that is read byte by byte.
    #[inline]
    pub(super) fn read_byte(&mut self, chunk: &[u8]) -> bool {
        match chunk {
            [byte] if !is_line_end(byte) => {
                self.read(&[*byte]);
                true
            }
            _ => false,
        }
    }

    /// Takes a block of `len` bytes off `chunk`, and takes in its id. `false`: it may not fit, and nothing has
    /// changed.
    #[inline(always)]
    pub(super) fn take_block(&mut self, chunk: &mut &[u8], len: usize, id: Option<&[u8]>) -> bool {
        // An event takes no more of the limit than it has bytes.
        if self.store.room().is_none_or(|room| len > room) {
            return false;
        }
        if let Some(id) = id {
            // It is a part of the chunk.
            let start = id.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
            if !self.store.commit_id(id, chunk.get(start..).unwrap_or(id)) {
                return false;
            }
        }
        *chunk = chunk.get(len..).unwrap_or_else(nothing);
        true
    }

    /// Takes in a block of any kind, which is whole and borrowed from the chunk.
    fn take_found(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        if !self.take_block(chunk, block.len, block.parts.get(Field::Id, chunk)) {
            return false;
        }
        self.take_rest(block);
        if block.parts.has(Field::Data) {
            self.stage = if block.is_usual() { Stage::Usual } else { Stage::Between };
            self.store.count_event(0);
        }
        true
    }

    /// Releases the event before, and passes over what may come before a line: a byte order mark, the LF of a
    /// CRLF. Returns how many bytes of `chunk` that takes. [`Stage::Between`] is next if a block starts then.
    // The chunk is given by value: behind a reference it would have to be in memory all the time.
    #[inline(never)]
    pub(super) fn start_block(&mut self, chunk: &[u8]) -> usize {
        if self.has_event() {
            self.store.release();
            self.stage = Stage::Reading;
            self.event_has_retry = false;
        }
        let (mut len, is_name) = self.byte_order_mark.skip(chunk);
        if is_name {
            // The start of a field name, and of none that is known.
            self.read(b"\xEF");
        }
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            len = usize::from(chunk.first() == Some(&b'\n'));
        }
        // Where short code counts, no block is taken from a chunk.
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
