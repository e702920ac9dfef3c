//! The crate against the oracle: any stream, any cutting, any buffer, every way in.
#![allow(clippy::restriction, reason = "tests may panic")]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::{Buffer, Decoder, Tokenizer};
use support::drive::{
    Call, WAYS, Way, as_bytes, as_text, client, cut, feed_all, lines, read_stream, saturated,
};
use support::oracle::{self, Client};

/// Pieces that make trouble where they meet.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let text = |pieces: &'static [&'static str]| {
        prop::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec())
    };
    prop_oneof![
        6 => text(&["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r"]),
        6 => text(&["data", "data:", "data: ", "data:  ", "\ndata: "]),
        5 => text(&["id", "id:", "id: ", "\nid: ", "id: 1\n", "id\n", "id: long-long-long\n"]),
        4 => text(&["event", "event:", "event: ", "\nevent: ", "event: temp\n", "event:\n"]),
        3 => text(&["retry", "retry:", "retry: 12\n", "retry: 1x\n", "retry:99999999999999999999\n"]),
        4 => text(&[":", ": ", " ", ":: ", ": keep-alive\n\n"]),
        2 => text(&["d", "dat", "i", "ev", "retr", "Data: ", "datax: ", "unknown: value\n"]),
        2 => text(&["\u{FEFF}", "\0", "id: 1\0\u{32}\n", "\u{1F600}", "\u{E9}"]),
        2 => prop::sample::select(vec![
            b"\xEF".to_vec(), b"\xEF\xBB".to_vec(), b"\xBF".to_vec(), b"\xFF".to_vec(),
            b"\xF0\x9F\x98".to_vec(), b"\xC0\x80".to_vec(), b"\x80".to_vec(),
        ]),
        3 => (any::<u8>(), 1..40_usize).prop_map(|(byte, n)| vec![byte; n]),
        2 => text(&["data: 23.4\n\n", "event: a\nid: 7\ndata: x\n\n", "id: 8\n\n", "data\n\n"]),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

/// Streams for one client, each with the lengths of its chunks.
fn streams() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<usize>)>> {
    let lengths = prop_oneof![vec(0..12_usize, 0..60), Just(vec![1; 400]), Just(vec![])];
    vec((stream(), lengths), 1..4)
}

/// Lines as servers send them, of lengths around those that are searched and copied differently: `next` can
/// borrow them from a chunk, as far as the cutting and the buffer let it.
fn usual_stream() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        12 => 0..40_usize, 6 => 50..140_usize, 1 => 480..515_usize, 1 => 1010..1100_usize
    ];
    let start = prop::sample::select(vec![
        "data: ", "data: ", "id: ", "event: ", ": ", "retry: ", "data:", "id:", "event:",
    ]);
    let end = prop::sample::select(vec!["\n", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r\r"]);
    let line = (start, b'a'..=b'z', length, end).prop_map(|(start, byte, length, end)| {
        [start.as_bytes(), &vec![byte; length], end.as_bytes()].concat()
    });
    vec(line, 0..16).prop_map(|lines| lines.concat())
}

/// The size of a buffer, and lines that just fit into it or just do not: alone, or beside another.
fn lines_about_as_long_as_the_buffer() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let size = prop_oneof![4 => 8..60_usize, 1 => 500..530_usize];
    size.prop_flat_map(|size| {
        let about = |length: usize| length.saturating_sub(6)..length + 4;
        let length =
            prop_oneof![2 => 0..4_usize, 2 => about(size - 8), 2 => about(size / 2), 1 => about(size / 3)];
        let start = prop::sample::select(vec![
            "id:", "id: ", "id: ", "data:", "data: ", "event: ", "retry:", "retry:", ":", "other:",
        ]);
        let end = prop::sample::select(vec!["\n", "\n", "\n\n", "\r\n", "\0\n", "\r\n\r\n", "\r"]);
        let line = (start, b'0'..=b'9', length, end).prop_map(|(start, byte, length, end)| {
            let value = vec![byte; length.saturating_sub(start.len())];
            [start.as_bytes(), &value, end.as_bytes()].concat()
        });
        (Just(size), vec(line, 0..14).prop_map(|lines| lines.concat()))
    })
}

/// A decoder and the oracle go through the same streams, one connection after the other.
fn check<B: Buffer>(
    mut decoder: Decoder<B>,
    limit: usize,
    streams: &[(Vec<u8>, Vec<usize>)],
    way: Way,
) -> Result<(), TestCaseError> {
    let mut expected = Client::default();
    for (stream, lengths) in streams {
        let outputs = oracle::limited(&mut expected, stream, limit);
        let (found, read) = read_stream(decoder, &cut(stream, lengths), way, as_bytes);
        prop_assert_eq!(found, outputs, "{:?} limit {}", way, limit);
        prop_assert_eq!(client(&read), saturated(expected.clone()), "{:?} limit {}", way, limit);
        decoder = read;
        decoder.reconnect();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn tokenizer(stream in stream(), lengths in vec(0..12_usize, 0..60)) {
        let (expected, rest) = oracle::byte_lines(&stream);
        let mut tokenizer = Tokenizer::new();
        prop_assert_eq!(lines(&mut tokenizer, &cut(&stream, &lengths)), expected);
        prop_assert_eq!(tokenizer.is_mid_line(), !rest.is_empty());
    }

    #[test]
    fn decoder_at_every_buffer_size(streams in streams(), limit in 0..90_usize) {
        for &way in WAYS {
            let mut buffer = vec![0xAA; limit];
            check(Decoder::new(&mut buffer[..]), limit, &streams, way)?;
        }
    }

    #[test]
    fn lines_as_servers_send_them(
        stream in usual_stream(),
        lengths in prop_oneof![vec(0..300_usize, 0..60), Just(vec![64; 300]), Just(vec![])],
        limit in prop_oneof![0..200_usize, 200..3000_usize, Just(50_000)],
    ) {
        for &way in WAYS {
            let mut buffer = vec![0xAA; limit];
            check(Decoder::new(&mut buffer[..]), limit, &[(stream.clone(), lengths.clone())], way)?;
        }
    }

    #[test]
    fn lines_around_the_limit(
        (limit, stream) in lines_about_as_long_as_the_buffer(),
        lengths in prop_oneof![vec(0..30_usize, 0..40), Just(vec![1; 6000]), Just(vec![])],
    ) {
        let streams = [(stream.clone(), lengths), (stream, vec![])];
        for &way in WAYS {
            let mut buffer = vec![0xAA; limit];
            check(Decoder::new(&mut buffer[..]), limit, &streams, way)?;
        }
    }

    #[test]
    fn decoder_with_room(streams in streams()) {
        for &way in WAYS {
            check(Decoder::new([0; 4096]), 4096, &streams, way)?;
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn growing_buffer(streams in streams(), limit in 0..90_usize) {
        use sse_wire::GrowingBuffer;
        for &way in WAYS {
            check(Decoder::new(GrowingBuffer::with_limit(limit)), limit, &streams, way)?;
            check(Decoder::new(GrowingBuffer::with_limit(4096)), 4096, &streams, way)?;
        }
        // The limit is one of memory, too.
        let mut decoder = Decoder::new(GrowingBuffer::with_limit(limit));
        for (stream, lengths) in &streams {
            for chunk in cut(stream, lengths) {
                feed_all(&mut decoder, &[chunk], Call::Decode, as_bytes);
                prop_assert!(decoder.buffer().allocated() <= limit);
            }
        }
    }

    /// The standard decodes first and splits into lines then; the crate leaves decoding to the
    /// reader.
    #[test]
    fn bytes_first_is_text_first(stream in stream()) {
        let expected = oracle::spec(&mut Client::default(), &stream);
        let mut decoder = Decoder::new([0; 4096]);
        prop_assert_eq!(feed_all(&mut decoder, &[&stream], Call::Next, as_text), expected);
    }
}

/// Every size from nothing to more than enough, on one stream that has everything.
#[test]
fn every_buffer_size() {
    let stream = b"\xEF\xBB\xBFretry: 5\nid: 1\nevent: temp\ndata: one\ndata: two\n\nid: 22\n\n\
        data: a long line that may be too long for the buffer\nid: 333\nretry: 6\n\n: note\n\n\
        event: a-type-that-may-be-too-long-for-it\nid: 4\ndata: x\nid: 55\n\ndata\r\rid\r\n\r\n\
        data: tail";
    for limit in 0..stream.len() {
        for length in 1..stream.len() {
            for &way in WAYS {
                let lengths = vec![length; stream.len() / length];
                let mut buffer = vec![0; limit];
                let streams = [(stream.to_vec(), lengths)];
                check(Decoder::new(&mut buffer[..]), limit, &streams, way).unwrap();
            }
        }
    }
}

/// Streams on which the decoder has differed from the oracle while it was written.
#[test]
fn streams_that_differed_once() {
    for stream in
        [&b"\xEF\n"[..], b"\n\xEF", b"retry: 12\ndata:data: 23.4\n\n", b"data\r\nid: dat\r\n"]
    {
        for limit in 0..64 {
            for length in 1..=stream.len() {
                for &way in WAYS {
                    let streams = [(stream.to_vec(), vec![length; stream.len() / length])];
                    let mut buffer = vec![0; limit];
                    check(Decoder::new(&mut buffer[..]), limit, &streams, way).unwrap();
                }
            }
        }
    }
}
