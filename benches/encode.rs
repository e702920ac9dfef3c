//! Criterion benchmarks of encoding: the events of some corpora, encoded by this crate and its peers, and the limit.
//! Each subject's output is compared with the corpus.

use benches::corpora::{self, Corpus};
use benches::{decoders, encoders, limits};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};

fn main() {
    let mut criterion = benches::criterion();
    for name in ["tiny", "telemetry", "llm", "multiline", "large"] {
        subjects(&mut criterion, corpora::corpus(name));
    }
    for length in [90, 1000, 10_000] {
        json(&mut criterion, length);
    }
    criterion.final_summary();
}

fn subjects(criterion: &mut Criterion, corpus: &'static Corpus) {
    let mut group = criterion.benchmark_group(format!("encode/{}", corpus.name));
    let length = corpus.stream.len();
    group.throughput(Throughput::Bytes(length as u64));

    group.bench_function("memchr2_iter and memcpy", |bencher| {
        let mut out = vec![0; length];
        bencher.iter(|| limits::search_and_copy(corpus, &mut out));
        check(corpus, &out);
    });
    group.bench_function("encode", |bencher| {
        let mut out = vec![0; length];
        bencher.iter(|| encoders::encode(corpus, &mut out));
        check(corpus, &out);
    });
    type Append = fn(&Corpus, &mut Vec<u8>);
    for (subject, append) in
        [("append_to", encoders::append_to as Append), ("write!", encoders::write_macro)]
    {
        group.bench_function(subject, |bencher| {
            let mut out = Vec::new();
            bencher.iter(|| {
                out.clear();
                append(corpus, &mut out);
            });
            check(corpus, &out);
        });
    }

    group.bench_function("axum", |bencher| {
        check(corpus, &gather(|each| encoders::axum(corpus, each)));
        bencher.iter(|| encoders::axum(corpus, drop));
    });
    group.bench_function("sse-stream", |bencher| {
        let events = || encoders::sse_stream_events(corpus);
        let out = gather(|each| encoders::sse_stream(events(), each));
        // The order of fields differs, the length does not.
        assert_eq!(out.len(), length);
        let decoded = decoders::next(&[&out], vec![0; length].into_boxed_slice());
        assert_eq!(decoded, corpus.delivered());
        bencher.iter_batched(
            events,
            |events| encoders::sse_stream(events, drop),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// JSON written directly into the output, and JSON written to a string first.
fn json(criterion: &mut Criterion, length: usize) {
    let value = encoders::readings(length);
    let mut expected = Vec::new();
    encoders::json_string(&value, &mut expected);
    let mut group = criterion.benchmark_group(format!("encode/json {length}"));
    group.throughput(Throughput::Bytes(expected.len() as u64));
    type Append = fn(&[encoders::Reading], &mut Vec<u8>);
    for (subject, append) in [
        ("begin_append", encoders::json_writer as Append),
        ("to_string and data", encoders::json_string),
    ] {
        group.bench_function(subject, |bencher| {
            let mut out = Vec::new();
            bencher.iter(|| {
                out.clear();
                append(&value, &mut out);
            });
            assert!(out == expected, "JSON is written wrongly");
        });
    }
    group.finish();
}

fn gather(pass: impl FnOnce(&mut dyn FnMut(Bytes))) -> Vec<u8> {
    let mut out = Vec::new();
    pass(&mut |bytes| out.extend_from_slice(&bytes));
    out
}

fn check(corpus: &Corpus, out: &[u8]) {
    // `assert_eq!` would print both.
    assert!(out == corpus.stream, "{} is written wrongly", corpus.name);
}
