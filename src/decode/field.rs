//! Splits a line into field and value: field names, the colon, the space after it ([WHATWG HTML
//! 9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)), the value of
//! `retry`, and the byte order mark. `gather` and `whole` apply the fields.

use crate::SMALL_CODE;
use crate::scan::has_nul;

/// The fields of an event stream, and the comment, a line with an empty field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// An explicit tag makes a new decoder all zeros: a `static` then takes no flash.
#[repr(u8)]
pub enum Field {
    /// `event`: the event type.
    Event,
    /// `data`: one line of the data.
    Data,
    /// `id`: the last event ID from this event on.
    Id,
    /// `retry`: the reconnection time in milliseconds, as decimal digits.
    Retry,
    /// A line that starts with a colon. Servers send comments to keep a connection alive.
    Comment,
}

/// The field of a line and where its value starts. `None`: the standard ignores the line, because its field is unknown
/// or its ID has a NUL. (An invalid `retry` value is found by [`parse_retry`].) `word` has the line's first eight
/// bytes, as [`Lines::word`](crate::scan::Lines::word) returns them; short code does not use it.
#[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
pub(super) fn parse(line: &[u8], word: u64) -> Option<(Field, usize)> {
    let by_word = if SMALL_CODE { None } else { split_word(word) };
    let (field, start) = match by_word {
        Some(found) => found,
        None => split(line)?,
    };
    let counts = field != Field::Id || !has_nul(line.get(start..)?);
    counts.then_some((field, start))
}

impl Field {
    /// The field name; empty for a comment.
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::Event => b"event",
            Self::Data => b"data",
            Self::Id => b"id",
            Self::Retry => b"retry",
            Self::Comment => b"",
        }
    }

    /// The index of the field in `Parts`, if it is part of an event: 0 to 2.
    #[allow(clippy::as_conversions, reason = "a match compiles to a jump")]
    #[inline(always)]
    pub(super) const fn slot(self) -> usize {
        self as usize
    }

    /// The only field whose name can start with `byte`; for a comment, that is the colon.
    #[inline]
    pub(super) fn with_initial(byte: u8) -> Self {
        BY_INITIAL.get(usize::from(byte & 15)).copied().unwrap_or(Self::Comment)
    }

    /// Whether the field is part of an event.
    #[inline(always)]
    pub(super) const fn is_part(self) -> bool {
        self.slot() < 3
    }

    #[inline(always)]
    pub(super) const fn bit(self) -> u8 {
        1 << self.slot()
    }

    /// The value of `line`, if it has this field and a colon.
    #[inline(always)]
    pub(super) fn value(self, line: &[u8], word: u64) -> Option<&[u8]> {
        let (key, with_space) = match self {
            Self::Data => const { Key::both(Field::Data) },
            Self::Event => const { Key::both(Field::Event) },
            Self::Id => const { Key::both(Field::Id) },
            Self::Retry => const { Key::both(Field::Retry) },
            Self::Comment => const { Key::both(Field::Comment) },
        };
        // Most servers write a space: one comparison for that case.
        if word & with_space.mask == with_space.word {
            line.get(with_space.len..)
        } else if word & key.mask == key.word {
            line.get(key.len..)
        } else {
            None
        }
    }
}

/// Fields by the low four bits of the first byte of a line, in which all field names differ.
static BY_INITIAL: [Field; 16] = {
    const NONE: Field = Field::Comment;
    let mut fields = [NONE; 16];
    fields[0x2] = Field::Retry;
    fields[0x4] = Field::Data;
    fields[0x5] = Field::Event;
    fields[0x9] = Field::Id;
    fields
};

/// A field name and the colon, as the low bytes of a word.
#[derive(Clone, Copy)]
struct Key {
    word: u64,
    /// The bits that they occupy.
    mask: u64,
    bits: u32,
    len: usize,
    field: Field,
}

/// The keys of the fields in [`BY_INITIAL`].
static KEYS: [Key; 16] = {
    let mut keys = [Key::of(Field::Comment); 16];
    let mut unset: &mut [Key] = &mut keys;
    let mut fields: &[Field] = &BY_INITIAL;
    while let ([key, later @ ..], [field, rest @ ..]) = (unset, fields) {
        *key = Key::of(*field);
        unset = later;
        fields = rest;
    }
    keys
};

impl Key {
    const fn of(field: Field) -> Self {
        let mut name = field.name();
        let mut key = Self { word: 0, mask: 0, bits: 0, len: 0, field };
        while let [byte, rest @ ..] = name {
            key = key.and(*byte);
            name = rest;
        }
        key.and(b':')
    }

    /// The key, and the key followed by a space.
    const fn both(field: Field) -> (Self, Self) {
        (Self::of(field), Self::of(field).and(b' '))
    }

    #[allow(clippy::as_conversions, reason = "`From` is not const")]
    const fn and(self, byte: u8) -> Self {
        Self {
            word: self.word | (byte as u64).wrapping_shl(self.bits),
            mask: self.mask | 0xFF_u64.wrapping_shl(self.bits),
            bits: self.bits.wrapping_add(8),
            len: self.len.wrapping_add(1),
            field: self.field,
        }
    }

    /// Where the value starts, if the line has this key. `word` has the line's first eight bytes, as
    /// [`Lines::word`](crate::scan::Lines::word) returns them.
    #[inline(always)]
    const fn value_start(&self, word: u64) -> Option<usize> {
        if word & self.mask != self.word {
            return None;
        }
        let has_space = word.wrapping_shr(self.bits) & 0xFF == 0x20;
        Some(if has_space { self.len.wrapping_add(1) } else { self.len })
    }
}

/// Like [`split`], for a line with a colon.
#[inline(always)]
pub(super) fn split_word(word: u64) -> Option<(Field, usize)> {
    let [initial, ..] = word.to_le_bytes();
    let key = KEYS.get(usize::from(initial & 15))?;
    key.value_start(word).map(|start| (key.field, start))
}

/// The field of `line`, and where its value starts. `None`: the field is unknown.
///
/// `line` may be a prefix of a line that [identifies the field](identifies_field). It may end before the space after
/// the colon.
#[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), cold)]
#[inline(never)]
pub(super) fn split(line: &[u8]) -> Option<(Field, usize)> {
    let (field, rest) = match line {
        [b'd', b'a', b't', b'a', rest @ ..] => (Field::Data, rest),
        [b'e', b'v', b'e', b'n', b't', rest @ ..] => (Field::Event, rest),
        [b'i', b'd', rest @ ..] => (Field::Id, rest),
        [b'r', b'e', b't', b'r', b'y', rest @ ..] => (Field::Retry, rest),
        [b':', ..] => (Field::Comment, line),
        _ => return None,
    };
    let value = match rest {
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        [] => rest,
        _ => return None,
    };
    Some((field, line.len().wrapping_sub(value.len())))
}

/// Whether the field of a line that starts with `prefix` is certain: `prefix` has the colon, or is longer than any
/// name.
pub(super) fn identifies_field(prefix: &[u8]) -> bool {
    prefix.len() > Field::Event.name().len() || prefix.contains(&b':')
}

/// The reconnection time from the value of a `retry` line. `None`: the value is invalid, and the line is ignored.
/// Values above `u64::MAX` become `u64::MAX`.
pub(super) fn parse_retry(value: &[u8]) -> Option<u64> {
    let mut time = 0_u64;
    for byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        time = match time {
            // `saturating_mul` is long code on 32-bit targets.
            0..=0x1999_9999_9999_9999 => time.wrapping_mul(10).saturating_add(u64::from(digit)),
            _ => u64::MAX,
        };
    }
    (!value.is_empty()).then_some(time)
}

/// The number of bytes of a byte order mark at the start of the stream that have come; 3 after it, or if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct ByteOrderMark(u8);

impl ByteOrderMark {
    const BYTES: &[u8; 3] = b"\xEF\xBB\xBF";

    pub(super) const fn new() -> Self {
        Self(0)
    }

    /// The number of bytes of `input` that belong to the mark. `true`: the input shows that the bytes so far are no
    /// mark. They start the first line.
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline)]
    pub(super) fn skip(&mut self, input: &[u8]) -> (usize, bool) {
        let mut len = 0_usize;
        while let (Some(expected), Some(byte)) =
            (Self::BYTES.get(usize::from(self.0)), input.get(len))
        {
            if byte != expected {
                return (len, core::mem::replace(self, Self(3)).is_partial());
            }
            len = len.wrapping_add(1);
            self.0 = self.0.wrapping_add(1);
        }
        (len, false)
    }

    pub(super) const fn is_done(self) -> bool {
        self.0 == 3
    }

    /// Whether a part of a mark has come.
    pub(super) const fn is_partial(self) -> bool {
        self.0 != 0 && self.0 != 3
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteOrderMark, Field, identifies_field, parse, split, split_word};
    use crate::scan::first_word;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The text of the standard, step by step.
    fn naive(line: &[u8]) -> Option<(Field, &[u8])> {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        let field = match name {
            b"data" => Field::Data,
            b"event" => Field::Event,
            b"id" => Field::Id,
            b"retry" => Field::Retry,
            b"" => Field::Comment,
            _ => return None,
        };
        Some((field, value.strip_prefix(b" ").unwrap_or(value)))
    }

    /// The first eight bytes of a line in the buffer or in a chunk: followed by a line end, or by nothing.
    fn words(line: &[u8]) -> [u64; 4] {
        [&b""[..], b"\n", b"\r\n ", b"\n:  data: x"]
            .map(|after| first_word(&[line, after].concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 20 } else { 20_000 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn lines(
            name in "(data|id|event|retry|dat|datax|i|retr|evens|d|:|)",
            rest in "(|:|: |::|:  |[^\r\n]{0,3})[^\r\n]{0,9}",
        ) {
            let line: Vec<u8> = [name.as_bytes(), rest.as_bytes()].concat();
            prop_assume!(!line.is_empty());
            let expected = naive(&line);
            let value = |(field, start)| (field, &line[start..]);
            prop_assert_eq!(split(&line).map(value), expected);
            let counts = expected.filter(|(field, value)| *field != Field::Id || !value.contains(&0));
            for word in words(&line) {
                prop_assert_eq!(parse(&line, word).map(value), counts);
                if let Some((field, start)) = split_word(word) {
                    prop_assert_eq!(Some((field, &line[start..])), expected);
                    prop_assert_eq!(field.value(&line, word), Some(&line[start..]));
                }
            }
            // If a prefix identifies the field, it is the field of the line.
            for len in 1..line.len() {
                if identifies_field(&line[..len]) {
                    let field = |line| split(line).map(|(field, _)| field);
                    prop_assert_eq!(field(&line[..len]), field(&line));
                }
            }
        }
    }

    /// No two names share an entry of the table, and each name is found.
    #[test]
    fn every_name_has_a_key() {
        for (line, field) in [
            (&b"data:x"[..], Field::Data),
            (b"event:x", Field::Event),
            (b"id:x", Field::Id),
            (b"retry:x", Field::Retry),
            (b":x", Field::Comment),
        ] {
            assert_eq!(split_word(first_word(line)), Some((field, line.len() - 1)));
        }
    }

    #[test]
    fn marks_in_parts() {
        for (input, expected) in [
            (&b"\xEF\xBB\xBFx"[..], (3, false)),
            (b"x", (0, false)),
            (b"\xEFx", (1, true)),
            (b"\xEF\xBBx", (2, true)),
            (b"\xEF\xBB\xBF\xEF\xBB\xBF", (3, false)),
        ] {
            for cut in 0..=input.len() {
                let mut mark = ByteOrderMark::new();
                let (first, is_first) = mark.skip(&input[..cut]);
                let (second, is_second) = mark.skip(&input[first..]);
                assert_eq!((first + second, is_first | is_second), expected, "{input:?} at {cut}");
                assert!(mark.is_done());
            }
        }
    }
}
