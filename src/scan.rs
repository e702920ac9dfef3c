//! Line ends: where they are, and how CR, LF and CRLF split bytes that arrive in chunks.
//!
//! The only place that knows memchr, vectors, and what replaces them on microcontrollers. Decoder and
//! encoder both split lines here. Which search a target uses is chosen here; all of them are compiled and
//! tested everywhere.

mod bitmap;
mod lines;
mod words;

pub(crate) use bitmap::has_line_end;
#[cfg(all(
    target_arch = "x86_64",
    target_feature = "sse2",
    feature = "std",
    not(sse_wire_no_vectors)
))]
pub(crate) use bitmap::with_memchr;
pub(crate) use lines::{Lines, ends_with_cr, first_word, nothing};

/// The search for line ends that this target uses. 32-bit targets without an operating system have no
/// vectors and little flash.
#[cfg(any(sse_wire_small, all(target_os = "none", not(target_pointer_width = "64"))))]
type LineEnds = words::Words<{ crate::LOADS_WORDS }>;
#[cfg(not(any(sse_wire_small, all(target_os = "none", not(target_pointer_width = "64")))))]
type LineEnds = bitmap::Bitmap;

/// Finds the line ends of some bytes, one after the other.
pub(crate) trait Search: Copy + Default {
    /// The first line end at or after `start`, which is where the last one was taken or skipped. A line of more
    /// than `NEAR` times 32 bytes may be searched as a long one.
    fn take<const NEAR: usize>(&mut self, bytes: &[u8], start: usize) -> Option<usize>;
    /// Leaves out the next line end. It lies before `start`.
    fn skip(&mut self, start: usize);
}

/// All line ends of `bytes`, as a decoder finds them. For the fuzz target of the vectors.
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

/// Whether there is a NUL. Ids are short: a call would cost more than the search.
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
    use super::has_nul;

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
