//! Decodes the vectors recorded from browsers, as events and as tokens: in the listed chunks, whole, byte by byte, and
//! short ones split in two at every position.

use crate::support::drive::{READERS, as_text, lines, read_stream, split};
use crate::support::oracle::{self, Client, Output, Own};
use crate::support::vectors::{Vector, are_left_out, reconnections, vectors};
use sse_wire::{CONTENT_TYPE, Decoder, EventSource, LAST_EVENT_ID, Response, Tokenizer};

/// Streams of at most this length, in bytes, are also split in two at every position.
const SHORT: usize = 200;

/// The number of free bytes in the buffer. With this many more than the stream has, any event of it fits.
const SPARE: usize = 8;

fn splits(vector: &Vector) -> Vec<Vec<usize>> {
    let len = vector.stream.len();
    let mut splits = vec![vector.chunks.clone(), vec![], vec![1; len]];
    if len <= SHORT {
        splits.extend((0..=len).map(|at| vec![at]));
    }
    splits
}

fn check(file: &str, count: usize, counted_chunks: usize) {
    if are_left_out() {
        return;
    }
    let vectors = vectors(file);
    assert_eq!(vectors.len(), count, "{file}: vectors are missing");
    let with_after_chunk = vectors.iter().filter(|vector| vector.after_chunk.is_some());
    assert_eq!(with_after_chunk.count(), counted_chunks, "{file}: counts of events are missing");
    for vector in &vectors {
        let Vector { name, stream, events, .. } = vector;
        let mut buffer = vec![0; stream.len() + SPARE];
        for lengths in splits(vector) {
            let chunks = split(stream, &lengths);
            for &reader in READERS {
                let decoder = Decoder::new(&mut buffer[..]);
                let (found, _) = read_stream(decoder, &chunks, reader, as_text);
                assert!(
                    found == *events,
                    "{file} {name} {reader:?} split at {lengths:?}: {found:?}"
                );

                #[cfg(feature = "alloc")]
                {
                    let growing = sse_wire::GrowingBuffer::with_limit(stream.len() + SPARE);
                    let (found, _) = read_stream(Decoder::new(growing), &chunks, reader, as_text);
                    assert!(
                        found == *events,
                        "{file} {name} {reader:?} growing, split at {lengths:?}"
                    );
                }
            }

            let lines = lines(&mut Tokenizer::new(), &chunks);
            let found = oracle::events(&lines);
            let found: Vec<Output> = found.into_iter().map(to_text).collect();
            assert!(found == *events, "{file} {name} tokens, split at {lengths:?}: {found:?}");
        }
        if let Some(after_chunk) = &vector.after_chunk {
            assert_eq!(after_chunk.len(), vector.chunks.len(), "{file} {name}");
            for &reader in READERS {
                let chunks = split(stream, &vector.chunks);
                for (at, expected) in after_chunk.iter().enumerate() {
                    let decoder = Decoder::new(&mut buffer[..]);
                    let (found, _) = read_stream(decoder, &chunks[..=at], reader, as_text);
                    assert_eq!(found.len(), *expected, "{file} {name} {reader:?}: an event waits");
                }
            }
        }
    }
}

/// Converts text with a character for each byte to UTF-8 text.
fn to_text(output: Output) -> Output {
    let text = |bytes: String| {
        let bytes: Vec<u8> = bytes.chars().map(|c| u8::try_from(c).unwrap()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    match output {
        Output::Event { event_type, data, last_event_id, .. } => Output::Event {
            event_type: text(event_type),
            data: text(data),
            last_event_id: text(last_event_id),
            own: Own::default(),
        },
        Output::TooLong => Output::TooLong,
    }
}

#[test]
fn public() {
    check("public", 2532, 116);
}

#[test]
fn disagreements() {
    check("disagreements", 506, 2);
}

#[test]
fn large() {
    check("large", 20, 0);
}

#[test]
fn reconnect() {
    if are_left_out() {
        return;
    }
    let vectors = reconnections();
    assert_eq!(vectors.len(), 51, "vectors are missing");
    for vector in vectors {
        let name = &vector.name;
        let requests = vector.headers.len();
        assert!(requests > 1, "{name}: no reconnection");
        assert_eq!((vector.streams.len(), vector.events.len()), (requests, requests), "{name}");
        for &reader in READERS {
            for chunk in [1, 3, usize::MAX] {
                let mut decoder = Decoder::new([0; 256]);
                for (at, stream) in vector.streams.iter().enumerate() {
                    if at > 0 {
                        decoder.reconnect();
                    }
                    // A header value on the wire: without surrounding spaces, and in UTF-8.
                    let id = String::from_utf8_lossy(decoder.last_event_id()).into_owned();
                    let header = (!id.is_empty()).then(|| id.trim_matches(' ').as_bytes().to_vec());
                    assert_eq!(header, vector.headers[at], "{name}: header of request {at}");

                    let chunks: Vec<&[u8]> =
                        stream.chunks(chunk.min(stream.len()).max(1)).collect();
                    let found;
                    (found, decoder) = read_stream(decoder, &chunks, reader, as_text);
                    assert_eq!(found, vector.events[at], "{name} {reader:?}: stream {at}");
                }
                let retry = decoder.reconnection_time().map(|time| time.as_millis() as u64);
                assert_eq!(retry, vector.retry_ms, "{name}: reconnection time");
            }
        }
    }
}

/// `EventSource` sends and dispatches what both browsers do, over several connections.
#[test]
fn reconnect_with_event_source() {
    if are_left_out() {
        return;
    }
    for vector in reconnections() {
        let name = &vector.name;
        for chunk in [1, 3, usize::MAX] {
            let mut source = EventSource::new(Decoder::new([0; 256]));
            for (at, stream) in vector.streams.iter().enumerate() {
                assert!(source.connect(0).is_some());
                let header = source.headers().find(|header| header.0 == LAST_EVENT_ID);
                let header = header.map(|(_, id)| {
                    String::from_utf8_lossy(id).trim_matches(' ').as_bytes().to_vec()
                });
                assert_eq!(header, vector.headers[at], "{name}: header of request {at}");

                source.open(&Response::new(200).header("Content-Type", CONTENT_TYPE)).unwrap();
                let mut found = Vec::new();
                for mut chunk in stream.chunks(chunk.min(stream.len()).max(1)) {
                    while let Some(event) = source.next(&mut chunk) {
                        found.push(as_text(&event.unwrap()));
                    }
                }
                assert_eq!(found, vector.events[at], "{name}: stream {at}");
            }
            let retry = source.decoder().reconnection_time().map(|time| time.as_millis() as u64);
            assert_eq!(retry, vector.retry_ms, "{name}: reconnection time");
        }
    }
}

/// Compares the oracle with the browsers.
#[test]
fn oracle_is_the_browsers() {
    if are_left_out() {
        return;
    }
    for file in ["public", "disagreements", "large"] {
        for vector in vectors(file) {
            let found = oracle::spec(&mut Client::default(), &vector.stream);
            assert!(found == vector.events, "{file} {}: {found:?}", vector.name);
        }
    }
}
