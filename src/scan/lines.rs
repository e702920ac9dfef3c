//! Splits bytes into lines at CR, LF and CRLF, and detects a chunk that ends with a CR.

use super::{LineEnds, Search};

/// The lines of a slice, taken one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a, S = LineEnds> {
    bytes: &'a [u8],
    /// Where the next line starts.
    start: usize,
    search: S,
}

impl<'a, S: Search> Lines<'a, S> {
    /// Starts at the first line of `bytes`.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0, search: S::default() }
    }

    /// Where the next line starts.
    #[inline(always)]
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// The bytes that have not been taken.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.start..).unwrap_or_else(empty_slice)
    }

    /// Takes the next line. `None`: no line ends in the rest.
    ///
    /// A CR ends its line at once, even as the last byte. If later bytes start with a LF, it belongs to that CR, see
    /// [`ends_with_cr`].
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<&'a [u8]> {
        let start = self.start;
        let end = self.take_end::<2>()?;
        self.bytes.get(start..end)
    }

    /// Takes the next line, but returns only where it ends. The search may change to one for long lines after `NEAR`
    /// times 32 bytes.
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

    /// The next eight bytes, the first one lowest, filled up with zeros.
    #[inline(always)]
    pub(crate) fn word(&self) -> u64 {
        first_word(self.rest())
    }

    /// Takes the next line, and returns it with its first eight bytes, as [`word`](Self::word) does.
    #[inline(always)]
    pub(crate) fn take_with_word(&mut self) -> Option<(&'a [u8], u64)> {
        let (start, rest) = (self.start, self.rest());
        let word = first_word(rest);
        let end = self.take_end::<2>()?;
        // Slicing `rest` needs one bounds check less than slicing `self.bytes`.
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

/// The first eight bytes, the first one lowest, filled up with zeros.
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

/// Whether `bytes`, of which all lines have been taken, end with a CR that may be half of a CRLF.
#[inline(always)]
pub(crate) const fn ends_with_cr(bytes: &[u8]) -> bool {
    matches!(bytes, [.., b'\r'])
}

/// An empty slice. As a cold call, so that the compiler emits a branch that is never taken instead of a conditional
/// move.
#[cold]
#[inline(never)]
pub(crate) const fn empty_slice<'a>() -> &'a [u8] {
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

    /// The lines of `bytes` and the rest, by the text of the standard.
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

    /// Every pair of line ends around every boundary of a search block.
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
