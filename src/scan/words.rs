//! Line ends on microcontrollers, which have no vectors: a word at a time or byte by byte. Nothing is
//! remembered between two line ends.

use super::Search;

/// Looks at four bytes at a time if `WORDS`, for processors that load a word from any address.
#[derive(Clone, Copy, Default)]
#[cfg_attr(not(test), allow(dead_code, reason = "not every target searches so"))]
pub(crate) struct Words<const WORDS: bool>;

impl<const WORDS: bool> Search for Words<WORDS> {
    #[inline(always)]
    fn take<const NEAR: usize>(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let mut rest = bytes.get(start..)?;
        if WORDS {
            while let Some((word, after)) = rest.split_first_chunk() {
                rest = match first_control(*word) {
                    None => after,
                    Some(at) if is_line_end(rest.get(at)?) => {
                        return Some(bytes.len().wrapping_sub(rest.len()).wrapping_add(at));
                    }
                    Some(at) => rest.get(at.wrapping_add(1)..)?,
                };
            }
        }
        while let [first, after @ ..] = rest {
            if is_line_end(first) {
                return Some(bytes.len().wrapping_sub(rest.len()));
            }
            rest = after;
        }
        None
    }

    fn skip(&mut self, _start: usize) {}
}

#[cfg_attr(not(test), allow(dead_code, reason = "not every target searches so"))]
const fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Where the first byte below 14 is. Few are that are no line ends.
#[cfg_attr(not(test), allow(dead_code, reason = "not every target searches so"))]
#[inline(always)]
fn first_control(word: [u8; 4]) -> Option<usize> {
    const ONES: u32 = 0x0101_0101;
    let value = u32::from_le_bytes(word);
    // The lowest high bit that is set is that of a byte below 14: only such a byte borrows from the next one.
    let high_bits = value.wrapping_sub(14 * ONES) & !value & (0x80 * ONES);
    if high_bits == 0 { None } else { usize::try_from(high_bits.trailing_zeros() >> 3).ok() }
}

#[cfg(test)]
mod tests {
    use super::super::{Search, ends_by};
    use super::Words;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn check(bytes: &[u8]) {
        let is_end = |at: &usize| matches!(bytes[*at], b'\n' | b'\r');
        let expected: Vec<_> = (0..bytes.len()).filter(is_end).collect();
        check_search::<Words<true>>(bytes, &expected);
        check_search::<Words<false>>(bytes, &expected);
    }

    fn check_search<S: Search>(bytes: &[u8], expected: &[usize]) {
        assert_eq!(ends_by::<S>(bytes).collect::<Vec<_>>(), expected, "{bytes:?}");
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
