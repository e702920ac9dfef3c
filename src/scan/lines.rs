//! Bytes split into lines: what CR, LF and CRLF mean, also where a chunk ends after a CR.

use super::{LineEnds, Search};

/// The lines of some bytes, taken one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a, S = LineEnds> {
    bytes: &'a [u8],
    /// Where the next line starts.
    start: usize,
    search: S,
}

impl<'a, S: Search> Lines<'a, S> {
    /// The lines of `bytes`, from the first byte on.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0, search: S::default() }
    }

    /// Where the next line starts.
    #[inline(always)]
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// What has not been taken.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.start..).unwrap_or_else(nothing)
    }

    /// Takes the next line. `None`: no line ends in what is left.
    ///
    /// A CR ends its line at once, as the last byte too: a LF that comes next, in later bytes, belongs
    /// to it, as [`ends_with_cr`] tells.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<&'a [u8]> {
        let start = self.start;
        let end = self.take_end::<2>()?;
        self.bytes.get(start..end)
    }

    /// Takes the next line, and tells only where it ends. One of more than `NEAR` times 32 bytes is searched as
    /// a long one.
    #[inline(always)]
    pub(crate) fn take_end<const NEAR: usize>(&mut self) -> Option<usize> {
        let end = self.search.take::<NEAR>(self.bytes, self.start)?;
        self.start = end.wrapping_add(1);
        if self.bytes.get(end) == Some(&b'\r') && self.bytes.get(self.start) == Some(&b'\n') {
            self.start = self.start.wrapping_add(1);
            self.search.skip(self.start);
        }
        Some(end)
    }
}

impl<'a, S: Search> Lines<'a, S> {
    /// The next eight bytes, the first one lowest, or zeros where there are none.
    #[inline(always)]
    pub(crate) fn word(&self) -> u64 {
        first_word(self.rest())
    }

    /// Takes the next line and its first eight bytes: [`word`](Self::word).
    #[inline(always)]
    pub(crate) fn take_with_word(&mut self) -> Option<(&'a [u8], u64)> {
        let (start, rest) = (self.start, self.rest());
        let word = first_word(rest);
        let end = self.take_end::<2>()?;
        // One check less than from the bytes.
        Some((rest.get(..end.wrapping_sub(start))?, word))
    }

    /// Takes the next line, if it is blank.
    #[inline(always)]
    pub(crate) fn take_blank(&mut self) -> bool {
        let after = self.start.wrapping_add(1);
        match self.bytes.get(self.start) {
            Some(b'\n') => {}
            Some(b'\r') => return self.take().is_some(),
            _ => return false,
        }
        self.start = after;
        self.search.skip(after);
        true
    }
}

/// The first eight bytes, the first one lowest, or zeros where there are none.
#[inline(always)]
pub(crate) fn first_word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(first) => u64::from_le_bytes(*first),
        None => short_word(bytes),
    }
}

#[cold]
#[inline(never)]
fn short_word(rest: &[u8]) -> u64 {
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Whether `bytes`, all of whose lines have been taken, end with the CR of what may be a CRLF.
#[inline(always)]
pub(crate) const fn ends_with_cr(bytes: &[u8]) -> bool {
    matches!(bytes, [.., b'\r'])
}

/// An empty slice from a call: a branch that is never taken costs less than a choice that is computed each time.
#[cold]
#[inline(never)]
pub(crate) const fn nothing<'a>() -> &'a [u8] {
    &[]
}

#[cfg(test)]
mod tests {
    use super::super::bitmap::Bitmap;
    use super::super::words::Words;
    use super::{Lines, Search};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The lines of `bytes` and what is left, by the standard's words.
    fn naive(bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
        let (mut lines, mut rest) = (Vec::new(), bytes);
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            lines.push(&rest[..end]);
            let len = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
            rest = &rest[end + len..];
        }
        (lines, rest)
    }

    fn check<S: Search>(bytes: &[u8]) {
        let (expected, rest) = naive(bytes);
        let mut lines = Lines::<S>::new(bytes);
        for expected in expected {
            assert_eq!(lines.take(), Some(expected), "{}", bytes.escape_ascii());
        }
        assert!(lines.take().is_none());
        assert_eq!(lines.rest(), rest);
    }

    fn check_all(bytes: &[u8]) {
        check::<Bitmap>(bytes);
        check::<Words<true>>(bytes);
        check::<Words<false>>(bytes);
    }

    /// Every pair of line ends around every border of the blocks in which they are searched.
    #[test]
    fn line_ends_around_borders() {
        for len in (0..140).step_by(if cfg!(miri) { 31 } else { 1 }) {
            for first in [&b"\n"[..], b"\r", b"\r\n", b"\n\r", b"\n\n", b"\r\r", b"\r\n\r\n"] {
                let mut bytes = std::vec![b'x'; len];
                bytes.extend(first);
                check_all(&bytes);
                bytes.extend(b"data: x\n");
                check_all(&bytes);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 2 } else { 2000 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_bytes(bytes in vec(
            prop_oneof![20 => Just(b'x'), 1 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\r')],
            0..400,
        )) {
            check_all(&bytes);
        }
    }
}
