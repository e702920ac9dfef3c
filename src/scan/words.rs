//! Line ends on microcontrollers, which have no vectors: a word at a time, or byte by byte.

/// Nothing is known beyond the line end that has been taken last.
#[cfg(not(test))]
#[derive(Clone, Copy, Default)]
pub(super) struct LineEnds;

#[cfg(not(test))]
impl LineEnds {
    /// Takes the first line end in `bytes`, which begin behind the one that was taken last.
    #[inline]
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        line_end(bytes)
    }

    /// The next line end is not to be taken.
    #[inline]
    pub(super) fn skip(&mut self, _start: usize) {}

    /// The first bytes are gone.
    #[inline]
    pub(super) fn advance(&mut self, _len: usize) {}
}

/// Whether there is a LF or CR.
#[cfg(not(test))]
#[inline]
pub(crate) fn has_line_end(bytes: &[u8]) -> bool {
    line_end(bytes).is_some()
}

/// Where the first LF or CR is.
#[cfg(not(test))]
#[inline(never)]
fn line_end(bytes: &[u8]) -> Option<usize> {
    // Only an ARM with atomics, which is more than a Cortex-M0, can load a word from anywhere.
    let loads_words = cfg!(all(target_arch = "arm", target_has_atomic = "ptr"));
    let words = if loads_words { words_without_line_end(bytes) } else { 0 };
    let rest = bytes.get(words..).unwrap_or_default();
    rest.iter().position(is_line_end).map(|at| words.wrapping_add(at))
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many bytes come before the first four bytes, or the last few, that may have a line end.
fn words_without_line_end(bytes: &[u8]) -> usize {
    const ONES: u32 = 0x0101_0101;
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<4>() {
        let value = u32::from_ne_bytes(*word);
        // A high bit is set if and only if a byte is below 14. Few are that are no line ends.
        let control = value.wrapping_sub(14 * ONES) & !value & (0x80 * ONES) != 0;
        if control && word.iter().any(is_line_end) {
            break;
        }
        rest = behind;
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
