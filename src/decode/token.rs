//! The state machine: bytes in, fields and blank lines out. It has no buffer and knows nothing of
//! events; everything that decodes sits on top of it.

use crate::escaped::Escaped;
use crate::scan::{Input, LineSplitter};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The fields of an event stream, and the comment, which is a line without a field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Field {
    /// `event`: the event's type.
    Event,
    /// `data`: one line of the event's data.
    Data,
    /// `id`: the last event ID from this event on.
    Id,
    /// `retry`: the reconnection time, in milliseconds, in decimal digits.
    Retry,
    /// A line that starts with a colon. Servers send them to keep a connection alive.
    Comment,
}

impl Field {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Event => b"event",
            Self::Data => b"data",
            Self::Id => b"id",
            Self::Retry => b"retry",
            Self::Comment => b"",
        }
    }

    /// The start of a line as servers write it.
    const fn usual_start(self) -> &'static [u8] {
        match self {
            Self::Event => b"event: ",
            Self::Data => b"data: ",
            Self::Id => b"id: ",
            Self::Retry => b"retry: ",
            Self::Comment => b": ",
        }
    }

    const fn with_initial(byte: u8) -> Option<Self> {
        match byte {
            b'e' => Some(Self::Event),
            b'd' => Some(Self::Data),
            b'i' => Some(Self::Id),
            b'r' => Some(Self::Retry),
            _ => None,
        }
    }
}

/// What a [`Tokenizer`] finds in an event stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token<'a> {
    /// The value of one line, or a part of it where the input is cut within the line.
    ///
    /// The fragments of a line, put together, are its value: what follows the colon, less one
    /// leading space. A line without a colon has an empty value.
    Value {
        /// The line's field.
        field: Field,
        /// The bytes, borrowed from the input. Empty only where `end` is set.
        fragment: &'a [u8],
        /// Whether the line ends with this fragment. Exactly one fragment of a line has it.
        end: bool,
    },
    /// A blank line: the event that the lines before it describe is complete.
    Dispatch,
}

/// Splits an event stream into [`Token`]s without a buffer.
///
/// It keeps a few bytes of state, can be resumed at any byte, and copies nothing: fragments are
/// borrowed from the input. Fields that the standard does not name are skipped. With it, a device
/// can take an event that is larger than its memory piece by piece.
///
/// It applies the rules for lines ([WHATWG HTML 9.2.5 and 9.2.6][standard]): line ends, the byte
/// order mark at the start, field names, the space after the colon. What fields mean for an event
/// is up to the [`Decoder`](crate::Decoder).
///
/// ```
/// use sse_wire::{Field, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::new();
/// let mut chunk: &[u8] = b"data: 23.4\n\nda";
///
/// let value = Token::Value { field: Field::Data, fragment: b"23.4", end: true };
/// assert_eq!(tokenizer.next(&mut chunk), Some(value));
/// assert_eq!(tokenizer.next(&mut chunk), Some(Token::Dispatch));
/// assert_eq!(tokenizer.next(&mut chunk), None);
///
/// let mut chunk: &[u8] = b"ta: 23";
/// let part = Token::Value { field: Field::Data, fragment: b"23", end: false };
/// assert_eq!(tokenizer.next(&mut chunk), Some(part));
/// ```
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tokenizer {
    state: State,
    lines: LineSplitter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// With a tag of its own, a decoder that is new is all zeros and takes no flash in a `static`.
#[repr(u8)]
enum State {
    /// At the start of the stream, with so many bytes of a byte order mark behind.
    Bom {
        matched: u8,
    },
    LineStart,
    /// In a field name, with so many bytes of it behind.
    Name {
        field: Field,
        matched: u8,
    },
    /// Behind the colon, where one space is dropped.
    Colon {
        field: Field,
    },
    Value {
        field: Field,
    },
    /// In a line whose field name is none of ours.
    Unknown,
}

impl Tokenizer {
    /// A tokenizer at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Bom { matched: 0 }, lines: LineSplitter::new() }
    }

    /// Takes the next token off the front of `input`.
    ///
    /// `None` means that `input` is used up (it is empty then) and more is needed. No byte is ever
    /// looked at again in a later call. A CR ends its line at once; a LF after it, also in a later
    /// input, belongs to it.
    #[must_use = "a token that is not looked at is lost"]
    #[inline]
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Token<'a>> {
        let mut bytes = Input::new(input);
        let token = self.next_in(&mut bytes);
        *input = bytes.rest();
        token
    }

    /// What [`next`](Self::next) does, for several tokens of one input.
    #[inline]
    pub(super) fn next_in<'a>(&mut self, input: &mut Input<'a>) -> Option<Token<'a>> {
        self.lines.skip_lf(input);
        while !input.rest().is_empty() {
            #[cfg(test)]
            crate::cost::add(1);
            let token = match self.lines.take_line(input) {
                Some(line) if SHORT_CUT && self.state == State::LineStart => whole_line(line),
                Some(rest) => self.end_line(rest),
                None => self.part_of_line(input.take_rest()),
            };
            if token.is_some() {
                return token;
            }
        }
        None
    }

    /// The rest of a line that began in an earlier input, or at the start of the stream.
    fn end_line<'a>(&mut self, rest: &'a [u8]) -> Option<Token<'a>> {
        let fragment = self.part_of_line(rest);
        let state = core::mem::replace(&mut self.state, State::LineStart);
        match (fragment, state) {
            (Some(Token::Value { field, fragment, .. }), _) => {
                Some(Token::Value { field, fragment, end: true })
            }
            (_, State::LineStart | State::Bom { matched: 0 }) => Some(Token::Dispatch),
            (_, State::Name { field, matched }) if usize::from(matched) < field.name().len() => {
                None
            }
            (_, State::Name { field, .. } | State::Colon { field } | State::Value { field }) => {
                Some(Token::Value { field, fragment: &[], end: true })
            }
            (_, State::Bom { .. } | State::Unknown) => None,
        }
    }

    /// A part of a line, without its end.
    fn part_of_line<'a>(&mut self, mut part: &'a [u8]) -> Option<Token<'a>> {
        // In one step, where the usual start of a line is there.
        if SHORT_CUT && self.state == State::LineStart {
            if let Some((field, value)) = usual_value(part) {
                self.state = State::Value { field };
                part = value;
            }
        }
        while let Some((&first, rest)) = part.split_first() {
            #[cfg(test)]
            crate::cost::add(1);
            self.state = match self.state {
                State::Bom { matched } if BOM.get(usize::from(matched)) == Some(&first) => {
                    part = rest;
                    match matched {
                        2.. => State::LineStart,
                        _ => State::Bom { matched: matched.saturating_add(1) },
                    }
                }
                State::Bom { matched: 0 } => State::LineStart,
                // A part of a byte order mark is the start of a field name, and of none that we know.
                State::Bom { .. } => State::Unknown,
                State::LineStart if first == b':' => {
                    part = rest;
                    State::Colon { field: Field::Comment }
                }
                State::LineStart => match Field::with_initial(first) {
                    Some(field) => State::Name { field, matched: 0 },
                    None => State::Unknown,
                },
                State::Name { field, matched } => match field.name().get(usize::from(matched)) {
                    Some(&expected) if expected == first => {
                        part = rest;
                        State::Name { field, matched: matched.saturating_add(1) }
                    }
                    None if first == b':' => {
                        part = rest;
                        State::Colon { field }
                    }
                    _ => State::Unknown,
                },
                State::Colon { field } => {
                    part = part.strip_prefix(b" ").unwrap_or(part);
                    State::Value { field }
                }
                State::Value { field } => {
                    return Some(Token::Value { field, fragment: part, end: false });
                }
                State::Unknown => return None,
            };
        }
        None
    }

    /// Whether `input` goes on at the start of a line, and how many of its bytes come before: the LF of
    /// a CRLF, which is dropped.
    #[inline(never)]
    pub(super) fn is_at_line_start(&mut self, input: &[u8]) -> (bool, usize) {
        let mut rest = Input::new(input);
        self.lines.skip_lf(&mut rest);
        let rest = rest.rest();
        if self.state == (State::Bom { matched: 0 })
            && rest.first().is_some_and(|first| !BOM.starts_with(&[*first]))
        {
            self.state = State::LineStart;
        }
        let is_at_line_start = self.state == State::LineStart && !self.lines.is_after_cr();
        (is_at_line_start, input.len().wrapping_sub(rest.len()))
    }

    /// Whether the input so far ends within a line of a field that is not rare, be it in its name.
    pub(super) const fn is_in_usual_line(&self) -> bool {
        match self.state {
            State::Name { field, .. } | State::Colon { field } | State::Value { field } => {
                !matches!(field, Field::Retry)
            }
            _ => false,
        }
    }

    /// What `part`, with which the line that was cut goes on, has of its value. `None`: nothing, or the
    /// line is unusual.
    #[inline]
    pub(super) fn value_in<'a>(&self, part: &'a [u8]) -> Option<(Field, &'a [u8])> {
        let (field, matched) = match self.state {
            State::Value { field } => return Some((field, part)),
            State::Colon { field } => (field, field.name().len().saturating_add(1)),
            State::Name { field, matched } => (field, usize::from(matched)),
            _ => return None,
        };
        Some((field, part.strip_prefix(field.usual_start().get(matched..)?)?))
    }

    /// Takes the start of a usual line that is cut before its value.
    #[inline(never)]
    pub(super) fn start_name(&mut self, part: &[u8]) -> bool {
        let field = match part {
            [b':', ..] => Some(Field::Comment),
            [b'r', ..] | [] => None,
            [initial, ..] => Field::with_initial(*initial),
        };
        let (Some(field), Ok(matched)) = (field, u8::try_from(part.len())) else { return false };
        let is_usual = field.usual_start().starts_with(part);
        if is_usual {
            self.state = match part.len() > field.name().len() {
                true => State::Colon { field },
                false => State::Name { field, matched },
            };
        }
        is_usual
    }

    /// Whole lines have been taken without the tokenizer.
    #[inline]
    pub(super) const fn set_at_line_start(&mut self) {
        self.state = State::LineStart;
    }

    /// The value has begun, and that has been taken without the tokenizer.
    #[inline]
    pub(super) const fn set_in_value(&mut self, field: Field) {
        self.state = State::Value { field };
    }

    /// Whether the input so far ends within a line.
    ///
    /// The end of the stream here means that the stream was cut off.
    #[must_use]
    pub const fn is_mid_line(&self) -> bool {
        !matches!(self.state, State::LineStart | State::Bom { matched: 0 })
    }
}

/// The smallest targets, which are those without atomics, take the long way: the short cut takes 330
/// bytes of flash there, and spares a third of the instructions.
const SHORT_CUT: bool = cfg!(target_has_atomic = "ptr");

/// The field of a line that begins as servers write it, and what there is of its value.
#[inline]
pub(super) fn usual_value(part: &[u8]) -> Option<(Field, &[u8])> {
    match part {
        [b'd', b'a', b't', b'a', b':', b' ', value @ ..] => Some((Field::Data, value)),
        [b'i', b'd', b':', b' ', value @ ..] => Some((Field::Id, value)),
        [b'e', b'v', b'e', b'n', b't', b':', b' ', value @ ..] => Some((Field::Event, value)),
        [b':', b' ', value @ ..] => Some((Field::Comment, value)),
        _ => None,
    }
}

/// What a line means that lies whole in the input: the short way to what [`Tokenizer::part_of_line`]
/// and [`Tokenizer::end_line`] find step by step.
#[inline]
fn whole_line(line: &[u8]) -> Option<Token<'_>> {
    let (field, rest) = match line {
        [] => return Some(Token::Dispatch),
        [b'd', b'a', b't', b'a', rest @ ..] => (Field::Data, rest),
        [b'i', b'd', rest @ ..] => (Field::Id, rest),
        [b'e', b'v', b'e', b'n', b't', rest @ ..] => (Field::Event, rest),
        [b':', ..] => (Field::Comment, line),
        [b'r', b'e', b't', b'r', b'y', rest @ ..] => (Field::Retry, rest),
        _ => return None,
    };
    let fragment = match rest {
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        [] => rest,
        _ => return None,
    };
    Some(Token::Value { field, fragment, end: true })
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Value { field, fragment, end } => f
                .debug_struct("Value")
                .field("field", field)
                .field("fragment", &Escaped(fragment))
                .field("end", end)
                .finish(),
            Self::Dispatch => f.write_str("Dispatch"),
        }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Token<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        match *self {
            Self::Value { field, fragment, end } => {
                defmt::write!(f, "Value({}, {=[u8]:a}, end: {})", field, fragment, end);
            }
            Self::Dispatch => defmt::write!(f, "Dispatch"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{State, Tokenizer, whole_line};
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        /// The short cut, which the smallest targets do not take, ends where the long way does.
        #[test]
        fn the_short_cut_and_the_long_way(
            name in "(data|id|event|retry|dat|datax|i|)",
            rest in "(|:|: |::|:  |[^\r\n]{0,3})[^\r\n]{0,3}",
        ) {
            let line: Vec<u8> = [name.as_bytes(), rest.as_bytes()].concat();
            let mut tokenizer = Tokenizer { state: State::LineStart, ..Tokenizer::new() };
            prop_assert_eq!(tokenizer.end_line(&line), whole_line(&line));
            prop_assert_eq!(tokenizer.state, State::LineStart);
        }
    }
}
