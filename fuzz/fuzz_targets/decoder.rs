//! Compares the decoder with the oracle: any stream, any chunks, any buffer, by each method and reader, and again after
//! a reconnection. The input is one byte for the buffer size, one for the number of chunk lengths, the lengths, and the
//! stream.
#![no_main]

#[path = "../../tests/support/drive.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod drive;
#[path = "../../tests/support/oracle.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod oracle;

use drive::{
    Call, READERS, Reader, as_bytes, as_text, client, feed_all, read_stream, saturated, split,
};
use libfuzzer_sys::fuzz_target;
use oracle::Client;
use sse_wire::{Buffer, Decoder, GrowingBuffer};

fn check<B: Buffer>(mut decoder: Decoder<B>, limit: usize, chunks: &[&[u8]], reader: Reader) {
    let stream = chunks.concat();
    let mut expected = Client::default();
    if decoder.set_last_event_id(b"41").is_ok() {
        expected.last_event_id = "41".into();
    }
    for _ in 0..2 {
        let outputs = oracle::limited(&mut expected, &stream, limit);
        let (found, read) = read_stream(decoder, chunks, reader, as_bytes);
        assert_eq!(found, outputs, "{reader:?}");
        assert_eq!(client(&read), saturated(expected.clone()), "{reader:?}");
        decoder = read;
        decoder.reconnect();
    }
}

fuzz_target!(|input: &[u8]| {
    let [limit, count, rest @ ..] = input else { return };
    let limit = usize::from(*limit);
    let (lengths, stream) = rest.split_at(usize::from(*count).min(rest.len()));
    let lengths: Vec<usize> = lengths.iter().copied().map(usize::from).collect();

    for lengths in [lengths, vec![1; stream.len()]] {
        let chunks = split(stream, &lengths);
        for &reader in READERS {
            let mut buffer = [0; 255];
            check(Decoder::new(&mut buffer[..limit]), limit, &chunks, reader);
            check(Decoder::new(GrowingBuffer::with_limit(limit)), limit, &chunks, reader);
        }
    }

    let mut decoder = Decoder::new(GrowingBuffer::with_limit(usize::MAX));
    let expected = oracle::spec(&mut Client::default(), stream);
    assert_eq!(feed_all(&mut decoder, &[stream], Call::Next, as_text), expected);
});
