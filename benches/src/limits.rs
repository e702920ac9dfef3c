//! Lower bounds for the time of any codec: searching each byte, and copying it.

use crate::corpora::Corpus;
use memchr::memchr2_iter;
use std::hint::black_box;

/// Finds all LF and CR of each chunk. Returns their number.
#[must_use]
pub fn walk_line_ends(chunks: &[&[u8]]) -> usize {
    chunks.iter().map(|chunk| memchr2_iter(b'\n', b'\r', chunk).count()).sum()
}

/// Copies each chunk to `memory`. Returns the number of bytes.
#[must_use]
pub fn copy(chunks: &[&[u8]], memory: &mut [u8]) -> usize {
    let mut copied = 0;
    for chunk in chunks {
        copy_chunk(chunk, memory);
        copied += chunk.len();
    }
    copied
}

/// Searches and copies each chunk. Returns the number of line ends.
#[must_use]
pub fn walk_and_copy(chunks: &[&[u8]], memory: &mut [u8]) -> usize {
    let mut line_ends = 0;
    for chunk in chunks {
        line_ends += memchr2_iter(b'\n', b'\r', chunk).count();
        copy_chunk(chunk, memory);
    }
    line_ends
}

fn copy_chunk(chunk: &[u8], memory: &mut [u8]) {
    memory[..chunk.len()].copy_from_slice(chunk);
    black_box(memory);
}

/// Searches each event's data for line breaks, and copies the event's wire bytes to `out`. Returns the number of bytes.
#[must_use]
pub fn search_and_copy(corpus: &Corpus, out: &mut [u8]) -> usize {
    let mut written = 0;
    for message in &corpus.messages {
        // All line breaks, because an encoder must find all.
        black_box(memchr2_iter(b'\n', b'\r', message.data.as_bytes()).count());
        let event = &corpus.stream[message.wire.clone()];
        out[written..written + event.len()].copy_from_slice(event);
        written += event.len();
    }
    written
}
