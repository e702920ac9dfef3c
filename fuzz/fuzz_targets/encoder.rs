//! Checks the encoder: decoder and oracle read back any event exactly, the length is exact, and an output gets all of
//! an event or nothing.
#![no_main]

#[path = "../../tests/support/drive.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod drive;
#[path = "../../tests/support/oracle.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod oracle;

use arbitrary::Arbitrary;
use drive::{Call, as_bytes, feed};
use libfuzzer_sys::fuzz_target;
use oracle::{Client, Output, Own, latin1};
use sse_wire::{BufferTooSmall, Decoder, Event, EventId, EventType, GrowingBuffer};
use std::time::Duration;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    comment: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    retry: Option<u64>,
    data: Option<&'a [u8]>,
    /// The position at which formatted data is split in two, and data in pieces for the first time.
    split: u8,
    /// The lengths of the pieces after it.
    pieces: [u8; 4],
    /// The buffer size of a writer beyond the minimum.
    buffer: u8,
    missing: u8,
}

fuzz_target!(|input: Input<'_>| {
    let mut event = Event::new();
    let mut expected = Client::default();
    if let Some(comment) = input.comment {
        event = event.comment_bytes(comment);
        let lines = latin1(comment).replace("\r\n", "\n").replace('\r', "\n").split('\n').count();
        expected.comments = lines.try_into().expect("the input is short");
    }
    let mut own = Own::default();
    let mut expected_type = "message".to_string();
    if let Some(bytes) = input.event_type {
        match EventType::from_bytes(bytes) {
            Ok(event_type) => {
                event = event.event_type(event_type);
                if !bytes.is_empty() {
                    expected_type = latin1(bytes);
                }
            }
            Err(error) => assert!(b"\n\r".contains(&error.byte) && bytes.contains(&error.byte)),
        }
    }
    if let Some(bytes) = input.id {
        match EventId::from_bytes(bytes) {
            Ok(id) => {
                event = event.id(id);
                expected.last_event_id = latin1(bytes);
                own.id = Some(latin1(bytes));
            }
            Err(error) => assert!(b"\n\r\0".contains(&error.byte) && bytes.contains(&error.byte)),
        }
    }
    if let Some(milliseconds) = input.retry {
        event = event.retry(Duration::from_millis(milliseconds));
        expected.retry = Some(milliseconds.into());
        own.retry = expected.retry;
    }
    let mut outputs = Vec::new();
    if let Some(data) = input.data {
        event = event.data_bytes(data);
        outputs.push(Output::Event {
            event_type: expected_type,
            data: latin1(data).replace("\r\n", "\n").replace('\r', "\n"),
            last_event_id: expected.last_event_id.clone(),
            own,
        });
    }

    let needed = event.encoded_len();
    let mut out = vec![0xA5; needed];
    let bytes = event.encode(&mut out).expect("the length is exact").to_vec();
    assert_eq!(bytes.len(), needed);

    let mut found = Client::default();
    assert_eq!(oracle::limited(&mut found, &bytes, usize::MAX), outputs);
    assert_eq!(found, expected);
    let mut decoder = Decoder::new(GrowingBuffer::with_limit(usize::MAX));
    assert_eq!(feed(&mut decoder, &bytes, Call::Next, as_bytes), outputs);
    assert_eq!(drive::client(&decoder), expected);

    let mut small = vec![0xA5; needed.saturating_sub(usize::from(input.missing) + 1)];
    assert_eq!(event.encode(&mut small), Err(BufferTooSmall { needed }));
    assert!(small.iter().all(|&byte| byte == 0xA5), "touched");

    let mut appended = b"before".to_vec();
    event.append_to(&mut appended).expect("a vector grows");
    assert_eq!(&appended[6..], &bytes[..]);

    if let Some(data) = input.data {
        let pieces = pieces(data, &input);
        for (missing, out) in [(0, vec![0; needed]), (usize::from(input.missing) + 1, small)] {
            let mut out = out;
            let mut writer = event.begin(&mut out);
            pieces.iter().for_each(|piece| writer.write_bytes(piece));
            let written = writer.finish().map(|bytes| bytes.to_vec());
            let error = BufferTooSmall { needed };
            assert_eq!(written, if missing == 0 { Ok(bytes.clone()) } else { Err(error) });
        }
        let mut appended = b"before".to_vec();
        let mut writer = event.begin_append(&mut appended);
        pieces.iter().for_each(|piece| writer.write_bytes(piece));
        drop(writer);
        assert_eq!(appended, b"before");

        // A writer over a connection, with a minimal buffer.
        let head = event.begin(&mut []).finish().expect_err("an empty slice is too small").needed
            - "data: \n\n".len();
        let mut wire = vec![0; needed];
        let buffer = vec![0; head + 15 + usize::from(input.buffer)];
        let mut writer = sse_wire::io::blocking::EventWriter::new(&mut wire[..], buffer);
        let mut guard = writer.begin(&event).expect("the buffer is large enough");
        for piece in pieces {
            embedded_io::Write::write_all(&mut guard, piece).expect("the wire is long enough");
        }
        guard.finish().expect("the wire is long enough");
        assert!(writer.into_inner().is_empty(), "bytes are missing");
        assert_eq!(wire, bytes);
    }

    if let Some(data) = input.data.and_then(|data| std::str::from_utf8(data).ok()) {
        let split = data.floor_char_boundary(input.split.into());
        let (first, second) = data.split_at(split);
        let mut out = vec![0; needed];
        let formatted = event.data_fmt(format_args!("{first}{second}")).encode(&mut out);
        assert_eq!(formatted.map(|bytes| bytes.to_vec()), Ok(bytes));
    }
});

fn pieces<'a>(mut data: &'a [u8], input: &Input<'_>) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in [input.split].iter().chain(&input.pieces) {
        let (piece, rest) = data.split_at(usize::from(*length).min(data.len()));
        pieces.push(piece);
        data = rest;
    }
    pieces.push(data);
    pieces
}
