//! Tests that a failed allocation loses one event, and nothing else.
#![cfg(feature = "alloc")]
#![allow(clippy::restriction, reason = "tests may panic")]
#![allow(unsafe_code, reason = "an allocator that refuses is unsafe to implement")]

mod support;

use sse_wire::{
    DecodeError, Decoder, Event, GrowingBuffer, LastEventIdError, MessageEvent, Progress,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashMap;
use support::drive::split;

struct Refusing;

thread_local! {
    /// The number of allocations that succeed before the first failure.
    static GRANTED: Cell<usize> = const { Cell::new(usize::MAX) };
    /// The number of allocations that fail after that. All later ones succeed.
    static REFUSED: Cell<usize> = const { Cell::new(usize::MAX) };
    /// The number of failed allocations.
    static REFUSALS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: `System` does the work, or the allocation fails.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match GRANTED.get().checked_sub(1) {
            // SAFETY: the caller fulfils the contract.
            Some(left) => unsafe {
                GRANTED.set(if left == usize::MAX - 1 { usize::MAX } else { left });
                System.alloc(layout)
            },
            None => {
                REFUSALS.set(REFUSALS.get() + 1);
                REFUSED.set(REFUSED.get() - 1);
                if REFUSED.get() == 0 {
                    GRANTED.set(usize::MAX);
                }
                std::ptr::null_mut()
            }
        }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller fulfils the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// Runs with this number of allocations. Returns whether one failed.
fn with_allocations(granted: usize, run: impl FnOnce()) -> bool {
    REFUSALS.set(0);
    GRANTED.set(granted);
    run();
    GRANTED.set(usize::MAX);
    REFUSALS.get() > 0
}

/// A decoder, and the method that returns its events.
enum Subject<'c> {
    Next(Decoder<GrowingBuffer>),
    Decode(Decoder<GrowingBuffer>),
    #[cfg(feature = "embedded-io-v0.7")]
    Blocking(sse_wire::io::blocking::EventReader<&'c [u8], GrowingBuffer>),
    #[cfg(feature = "embedded-io-async-v0.7")]
    Async(sse_wire::io::asynch::EventReader<&'c [u8], GrowingBuffer>),
    #[allow(dead_code, reason = "the lifetime is that of a reader's chunks")]
    None(&'c [u8]),
}

impl<'c> Subject<'c> {
    /// One of each kind, with last event ID `41`.
    fn all() -> Vec<Self> {
        let decoder = || {
            let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
            decoder.set_last_event_id(b"41").unwrap();
            decoder
        };
        vec![
            Self::Next(decoder()),
            Self::Decode(decoder()),
            #[cfg(feature = "embedded-io-v0.7")]
            Self::Blocking(sse_wire::io::blocking::EventReader::with_decoder(&[], decoder())),
            #[cfg(feature = "embedded-io-async-v0.7")]
            Self::Async(sse_wire::io::asynch::EventReader::with_decoder(&[], decoder())),
        ]
    }

    fn name(&self) -> &str {
        match self {
            Self::Next(_) => "next",
            Self::Decode(_) => "decode",
            #[cfg(feature = "embedded-io-v0.7")]
            Self::Blocking(_) => "blocking reader",
            #[cfg(feature = "embedded-io-async-v0.7")]
            Self::Async(_) => "async reader",
            Self::None(_) => unreachable!(),
        }
    }

    fn decoder(&self) -> &Decoder<GrowingBuffer> {
        match self {
            Self::Next(decoder) | Self::Decode(decoder) => decoder,
            #[cfg(feature = "embedded-io-v0.7")]
            Self::Blocking(reader) => reader.decoder(),
            #[cfg(feature = "embedded-io-async-v0.7")]
            Self::Async(reader) => reader.decoder(),
            Self::None(_) => unreachable!(),
        }
    }

    fn reconnect(&mut self) {
        match self {
            Self::Next(decoder) | Self::Decode(decoder) => decoder.reconnect(),
            #[cfg(feature = "embedded-io-v0.7")]
            Self::Blocking(reader) => drop(reader.reconnect(&[])),
            #[cfg(feature = "embedded-io-async-v0.7")]
            Self::Async(reader) => drop(reader.reconnect(&[])),
            Self::None(_) => unreachable!(),
        }
    }

    /// Decodes `chunk` without an allocation. Returns whether it contains the expected event.
    fn take(
        &mut self,
        mut chunk: &'c [u8],
        expected: [&str; 3],
    ) -> Option<Result<bool, DecodeError>> {
        let is_expected = |event: MessageEvent<'_>| {
            [event.event_type(), event.data(), event.last_event_id()] == expected.map(str::as_bytes)
        };
        match self {
            Self::Next(decoder) => decoder.next(&mut chunk).map(|event| event.map(is_expected)),
            Self::Decode(decoder) => match decoder.decode(&mut chunk) {
                Ok(Progress::NeedInput) => None,
                Ok(Progress::Event) => Some(Ok(decoder.event().is_some_and(is_expected))),
                Err(error) => Some(Err(error)),
            },
            #[cfg(feature = "embedded-io-v0.7")]
            Self::Blocking(reader) => {
                *reader.connection_mut() = chunk;
                lost(reader.next()).map(|event| event.map(is_expected))
            }
            #[cfg(feature = "embedded-io-async-v0.7")]
            Self::Async(reader) => {
                *reader.connection_mut() = chunk;
                let event = embassy_futures::block_on(reader.next());
                lost(event).map(|event| event.map(is_expected))
            }
            Self::None(_) => unreachable!(),
        }
    }
}

/// Converts a reader's result to a decoder's result.
#[cfg(any(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
fn lost<T>(
    result: Result<Option<T>, sse_wire::io::ReadError<std::convert::Infallible>>,
) -> Option<Result<T, DecodeError>> {
    match result {
        Ok(event) => event.map(Ok),
        Err(sse_wire::io::ReadError::Decode(error)) => Some(Err(error)),
        Err(sse_wire::io::ReadError::Io(never)) => match never {},
    }
}

/// Wherever in an event memory runs out, the IDs are right and the next event is complete.
#[test]
fn an_event_is_given_up_and_no_more() {
    let long = &"x".repeat(700);
    let twice = &format!("{long}\n{long}");
    let long_id = &format!("42{long}");
    let streams = [
        (format!("event: {long}\nid: 42\ndata: a\n\n"), [long, "a", "42"]),
        (format!("event: {long}\nid: 42\nevent: b\ndata: a\n\n"), ["b", "a", "42"]),
        (format!("id: 42\ndata: {long}\ndata: {long}\nevent: {long}\n\n"), [long, twice, "42"]),
        (
            format!("data: a\nid: 42\nevent: {long}\ndata: {long}\n\n"),
            [long, &format!("a\n{long}"), "42"],
        ),
        (format!("data: {long}\nid: 42{long}\n\n"), ["message", long, long_id]),
        (format!("data: {long}\ndata: {long}\n\n"), ["message", twice, "41"]),
    ];
    let mut refused = HashMap::new();
    for (stream, expected) in &streams {
        for refusals in [1, 2, 3, 4, usize::MAX] {
            for length in (1..stream.len()).step_by(7).chain([stream.len()]) {
                let chunks = split(stream.as_bytes(), &vec![length; stream.len() / length]);
                for granted in 0..12 {
                    for mut subject in Subject::all() {
                        let name = subject.name().to_owned();
                        let mut end = None;
                        REFUSED.set(refusals);
                        let is_refused = with_allocations(granted, || {
                            for chunk in &chunks {
                                end = end.or(subject.take(chunk, *expected));
                            }
                        });
                        let id = subject.decoder().last_event_id();
                        let is_old = id == b"41";
                        let is_new = id == expected[2].as_bytes();
                        match end {
                            Some(Ok(is_expected)) => assert!(is_expected && is_new, "{name}"),
                            Some(Err(DecodeError::OutOfMemory)) => {
                                assert!(is_refused, "{name}: memory was there");
                                assert!(is_old || is_new, "{name}: {}", id.escape_ascii());
                                *refused.entry(name.clone()).or_insert(0) += 1;
                            }
                            _ => panic!("{name}: {end:?}"),
                        }

                        let id = std::str::from_utf8(id).unwrap().to_owned();
                        let next = subject
                            .take(b"data: next\ndata: one\n\n", ["message", "next\none", &id]);
                        assert_eq!(next, Some(Ok(true)), "{name}");

                        REFUSED.set(usize::MAX);
                        with_allocations(0, || subject.reconnect());
                        assert_eq!(subject.decoder().last_event_id(), id.as_bytes(), "{name}");
                    }
                }
            }
        }
    }
    for subject in Subject::all() {
        let refused = refused.get(subject.name()).copied().unwrap_or_default();
        assert!(refused > 1000, "{}: {refused} runs ran out of memory", subject.name());
    }
}

/// A short event needs memory for its ID, however it is split. A reader returned the event with the
/// ID of the previous event.
#[test]
fn an_event_whose_id_has_no_memory() {
    let long_id = "4".repeat(300);
    let with_id = format!("id: {long_id}\ndata: a\n\n");
    let scattered = format!("event: e\ndata: a\nid: {long_id}\ndata: b\n\n");
    for event in [&with_id, &scattered] {
        for at in 0..event.len() {
            let (first, second) = event.as_bytes().split_at(at);
            for mut subject in Subject::all() {
                let name = subject.name().to_owned();
                let mut end = None;
                assert_eq!(subject.take(b"data: 1\n\n", ["message", "1", "41"]), Some(Ok(true)));
                with_allocations(0, || {
                    for chunk in [first, second] {
                        end = end.or(subject.take(chunk, ["", "", ""]));
                    }
                });
                assert_eq!(end, Some(Err(DecodeError::OutOfMemory)), "{name} split at {at}");
                assert_eq!(subject.decoder().last_event_id(), b"41", "{name} split at {at}");
                let next = subject.take(b"id: 43\ndata: next\n\n", ["message", "next", "43"]);
                assert_eq!(next, Some(Ok(true)), "{name} split at {at}");
            }
        }
    }
}

/// A buffer without an allocation cannot hold an ID either. A borrowed event needs no allocation.
#[cfg_attr(
    any(not(target_pointer_width = "64"), sse_wire_small),
    ignore = "where short code counts, every event is copied"
)]
#[test]
fn the_first_event_has_no_memory() {
    for event in ["id: 42\ndata: a\n\n", "event: e\ndata: a\ndata: b\nid: 42\n\n"] {
        for at in 0..event.len() {
            let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
            let (first, second) = event.as_bytes().split_at(at);
            let mut end = None;
            with_allocations(0, || {
                let mut chunk: &[u8] = b"data: 1\n\n";
                assert!(decoder.next(&mut chunk).is_some_and(|event| event.is_ok()));
                for mut chunk in [first, second] {
                    end = end.or(decoder.next(&mut chunk).map(|event| event.map(drop)));
                }
            });
            assert_eq!(end, Some(Err(DecodeError::OutOfMemory)), "{event:?} split at {at}");
            assert_eq!(decoder.last_event_id(), b"");
            let next = decoder.next(&mut &b"id: 43\ndata: next\n\n"[..]).unwrap().unwrap();
            assert_eq!((next.data(), next.last_event_id()), (&b"next"[..], &b"43"[..]));
        }
    }
}

/// An ID is small: it is kept even if the event does not fit.
#[test]
fn the_id_outlives_the_event() {
    let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
    decoder.set_last_event_id(b"41").unwrap();
    let stream = format!("event: {}\nid: 42\n", "x".repeat(700));
    let mut event = Some(());
    let is_refused = with_allocations(0, || {
        event = decoder.next(&mut stream.as_bytes()).map(drop);
    });
    assert!(is_refused && event.is_none());
    assert!(decoder.is_too_long(), "it is known before the blank line");
    assert_eq!(decoder.next(&mut &b"\n"[..]), Some(Err(DecodeError::OutOfMemory)));
    assert_eq!(decoder.last_event_id(), b"42");
}

/// Setting an ID without memory for it is an error of its own, and changes nothing.
#[test]
fn setting_an_id_that_has_no_memory() {
    let mut decoder = Decoder::new(GrowingBuffer::with_limit(1000));
    let long = [b'4'; 500];
    let mut set = |id: &[u8]| {
        let mut result = Ok(());
        with_allocations(0, || result = decoder.set_last_event_id(id));
        (result, decoder.last_event_id().to_vec())
    };
    assert_eq!(set(b"41"), (Err(LastEventIdError::OutOfMemory), b"".to_vec()));
    assert_eq!(set(&[b'4'; 1001]), (Err(LastEventIdError::TooLong), b"".to_vec()));
    decoder.set_last_event_id(b"41").unwrap();
    let mut set = |id: &[u8]| {
        let mut result = Ok(());
        with_allocations(0, || result = decoder.set_last_event_id(id));
        (result, decoder.last_event_id().to_vec())
    };
    assert_eq!(set(&long), (Err(LastEventIdError::OutOfMemory), b"41".to_vec()));
    assert_eq!(set(b"42"), (Ok(()), b"42".to_vec()));
    assert_eq!(set(b""), (Ok(()), b"".to_vec()));
}

#[test]
fn a_vector_is_as_before() {
    let data = "line\n".repeat(100);
    let event = Event::new().data(&data);
    for granted in 0..4 {
        let mut out = b"before".to_vec();
        let mut result = Ok(());
        let is_refused = with_allocations(granted, || result = event.append_to(&mut out));
        assert_eq!(result.is_err(), is_refused);
        assert!(granted > 0 || is_refused, "there is an allocation that can be refused");
        if let Err(error) = result {
            assert_eq!(error.needed, event.encoded_len());
            assert_eq!(out, b"before");
        }
    }
}
