//! The streams that the benchmarks decode and encode: about 1 MiB each, the same in every run. The expected result is
//! counted from the source, not by a decoder.

use crate::Delivered;
use std::num::ParseIntError;
use std::ops::Range;
use std::str::FromStr;

/// The length of a corpus, which ends with the event that reaches it.
const LENGTH: usize = 1024 * 1024;

/// A stream, and the events that it was written from.
#[derive(Debug)]
pub struct Corpus {
    /// The name in tables.
    pub name: &'static str,
    /// The type of all its events.
    pub event_type: Option<&'static str>,
    /// Its events.
    pub messages: Vec<Message>,
    /// Its bytes on the wire.
    pub stream: Vec<u8>,
}

/// One event of a corpus.
#[derive(Debug)]
pub struct Message {
    /// The event's own id.
    pub id: Option<String>,
    /// The data, with LF between lines.
    pub data: String,
    /// The position in the stream, with the blank line.
    pub wire: Range<usize>,
}

impl Corpus {
    /// The expected result of a decoder.
    #[must_use]
    pub fn delivered(&self) -> Delivered {
        let mut delivered = Delivered::default();
        let mut last_id = "";
        for message in &self.messages {
            last_id = message.id.as_deref().unwrap_or(last_id);
            delivered.count(
                self.event_type.unwrap_or("message").as_bytes(),
                message.data.as_bytes(),
                last_id.as_bytes(),
            );
        }
        delivered
    }

    /// The stream as a list of chunks. Made before a pass is timed, so that reading a chunk costs the same for all
    /// subjects.
    #[must_use]
    pub fn chunks(&self, split: Split) -> Vec<&[u8]> {
        match split {
            Split::Bytes(length) => self.stream.chunks(length).collect(),
            Split::Event => {
                let starts = self.messages.iter().map(|message| message.wire.start);
                let ends = starts.clone().skip(1).chain([self.stream.len()]);
                starts.zip(ends).map(|(start, end)| &self.stream[start..end]).collect()
            }
        }
    }

    /// The number of LF and CR in the stream.
    #[must_use]
    pub fn line_ends(&self) -> usize {
        self.stream.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count()
    }
}

/// How a stream is split into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Chunks of this many bytes; the last one may be shorter.
    Bytes(usize),
    /// One event a chunk, with the keep-alive comment that follows it, as from a server that flushes after each event.
    Event,
}

impl FromStr for Split {
    type Err = ParseIntError;

    /// `event`, or a number of bytes.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text {
            "event" => Ok(Self::Event),
            length => length.parse().map(Self::Bytes),
        }
    }
}

/// The format of a corpus's events.
struct Shape {
    name: &'static str,
    /// The fields of each event, in the order in which they are written.
    parts: &'static [Part],
    line_end: &'static str,
    /// Whether a comment and a blank line follow each event.
    keep_alive: bool,
    data: fn(&mut Dice) -> String,
}

/// A field of an event.
enum Part {
    /// The event type, the same for all events.
    Event(&'static str),
    /// The number of the event, from 1.
    Id,
    /// One field for each line of the data.
    Data,
    /// The reconnection time, the same for all events.
    Retry,
}

/// The base of the other shapes.
const PLAIN: Shape =
    Shape { name: "plain", parts: &[Part::Data], line_end: "\n", keep_alive: false, data: number };
const TELEMETRY: Shape = Shape {
    name: "telemetry",
    parts: &[Part::Event("temp"), Part::Id, Part::Data],
    data: sample,
    ..PLAIN
};
const SHAPES: [Shape; 12] = [
    Shape { name: "llm", data: |dice| completion(dice, &WORDS), ..PLAIN },
    Shape {
        name: "anthropic",
        parts: &[Part::Event("content_block_delta"), Part::Data],
        data: content_block_delta,
        ..PLAIN
    },
    Shape { name: "tiny", data: number, ..PLAIN },
    TELEMETRY,
    Shape { name: "multiline", data: log_lines, ..PLAIN },
    Shape { name: "large", data: |dice| base64(dice, 64 * 1024), ..PLAIN },
    Shape { name: "crlf", line_end: "\r\n", ..TELEMETRY },
    Shape { name: "keepalive", keep_alive: true, ..TELEMETRY },
    Shape { name: "utf8", data: |dice| completion(dice, &WORDS_BEYOND_ASCII), ..PLAIN },
    // The field orders of other servers: Hono, sse-starlette, and one that sends `retry` before the data.
    Shape { name: "hono", parts: &[Part::Event("temp"), Part::Data, Part::Id], ..TELEMETRY },
    Shape {
        name: "starlette",
        parts: &[Part::Id, Part::Event("temp"), Part::Data, Part::Retry],
        line_end: "\r\n",
        ..TELEMETRY
    },
    Shape {
        name: "retry",
        parts: &[Part::Event("temp"), Part::Id, Part::Retry, Part::Data],
        ..TELEMETRY
    },
];

/// The names of all corpora.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHAPES.iter().map(|shape| shape.name)
}

/// The corpus with this name. It is leaked, because some peers need `'static` input.
///
/// # Panics
/// If there is no such corpus.
#[must_use]
pub fn corpus(name: &str) -> &'static Corpus {
    let shape = SHAPES.iter().find(|shape| shape.name == name);
    write(shape.unwrap_or_else(|| panic!("no corpus {name}")), LENGTH)
}

/// A stream of one event with one data line of `length` bytes.
#[must_use]
pub fn one_event(length: usize) -> &'static Corpus {
    let mut dice = Dice(0);
    let mut corpus = Corpus::new(&PLAIN);
    corpus.push(&PLAIN, base64(&mut dice, length));
    Box::leak(Box::new(corpus))
}

fn write(shape: &Shape, length: usize) -> &'static Corpus {
    let mut dice = Dice(0);
    let mut corpus = Corpus::new(shape);
    while corpus.stream.len() < length {
        corpus.push(shape, (shape.data)(&mut dice));
    }
    Box::leak(Box::new(corpus))
}

impl Corpus {
    fn new(shape: &Shape) -> Self {
        let event_type = shape.parts.iter().find_map(|part| match part {
            Part::Event(event_type) => Some(*event_type),
            _ => None,
        });
        Self { name: shape.name, event_type, messages: Vec::new(), stream: Vec::new() }
    }

    fn push(&mut self, shape: &Shape, data: String) {
        let start = self.stream.len();
        let mut id = None;
        for part in shape.parts {
            match part {
                Part::Event(event_type) => self.push_line(shape, "event: ", event_type),
                Part::Id => {
                    let number = (self.messages.len() + 1).to_string();
                    self.push_line(shape, "id: ", &number);
                    id = Some(number);
                }
                Part::Data => {
                    for line in data.split('\n') {
                        self.push_line(shape, "data: ", line);
                    }
                }
                Part::Retry => self.push_line(shape, "retry: ", "3000"),
            }
        }
        self.push_line(shape, "", "");
        self.messages.push(Message { id, data, wire: start..self.stream.len() });
        if shape.keep_alive {
            self.stream.extend_from_slice(b": keep-alive\n\n");
        }
    }

    fn push_line(&mut self, shape: &Shape, name: &str, value: &str) {
        for text in [name, value, shape.line_end] {
            self.stream.extend_from_slice(text.as_bytes());
        }
    }
}

/// A linear congruential generator, of which the upper half is used. The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 32) as usize) % bound
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }
}

const WORDS: [&str; 16] = [
    " the", " stream", " of", " an", " event", " is", " cut", " where", " packets", " end", ",",
    " however", " that", " may", " fall", ".",
];
const WORDS_BEYOND_ASCII: [&str; 12] = [
    "事件的流",
    "在数据包",
    "结束的地方",
    "被切断，",
    "ストリーム",
    "どこで切れ",
    "ても同じ😀",
    "이벤트를",
    "읽습니다",
    "🚀🌍 go",
    "スペースの",
    "文字コード。",
];

fn number(dice: &mut Dice) -> String {
    dice.below(1000).to_string()
}

fn sample(dice: &mut Dice) -> String {
    format!(r#"{{"t":{}.{},"h":{}}}"#, 18 + dice.below(12), dice.below(10), 30 + dice.below(40))
}

/// A chunk of a chat completion in OpenAI's streaming format.
fn completion(dice: &mut Dice, words: &[&str]) -> String {
    format!(
        concat!(
            r#"{{"id":"chatcmpl-{}","object":"chat.completion.chunk","created":17{:08},"#,
            r#""model":"gpt-4o-2024-08-06","service_tier":"default","#,
            r#""system_fingerprint":"fp_{:010x}","choices":[{{"index":0,"#,
            r#""delta":{{"content":"{}{}"}},"logprobs":null,"finish_reason":null}}]}}"#,
        ),
        base64(dice, 29),
        dice.below(100_000_000),
        dice.below(1 << 31),
        dice.pick(words),
        dice.pick(words)
    )
}

/// A piece of a message in Anthropic's streaming format.
fn content_block_delta(dice: &mut Dice) -> String {
    format!(
        concat!(
            r#"{{"type":"content_block_delta","index":0,"#,
            r#""delta":{{"type":"text_delta","text":"{}{}{}{}"}}}}"#,
        ),
        dice.pick(&WORDS),
        dice.pick(&WORDS),
        dice.pick(&WORDS),
        dice.pick(&WORDS)
    )
}

/// Eight lines of 60 bytes.
fn log_lines(dice: &mut Dice) -> String {
    let mut lines = Vec::new();
    for _ in 0..8 {
        let mut line = format!("{:06} info", dice.below(1_000_000));
        while line.len() < 60 {
            line.push_str(dice.pick(&WORDS));
        }
        line.truncate(60);
        lines.push(line);
    }
    lines.join("\n")
}

fn base64(dice: &mut Dice, length: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..length).map(|_| char::from(DIGITS[dice.below(64)])).collect()
}
