//! Compares the tokenizer with the oracle: any stream, any chunks. The input is one byte for the number of chunk
//! lengths, the lengths, and the stream.
#![no_main]

#[path = "../../tests/support/drive.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod drive;
#[path = "../../tests/support/oracle.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod oracle;

use libfuzzer_sys::fuzz_target;
use sse_wire::Tokenizer;

fuzz_target!(|input: &[u8]| {
    let Some((&count, rest)) = input.split_first() else { return };
    let (lengths, stream) = rest.split_at(usize::from(count).min(rest.len()));
    let lengths: Vec<usize> = lengths.iter().copied().map(usize::from).collect();

    let (expected, unfinished) = oracle::byte_lines(stream);
    for lengths in [lengths, vec![1; stream.len()]] {
        let mut tokenizer = Tokenizer::new();
        assert_eq!(drive::lines(&mut tokenizer, &drive::split(stream, &lengths)), expected);
        assert_eq!(tokenizer.is_mid_line(), !unfinished.is_empty());
    }
});
