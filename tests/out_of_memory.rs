//! An allocator that refuses costs an event, and nothing else.
#![cfg(feature = "alloc")]
#![allow(clippy::restriction, reason = "tests may panic")]
#![allow(unsafe_code, reason = "an allocator that refuses is unsafe to implement")]

mod support;

use sse_wire::{DecodeError, Decoder, Event, GrowingBuffer, MessageEvent, Progress};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::drive::cut;

struct Refusing;

thread_local! {
    /// So many allocations are granted yet.
    static GRANTED: Cell<usize> = const { Cell::new(usize::MAX) };
    /// So many are refused then, before all are granted.
    static REFUSED: Cell<usize> = const { Cell::new(usize::MAX) };
}

// SAFETY: the system's allocator does the work, or none is done.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match GRANTED.get().checked_sub(1) {
            // SAFETY: as promised by the caller.
            Some(left) => unsafe {
                GRANTED.set(if left == usize::MAX - 1 { usize::MAX } else { left });
                System.alloc(layout)
            },
            None => {
                REFUSED.set(REFUSED.get() - 1);
                if REFUSED.get() == 0 {
                    GRANTED.set(usize::MAX);
                }
                std::ptr::null_mut()
            }
        }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// Runs with so many allocations, and returns whether one was refused.
fn with_allocations(granted: usize, run: impl FnOnce()) -> bool {
    GRANTED.set(granted);
    run();
    GRANTED.replace(usize::MAX) == 0
}

/// Takes what is in `chunk`, without an allocation: whether an event is the one that is expected.
fn take(
    decoder: &mut Decoder<GrowingBuffer>,
    mut chunk: &[u8],
    way: Way,
    expected: [&str; 3],
) -> Option<Result<bool, DecodeError>> {
    let is_expected = |event: MessageEvent<'_>| {
        [event.event_type(), event.data(), event.last_event_id()] == expected.map(str::as_bytes)
    };
    match way {
        Way::Next => decoder.next(&mut chunk).map(|event| event.map(is_expected)),
        Way::Decode => match decoder.decode(&mut chunk) {
            Ok(Progress::NeedInput) => None,
            Ok(Progress::Event) => Some(Ok(decoder.event().is_some_and(is_expected))),
            Err(error) => Some(Err(error)),
        },
    }
}

#[derive(Clone, Copy)]
enum Way {
    Next,
    Decode,
}

/// Both ways, with so many allocations refused in a row.
fn cases() -> impl Iterator<Item = (Way, usize)> {
    let refusals = |way| [1, 2, 3, 4, usize::MAX].map(|refusals| (way, refusals));
    [Way::Next, Way::Decode].into_iter().flat_map(refusals)
}

/// Wherever memory runs out in an event, the ids are right and the next event is whole.
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
    let mut refused = 0;
    for (stream, expected) in &streams {
        for (way, refusals) in cases() {
            for length in (1..stream.len()).step_by(7).chain([stream.len()]) {
                let chunks = cut(stream.as_bytes(), &vec![length; stream.len() / length]);
                for granted in 0..12 {
                    let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
                    decoder.set_last_event_id(b"41").unwrap();
                    let mut end = None;
                    REFUSED.set(refusals);
                    let used_up = with_allocations(granted, || {
                        for chunk in &chunks {
                            end = end.or(take(&mut decoder, chunk, way, *expected));
                        }
                    });
                    match end {
                        Some(Ok(is_expected)) => assert!(is_expected),
                        Some(Err(DecodeError::EventTooLong)) => {
                            assert!(used_up || refusals < usize::MAX)
                        }
                        _ => panic!("{end:?}"),
                    }
                    refused += usize::from(end.is_some_and(|end| end.is_err()));
                    let id = decoder.last_event_id();
                    assert!(id == b"41" || id == expected[2].as_bytes(), "{}", id.escape_ascii());

                    let next =
                        decoder.next(&mut &b"data: next\ndata: one\n\n"[..]).unwrap().unwrap();
                    assert_eq!(
                        (next.event_type(), next.data()),
                        (&b"message"[..], &b"next\none"[..])
                    );

                    REFUSED.set(usize::MAX);
                    with_allocations(0, || decoder.reconnect());
                    let id = decoder.last_event_id();
                    assert!(id == b"41" || id == expected[2].as_bytes(), "{}", id.escape_ascii());
                }
            }
        }
    }
    assert!(refused > 1000, "{refused} runs ran out of memory");
}

/// A short event needs memory for its id, however it comes.
#[test]
fn an_event_whose_id_has_no_memory() {
    for event in ["id: 42\ndata: a\n\n", "event: e\ndata: a\ndata: b\nid: 42\n\n"] {
        for at in 0..event.len() {
            let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
            let (first, second) = event.as_bytes().split_at(at);
            let mut end = None;
            with_allocations(0, || {
                let mut chunk: &[u8] = b"data: 1\n\n";
                assert!(decoder.next(&mut chunk).is_some_and(|event| event.is_ok()));
                for mut chunk in [first, second] {
                    end = end.or(decoder.next(&mut chunk).map(|event| event.is_ok()));
                }
            });
            assert_eq!(end, Some(false), "{event:?} cut at {at}");
            assert_eq!(decoder.last_event_id(), b"");
            let next = decoder.next(&mut &b"id: 43\ndata: next\n\n"[..]).unwrap().unwrap();
            assert_eq!((next.data(), next.last_event_id()), (&b"next"[..], &b"43"[..]));
        }
    }
}

/// An id is small: it is kept where an event is not.
#[test]
fn the_id_outlives_the_event() {
    let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
    decoder.set_last_event_id(b"41").unwrap();
    let stream = format!("event: {}\nid: 42\n", "x".repeat(700));
    assert!(with_allocations(0, || assert!(decoder.next(&mut stream.as_bytes()).is_none())));
    assert_eq!(decoder.next(&mut &b"\n"[..]), Some(Err(DecodeError::EventTooLong)));
    assert_eq!(decoder.last_event_id(), b"42");
}

#[test]
fn a_vector_is_as_before() {
    let data = "line\n".repeat(100);
    let event = Event::new().data(&data);
    for granted in 0..4 {
        let mut out = b"before".to_vec();
        let mut result = Ok(());
        let refused = with_allocations(granted, || result = event.append_to(&mut out));
        assert_eq!(refused, result.is_err());
        if let Err(error) = result {
            assert_eq!(error.needed, event.encoded_len());
            assert_eq!(out, b"before");
        }
    }
}
