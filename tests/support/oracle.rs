//! A slow, obvious decoder: WHATWG HTML 9.2.5 and 9.2.6, transcribed for the whole input.
//!
//! It works on text. [`spec`] decodes the stream as UTF-8, as the standard requires. [`limited`] makes one character of
//! each byte, so that lengths are in bytes, as in this crate's limit. That both give the same events is why the crate
//! can work on bytes, and is tested, too.

use sse_wire::Field;
use std::collections::VecDeque;

/// An event, or the error for one that was too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Event { event_type: String, data: String, last_event_id: String, own: Own },
    TooLong,
}

/// The values of an event's own lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    pub id: Option<String>,
    /// In milliseconds.
    pub retry: Option<u128>,
}

/// A line that is not ignored: a field, a comment, or `None` for a blank line.
pub type Line = Option<(Field, String)>;

/// A line with the text that counts against the limit.
#[derive(Default)]
struct Sized {
    /// The outer `None`: a line that is ignored.
    line: Option<Line>,
    /// Without its line end.
    text: String,
    /// The position, in characters, of each last event ID that is set within the line.
    ids_after: Vec<usize>,
}

/// The state that the next stream inherits, and the state at the end of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub last_event_id: String,
    pub retry: Option<u128>,
    /// The stream ended within a line or an event.
    pub cut_off: bool,
    /// That event is already too long.
    pub too_long: bool,
    pub comments: u32,
    pub ignored_lines: u32,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            last_event_id: latin1(b""),
            retry: None,
            cut_off: false,
            too_long: false,
            comments: 0,
            ignored_lines: 0,
        }
    }
}

/// The standard, without a limit. Text as in a browser, which does not report an event's own values.
pub fn spec(client: &mut Client, stream: &[u8]) -> Vec<Output> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (lines, rest) = lines(&String::from_utf8_lossy(stream));
    let lines: Vec<Sized> = lines.into_iter().map(Sized::new).collect();
    let mut outputs = interpret(client, &lines, &Sized::new(rest), None, &mut Ids::default());
    outputs.iter_mut().for_each(Output::forget_own);
    outputs
}

/// The standard with the crate's limit, for a buffer of `buffer` bytes.
pub fn limited(client: &mut Client, stream: &[u8], buffer: usize) -> Vec<Output> {
    limited_with_ids(client, stream, &[], buffer).0
}

/// Like `limited`, but sets each of `ids` as the last event ID at its position in bytes. Also returns whether each was
/// accepted.
pub fn limited_with_ids(
    client: &mut Client,
    stream: &[u8],
    ids: &[(usize, Vec<u8>)],
    buffer: usize,
) -> (Vec<Output>, Vec<bool>) {
    let mut set = Ids { later: ids.iter().map(|(_, id)| latin1(id)).collect(), taken: Vec::new() };
    let (lines, rest) = lines(&marked(stream, ids));
    let lines: Vec<Sized> = lines.iter().map(|line| Sized::marked(line)).collect();
    let mut rest = Sized::marked(&rest);
    // A partial byte order mark is not a line.
    let is_mark = matches!(stream, b"\xEF" | b"\xEF\xBB");
    if is_mark {
        rest.text.clear();
    }
    let outputs = interpret(client, &lines, &rest, Some(buffer), &mut set);
    client.cut_off |= is_mark;
    (outputs, set.taken)
}

/// Marks the position at which a last event ID is set. No byte is this character.
const ID_IS_SET: char = '\u{E000}';

/// A character for each byte after the byte order mark, and a mark at the position of each of `ids`.
fn marked(stream: &[u8], ids: &[(usize, Vec<u8>)]) -> String {
    let text = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let place = |at: usize| match &stream[..at] {
        // No line has begun.
        [] | b"\xEF" | b"\xEF\xBB" => 0,
        before if before.ends_with(b"\r") && stream[at..].starts_with(b"\n") => at + 1,
        _ => at,
    };
    let skipped = stream.len() - text.len();
    let mut places = ids.iter().map(|(at, _)| place(*at).saturating_sub(skipped)).peekable();
    let mut marked = String::new();
    for at in 0..=text.len() {
        while places.next_if_eq(&at).is_some() {
            marked.push(ID_IS_SET);
        }
        marked.extend(text.get(at).copied().map(char::from));
    }
    marked
}

/// Last event IDs that are set while a stream is read.
#[derive(Default)]
struct Ids {
    later: VecDeque<String>,
    /// Whether each ID set so far was accepted.
    taken: Vec<bool>,
}

impl Ids {
    /// Sets the next ID, if it fits beside the partial event and `line_len` characters of a line.
    fn set(
        &mut self,
        last_event_id: &mut String,
        buffers: &Buffers,
        line_len: usize,
        buffer: Option<usize>,
    ) {
        let id = self.later.pop_front().unwrap();
        let needed = buffers.used(&id) + line_len + SPARE;
        let is_taken = chars(&id) <= chars(last_event_id) || buffer.is_none_or(|len| needed <= len);
        if is_taken {
            *last_event_id = id;
        }
        self.taken.push(is_taken);
    }
}

/// The lines of a stream that are not ignored, with a character for each byte, and the rest after the last line end.
pub fn byte_lines(stream: &[u8]) -> (Vec<Line>, String) {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let (lines, rest) = lines(&latin1(stream));
    (lines.iter().filter_map(|line| parse_line(line)).collect(), rest)
}

/// The events of lines from the tokenizer.
pub fn events(lines: &[Line]) -> Vec<Output> {
    let sized = |line: &Line| Sized { line: Some(line.clone()), ..Sized::default() };
    let lines: Vec<Sized> = lines.iter().map(sized).collect();
    interpret(&mut Client::default(), &lines, &Sized::default(), None, &mut Ids::default())
}

/// An event without values of its own lines, as [`spec`] returns it.
pub fn event(event_type: &str, data: &str, last_event_id: &str) -> Output {
    Output::Event {
        event_type: event_type.into(),
        data: data.into(),
        last_event_id: last_event_id.into(),
        own: Own::default(),
    }
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
    // Never without memory: `memcmp` at the dangling pointer of an empty `String` is slow with AVX-512.
    let mut text = String::with_capacity(bytes.len().max(1));
    text.extend(bytes.iter().copied().map(char::from));
    text
}

/// "Lines must be separated by either a CRLF pair, a single LF, or a single CR."
fn lines(text: &str) -> (Vec<String>, String) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = text.split('\n').map(String::from).collect();
    let unfinished = lines.pop().unwrap_or_default();
    (lines, unfinished)
}

impl Sized {
    fn new(text: String) -> Self {
        Self { line: parse_line(&text), text, ids_after: Vec::new() }
    }

    /// A line with its [marks](ID_IS_SET).
    fn marked(line: &str) -> Self {
        let before = |(at, _)| chars(&line[..at].replace(ID_IS_SET, ""));
        let ids_after = line.match_indices(ID_IS_SET).map(before).collect();
        Self { ids_after, ..Self::new(line.replace(ID_IS_SET, "")) }
    }
}

/// The outer `None`: a line that is ignored.
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

/// The number of bytes of the buffer that stay free.
const SPARE: usize = 8;

/// The standard's buffers, with the standard's names.
#[derive(Default)]
struct Buffers {
    data: String,
    event_type: String,
    last_event_id: Option<String>,
    retry: Option<u128>,
    /// The length of the lines that count, with one byte for each line end.
    lines: usize,
    too_long: bool,
}

impl Buffers {
    /// The part of the limit that is in use.
    fn used(&self, last_event_id: &str) -> usize {
        let id = self.last_event_id.as_ref().filter(|_| self.too_long);
        chars(last_event_id) + self.lines + id.map_or(0, |id| chars(id))
    }

    /// Drops the lines, but not the ID.
    fn give_up(&mut self) {
        self.data.clear();
        self.event_type.clear();
        self.lines = 0;
        self.too_long = true;
    }

    /// Returns whether a line of `len` characters fits. If not, the event is too long; an ID then displaces earlier IDs.
    fn reserve(
        &mut self,
        last_event_id: &mut String,
        is_id: bool,
        len: usize,
        limit: usize,
    ) -> bool {
        let fits = |buffers: &Self, id: &str| buffers.used(id) + len < limit;
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
    unfinished: &Sized,
    buffer: Option<usize>,
    ids: &mut Ids,
) -> Vec<Output> {
    let mut output = Vec::new();
    let mut buffers = Buffers::default();
    let limit = buffer.map_or(usize::MAX, |buffer| buffer.saturating_sub(SPARE));
    client.comments = 0;
    client.ignored_lines = 0;
    for sized in lines {
        let begun = begin(client, &mut buffers, sized, buffer, ids);
        let Sized { line, text, .. } = sized;
        if *line == Some(None) {
            output.extend(dispatch(client, std::mem::take(&mut buffers)));
            continue;
        }
        if buffer.is_some_and(|buffer| buffer < SPARE) {
            // No field can be identified.
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
                let len = chars(text);
                let fits = begun == Begun::Kept(len)
                    || begun != Begun::Skipped && buffers.used(&client.last_event_id) + len < limit;
                if fits && !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) {
                    client.retry = Some(value.parse().unwrap_or(u128::MAX));
                    buffers.retry = client.retry;
                } else {
                    client.ignored_lines += 1;
                }
            }
            Field::Event | Field::Data | Field::Id => {
                let is_id = *field == Field::Id;
                if begun == Begun::Skipped
                    || !buffers.reserve(&mut client.last_event_id, is_id, chars(text), limit)
                {
                    continue;
                }
                if is_id && value.contains('\0') {
                    client.ignored_lines += 1;
                    continue;
                }
                if !buffers.too_long {
                    buffers.lines += chars(text) + 1;
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
    client.cut_off = !unfinished.text.is_empty()
        || buffers.lines > 0
        || !buffers.data.is_empty()
        || buffers.last_event_id.is_some()
        || buffers.too_long;
    let begun = begin(client, &mut buffers, unfinished, buffer, ids);
    // The stream ends within a line, which may already be too long.
    begun.and(client, &mut buffers, &unfinished.text, buffer);
    client.too_long = buffers.too_long;
    output
}

/// The part of a line so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// This number of characters is kept.
    Kept(usize),
    /// The line does not fit, and is skipped.
    Skipped,
}

impl Begun {
    /// Whether the line is skipped after `start`. Neither the buffer's size nor an ID that is set matters before the
    /// line's field is identified.
    fn and(
        self,
        client: &mut Client,
        buffers: &mut Buffers,
        start: &str,
        buffer: Option<usize>,
    ) -> Self {
        let len = chars(start);
        if self == Self::Skipped || self == Self::Kept(len) {
            return self;
        }
        let limit = buffer.map_or(usize::MAX, |buffer| buffer.saturating_sub(SPARE));
        let fits = match start.split_once(':').map(|(name, _)| name) {
            _ if buffer.is_some_and(|buffer| buffer < SPARE) => {
                buffers.give_up();
                false
            }
            Some(name @ ("event" | "data" | "id")) => {
                buffers.reserve(&mut client.last_event_id, name == "id", len, limit)
            }
            None if len <= "event".len() => true,
            _ => buffers.used(&client.last_event_id) + len < limit,
        };
        if fits { Self::Kept(len) } else { Self::Skipped }
    }
}

/// Sets the IDs whose position is within a line.
fn begin(
    client: &mut Client,
    buffers: &mut Buffers,
    line: &Sized,
    buffer: Option<usize>,
    ids: &mut Ids,
) -> Begun {
    let mut begun = Begun::Kept(0);
    for &after in &line.ids_after {
        let start: String = line.text.chars().take(after).collect();
        begun = begun.and(client, buffers, &start, buffer);
        let line_len = if begun == Begun::Skipped { 0 } else { after };
        ids.set(&mut client.last_event_id, buffers, line_len, buffer);
    }
    begun
}

fn dispatch(client: &mut Client, mut buffers: Buffers) -> Option<Output> {
    // Limited as in this crate.
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
