//! Criterion benchmarks of decoding: each corpus in several chunk sizes, decoded by this crate and its peers, and the
//! limits. Before it is timed, each subject's result is compared with the source of the corpus.

use benches::corpora::{self, Corpus, Split};
use benches::{decoders, limits};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use sse_core::SseDecoder;
use sse_wire::GrowingBuffer;
use std::fmt::Debug;

/// Chunk sizes: a pipe or a fast connection, a server that flushes after each event, a packet, a microcontroller.
const SPLITS: [(&str, Split); 4] = [
    ("64KiB", Split::Bytes(64 * 1024)),
    ("event", Split::Event),
    ("1460B", Split::Bytes(1460)),
    ("64B", Split::Bytes(64)),
];
const ONE_BYTE: Split = Split::Bytes(1);
/// Larger than each event and each chunk.
const BUFFER: usize = 128 * 1024;

fn main() {
    let mut criterion = benches::criterion();
    for name in corpora::names() {
        let corpus = corpora::corpus(name);
        for (chunk, split) in SPLITS {
            subjects(&mut criterion, corpus, chunk, split);
        }
        if matches!(name, "llm" | "large") {
            subjects(&mut criterion, corpus, "1B", ONE_BYTE);
        }
    }
    growing_events(&mut criterion);
    criterion.final_summary();
}

fn subjects(criterion: &mut Criterion, corpus: &'static Corpus, chunk: &str, split: Split) {
    let mut group = criterion.benchmark_group(format!("decode/{}/{chunk}", corpus.name));
    group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
    let chunks = &corpus.chunks(split)[..];
    let delivered = corpus.delivered();
    let mut buffer = vec![0; BUFFER];

    measure(&mut group, "memchr2_iter", corpus.line_ends(), || limits::walk_line_ends(chunks));
    measure(&mut group, "memcpy", corpus.stream.len(), || limits::copy(chunks, &mut buffer));
    if corpus.name == "large" {
        measure(&mut group, "memchr2_iter and memcpy", corpus.line_ends(), || {
            limits::walk_and_copy(chunks, &mut buffer)
        });
        measure(&mut group, "next, growing buffer", delivered, || {
            decoders::next(chunks, GrowingBuffer::with_limit(BUFFER))
        });
    }

    measure(&mut group, "tokenizer", delivered, || decoders::tokenizer(chunks));
    measure(&mut group, "next", delivered, || decoders::next(chunks, &mut buffer[..]));
    measure(&mut group, "next, data_str", delivered, || {
        decoders::next_str(chunks, &mut buffer[..])
    });

    let mut sse_core = SseDecoder::new();
    measure(&mut group, "sse-core", delivered, || decoders::sse_core(chunks, &mut sse_core));
    measure(&mut group, "sse-stream", delivered, || decoders::sse_stream(chunks));
    measure(&mut group, "sseer", delivered, || decoders::sseer(chunks));
    // Takes 30 seconds for one pass: it searches a line again for each of its bytes.
    if (corpus.name, split) != ("large", ONE_BYTE) {
        measure(&mut group, "eventsource-stream", delivered, || {
            decoders::eventsource_stream(chunks)
        });
    }
    group.finish();
}

/// One byte at a time: the cost of a byte must not depend on the length of the event.
fn growing_events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode/one event/1B");
    for (name, length) in [("1KiB", 1024), ("64KiB", 64 * 1024), ("1MiB", 1024 * 1024)] {
        let corpus = corpora::one_event(length);
        group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
        let chunks = corpus.chunks(ONE_BYTE);
        let mut buffer = vec![0; corpus.stream.len() + 8];
        measure(&mut group, name, corpus.delivered(), || decoders::next(&chunks, &mut buffer[..]));
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
        assert_eq!(pass(), expected, "{subject} gives a wrong result");
        bencher.iter(&mut pass);
    });
}
