//! Finds line ends, and splits bytes into lines at CR, LF and CRLF, within and between chunks.
//!
//! Decoder and encoder both split lines here. Only this module uses memchr, vectors, and their replacement on
//! microcontrollers. It chooses the search of each target; all of them are compiled and tested on every target.

mod bitmap;
mod lines;
mod words;

#[cfg(all(
    target_arch = "x86_64",
    target_feature = "sse2",
    feature = "std",
    not(sse_wire_no_vectors)
))]
pub(crate) use bitmap::find_with_memchr;
pub(crate) use bitmap::has_line_end;
pub(crate) use lines::{Lines, empty_slice, ends_with_cr, first_word};

/// The line end search of this target. 32-bit targets without an operating system have no vectors and little flash.
#[cfg(any(sse_wire_small, all(target_os = "none", not(target_pointer_width = "64"))))]
type LineEnds = words::Words<{ crate::LOADS_WORDS }>;
#[cfg(not(any(sse_wire_small, all(target_os = "none", not(target_pointer_width = "64")))))]
type LineEnds = bitmap::Bitmap;

/// Finds the line ends of a slice, one after the other.
pub(crate) trait Search: Copy + Default {
    /// Takes the first line end at or after `start`, which must be the position after the last line end taken or
    /// skipped. The search may change to one for long lines after `NEAR` times 32 bytes.
    fn take<const NEAR: usize>(&mut self, bytes: &[u8], start: usize) -> Option<usize>;
    /// Skips the next line end, which is before `start`.
    fn skip(&mut self, start: usize);
}

/// All line ends of `bytes`, as a decoder finds them. For the fuzz target of `x86_64.rs`.
#[cfg(fuzzing)]
pub fn line_ends(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    ends_by::<LineEnds>(bytes)
}

#[cfg(any(test, fuzzing))]
fn ends_by<'a, S: Search + 'a>(bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let (mut search, mut start) = (S::default(), 0);
    core::iter::from_fn(move || {
        let end = search.take::<2>(bytes, start)?;
        start = end.wrapping_add(1);
        Some(end)
    })
}

pub(crate) const fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Whether `bytes` contain a NUL. IDs are short: calling memchr would cost more than the search.
#[inline]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let in_word = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7) != 0;
    #[allow(clippy::manual_contains, reason = "`contains` is longer code")]
    if crate::SMALL_CODE {
        return bytes.iter().any(|byte| *byte == 0);
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            in_word(u64::from_le_bytes(*first)) || in_word(u64::from_le_bytes(*last))
        }
        (Some(_), _) => memchr::memchr(0, bytes).is_some(),
        (None, _) => match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                let word = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
                in_word(word(first) << 32 | word(last))
            }
            _ => bytes.contains(&0),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{LineEnds, has_nul};
    use core::any;

    /// Shows what is tested here, for `tests/configurations.sh`, which also checks it.
    #[test]
    fn configuration() {
        let line_ends = any::type_name::<LineEnds>().replace("sse_wire::scan::", "");
        std::println!(
            "configuration: {}, {} bits, small code: {}, line ends: {line_ends}, 16 bytes: {}, std: {}",
            std::env::consts::ARCH,
            usize::BITS,
            crate::SMALL_CODE,
            super::bitmap::name_of_in_16().replace("sse_wire::", ""),
            cfg!(feature = "std"),
        );
    }

    #[test]
    fn a_nul_in_every_place() {
        for len in 0..40 {
            for other in [1, 0x7F, 0x80, 0xFF] {
                let mut bytes = std::vec![other; len];
                assert!(!has_nul(&bytes));
                for at in 0..len {
                    bytes[at] = 0;
                    assert!(has_nul(&bytes), "{len} bytes, at {at}");
                    bytes[at] = other;
                }
            }
        }
    }
}
