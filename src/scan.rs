//! Line ends: where they are, and how CR, LF and CRLF split bytes that arrive in pieces.
//!
//! The only place that knows memchr, and what stands in for it on microcontrollers. Decoder and
//! encoder both split lines here.

/// Where the first LF or CR is.
#[cfg(not(all(target_pointer_width = "32", target_os = "none")))]
#[inline]
fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// On microcontrollers, which have no vectors that memchr could use.
#[cfg(all(target_pointer_width = "32", target_os = "none"))]
#[inline(never)]
fn line_end(bytes: &[u8]) -> Option<usize> {
    // Only an ARM with atomics, which is more than a Cortex-M0, can load a word from anywhere.
    let loads_words = cfg!(all(target_arch = "arm", target_has_atomic = "ptr"));
    let words = if loads_words { words_without_line_end(bytes) } else { 0 };
    let rest = bytes.get(words..).unwrap_or_default();
    rest.iter().position(is_line_end).map(|at| words.wrapping_add(at))
}

#[cfg(any(test, all(target_pointer_width = "32", target_os = "none")))]
fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many bytes come before the first four bytes, or the last few, that may have a line end.
#[cfg(any(test, all(target_pointer_width = "32", target_os = "none")))]
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

/// Whether there is a LF or CR.
pub(crate) fn has_line_end(bytes: &[u8]) -> bool {
    let end = line_end(bytes);
    #[cfg(test)]
    crate::cost::add(bytes.len());
    end.is_some()
}

/// Splits bytes into lines, resumable between any two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct LineSplitter {
    /// The last byte ended a line with CR: a LF that comes next belongs to it.
    after_cr: bool,
}

impl LineSplitter {
    pub(crate) const fn new() -> Self {
        Self { after_cr: false }
    }

    /// Drops the LF of a CRLF whose CR came before. To be called whenever new bytes arrive.
    #[inline]
    pub(crate) fn skip_lf(&mut self, input: &mut &[u8]) {
        if self.after_cr && !input.is_empty() {
            self.after_cr = false;
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
    }

    /// Takes one line off `input`, without its end; `None` leaves `input` as it is, because no line
    /// ends in it.
    #[inline]
    pub(crate) fn take_line<'a>(&mut self, input: &mut &'a [u8]) -> Option<&'a [u8]> {
        let end = line_end(input);
        #[cfg(test)]
        crate::cost::add(end.map_or(input.len(), |end| end.saturating_add(1)));
        let (line, rest) = input.split_at_checked(end?)?;
        let (&line_end, rest) = rest.split_first()?;
        *input = rest;
        if line_end == b'\r' {
            self.after_cr = true;
            self.skip_lf(input);
        }
        Some(line)
    }
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
