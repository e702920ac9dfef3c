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
    Event { event_type: String, data: String, last_event_id: String, own: Own },
    TooLong,
}

/// What an event's own lines give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    pub id: Option<String>,
    /// In milliseconds.
    pub retry: Option<u128>,
}

/// A line that means something: a field, a comment, or `None` for a blank line.
pub type Line = Option<(Field, String)>;

/// A line as the limit sees it.
struct Sized {
    /// The outer `None`: a line that is to be ignored.
    line: Option<Line>,
    /// Without its end.
    len: usize,
}

/// What is left of a stream for the next one, and what can be asked at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub last_event_id: String,
    pub retry: Option<u128>,
    /// The stream ended within a line or an event.
    pub cut_off: bool,
    /// That event was already too long.
    pub too_long: bool,
    pub comments: u32,
    pub ignored_lines: u32,
}

/// The standard, without a limit: text as a browser shows it, which does not show what is an event's own.
pub fn spec(client: &mut Client, stream: &[u8]) -> Vec<Output> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (lines, rest) = lines(&String::from_utf8_lossy(stream));
    let mut outputs = interpret(client, &lines, &rest, None);
    outputs.iter_mut().for_each(Output::forget_own);
    outputs
}

/// The standard and the crate's limit in bytes, for a buffer of `buffer` bytes.
pub fn limited(client: &mut Client, stream: &[u8], buffer: usize) -> Vec<Output> {
    if matches!(stream, b"\xEF" | b"\xEF\xBB") {
        // It may yet be a byte order mark.
        interpret(client, &[], "", Some(buffer));
        client.cut_off = true;
        return Vec::new();
    }
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (lines, rest) = lines(&latin1(stream));
    interpret(client, &lines, &rest, Some(buffer))
}

/// The lines of a stream that are not ignored, a character for a byte, and what comes after the last line
/// end.
pub fn byte_lines(stream: &[u8]) -> (Vec<Line>, String) {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (lines, rest) = lines(&latin1(stream));
    (lines.into_iter().filter_map(|sized| sized.line).collect(), rest)
}

/// What comes of lines that the tokenizer has found.
pub fn events(lines: &[Line]) -> Vec<Output> {
    let sized = |line: &Line| Sized { line: Some(line.clone()), len: 0 };
    let lines: Vec<Sized> = lines.iter().map(sized).collect();
    interpret(&mut Client::default(), &lines, "", None)
}

impl Output {
    pub fn forget_own(&mut self) {
        if let Self::Event { own, .. } = self {
            *own = Own::default();
        }
    }
}

/// A character for each byte.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// "Lines must be separated by either a CRLF pair, a single LF, or a single CR."
fn lines(text: &str) -> (Vec<Sized>, String) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    let unfinished = lines.pop().unwrap_or_default().to_string();
    let sized = |line: &str| Sized { line: parse_line(line), len: line.chars().count() };
    (lines.into_iter().map(sized).collect(), unfinished)
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

/// So many bytes of the buffer stay free.
const SPARE: usize = 8;

/// The standard's buffers, with its names.
#[derive(Default)]
struct Buffers {
    data: String,
    event_type: String,
    last_event_id: Option<String>,
    retry: Option<u128>,
    /// What the lines that count take, each with one byte for its end.
    lines: usize,
    too_long: bool,
}

impl Buffers {
    /// What is in use of the limit.
    fn used(&self, last_event_id: &str) -> usize {
        let id = self.last_event_id.as_ref().filter(|_| self.too_long);
        chars(last_event_id) + self.lines + id.map_or(0, |id| chars(id))
    }

    /// Drops the lines; the id is kept.
    fn give_up(&mut self) {
        self.data.clear();
        self.event_type.clear();
        self.lines = 0;
        self.too_long = true;
    }

    /// Whether a line of `len` characters that counts fits. If it does not, the event is too long; an id makes
    /// the ids before it give way.
    fn make_room(
        &mut self,
        last_event_id: &mut String,
        is_id: bool,
        len: usize,
        room: usize,
    ) -> bool {
        let fits = |buffers: &Self, id: &str| buffers.used(id) + len < room;
        if fits(self, last_event_id) {
            return true;
        }
        self.give_up();
        if is_id && !fits(self, last_event_id) {
            last_event_id.clear();
            if !fits(self, last_event_id) {
                self.last_event_id = None;
            }
        }
        fits(self, last_event_id)
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

fn interpret(
    client: &mut Client,
    lines: &[Sized],
    unfinished: &str,
    buffer: Option<usize>,
) -> Vec<Output> {
    let mut output = Vec::new();
    let mut buffers = Buffers::default();
    let room = buffer.map_or(usize::MAX, |buffer| buffer.saturating_sub(SPARE));
    client.comments = 0;
    client.ignored_lines = 0;
    for Sized { line, len } in lines {
        if *line == Some(None) {
            output.extend(dispatch(client, std::mem::take(&mut buffers)));
            continue;
        }
        if buffer.is_some_and(|buffer| buffer < SPARE) {
            // No line can be told from another.
            buffers.give_up();
            continue;
        }
        let Some(Some((field, value))) = line else {
            client.ignored_lines += 1;
            continue;
        };
        match field {
            Field::Comment => client.comments += 1,
            Field::Retry => {
                let fits = buffers.used(&client.last_event_id) + len < room;
                if fits && !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) {
                    client.retry = Some(value.parse().unwrap_or(u128::MAX));
                    buffers.retry = client.retry;
                } else {
                    client.ignored_lines += 1;
                }
            }
            Field::Event | Field::Data | Field::Id => {
                let is_id = *field == Field::Id;
                if !buffers.make_room(&mut client.last_event_id, is_id, *len, room) {
                    continue;
                }
                if is_id && value.contains('\0') {
                    client.ignored_lines += 1;
                    continue;
                }
                if !buffers.too_long {
                    buffers.lines += len + 1;
                }
                match field {
                    Field::Id => buffers.last_event_id = Some(value.clone()),
                    _ if buffers.too_long => {}
                    Field::Event => buffers.event_type.clone_from(value),
                    _ => {
                        buffers.data.push_str(value);
                        buffers.data.push('\n');
                    }
                }
            }
        }
    }
    client.cut_off = !unfinished.is_empty()
        || buffers.lines > 0
        || !buffers.data.is_empty()
        || buffers.last_event_id.is_some()
        || buffers.too_long;
    end(client, &mut buffers, unfinished, buffer, room);
    client.too_long = buffers.too_long;
    output
}

/// What the end of the stream within a line does: only that the line may already be too long.
fn end(
    client: &mut Client,
    buffers: &mut Buffers,
    unfinished: &str,
    buffer: Option<usize>,
    room: usize,
) {
    let field = unfinished.split_once(':').map(|(name, _)| name);
    if buffer.is_some_and(|buffer| buffer < SPARE) {
        buffers.too_long |= !unfinished.is_empty();
    } else if let Some("event" | "data" | "id") = field {
        let is_id = field == Some("id");
        buffers.make_room(&mut client.last_event_id, is_id, chars(unfinished), room);
    }
}

fn dispatch(client: &mut Client, mut buffers: Buffers) -> Option<Output> {
    // As this crate bounds it.
    let retry = buffers.retry.map(|time| time.min(u64::MAX.into()));
    let own = Own { id: buffers.last_event_id.clone(), retry };
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
        own,
    })
}
