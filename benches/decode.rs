//! Decoding: each corpus in chunks of several lengths, by this crate, the limits and the peers. What a
//! subject delivers is held against what the corpus was written from before it is timed.

use benches::corpora::{self, Corpus};
use benches::{decoders, limits};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use sse_core::SseDecoder;
use sse_wire::GrowingBuffer;
use std::fmt::Debug;

/// What is read at once from a pipe or a fast connection, from a packet, and by a microcontroller.
const CHUNKS: [(&str, usize); 3] = [("64KiB", 64 * 1024), ("1460B", 1460), ("64B", 64)];
/// Holds each event, and each chunk.
const BUFFER: usize = 128 * 1024;

fn main() {
    let mut criterion = benches::criterion();
    for name in corpora::names() {
        let corpus = corpora::corpus(name);
        for (chunk, length) in CHUNKS {
            subjects(&mut criterion, corpus, chunk, length);
        }
        if matches!(name, "llm" | "large") {
            subjects(&mut criterion, corpus, "1B", 1);
        }
    }
    growing_events(&mut criterion);
    criterion.final_summary();
}

fn subjects(criterion: &mut Criterion, corpus: &'static Corpus, chunk: &str, length: usize) {
    let mut group = criterion.benchmark_group(format!("decode/{}/{chunk}", corpus.name));
    group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
    let stream = &corpus.stream[..];
    let delivered = corpus.delivered();
    let mut buffer = vec![0; BUFFER];

    measure(&mut group, "memchr2_iter", corpus.line_ends(), || {
        limits::walk_line_ends(stream, length)
    });
    measure(&mut group, "memcpy", stream.len(), || limits::copy(stream, length, &mut buffer));
    if corpus.name == "large" {
        measure(&mut group, "memchr2_iter and memcpy", corpus.line_ends(), || {
            limits::walk_and_copy(stream, length, &mut buffer)
        });
        measure(&mut group, "next, growing buffer", delivered, || {
            decoders::next(stream, length, GrowingBuffer::with_limit(BUFFER))
        });
    }

    measure(&mut group, "tokenizer", delivered, || decoders::tokenizer(stream, length));
    measure(&mut group, "next", delivered, || decoders::next(stream, length, &mut buffer[..]));
    measure(&mut group, "next, data_str", delivered, || {
        decoders::next_str(stream, length, &mut buffer[..])
    });

    let mut sse_core = SseDecoder::new();
    measure(&mut group, "sse-core", delivered, || {
        decoders::sse_core(stream, length, &mut sse_core)
    });
    measure(&mut group, "sse-stream", delivered, || decoders::sse_stream(stream, length));
    measure(&mut group, "sseer", delivered, || decoders::sseer(stream, length));
    // It looks at a line anew for each byte of it: 30 seconds for one pass.
    if (corpus.name, length) != ("large", 1) {
        measure(&mut group, "eventsource-stream", delivered, || {
            decoders::eventsource_stream(stream, length)
        });
    }
    group.finish();
}

/// One byte at a time: what a byte costs must not depend on how long the event is.
fn growing_events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode/one event/1B");
    for (name, length) in [("1KiB", 1024), ("64KiB", 64 * 1024), ("1MiB", 1024 * 1024)] {
        let corpus = corpora::one_event(length);
        group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
        let mut buffer = vec![0; length];
        measure(&mut group, name, corpus.delivered(), || {
            decoders::next(&corpus.stream, 1, &mut buffer[..])
        });
    }
    group.finish();
}

fn measure<T: PartialEq + Debug>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    subject: &str,
    expected: T,
    mut pass: impl FnMut() -> T,
) {
    group.bench_function(subject, |bencher| {
        assert_eq!(pass(), expected, "{subject} delivers something else");
        bencher.iter(&mut pass);
    });
}
