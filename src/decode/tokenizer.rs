//! Fields and blank lines without a buffer: what of a line has come is handed out at once. It knows nothing
//! of events; the names of fields are in `field`.

use super::field::{ByteOrderMark, Field, split};
use crate::SMALL_CODE;
use crate::escaped::Escaped;
use crate::scan::{Lines, ends_with_cr};

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
/// is up to the [`Decoder`](crate::Decoder). Like the decoder it takes the body of a response, without the framing of
/// chunked transfer coding.
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
    byte_order_mark: ByteOrderMark,
    /// The last byte ended a line with CR: a LF that comes next belongs to it.
    after_cr: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// With a tag of its own, a tokenizer that is new is all zeros and takes no flash in a `static`.
#[repr(u8)]
enum State {
    /// In a line that starts with so many bytes of the field's name; with none of them, at its start.
    Name {
        field: Field,
        len: u8,
    },
    /// After the colon, where one space is dropped.
    Colon(Field),
    Value(Field),
    /// In a line that is ignored.
    Unknown,
}

impl State {
    const LINE_START: Self = Self::Name { field: Field::Event, len: 0 };

    /// After one more byte of a name.
    fn after(field: Field, len: u8, byte: u8) -> Self {
        let field = if len == 0 { Field::with_initial(byte) } else { field };
        match field.name().get(usize::from(len)) {
            Some(expected) if *expected == byte => Self::Name { field, len: len.wrapping_add(1) },
            None if byte == b':' => Self::Colon(field),
            _ => Self::Unknown,
        }
    }
}

impl Tokenizer {
    /// A tokenizer at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::LINE_START, byte_order_mark: ByteOrderMark::new(), after_cr: false }
    }

    /// Takes the next token off the front of `input`.
    ///
    /// `None` means that `input` is used up (it is empty then) and more is needed. A CR ends its line
    /// at once; a LF after it, also in a later input, belongs to it.
    ///
    /// `input` is moved on over what is used, so the variable has to live as long as the loop: a call with
    /// `&mut &bytes[..]` starts at the first byte each time.
    #[must_use = "a token that is not looked at is lost"]
    #[inline]
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Token<'a>> {
        while !input.is_empty() {
            let (mut start, is_name) = self.byte_order_mark.skip(input);
            if is_name {
                self.state = State::Unknown;
            }
            if core::mem::take(&mut self.after_cr) && input.first() == Some(&b'\n') {
                start = 1;
            }
            let chunk = input.get(start..).unwrap_or_default();
            let mut lines = <Lines<'_>>::new(chunk);
            let token = match lines.take() {
                Some(line) if !SMALL_CODE && self.state == State::LINE_START => whole_line(line),
                Some(line) => self.end_line(line),
                None => self.part_of_line(chunk),
            };
            *input = match lines.start() {
                0 => &[],
                _ => lines.rest(),
            };
            self.after_cr = input.is_empty() && ends_with_cr(chunk);
            if token.is_some() {
                return token;
            }
        }
        None
    }

    /// Ends a line whose start came before.
    fn end_line<'a>(&mut self, rest: &'a [u8]) -> Option<Token<'a>> {
        let token = self.part_of_line(rest);
        let field = match (token, core::mem::replace(&mut self.state, State::LINE_START)) {
            (Some(Token::Value { field, fragment, .. }), _) => {
                return Some(Token::Value { field, fragment, end: true });
            }
            (_, State::Colon(field) | State::Value(field)) => field,
            (_, State::Name { len: 0, .. }) => return Some(Token::Dispatch),
            (_, State::Name { field, len }) if usize::from(len) == field.name().len() => field,
            (_, State::Name { .. }) => return None,
            (_, State::Unknown) => return None,
        };
        Some(Token::Value { field, fragment: &[], end: true })
    }

    /// Takes in a part of a line, without its end.
    fn part_of_line<'a>(&mut self, mut part: &'a [u8]) -> Option<Token<'a>> {
        if !SMALL_CODE && self.state == State::LINE_START {
            // In one step, where the field and a byte after the colon are there.
            if let Some((field, start)) = split(part).filter(|(_, start)| *start < part.len()) {
                self.state = State::Value(field);
                part = part.get(start..)?;
            }
        }
        while let State::Name { field, len } = self.state {
            let (first, rest) = part.split_first()?;
            part = rest;
            self.state = State::after(field, len, *first);
        }
        if let (State::Colon(field), [first, ..]) = (self.state, part) {
            part = part.get(usize::from(*first == b' ')..).unwrap_or_default();
            self.state = State::Value(field);
        }
        match self.state {
            State::Value(field) if !part.is_empty() => {
                Some(Token::Value { field, fragment: part, end: false })
            }
            _ => None,
        }
    }

    /// Whether the input so far ends within a line.
    ///
    /// The end of the stream here means that the stream was cut off.
    #[must_use]
    pub fn is_mid_line(&self) -> bool {
        self.state != State::LINE_START || self.byte_order_mark.is_partial()
    }
}

/// What a line means that lies whole in the input.
#[inline]
fn whole_line(line: &[u8]) -> Option<Token<'_>> {
    if line.is_empty() {
        return Some(Token::Dispatch);
    }
    let (field, start) = split(line)?;
    Some(Token::Value { field, fragment: line.get(start..)?, end: true })
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

        /// A line that begins in an earlier input means what it means when it is whole.
        #[test]
        fn a_line_whole_and_in_parts(
            name in "(data|id|event|retry|dat|datax|i|)",
            rest in "(|:|: |::|:  |[^\r\n]{0,3})[^\r\n]{0,3}",
        ) {
            let line: Vec<u8> = [name.as_bytes(), rest.as_bytes()].concat();
            let mut tokenizer = Tokenizer::new();
            if !line.is_empty() {
                prop_assert_eq!(tokenizer.end_line(&line), whole_line(&line));
            }
            prop_assert_eq!(tokenizer.state, State::LINE_START);
        }
    }
}
