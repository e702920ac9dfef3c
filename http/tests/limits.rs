//! Measures how much a hostile upstream can make this crate allocate. Each test counts in its own thread.
#![allow(clippy::restriction)]
#![allow(unsafe_code)]

mod support;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use sse_wire_http::{Error, EventStream, Eventsource};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::Chunk;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// The bytes allocated now, their maximum since `measure` began, and the total of all allocations.
    static COUNTS: Cell<(isize, isize, usize)> = const { Cell::new((0, 0, 0)) };
}

fn count(change: isize) {
    let _ = COUNTS.try_with(|counts| {
        let (mut now, mut most, mut total) = counts.get();
        now += change;
        most = most.max(now);
        total += usize::try_from(change).unwrap_or(0);
        counts.set((now, most, total));
    });
}

// SAFETY: `System` does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: The caller fulfils the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: The caller fulfils the contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The result of a function, the maximum of the bytes that it had allocated at once, and the total.
fn measure<R>(f: impl FnOnce() -> R) -> (R, usize, usize) {
    let (before, ..) = COUNTS.get();
    COUNTS.set((before, before, 0));
    let result = f();
    let (_, most, total) = COUNTS.get();
    (result, (most - before).cast_unsigned(), total)
}

const CHUNK: usize = 16 * 1024;
const LIMIT: usize = 64 * 1024;

/// A body that begins with one chunk, repeats another, and ends with a third. The chunks are not allocated.
fn repeated(
    start: &'static [u8],
    repeated: &'static [u8],
    times: usize,
    end: &'static [u8],
) -> impl stream::Stream<Item = Chunk> + Unpin {
    let repeated = stream::iter(std::iter::repeat_n(repeated, times));
    let chunks = stream::iter([start]).chain(repeated).chain(stream::iter([end]));
    chunks.map(|chunk| Ok(Bytes::from_static(chunk)))
}

static LETTERS: [u8; CHUNK] = [b'x'; CHUNK];

/// This line, repeated to 16 KiB.
fn lines(line: &str) -> &'static [u8] {
    line.repeat(CHUNK / line.len()).leak().as_bytes()
}

/// The start of a body, the repeated chunk, its end, and whether an event is lost.
type Case = (&'static [u8], &'static [u8], &'static [u8], bool);

#[test]
fn endless_input_takes_no_more_than_the_limit() {
    // 16 MiB each, and then an event.
    let end = b"\n\ndata: next\n\n";
    let cases: [Case; 9] = [
        (b"data: ", &LETTERS, end, true),
        (b"id: ", &LETTERS, end, true),
        (b"event: ", &LETTERS, end, true),
        (b"retry: ", &LETTERS, end, false),
        (b": ", &LETTERS, end, false),
        (b"", &LETTERS, end, false),
        (b"", lines("data: x\n"), end, true),
        (b"", lines("event: x\n"), end, true),
        (b"", lines(": ping\n"), end, false),
    ];
    for (start, chunk, end, is_lost) in cases {
        let shown = String::from_utf8_lossy(&[start, &chunk[..8]].concat()).into_owned();
        let (items, most, _) = measure(|| {
            let events = EventStream::with_limit(repeated(start, chunk, 1024, end), LIMIT);
            events.collect::<Vec<_>>().now_or_never().unwrap()
        });
        let mut items = items.into_iter();
        if is_lost {
            assert_eq!(items.next(), Some(Err(Error::TooLong)), "{shown}");
        }
        assert_eq!(items.next().unwrap().unwrap().data, "next", "{shown}");
        assert_eq!(items.next(), None, "{shown}");
        // While the buffer grows, the old and the new memory are both allocated.
        assert!(most <= LIMIT + LIMIT / 2 + 4096, "{shown}: {most}");
    }
}

#[test]
fn an_id_of_megabytes_is_not_kept() {
    for times in [1, 3, 5, 1024] {
        let (id, most, _) = measure(|| {
            let chunks = repeated(b"id: ", &LETTERS, times, b"\ndata: a\n\ndata: b\n\n");
            let mut events = EventStream::with_limit(chunks, LIMIT);
            while events.next().now_or_never().unwrap().is_some() {}
            events.last_event_id().len()
        });
        assert_eq!(id, if times * CHUNK < LIMIT { times * CHUNK } else { 0 });
        // The buffer, and the ID that the events share.
        assert!(most <= 3 * LIMIT, "{most}");
    }
}

#[test]
fn a_million_tiny_events_take_nothing() {
    let chunk = lines("data\n\n");
    let per_chunk = chunk.len() / 6;
    let times = 1_000_000_usize.div_ceil(per_chunk);
    let (events, most, total) = measure(|| {
        let events = repeated(b"", chunk, times, b"").eventsource().with_data::<()>();
        events.map(Result::unwrap).count().now_or_never().unwrap()
    });
    assert_eq!(events, times * per_chunk);
    assert_eq!((most, total), (0, 0));
    let (events, most, _) = measure(|| {
        let events = repeated(b"", chunk, times, b"").eventsource();
        events.map(Result::unwrap).count().now_or_never().unwrap()
    });
    assert_eq!(events, times * per_chunk);
    assert_eq!(most, 0);
}

/// eventsource-stream 0.2 scans the whole line again for each packet.
#[test]
fn a_line_of_megabytes_in_packets_is_linear() {
    const LINE: usize = 4 * 1024 * 1024;
    let line = Bytes::from([&b"data: "[..], &vec![b'x'; LINE], b"\n\n"].concat());
    let packets: Vec<_> =
        (0..line.len()).step_by(1460).map(|at| line.slice(at..line.len().min(at + 1460))).collect();
    let (event, most, total) = measure(|| {
        let mut events = stream::iter(&packets).map(Ok::<_, Error<()>>).eventsource();
        events.next().now_or_never().unwrap().unwrap().unwrap()
    });
    assert_eq!(event.data.len(), LINE);
    // A buffer that doubles allocates in total twice its last size, which is up to twice the line; the event is a line.
    assert!(total <= 5 * LINE + 4096, "{total}");
    assert!(most <= 4 * LINE, "{most}");
}

#[test]
fn an_idle_stream_keeps_no_chunk_and_no_buffer() {
    let ((), _, _) = measure(|| {
        let chunk = vec![b'x'; CHUNK];
        let chunk = Bytes::from([b"data: ", &chunk[..], b"\n\n"].concat());
        let (before, ..) = COUNTS.get();
        let mut events = Box::new(support::silent_after([chunk]).eventsource().with_data::<()>());
        events.next().now_or_never().unwrap().unwrap().unwrap();
        assert!(events.next().now_or_never().is_none());
        let (after, ..) = COUNTS.get();
        // The chunk itself was freed, so less is allocated than before.
        assert!(after < before, "{before} {after}");
        assert!(size_of_val(&*events) < 1024);
    });
}

#[cfg(feature = "json")]
#[test]
fn json_is_bounded_as_events_are() {
    let (items, most, _) = measure(|| {
        let chunks = repeated(b"data: [", &LETTERS, 1024, b"\n\ndata: [1]\n\n");
        let values = EventStream::with_limit(chunks, LIMIT).json::<[u8; 1]>();
        values.collect::<Vec<_>>().now_or_never().unwrap()
    });
    assert!(items[0].is_err());
    assert_eq!(items[1].as_ref().unwrap(), &[1]);
    assert!(most <= LIMIT + LIMIT / 2 + 4096, "{most}");
}

#[cfg(feature = "body")]
mod rewritten {
    use super::*;
    use futures_util::TryStreamExt;
    use http_body::Frame;
    use http_body_util::{BodyDataStream, StreamBody};
    use sse_wire::Event;
    use sse_wire_http::Rewritten;

    /// The number of bytes of the output, and the bytes allocated for them.
    fn rewrite(chunks: impl stream::Stream<Item = Chunk> + Unpin) -> (usize, usize, usize) {
        measure(|| {
            let body = Rewritten::new(
                StreamBody::new(chunks.map_ok(Frame::data)),
                LIMIT,
                |event, sink| {
                    if let Ok(event) = event {
                        sink.send(&Event::new().data_bytes(event.data()));
                    }
                },
            );
            let frames = BodyDataStream::new(body).map(|frame| frame.unwrap().len());
            frames.fold(0, async |sum, len| sum + len).now_or_never().unwrap()
        })
    }

    #[test]
    fn a_proxy_keeps_no_more_than_the_limit_and_a_frame() {
        let end = b"\n\ndata: next\n\n";
        let chunks: [(&[u8], &[u8]); 5] = [
            (b"data: ", &LETTERS),
            (b"id: ", &LETTERS),
            (b": ", &LETTERS),
            (b"", lines("data: x\n")),
            (b"", lines(": ping\n")),
        ];
        for (start, chunk) in chunks {
            let (_, most, _) = rewrite(repeated(start, chunk, 1024, end));
            let shown = String::from_utf8_lossy(&chunk[..8]);
            assert!(most <= 2 * LIMIT + 4 * CHUNK, "{shown}: {most}");
        }
    }

    #[test]
    fn a_chunk_of_many_events_with_ids_is_linear() {
        const EVENTS: usize = 10_000;
        let chunk = "id: 1\ndata: x\n\n".repeat(EVENTS);
        let (len, _, total) = rewrite(support::body([chunk.clone()]));
        assert_eq!(len, chunk.len());
        assert!(total <= 8 * chunk.len(), "{total} for {len}");
    }
}
