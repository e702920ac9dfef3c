//! Tests the defmt output of each public type that has one: it contains the bytes and numbers of the value, and differs
//! for values that differ in anything else.
#![cfg(feature = "defmt")]
#![allow(clippy::restriction, reason = "tests may panic")]
#![allow(unsafe_code, reason = "a defmt logger is unsafe to implement")]

use sse_wire::{
    Backoff, DecodeError, Decoder, Event, EventId, EventSource, FormatError, LastEventIdError,
    Progress, ReadyState, Refused, ReplayBuffer, Response, Token, Tokenizer, UnsendableId,
    event_type,
};
use std::cell::RefCell;
use std::time::Duration;

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[defmt::global_logger]
struct Logger;

// SAFETY: each thread writes to its own log.
unsafe impl defmt::Logger for Logger {
    fn acquire() {}
    unsafe fn flush() {}
    unsafe fn release() {}
    unsafe fn write(bytes: &[u8]) {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
    }
}

defmt::timestamp!("");

/// The log output for `value`.
fn log(value: impl defmt::Format) -> Vec<u8> {
    defmt::error!("{}", value);
    LOG.take()
}

/// Checks that the log of `value` contains each of `parts`.
#[track_caller]
fn assert_logs(value: impl defmt::Format, parts: &[&[u8]]) {
    assert!(!parts.is_empty());
    let log = log(value);
    for part in parts {
        let found = log.windows(part.len()).any(|window| window == *part);
        assert!(found, "{} is not in {}", part.escape_ascii(), log.escape_ascii());
    }
}

/// Checks that the logs of all `values` differ.
#[track_caller]
fn assert_tells_apart<T: defmt::Format>(values: &[T]) {
    assert!(values.len() > 1);
    let logs: Vec<Vec<u8>> = values.iter().map(log).collect();
    for (at, log) in logs.iter().enumerate() {
        assert!(!logs[..at].contains(log), "{at}: {} comes twice", log.escape_ascii());
    }
}

/// A number whose bytes no log has by chance, such as among the positions of format strings.
const NUMBER: u32 = 0x0123_4567;

#[test]
fn every_public_type() {
    let bytes = NUMBER.to_le_bytes();
    let mut decoder = Decoder::new([0; 64]);
    let message =
        decoder.next(&mut &b"event: temp\nid: id-4711\ndata: 23.4\n\n"[..]).unwrap().unwrap();
    assert_logs(message, &[b"temp", b"id-4711", b"23.4"]);
    assert_logs(message.data_lossy(), &[b"23.4"]);
    #[cfg(any(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
    {
        use sse_wire::io::{BufferedError, ReadError, Received, WriteError};
        assert_logs(Received::Event(message), &[b"temp", b"id-4711", b"23.4"]);
        assert_logs(ReadError::Io(NUMBER), &[&bytes]);
        assert_logs(BufferedError::Io(NUMBER), &[&bytes]);
        assert_logs(WriteError::Io(NUMBER), &[&bytes]);
        assert_tells_apart(&[Received::Event(message), Received::Bytes, Received::End]);
        assert_tells_apart(&[
            WriteError::<u8>::WriteZero,
            WriteError::EmptyBuffer,
            WriteError::Unfinished,
        ]);
    }
    assert!(decoder.next(&mut &b"retry: 81985529216486895\n\n"[..]).is_none());
    assert_logs(&decoder, &[&0x0123_4567_89AB_CDEF_u64.to_le_bytes()]);
    assert_tells_apart(&[DecodeError::EventTooLong, DecodeError::OutOfMemory]);
    assert_tells_apart(&[Progress::Event, Progress::NeedInput]);
    assert_tells_apart(&[
        LastEventIdError::TooLong,
        LastEventIdError::ForbiddenByte,
        LastEventIdError::OutOfMemory,
    ]);

    let backoff = Backoff::new().ceiling(Duration::from_millis(NUMBER.into()));
    assert_logs(backoff, &[&bytes]);
    let mut source = EventSource::with_backoff(decoder, backoff);
    source.connect(0).unwrap();
    let response = Response::new(0x89AB).header("Retry-After", NUMBER.to_string());
    assert_logs(response, &[&[0xAB, 0x89], &bytes]);
    assert_logs(source.open(&response).unwrap_err(), &[&[0xAB, 0x89]]);
    assert_tells_apart(&[ReadyState::Connecting, ReadyState::Open, ReadyState::Closed]);
    assert_logs(&source, &[&0x0123_4567_89AB_CDEF_u64.to_le_bytes(), &bytes]);
    assert_tells_apart(&[
        Refused::ContentType,
        Refused::ContentEncoding,
        Refused::Closed,
        Refused::NotConnecting,
    ]);
    assert_tells_apart(&[UnsendableId::TooLong, UnsendableId::ControlByte]);

    let mut tokenizer = Tokenizer::new();
    let token: Token<'_> = tokenizer.next(&mut &b"data: 23.4\n"[..]).unwrap();
    assert_logs(token, &[b"23.4"]);
    assert_tells_apart(&[token, Token::Dispatch]);
    let mut mid_line = tokenizer.clone();
    assert_eq!(mid_line.next(&mut &b"dat"[..]), None);
    assert_tells_apart(&[tokenizer, mid_line]);

    let event =
        Event::new().event_type(event_type!("temp")).id(EventId::from_u64(47_114_711)).data("23.4");
    assert_logs(event, &[b"temp", b"47114711", b"23.4"]);
    assert_logs(
        event.data_fmt(format_args!("formatted {}", 41)),
        &[b"temp", b"47114711", b"formatted 41"],
    );
    assert_logs(event_type!("temp"), &[b"temp"]);
    assert_logs(EventId::new("boot").unwrap(), &[b"boot"]);
    assert_logs(EventId::new("\n").unwrap_err(), &[b"\n"]);
    // 37 bytes, and 33 without the data.
    assert_logs(event.encode(&mut []).unwrap_err(), &[&37_u32.to_le_bytes()]);
    let too_small = event.data_fmt(format_args!("")).encode(&mut []).unwrap_err();
    assert_logs(too_small, &[&33_u32.to_le_bytes()]);
    assert_tells_apart(&[too_small, FormatError::Display]);

    let mut replay = ReplayBuffer::new(4711, [0; 64]);
    replay.push(&Event::new()).unwrap();
    assert_logs(&replay, &[b"4711-"]);
    let mut cursor = replay.oldest();
    assert_tells_apart(&[cursor, replay.live()]);
    assert_tells_apart(&[replay.resume(b"4711-1"), replay.resume(b"")]);
    (0..99).for_each(|_| replay.push(&Event::new()).unwrap());
    let lagged = replay.next(&mut cursor).unwrap().unwrap_err();
    assert_logs(lagged, &[&lagged.missed.to_le_bytes()]);
    #[cfg(feature = "alloc")]
    assert_logs(sse_wire::GrowingBuffer::with_limit(NUMBER as usize), &[&bytes]);
}
