//! Runs the inputs for which linear time is hardest, with about BYTES bytes each: `linear BYTES`. `linear.py` counts
//! the instructions of each call of `measured`. Prints the name of each case, in the order of the calls.
//!
//! Decodes each of [`streams`] in each of [`CHUNKS`], with each of [`BUFFERS`] and a growing buffer, by `next`, and
//! some of them by `decode`. Then runs the tokenizer and the encoder. The readers of `io` have no cases, because they
//! add no loop over bytes to `decode`.

use sse_wire::{Buffer, Decoder, Event, GrowingBuffer, Progress, Tokenizer};
use std::hint::black_box;
use std::{env, iter};

/// Chunk lengths: whole, TCP segments, within lines, and single bytes.
const CHUNKS: [usize; 5] = [usize::MAX, 1460, 64, 3, 1];

/// A name, and the buffer size for a stream of a given length.
type Size = (&'static str, fn(usize) -> usize);

/// The stream fits exactly, or easily; half of it fits; nothing of that length fits; the buffer has a common size.
const BUFFERS: [Size; 5] = [
    ("exact", |len| len + 8),
    ("larger", |len| 2 * len + 100),
    ("half", |len| len / 2 + 40),
    ("too small", |len| len / 4),
    ("100 bytes", |_| 100),
];

/// A stream, and the length of its first chunk.
struct Stream {
    name: String,
    bytes: Vec<u8>,
    first_chunk: usize,
}

impl Stream {
    fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.escape_debug().to_string(), bytes: bytes.into(), first_chunk: 0 }
    }

    /// A stream that begins with a partial event in a separate chunk.
    fn after_partial_event(name: &str, bytes: String) -> Self {
        const PARTIAL: &str = "data: 1\n";
        let name = format!("after a partial event, {name}");
        Self { first_chunk: PARTIAL.len(), ..Self::new(&name, format!("{PARTIAL}{bytes}")) }
    }

    fn chunks(&self, length: usize) -> impl Iterator<Item = &[u8]> {
        let (first, rest) = self.bytes.split_at(self.first_chunk);
        iter::once(first).chain(rest.chunks(length.min(self.bytes.len())))
    }
}

fn main() {
    let size: usize = env::args().nth(1).and_then(|size| size.parse().ok()).expect("linear BYTES");
    for stream in streams(size) {
        for length in CHUNKS {
            for (name, size_for) in BUFFERS {
                let mut buffer = vec![0; size_for(stream.bytes.len())];
                decode(&stream, length, name, &mut buffer[..]);
            }
            decode(&stream, length, "growing", GrowingBuffer::with_limit(stream.bytes.len() * 2));
        }
    }
    tokens(size);
    encoding(size);
}

/// `linear.py` counts from the end of this function
#[inline(never)]
fn begin() {
    black_box(());
}

/// to the end of this one.
#[inline(never)]
fn measured(run: &mut dyn FnMut()) {
    run();
    // Prevents a tail call, whose return callgrind would not see.
    black_box(());
}

fn case(name: &str, mut run: impl FnMut()) {
    println!("{name}");
    begin();
    measured(&mut run);
}

fn decode<B: Buffer>(stream: &Stream, length: usize, buffer_name: &str, buffer: B) {
    let pieces = if length == usize::MAX { "whole".into() } else { format!("chunks of {length}") };
    let name = format!("{}, {pieces}, {buffer_name}", stream.name);
    let mut decoder = Decoder::new(buffer);
    case(&name, || {
        for mut chunk in stream.chunks(length) {
            while decoder.next(&mut chunk).is_some() {}
        }
    });
    if length == usize::MAX || length == 64 {
        decoder.reconnect();
        let _ = decoder.set_last_event_id(b"");
        case(&format!("{name}, with `decode`"), || {
            for mut chunk in stream.chunks(length) {
                while decoder.decode(&mut chunk) != Ok(Progress::NeedInput) {}
            }
        });
    }
}

fn lines(line: &str, size: usize) -> String {
    line.repeat(size / line.len())
}

/// Streams that are hard for a decoder that keeps lines in a buffer, or that looks ahead in a chunk.
fn streams(size: usize) -> impl Iterator<Item = Stream> {
    one_long_line(size)
        .chain(many_lines(size))
        .chain(many_lines_beside_a_long_one(size))
        .chain(many_events(size))
        .chain(many_lines_after_a_partial_event(size))
}

fn one_long_line(size: usize) -> impl Iterator<Item = Stream> {
    let names = ["data: ", "event: ", "id: ", "retry: ", ": ", "unknown: ", "unknown", "d"];
    names.into_iter().map(move |name| {
        let what = format!("one line {name:?}");
        Stream::new(&what, format!("{name}{}\ndata: end\n\n", "7".repeat(size)))
    })
}

fn many_lines(size: usize) -> impl Iterator<Item = Stream> {
    let of_one_event = [
        "data: x\n",
        "data\r",
        "id: 7\r\n",
        "event: x\n",
        "retry: 7\n",
        ":\n",
        "x\n",
        "\n",
        "\r",
        // Types and IDs between data lines, which are joined at the blank line.
        "data: x\nid: 7\n",
        "data: x\nevent: abc\n",
        "event: abc\ndata\nid: 7777\ndata: x\n",
        "data: some more of it\nid\nevent\n",
    ];
    of_one_event
        .into_iter()
        .map(move |line| Stream::new(&format!("lines {line:?}"), lines(line, size) + "\n\n"))
}

/// Short lines must not move a long line each time, in whatever order they come.
fn many_lines_beside_a_long_one(size: usize) -> impl Iterator<Item = Stream> {
    let short = [
        "id: 7\nid: 777\n",
        "event: a\nevent: abc\n",
        "id: 7\nevent: abc\nid: 777\nevent: a\n",
        "data: x\nid: 7\nid: 777\n",
        "retry: 7\n",
        ": x\n",
        // As separate events, which may not fit beside a long last event ID.
        "\nevent: a\ndata: x\n",
        "\nid: 7\ndata: x\ndata: y\n",
        "\ndata: x\nid: 777\ndata: a line of data that may not fit\n",
    ];
    ["data: ", "event: ", "id: "].into_iter().flat_map(move |long| {
        short.into_iter().map(move |line| {
            let all = format!("{long}{}\n{}", "x".repeat(size / 2), lines(line, size / 2));
            Stream::new(&format!("a long {long:?}, then lines {line:?}"), all + "\n\ndata: end\n\n")
        })
    })
}

fn many_events(size: usize) -> impl Iterator<Item = Stream> {
    let long_id = format!("id: {}\n\n", "x".repeat(size / 2));
    let beside_an_id = ["event: a\ndata: x\n\n", "event: a\nevent: abc\ndata: x\ndata: y\n\n"];
    let beside_an_id = beside_an_id.into_iter().map(move |event| {
        let all = format!("{long_id}{}", lines(event, size / 2));
        Stream::new(&format!("a long last event ID, then events {event:?}"), all)
    });
    let (sixty, ninety) = ("i".repeat(60), "j".repeat(90));
    let events = [
        "event: temp\nid: 7\ndata: 23.4\ndata: 5\n\n".into(),
        "id: 7\ndata: 23.4\n\nid: 777\n\n".into(),
        "data: x\nid: 1\ndata: y\nevent: z\ndata\n\n".into(),
        // IDs of which two, or even one, do not fit in 100 bytes.
        format!("id: {sixty}\ndata: x\n\n"),
        format!("id: {sixty}\nid: {sixty}\ndata: x\n\n"),
        format!("id: {ninety}\ndata: x\n\n"),
        format!("id: {sixty}\nid: {ninety}\nid: 7\ndata: x\n\n"),
        // Events that do not fit in 100 bytes.
        format!("data: {ninety}\nid: 7\nevent: a\n\n"),
        format!("event: a\ndata: {sixty}\nid: 777\ndata: {sixty}\n: comment\n\n"),
        format!(": {ninety}\ndata: {ninety}\n: {ninety}\nretry: 7\n\n"),
    ];
    let events = events.into_iter().map(move |event: String| {
        let name = match event.len() {
            0..60 => event.clone(),
            _ => event.replace(&sixty, "<60>").replace(&ninety, "<90>"),
        };
        Stream::new(&format!("events {name:?}"), lines(&event, size))
    });
    events.chain(beside_an_id)
}

/// The search for the end of an event must not restart at each of its lines.
fn many_lines_after_a_partial_event(size: usize) -> impl Iterator<Item = Stream> {
    let lines_after = [":\n", ": note\r\n", "x\n", "retry: 7\n", "id: 7\n", "data: x\n", "\n:\n"];
    lines_after.into_iter().map(move |line| {
        Stream::after_partial_event(&format!("lines {line:?}"), lines(line, size) + "\n\n")
    })
}

fn tokens(size: usize) {
    for line in ["data: x\n", "unknown", "d", "\r", "retry", ": \n", "data: a longer line\r\n"] {
        let stream = lines(line, size);
        for length in [1, 64, usize::MAX] {
            let mut tokenizer = Tokenizer::new();
            case(&format!("tokens of {line:?}, chunks of {length}"), || {
                for mut chunk in stream.as_bytes().chunks(length.min(stream.len())) {
                    while tokenizer.next(&mut chunk).is_some() {}
                }
            });
        }
    }
}

fn encoding(size: usize) {
    for piece in ["x", "\n", "\r", "\r\n", "line\n", "\u{E9}"] {
        let data = lines(piece, size);
        let mut out = vec![0; size * 8];
        let event = Event::new().data(&data);
        case(&format!("encode {piece:?}"), || assert!(event.encode(&mut out).is_ok()));
        case(&format!("encoded_len of {piece:?}"), || assert!(event.encoded_len() >= data.len()));
        case(&format!("encode a comment {piece:?}"), || {
            assert!(Event::new().comment(&data).encode(&mut out).is_ok());
        });
        let half = data.floor_char_boundary(data.len() / 2);
        let (first, second) = data.split_at(half);
        case(&format!("encode {piece:?} formatted"), || {
            assert!(event.data_fmt(format_args!("{first}{second}")).encode(&mut out).is_ok());
        });
        let mut vec = Vec::new();
        case(&format!("append {piece:?}"), || assert!(event.append_to(&mut vec).is_ok()));
    }
}
