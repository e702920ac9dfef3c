//! What a line is: the one place that knows the fields' names, the colon and the space after it
//! ([WHATWG HTML 9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)),
//! and the byte order mark. What a field does is decided in `gather` and `whole`.

use crate::SMALL_CODE;
use crate::scan::has_nul;

/// The fields of an event stream, and the comment, which is a line without a field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// With a tag of its own, a decoder that is new is all zeros and takes no flash in a `static`.
#[repr(u8)]
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

/// The field of a line that the standard does not ignore, but for a `retry` line without a time, and where its value
/// starts: the field has a name that the standard knows, and an id has no NUL. `word` is the line's first eight bytes,
/// as [`Lines::word`](crate::scan::Lines::word) has them; it is not looked at where short code counts.
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
    /// What a line of this field starts with; a comment has a colon there.
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::Event => b"event",
            Self::Data => b"data",
            Self::Id => b"id",
            Self::Retry => b"retry",
            Self::Comment => b"",
        }
    }
}

impl Field {
    /// Where `Parts` has the field, if it is a part of an event: one of the first three.
    #[allow(clippy::as_conversions, reason = "a match becomes a jump")]
    #[inline(always)]
    pub(super) const fn slot(self) -> usize {
        self as usize
    }

    /// The only field of which a line with that first byte may be.
    #[inline]
    pub(super) fn with_initial(byte: u8) -> Self {
        BY_INITIAL.get(usize::from(byte & 15)).copied().unwrap_or(Self::Comment)
    }

    /// Whether it is a part of an event.
    #[inline(always)]
    pub(super) const fn is_part(self) -> bool {
        self.slot() < 3
    }

    #[inline(always)]
    pub(super) const fn bit(self) -> u8 {
        1 << self.slot()
    }
}

/// The field that a line may be of, by the low four bits of its first byte, which no two fields share.
static BY_INITIAL: [Field; 16] = {
    const NONE: Field = Field::Comment;
    let mut fields = [NONE; 16];
    fields[0x2] = Field::Retry;
    fields[0x4] = Field::Data;
    fields[0x5] = Field::Event;
    fields[0x9] = Field::Id;
    fields
};

/// A field's name and the colon, as the first bytes of a word.
#[derive(Clone, Copy)]
struct Key {
    word: u64,
    /// The bits that they take.
    mask: u64,
    bits: u32,
    len: usize,
    field: Field,
}

/// The keys of [`BY_INITIAL`].
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

    /// The key, and the key with a space.
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
}

impl Key {
    /// Where the value starts, if the line has this key. `word` is the line's first eight bytes, as
    /// [`Lines::word`](crate::scan::Lines::word) has them.
    #[inline(always)]
    const fn value_start(&self, word: u64) -> Option<usize> {
        if word & self.mask != self.word {
            return None;
        }
        let has_space = word.wrapping_shr(self.bits) & 0xFF == 0x20;
        Some(if has_space { self.len.wrapping_add(1) } else { self.len })
    }
}

/// What [`split`] finds, for a line that has a colon: the field, and where the value starts.
#[inline(always)]
pub(super) fn split_word(word: u64) -> Option<(Field, usize)> {
    let [initial, ..] = word.to_le_bytes();
    let key = KEYS.get(usize::from(initial & 15))?;
    key.value_start(word).map(|start| (key.field, start))
}

impl Field {
    /// The value of `line`, if it is of this field and has a colon.
    #[inline(always)]
    pub(super) fn value(self, line: &[u8], word: u64) -> Option<&[u8]> {
        let (key, with_space) = match self {
            Self::Data => const { Key::both(Field::Data) },
            Self::Event => const { Key::both(Field::Event) },
            Self::Id => const { Key::both(Field::Id) },
            Self::Retry => const { Key::both(Field::Retry) },
            Self::Comment => const { Key::both(Field::Comment) },
        };
        // One comparison for what most servers write.
        if word & with_space.mask == with_space.word {
            line.get(with_space.len..)
        } else if word & key.mask == key.word {
            line.get(key.len..)
        } else {
            None
        }
    }
}

/// The field of `line`, and where its value starts. `None`: its field has no name that the standard knows.
///
/// It can be asked of a start of the line that [tells the field](tells_field), too; whether a space follows the colon
/// is not known then.
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

/// Whether the field of a line with this start is certain: the colon has come, or the start is longer than any name.
pub(super) fn tells_field(start: &[u8]) -> bool {
    start.len() > Field::Event.name().len() || start.contains(&b':')
}

/// The reconnection time that is the value of a `retry` line. `None`: the value is not one, and the line is ignored.
/// What is too large is as large as can be.
pub(super) fn milliseconds(value: &[u8]) -> Option<u64> {
    let mut time = 0_u64;
    for byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        time = match time {
            // `saturating_mul` is long code on 32 bits.
            0..=0x1999_9999_9999_9999 => time.wrapping_mul(10).saturating_add(u64::from(digit)),
            _ => u64::MAX,
        };
    }
    (!value.is_empty()).then_some(time)
}

/// What has come of the byte order mark that may start a stream, in bytes; 3 when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct ByteOrderMark(u8);

impl ByteOrderMark {
    const BYTES: &[u8; 3] = b"\xEF\xBB\xBF";

    pub(super) const fn new() -> Self {
        Self(0)
    }

    /// How many bytes of `input` are of the mark, and whether that was only a part of one: the start of the first
    /// line then.
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
    use super::{ByteOrderMark, Field, parse, split, split_word, tells_field};
    use crate::scan::first_word;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The standard's words, over text.
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

    /// What the word of a line is in the buffer and in a chunk: its end comes after it, or nothing.
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
            // Once the start tells the field, it is the line's.
            for len in 1..line.len() {
                if tells_field(&line[..len]) {
                    let field = |line| split(line).map(|(field, _)| field);
                    prop_assert_eq!(field(&line[..len]), field(&line));
                }
            }
        }
    }

    /// No two names share a place in the table, and each is found there.
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
