//! A slow, obvious decoder: WHATWG HTML 9.2.5 and 9.2.6, transcribed over the whole input.
//!
//! It works on text. [`spec`] hands it the stream decoded as UTF-8, as the standard says;
//! [`limited`] hands it one character for each byte, so that a character is a byte and this crate's
//! size limit can be told. That both give the same events is the reason why the crate may work on
//! bytes, and is tested too.

use sse_wire::Field;

/// An event, or the report of one that was too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Event { event_type: String, data: String, last_event_id: String },
    TooLong,
}

/// A line that means something: a field, a comment, or `None` for a blank line.
pub type Line = Option<(Field, String)>;

/// What is left of a stream for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub last_event_id: String,
    pub retry: Option<u128>,
    /// The stream ended within a line or an event.
    pub cut_off: bool,
}

/// The standard, without a limit: text as a browser shows it.
pub fn spec(client: &mut Client, stream: &[u8]) -> Vec<Output> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (lines, rest) = lines(&String::from_utf8_lossy(stream));
    interpret(client, &lines, &rest, usize::MAX)
}

/// The standard and the crate's limit in bytes: each character of the text stands for a byte.
pub fn limited(client: &mut Client, stream: &[u8], limit: usize) -> Vec<Output> {
    let (lines, rest) = byte_lines(stream);
    interpret(client, &lines, &rest, limit)
}

/// The lines of a stream, a character for a byte, and what comes after the last line end.
pub fn byte_lines(stream: &[u8]) -> (Vec<Line>, String) {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    lines(&latin1(stream))
}

/// A character for each byte.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// "Lines must be separated by either a CRLF pair, a single LF, or a single CR."
fn lines(text: &str) -> (Vec<Line>, String) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    let unfinished = lines.pop().unwrap_or_default().to_string();
    (lines.into_iter().filter_map(parse_line).collect(), unfinished)
}

/// The outer `None`: a line that is to be ignored.
fn parse_line(line: &str) -> Option<Line> {
    if line.is_empty() {
        return Some(None);
    }
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value).to_string();
    let field = match name {
        "" => Field::Comment,
        "event" => Field::Event,
        "data" => Field::Data,
        "id" => Field::Id,
        "retry" => Field::Retry,
        _ => return None,
    };
    Some(Some((field, value)))
}

/// The standard's buffers, with its names.
#[derive(Default)]
struct Buffers {
    data: String,
    event_type: String,
    last_event_id: Option<String>,
    too_long: bool,
}

impl Buffers {
    /// What the event takes of the limit, beside the last event ID string.
    fn used(&self) -> usize {
        // Each data line is followed by a LF, the last of which is not part of the event.
        self.data.chars().count().saturating_sub(1)
            + self.event_type.chars().count()
            + self.last_event_id.as_ref().map_or(0, |id| id.chars().count())
    }

    fn give_up(&mut self) {
        self.data.clear();
        self.event_type.clear();
        self.too_long = true;
    }
}

/// Interprets lines, whether they come from [`lines`] or from the tokenizer under test.
pub fn interpret(
    client: &mut Client,
    lines: &[Line],
    unfinished: &str,
    limit: usize,
) -> Vec<Output> {
    let mut output = Vec::new();
    let mut buffers = Buffers::default();
    for line in lines {
        let Some((field, value)) = line else {
            output.extend(dispatch(client, std::mem::take(&mut buffers)));
            continue;
        };
        let used = buffers.used() + client.last_event_id.chars().count();
        let len = value.chars().count();
        match field {
            Field::Event if buffers.too_long => {}
            Field::Event if used + len > limit => buffers.give_up(),
            Field::Event => buffers.event_type.clone_from(value),
            Field::Data if buffers.too_long => {}
            Field::Data if used + usize::from(!buffers.data.is_empty()) + len > limit => {
                buffers.give_up();
            }
            Field::Data => {
                buffers.data.push_str(value);
                buffers.data.push('\n');
            }
            Field::Id => {
                let before_nul = value.chars().take_while(|&c| c != '\0').count();
                if used + before_nul > limit {
                    buffers.give_up();
                }
                let used = buffers.used() + client.last_event_id.chars().count();
                if before_nul == len && used + len <= limit {
                    buffers.last_event_id = Some(value.clone());
                }
            }
            Field::Retry => {
                if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) {
                    client.retry = Some(value.parse().unwrap_or(u128::MAX));
                }
            }
            Field::Comment => {}
        }
    }
    client.cut_off = !unfinished.is_empty()
        || !buffers.data.is_empty()
        || !buffers.event_type.is_empty()
        || buffers.last_event_id.is_some()
        || buffers.too_long;
    output
}

fn dispatch(client: &mut Client, mut buffers: Buffers) -> Option<Output> {
    if let Some(id) = buffers.last_event_id {
        client.last_event_id = id;
    }
    if buffers.too_long {
        return Some(Output::TooLong);
    }
    if buffers.data.is_empty() {
        return None;
    }
    buffers.data.pop();
    let message = String::from("message");
    Some(Output::Event {
        event_type: if buffers.event_type.is_empty() { message } else { buffers.event_type },
        data: buffers.data,
        last_event_id: client.last_event_id.clone(),
    })
}
