//! An allocator that refuses costs an event, and nothing else.
#![cfg(feature = "alloc")]
#![allow(clippy::restriction, reason = "tests may panic")]
#![allow(unsafe_code, reason = "an allocator that refuses is unsafe to implement")]

mod support;

use sse_wire::{DecodeError, Decoder, Event, GrowingBuffer};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::drive::cut;

struct Refusing;

thread_local! {
    /// So many allocations are granted yet.
    static GRANTED: Cell<usize> = const { Cell::new(usize::MAX) };
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
            None => std::ptr::null_mut(),
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

/// Wherever memory runs out in an event, the ids are right and the next event is whole.
#[test]
fn an_event_is_given_up_and_no_more() {
    let long = "x".repeat(700);
    let streams = [
        format!("event: {long}\nid: 42\ndata: a"),
        format!("event: {long}\nid: 42\nevent: b\ndata: a"),
        format!("id: 42\ndata: {long}\ndata: {long}\nevent: {long}"),
        format!("data: a\nid: 42\nevent: {long}\ndata: {long}"),
        format!("data: {long}\nid: 42{long}"),
    ];
    let mut refused = 0;
    for stream in &streams {
        for length in (1..stream.len()).step_by(7) {
            let chunks = cut(stream.as_bytes(), &vec![length; stream.len() / length]);
            for granted in 0..12 {
                let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
                decoder.set_last_event_id(b"41").unwrap();
                let mut end = None;
                refused += usize::from(with_allocations(granted, || {
                    for mut chunk in chunks.iter().copied() {
                        assert!(decoder.next(&mut chunk).is_none());
                    }
                    end = decoder.next(&mut &b"\n\n"[..]).map(|result| result.map(drop));
                }));
                assert!(matches!(end, Some(Ok(()) | Err(DecodeError::EventTooLong))), "{end:?}");
                let id = decoder.last_event_id();
                assert!(id == b"41" || id.starts_with(b"42"), "{}", id.escape_ascii());

                let next = decoder.next(&mut &b"data: next\ndata: one\n\n"[..]).unwrap().unwrap();
                assert_eq!((next.event_type(), next.data()), (&b"message"[..], &b"next\none"[..]));

                with_allocations(0, || decoder.reconnect());
                let id = decoder.last_event_id();
                assert!(id == b"41" || id.starts_with(b"42"), "{}", id.escape_ascii());
            }
        }
    }
    assert!(refused > 1000, "{refused} runs ran out of memory");
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
