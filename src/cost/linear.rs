//! Sixteen times the input makes sixteen times the work, on the inputs for which that is hardest.

use super::of;
use crate::{Buffer, Decoder, Event, Tokenizer};
use std::vec::Vec;
use std::{format, vec};

/// The inputs are of about so many bytes.
const SIZES: [usize; 2] = [1 << 13, 1 << 17];

/// A quadratic algorithm would make 256 times the work.
#[track_caller]
fn assert_linear(what: &str, work: impl Fn(usize) -> usize) {
    let [small, large] = SIZES.map(work);
    std::println!("{what}: {small} for 8 KiB, {large} for 128 KiB");
    assert!(small >= SIZES[0] / 8, "{what}: the counter counts");
    assert!(large <= small * 20, "{what}: {small} grows to {large}");
    assert!(large <= 12 * SIZES[1], "{what}: {large} for 128 KiB");
}

fn decode<B: Buffer>(buffer: B, stream: &[u8], length: usize) -> usize {
    let mut decoder = Decoder::new(buffer);
    of(|| {
        for mut chunk in stream.chunks(length) {
            while decoder.next(&mut chunk).is_some() {}
        }
    })
}

/// In one piece, in chunks, and one byte at a time; with a buffer that has just room, one that
/// has plenty, and one that is too small.
#[track_caller]
fn assert_decoding_is_linear(what: &str, stream: impl Fn(usize) -> Vec<u8>) {
    for length in [usize::MAX, 1460, 64, 3, 1] {
        for room in [|len| len, |len| 2 * len, |len| len / 4, |_| 100] {
            assert_linear(&format!("{what}, chunks of {length}"), |size| {
                let stream = stream(size);
                let mut buffer = vec![0; room(stream.len())];
                decode(&mut buffer[..], &stream, length.min(stream.len()))
            });
        }
        #[cfg(feature = "alloc")]
        assert_linear(&format!("{what}, growing buffer, chunks of {length}"), |size| {
            let stream = stream(size);
            let buffer = crate::GrowingBuffer::with_limit(stream.len() * 2);
            decode(buffer, &stream, length.min(stream.len()))
        });
    }
}

fn lines(line: &str, size: usize) -> Vec<u8> {
    line.repeat(size / line.len()).into_bytes()
}

/// One long line, then many short ones.
fn long_then(long: &str, line: &str, size: usize) -> Vec<u8> {
    let long = format!("{long}{}\n", "x".repeat(size / 2));
    [long.into_bytes(), lines(line, size / 2), b"data: end\n\n".to_vec()].concat()
}

#[test]
fn one_long_line() {
    for name in ["data: ", "event: ", "id: ", "retry: ", ": ", "unknown: ", "unknown", "d"] {
        assert_decoding_is_linear(name, |size| {
            format!("{name}{}\ndata: end\n\n", "7".repeat(size)).into_bytes()
        });
    }
}

#[test]
fn many_short_lines() {
    for line in
        ["data: x\n", "data\r", "id: 7\r\n", "event: x\n", "retry: 7\n", ":\n", "x\n", "\n", "\r"]
    {
        assert_decoding_is_linear(line, |size| lines(line, size));
    }
}

#[test]
fn many_events() {
    let event = "event: temp\nid: 7\ndata: 23.4\ndata: 5\n\n";
    assert_decoding_is_linear("events", |size| lines(event, size));
    let ids = "id: 7\ndata: 23.4\n\nid: 777\n\n";
    assert_decoding_is_linear("events with ids of two lengths", |size| lines(ids, size));
}

/// The back of the buffer must not be shifted for each line, however the lines alternate.
#[test]
fn many_lines_beside_a_long_one() {
    for long in ["data: ", "event: ", "id: "] {
        for line in [
            "id: 7\nid: 777\n",
            "event: a\nevent: abc\n",
            "id: 7\nevent: abc\nid: 777\nevent: a\n",
            "data: x\nid: 7\nid: 777\n",
            "retry: 7\n",
            ": x\n",
        ] {
            assert_decoding_is_linear(&format!("{long}, then {line:?}"), |size| {
                long_then(long, line, size)
            });
        }
    }
}

/// A long last event ID, then events.
#[test]
fn many_events_beside_a_long_id() {
    for event in ["event: a\ndata: x\n\n", "event: a\nevent: abc\ndata: x\ndata: y\n\n"] {
        assert_decoding_is_linear(event, |size| {
            let id = format!("id: {}\n\n", "x".repeat(size / 2));
            [id.into_bytes(), lines(event, size / 2)].concat()
        });
    }
}

#[test]
fn tokens() {
    for line in ["data: x\n", "unknown", "d", "\r"] {
        for length in [1, 64, usize::MAX] {
            assert_linear(line, |size| {
                let stream = lines(line, size);
                let mut tokenizer = Tokenizer::new();
                of(|| {
                    for mut chunk in stream.chunks(length.min(stream.len())) {
                        while tokenizer.next(&mut chunk).is_some() {}
                    }
                })
            });
        }
    }
}

#[test]
fn encoding() {
    for piece in ["x", "\n", "\r", "\r\n", "line\n"] {
        assert_linear(&format!("encode {piece:?}"), |size| {
            let data = piece.repeat(size / piece.len());
            let mut out = vec![0; size * 8];
            of(|| assert!(Event::new().data(&data).encode(&mut out).is_ok()))
        });
    }
}
