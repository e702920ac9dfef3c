//! Splits an event stream into fields and blank lines without a buffer. Field names are in `field`. Events are not
//! known here.

use super::field::{ByteOrderMark, Field, split};
use crate::SMALL_CODE;
use crate::escaped::Escaped;
use crate::scan::{Lines, ends_with_cr};

/// A token of an event stream, from a [`Tokenizer`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token<'a> {
    /// The value of a line, or a fragment of it if the input ends within the line.
    ///
    /// The concatenated fragments of a line are its value: the bytes after the colon, without one leading space. The
    /// value of a line without a colon is empty.
    Value {
        /// The line's field.
        field: Field,
        /// The bytes, borrowed from the input. Can be empty only if `end` is set.
        fragment: &'a [u8],
        /// Whether this is the last fragment of the line. Exactly one fragment of a line has this set.
        end: bool,
    },
    /// A blank line: the event that the lines before it describe is complete.
    Dispatch,
}

/// Splits an event stream into [`Token`]s without a buffer.
///
/// It has a few bytes of state, can resume at any byte, and copies nothing: fragments are borrowed from the input. It
/// skips unknown fields. With it, a device can process an event that is larger than its memory.
///
/// It applies the rules for lines ([WHATWG HTML 9.2.5 and 9.2.6][standard]): line ends, the byte order mark at the
/// start, field names, the space after the colon. [`Decoder`](crate::Decoder) applies the meaning of fields. Like the
/// decoder, it takes the body of a response without the framing of chunked transfer coding.
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tokenizer {
    state: State,
    byte_order_mark: ByteOrderMark,
    /// The last byte was a CR that ended a line: if the next byte is a LF, it belongs to that CR.
    after_cr: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// An explicit tag makes a new tokenizer all zeros: a `static` then takes no flash.
#[repr(u8)]
enum State {
    /// Within a line that so far is the first `len` bytes of the field's name. If `len` is 0, at the start of a line.
    Name {
        field: Field,
        len: u8,
    },
    /// After the colon: one space is skipped.
    Colon(Field),
    Value(Field),
    /// Within a line that is ignored.
    Unknown,
}

impl State {
    const LINE_START: Self = Self::Name { field: Field::Event, len: 0 };

    /// The state after the next byte of a name.
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
    /// Makes a tokenizer at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::LINE_START, byte_order_mark: ByteOrderMark::new(), after_cr: false }
    }

    /// Takes the next token from the front of `input`.
    ///
    /// `None` means that `input` is now empty and more is needed. A CR ends its line at once; if the next byte is a LF,
    /// even in a later input, it belongs to the CR.
    ///
    /// `input` is advanced past the bytes that were used, so the variable must outlive the loop: a call with `&mut
    /// &bytes[..]` starts at the first byte each time.
    #[must_use = "an unused token is lost"]
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
                None => self.take_part(chunk),
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

    /// Ends the line being read with `rest`.
    fn end_line<'a>(&mut self, rest: &'a [u8]) -> Option<Token<'a>> {
        let token = self.take_part(rest);
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

    /// Takes a part of the line being read, without its end.
    fn take_part<'a>(&mut self, mut part: &'a [u8]) -> Option<Token<'a>> {
        if !SMALL_CODE && self.state == State::LINE_START {
            // The fast path: the part has the field, the colon and one more byte.
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
    /// If this is true at the end of the stream, the stream was cut off.
    #[must_use]
    pub fn is_mid_line(&self) -> bool {
        self.state != State::LINE_START || self.byte_order_mark.is_partial()
    }
}

/// The token of a line that is whole in the input.
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

        /// A line that begins in an earlier input gives the token that it gives as a whole.
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
