//! Line ends on microcontrollers, which have no vectors: a word at a time or byte by byte. Nothing is
//! remembered between two line ends.

use super::Search;

/// Looks at four bytes at a time if `WORDS`, for processors that load a word from any address.
#[derive(Clone, Copy, Default)]
#[cfg_attr(not(test), allow(dead_code, reason = "not every target searches so"))]
pub(crate) struct Words<const WORDS: bool>;

impl<const WORDS: bool> Search for Words<WORDS> {
    #[inline]
    fn take<const NEAR: usize>(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let rest = bytes.get(start..)?;
        let words = if WORDS { words_without_line_end(rest) } else { 0 };
        let mut at = start.wrapping_add(words);
        while !is_line_end(bytes.get(at)?) {
            at = at.wrapping_add(1);
        }
        Some(at)
    }

    fn skip(&mut self, _start: usize) {}
}

#[cfg_attr(not(test), allow(dead_code, reason = "not every target searches so"))]
const fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many bytes come before the first four bytes, or the last few, that may have a line end.
#[cfg_attr(not(test), allow(dead_code, reason = "not every target searches so"))]
fn words_without_line_end(bytes: &[u8]) -> usize {
    const ONES: u32 = 0x0101_0101;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<4>() {
        let value = u32::from_ne_bytes(*word);
        // A high bit is set if and only if a byte is below 14. Few are that are no line ends.
        let control = value.wrapping_sub(14 * ONES) & !value & (0x80 * ONES) != 0;
        if control && word.iter().any(is_line_end) {
            break;
        }
        rest = after;
    }
    bytes.len().wrapping_sub(rest.len())
}

#[cfg(test)]
mod tests {
    use super::{is_line_end, words_without_line_end};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn check(bytes: &[u8]) {
        let first = bytes.iter().position(is_line_end);
        let expected = first.unwrap_or(bytes.len()) / 4 * 4;
        assert_eq!(words_without_line_end(bytes), expected, "{bytes:?}");
    }

    /// Each byte in each place of words that are otherwise of each of some other bytes.
    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=u8::MAX {
            for other in [0, 9, b'\n', b'\r', 14, b'x', 0x7F, 0x80, 0x8A, 0xFF] {
                for len in 0..=9 {
                    for at in 0..len {
                        let mut bytes = [other; 9];
                        bytes[at] = byte;
                        check(&bytes[..len]);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in vec(prop_oneof![any::<u8>(), 0..20_u8], 0..40)) {
            check(&bytes);
        }
    }
}
