//! Measures and prints the tables of `docs/performance.md`, of which the README has some figures.

use benches::corpora::{self, Corpus, Split};
use benches::turns::{PASSES, take_turns};
use benches::{decoders, encoders, limits};
use sse_core::SseDecoder;
use std::hint::black_box;

const PEERS: [&str; 4] = ["sse-core", "sse-stream", "sseer", "eventsource-stream"];
/// Splits and their titles. The others are compared with the first one.
const SPLITS: [(&str, Split); 4] = [
    ("64 KiB", Split::Bytes(64 * 1024)),
    ("one event", Split::Event),
    ("1460 bytes", Split::Bytes(1460)),
    ("64 bytes", Split::Bytes(64)),
];
const ENCODING_PEERS: [&str; 3] = ["write!", "axum", "sse-stream"];
/// Larger than each event and each chunk.
const BUFFER: usize = 128 * 1024;

fn main() {
    let mut next_at_64_kib = Vec::new();
    for (title, split) in SPLITS {
        println!(
            "Decoding, chunks of {title}; the limit is `memchr2_iter`, for `large` and a memcpy:\n"
        );
        let is_first = split == SPLITS[0].1;
        let of_64_kib = if is_first { "" } else { " `next` / 64 KiB |" };
        println!(
            "| GiB/s | tokenizer | `next` | `data_str` | limit | `next` / limit | fastest peer | \
             `next` / peer | `data_str` / peer |{of_64_kib}"
        );
        println!("| --- {}|", "| ---: ".repeat(8 + usize::from(!is_first)));
        for (at, name) in corpora::names().enumerate() {
            let speeds = decoding(corpora::corpus(name), split);
            let [tokenizer, next, text, limit] = [speeds[0], speeds[1], speeds[2], speeds[3]];
            let (peer, peer_name) = fastest(&speeds[4..], &PEERS);
            print!(
                "| {name} | {tokenizer:.2} | {next:.2} | {text:.2} | {limit:.2} | {:.2} | \
                 {peer:.2} ({peer_name}) | {:.2} | {:.2} |",
                next / limit,
                next / peer,
                text / peer
            );
            if is_first {
                next_at_64_kib.push(next);
            } else {
                print!(" {:.2} |", next / next_at_64_kib[at]);
            }
            println!();
        }
        println!();
    }

    println!("Decoding one event, one byte at a time:\n\n| event | ns a byte | sse-stream |");
    println!("| --- | ---: | ---: |");
    for (name, length) in [("1 KiB", 1024), ("64 KiB", 64 * 1024), ("1 MiB", 1024 * 1024)] {
        let corpus = corpora::one_event(length);
        let chunks = corpus.chunks(Split::Bytes(1));
        let mut buffer = vec![0; corpus.stream.len() + 8];
        let seconds = take_turns(&mut [
            &mut || assert_eq!(decoders::next(&chunks, &mut buffer[..]), corpus.delivered()),
            &mut || assert_eq!(decoders::sse_stream(&chunks), corpus.delivered()),
        ]);
        let nanoseconds = |at: usize| seconds[at] * 1e9 / corpus.stream.len() as f64;
        println!("| {name} | {:.2} | {:.2} |", nanoseconds(0), nanoseconds(1));
    }

    println!("\nEncoding; the limit is `memchr2_iter` over the data and a memcpy of the event:\n");
    println!(
        "| GiB/s | `encode` | `append_to` | limit | `encode` / limit | `append_to` / limit | \
         fastest peer | `encode` / peer | `append_to` / peer |"
    );
    println!("| --- {}|", "| ---: ".repeat(8));
    for name in ["tiny", "telemetry", "llm", "multiline", "large"] {
        let speeds = encoding(corpora::corpus(name));
        let [slice, vector, limit] = [speeds[0], speeds[1], speeds[2]];
        let (peer, peer_name) = fastest(&speeds[3..], &ENCODING_PEERS);
        println!(
            "| {name} | {slice:.2} | {vector:.2} | {limit:.2} | {:.2} | {:.2} | {peer:.2} \
             ({peer_name}) | {:.2} | {:.2} |",
            slice / limit,
            vector / limit,
            slice / peer,
            vector / peer
        );
    }
    json();
}

/// JSON written directly into the output, and JSON written to a string first.
fn json() {
    println!("\nEncoding JSON into a `Vec`:\n");
    println!("| JSON | ns an event, through `begin_append` | `to_string`, then `data` | ratio |");
    println!("| --- | ---: | ---: | ---: |");
    for length in [90, 1000, 10_000] {
        let value = encoders::readings(length);
        let (mut direct, mut through) = (Vec::new(), Vec::new());
        let seconds = take_turns(&mut [
            &mut || {
                direct.clear();
                encoders::json_writer(&value, &mut direct);
            },
            &mut || {
                through.clear();
                encoders::json_string(&value, &mut through);
            },
        ]);
        assert!(direct == through);
        let nanoseconds: Vec<f64> = seconds.iter().map(|seconds| seconds * 1e6).collect();
        println!(
            "| {} B | {:.0} | {:.0} | {:.2} |",
            serde_json::to_string(&value).unwrap().len(),
            nanoseconds[0],
            nanoseconds[1],
            nanoseconds[1] / nanoseconds[0]
        );
    }
}

/// GiB/s of tokenizer, `next`, `data_str`, limit and peers.
fn decoding(corpus: &'static Corpus, split: Split) -> Vec<f64> {
    let chunks = &corpus.chunks(split)[..];
    let delivered = corpus.delivered();
    let mut buffers = [vec![0; BUFFER], vec![0; BUFFER], vec![0; BUFFER]];
    let [first, second, third] = &mut buffers;
    let mut sse_core = SseDecoder::new();
    gib_a_second(
        &corpus.stream,
        &mut [
            &mut || assert_eq!(decoders::tokenizer(chunks), delivered),
            &mut || assert_eq!(decoders::next(chunks, &mut first[..]), delivered),
            &mut || assert_eq!(decoders::next_str(chunks, &mut second[..]), delivered),
            &mut || {
                let ends = match corpus.name {
                    "large" => limits::walk_and_copy(chunks, third),
                    _ => limits::walk_line_ends(chunks),
                };
                black_box(ends);
            },
            &mut || assert_eq!(decoders::sse_core(chunks, &mut sse_core), delivered),
            &mut || assert_eq!(decoders::sse_stream(chunks), delivered),
            &mut || assert_eq!(decoders::sseer(chunks), delivered),
            &mut || assert_eq!(decoders::eventsource_stream(chunks), delivered),
        ],
    )
}

/// GiB/s of `encode`, `append_to`, limit and peers.
fn encoding(corpus: &'static Corpus) -> Vec<f64> {
    let mut slices = [vec![0; corpus.stream.len()], vec![0; corpus.stream.len()]];
    let [first, second] = &mut slices;
    let (mut vector, mut written) = (Vec::new(), Vec::new());
    // sse-stream consumes its events: they are made before the timing.
    let mut owned: Vec<_> = (0..=PASSES).map(|_| encoders::sse_stream_events(corpus)).collect();
    gib_a_second(
        &corpus.stream,
        &mut [
            &mut || assert_eq!(encoders::encode(corpus, first), corpus.stream.len()),
            &mut || {
                vector.clear();
                encoders::append_to(corpus, &mut vector);
            },
            &mut || assert_eq!(limits::search_and_copy(corpus, second), corpus.stream.len()),
            &mut || {
                written.clear();
                encoders::write_macro(corpus, &mut written);
            },
            &mut || encoders::axum(corpus, drop),
            &mut || encoders::sse_stream(owned.pop().unwrap(), drop),
        ],
    )
}

fn gib_a_second(stream: &[u8], subjects: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let gib = stream.len() as f64 / f64::from(1 << 30);
    take_turns(subjects).into_iter().map(|seconds| gib / seconds).collect()
}

fn fastest(speeds: &[f64], names: &[&'static str]) -> (f64, &'static str) {
    let fastest = speeds.iter().zip(names).max_by(|(a, _), (b, _)| a.total_cmp(b));
    fastest.map(|(&speed, &name)| (speed, name)).unwrap()
}
