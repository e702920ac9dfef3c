//! Measures the memory of a stream in this crate: the size of its state, and the bytes that it has allocated.
#![cfg(all(feature = "body", feature = "json"))]
#![allow(clippy::restriction, reason = "tests may panic")]
#![allow(unsafe_code, reason = "an allocator that counts is unsafe to implement")]

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use sse_wire_http::sse_wire::{DecodeError, Event, MessageEvent};
use sse_wire_http::{EventStream, Hub, KeepAlive, Rewritten, Sink, Subscription};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

/// The goal for a waiting stream.
const GOAL: usize = 2 * 1024;
const LIMIT: usize = 64 * 1024;

struct Counting;

thread_local! {
    /// The bytes that this thread has allocated minus those that it has freed.
    static ALLOCATED: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    _ = ALLOCATED.try_with(|allocated| allocated.set(allocated.get() + bytes));
}

// SAFETY: `System` does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: The caller fulfils the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: The caller fulfils the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The result of `f`, and the heap bytes that it holds.
fn held<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATED.get();
    let value = f();
    (value, usize::try_from(ALLOCATED.get() - before).expect("it frees nothing of others"))
}

/// A stream of static chunks that waits after the last one. It allocates nothing.
fn chunks(
    chunks: [&'static str; 2],
) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
    stream::iter(chunks.map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))))
        .chain(stream::pending())
}

/// The positions at which a stream waits.
const WAITS: [(&str, [&str; 2]); 3] = [
    ("between events", ["id: 1234567890\ndata: \"one\"\n\n", ": comment\n\n"]),
    ("in an event", ["id: 1234567890\nevent: token\ndata: \"one", "two three"]),
    ("after an event that is split between chunks", ["id: 1234567890\ndata: \"one", " two\"\n\n"]),
];

/// Prints and checks the memory of a stream without its source.
fn check(what: &str, state: usize, heap: usize) {
    println!("{what}: {} bytes, {state} of them its state", state + heap);
    assert!(state + heap <= GOAL, "{what}");
}

#[test]
fn the_counter_counts() {
    let (bytes, heap) = held(|| {
        drop(vec![0_u8; 300]);
        let mut bytes = vec![0_u8; 100];
        bytes.reserve_exact(100);
        bytes
    });
    assert_eq!((bytes.capacity(), heap), (200, 200));
}

#[tokio::test]
async fn a_proxied_stream_that_waits() {
    fn rewrite(event: Result<MessageEvent<'_>, DecodeError>, sink: &mut Sink<'_>) {
        sink.send_json(&Event::new(), event.unwrap().data_str().unwrap()).unwrap();
    }
    for (waits, chunks_before) in WAITS {
        let upstream = StreamBody::new(chunks(chunks_before).map_ok(Frame::data));
        let source = size_of_val(&upstream);
        let body = Rewritten::new(upstream, LIMIT, rewrite).keep_alive(KeepAlive::new());
        let state = size_of_val(&body) - source;
        let (_body, heap) = held(|| {
            let mut body = body;
            while let Some(frame) = body.frame().now_or_never() {
                assert!(!frame.unwrap().unwrap().into_data().unwrap().is_empty());
            }
            body
        });
        check(&format!("a proxied stream, {waits}"), state, heap);
    }
}

#[tokio::test]
async fn an_event_stream_that_waits() {
    for (waits, chunks_before) in WAITS {
        let source = chunks(chunks_before);
        let size = size_of_val(&source);
        let events: EventStream<_> = EventStream::with_limit(source, LIMIT);
        let state = size_of_val(&events) - size;
        let (_events, heap) = held(|| {
            let mut events = events.idle_timeout(Duration::from_secs(30));
            while let Some(event) = events.next().now_or_never() {
                assert!(event.unwrap().unwrap().data.starts_with('"'));
            }
            events
        });
        check(&format!("an event stream, {waits}"), state, heap);
    }
}

#[tokio::test]
async fn a_subscription_that_waits() {
    let hub = Hub::new(LIMIT);
    let (_events, heap) = held(|| {
        let mut events = hub.subscribe(None);
        hub.publish(&Event::new().data("one")).unwrap();
        // The client's ID, and the event.
        (0..2).for_each(|_| assert!(events.next().now_or_never().is_some()));
        // The newest event belongs to the hub, not the client.
        assert!(events.next().now_or_never().is_none());
        events
    });
    check("a subscription", size_of::<Subscription>(), heap);
}

#[tokio::test]
async fn what_a_large_event_took_is_given_back() {
    let text: &'static str = Box::leak("x".repeat(LIMIT / 2).into_boxed_str());
    for small in [0, 100] {
        let mut parts = vec!["data: ", text, "\n\n"];
        for _ in 0..small {
            parts.extend(["data: sm", "all\n\n"]);
        }
        let parts =
            parts.into_iter().map(|part| Ok::<_, Infallible>(Bytes::from_static(part.as_bytes())));
        let source = stream::iter(parts.collect::<Vec<_>>()).chain(stream::pending());
        let mut events: EventStream<_> = EventStream::with_limit(source, LIMIT);
        let mut most = 0;
        while let Some(event) = events.next().now_or_never() {
            assert!(!event.unwrap().unwrap().data.is_empty());
            most = most.max(events.decoder().buffer().allocated());
        }
        let last = events.decoder().buffer().allocated();
        println!("a buffer: {most} bytes for a large event, {last} after {small} small ones");
        assert!((LIMIT / 2..=LIMIT).contains(&most), "{most}");
        assert!(last <= 256, "{last}");
    }
}
