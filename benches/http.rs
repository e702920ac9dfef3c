//! The companion crate: events from streams, to structs, responses, and one event to a thousand listeners, each with the
//! peers in the same run, in turns. Results are checked in each pass. Prints the tables of its README.

use benches::corpora::{self, Corpus, Split};
use benches::turns::{PASSES, take_turns};
use benches::{encoders, responses, streams};
use bytes::Bytes;
use sse_wire_http::Text;

const LISTENERS: usize = 1000;

const STREAMS: [(&str, Split); 11] = [
    ("llm", Split::Event),
    ("llm", Split::Bytes(16 * 1024)),
    ("llm", Split::Bytes(1460)),
    ("llm", Split::Bytes(100)),
    ("anthropic", Split::Event),
    ("anthropic", Split::Bytes(16 * 1024)),
    ("telemetry", Split::Event),
    ("telemetry", Split::Bytes(16 * 1024)),
    ("utf8", Split::Event),
    ("utf8", Split::Bytes(16 * 1024)),
    ("utf8", Split::Bytes(100)),
];

fn main() {
    println!("Events from a stream, ns an event (ratio to `Event<String>`):\n");
    println!(
        "| stream, chunks | borrowed | `Bytes` | `Text` | `String` | sse-stream | sse-core | sseer | \
         eventsource-stream |\n| --- {}|",
        "| ---: ".repeat(8)
    );
    for (name, split) in STREAMS {
        let corpus = corpora::corpus(name);
        let chunks = &chunks(corpus, split)[..];
        let delivered = corpus.delivered();
        let seconds = take_turns(&mut [
            &mut || assert_eq!(streams::owned::<String>(chunks), delivered),
            &mut || assert_eq!(streams::borrowed(chunks), delivered),
            &mut || assert_eq!(streams::owned::<Bytes>(chunks), delivered),
            &mut || assert_eq!(streams::owned::<Text>(chunks), delivered),
            &mut || assert_eq!(streams::sse_stream(chunks), delivered),
            &mut || assert_eq!(streams::sse_core(chunks), delivered),
            &mut || assert_eq!(streams::sseer(chunks), delivered),
            &mut || assert_eq!(streams::eventsource_stream(chunks), delivered),
        ]);
        let title = match split {
            Split::Event => format!("{name}, one event"),
            Split::Bytes(length) => format!("{name}, {length} B"),
        };
        row(&title, &seconds, corpus.messages.len(), &[1, 2, 3, 0, 4, 5, 6, 7]);
    }

    println!("\nTo structs by serde_json, ns an event (ratio to this crate):\n");
    println!(
        "| stream, chunks | this crate | sse-stream | sse-core | eventsource-stream |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    for (title, split) in
        [("llm, one event", Split::Event), ("llm, 16384 B", Split::Bytes(16 * 1024))]
    {
        let corpus = corpora::corpus("llm");
        let chunks = &chunks(corpus, split)[..];
        let content = content(corpus);
        let seconds = take_turns(&mut [
            &mut || assert_eq!(streams::json(chunks), content),
            &mut || assert_eq!(streams::sse_stream_json(chunks), content),
            &mut || assert_eq!(streams::sse_core_json(chunks), content),
            &mut || assert_eq!(streams::eventsource_stream_json(chunks), content),
        ]);
        row(title, &seconds, corpus.messages.len(), &[0, 1, 2, 3]);
    }

    println!("\nResponses, ns an event (ratio to the core's `Event`):\n");
    println!(
        "| events | core's `Event` | `axum::Event` | axum | sse-stream |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    for name in ["tiny", "anthropic", "llm"] {
        let corpus = corpora::corpus(name);
        let len = corpus.stream.len();
        let mut owned: Vec<_> = (0..=PASSES).map(|_| encoders::sse_stream_events(corpus)).collect();
        let seconds = take_turns(&mut [
            &mut || assert_eq!(responses::text(corpus), len),
            &mut || assert_eq!(responses::builder(corpus), len),
            &mut || assert_eq!(responses::axum_text(corpus), len),
            &mut || assert_eq!(responses::sse_stream_text(owned.pop().unwrap()), len),
        ]);
        row(name, &seconds, corpus.messages.len(), &[0, 1, 2, 3]);
    }

    println!("\nResponses of JSON, ns an event (ratio to this crate):\n");
    println!("| JSON | this crate | axum | sse-stream |\n| --- | ---: | ---: | ---: |");
    for length in [90, 1000] {
        let value: &'static [_] = encoders::readings(length).leak();
        let json = serde_json::to_string(value).unwrap().len();
        let len = (json + "data: \n\n".len()) * responses::JSON_EVENTS;
        let seconds = take_turns(&mut [
            &mut || assert_eq!(responses::json(value), len),
            &mut || assert_eq!(responses::axum_json(value), len),
            &mut || assert_eq!(responses::sse_stream_json(value), len),
        ]);
        row(&format!("{json} B"), &seconds, responses::JSON_EVENTS, &[0, 1, 2]);
    }

    println!("\nOne event to {LISTENERS} listeners, ns a listener (ratio to `Hub`):\n");
    println!("| data | `Hub` | axum, from a channel |\n| --- | ---: | ---: |");
    for length in [20, 300] {
        let data = "x".repeat(length);
        let (mut hub, mut axum) = (responses::hub(LISTENERS), responses::axum_channel(LISTENERS));
        let seconds =
            take_turns(&mut [&mut || assert!(hub.send(&data) > LISTENERS * length), &mut || {
                assert!(axum.send(&data) > LISTENERS * length)
            }]);
        row(&format!("{length} B"), &seconds, LISTENERS, &[0, 1]);
    }
}

/// The chunks of a corpus, each with memory of its own.
fn chunks(corpus: &Corpus, split: Split) -> Vec<Bytes> {
    corpus.chunks(split).into_iter().map(Bytes::copy_from_slice).collect()
}

/// The bytes of the contents in the completions of a corpus, from what it was written from.
fn content(corpus: &Corpus) -> usize {
    let content = |data: &str| {
        let value: serde_json::Value = serde_json::from_str(data).unwrap();
        value["choices"][0]["delta"]["content"].as_str().unwrap().len()
    };
    corpus.messages.iter().map(|message| content(&message.data)).sum()
}

/// A row of a table, of these subjects. The ratios are to the first that was measured.
fn row(title: &str, seconds: &[f64], events: usize, subjects: &[usize]) {
    print!("| {title} |");
    for &subject in subjects {
        let nanoseconds = seconds[subject] * 1e9 / events as f64;
        print!(" {nanoseconds:.1} ({:.2}) |", seconds[subject] / seconds[0]);
    }
    println!();
}
