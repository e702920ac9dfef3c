//! Finds line ends on microcontrollers without vectors: a word at a time, or byte by byte. Has no state between two
//! line ends.

use super::{Search, is_line_end};

/// Searches four bytes at a time if `WORDS`, for processors that can load a word from any address.
#[derive(Clone, Copy, Default)]
#[cfg_attr(not(test), allow(dead_code, reason = "not every target uses this search"))]
pub(crate) struct Words<const WORDS: bool>;

impl<const WORDS: bool> Search for Words<WORDS> {
    #[inline(always)]
    fn take<const NEAR: usize>(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        loop {
            let rest = bytes.get(at..)?;
            at = at.wrapping_add(if WORDS { len_without_control(rest) } else { 0 });
            if is_line_end(bytes.get(at)?) {
                return Some(at);
            }
            at = at.wrapping_add(1);
        }
    }

    fn skip(&mut self, _start: usize) {}
}

/// The number of bytes before the first one below 14, which is mostly a line end. If there is none, the length rounded
/// down to a multiple of four.
#[inline(always)]
fn len_without_control(bytes: &[u8]) -> usize {
    const ONES: u32 = 0x0101_0101;
    let mut len = 0_usize;
    for word in bytes.chunks_exact(4) {
        let value = word.first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
        // The high bit of each byte below 14. Exact for the first such byte; a borrow can corrupt later ones.
        let below = value.wrapping_sub(14 * ONES) & !value & (0x80 * ONES);
        if below != 0 {
            let bytes = usize::try_from(below.trailing_zeros() >> 3).unwrap_or_default();
            return len.wrapping_add(bytes);
        }
        len = len.wrapping_add(4);
    }
    len
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

    /// Each byte at each position of words, for several values of the other bytes.
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
