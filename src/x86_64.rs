//! Line ends and UTF-8 validation with the vectors of x86-64. The only unsafe code of the crate: vector loads, calls
//! that need AVX2, and text that was validated in two parts. `docs/performance.md` has the cost of building without it.

use core::arch::x86_64::{
    _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_setr_epi8,
    _mm256_shuffle_epi8,
};
use core::str::Utf8Error;

/// Like `core::str::from_utf8`, but faster if the text, or its start, is ASCII, and with `std` for any text.
#[inline]
pub(crate) fn from_utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    if is_short_ascii(bytes) || is_utf8(bytes) {
        // SAFETY: either all bytes are ASCII, or the start is ASCII and the rest has been validated. After ASCII, a
        // character begins.
        return Ok(unsafe { core::str::from_utf8_unchecked(bytes) });
    }
    // Validates again, for the position of the error.
    core::str::from_utf8(bytes)
}

/// Whether `bytes` are at most 128 bytes of ASCII. Two overlapping pieces, whose length is a power of two, cover any
/// length.
#[inline(always)]
fn is_short_ascii(bytes: &[u8]) -> bool {
    const HIGH: u8 = 0x80;
    if bytes.len() > 128 {
        false
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        is_ascii_64(first) & is_ascii_64(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        is_ascii_32(first) & is_ascii_32(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let either = u128::from_le_bytes(*first) | u128::from_le_bytes(*last);
        either & u128::from_le_bytes([HIGH; 16]) == 0
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let either = u64::from_le_bytes(*first) | u64::from_le_bytes(*last);
        either & u64::from_le_bytes([HIGH; 8]) == 0
    } else {
        bytes.is_ascii()
    }
}

#[inline(always)]
fn is_ascii_64(bytes: &[u8; 64]) -> bool {
    let (low, high) = bytes.split_at(32);
    let all = |half: &[u8]| half.first_chunk().is_some_and(is_ascii_32);
    all(low) & all(high)
}

#[inline(always)]
fn is_ascii_32(bytes: &[u8; 32]) -> bool {
    let start = bytes.as_ptr().cast();
    // SAFETY: the loads need no alignment, and read the first and the last 16 bytes of the array.
    let high_bits = unsafe {
        let (low, high) = (_mm_loadu_si128(start), _mm_loadu_si128(start.wrapping_add(1)));
        _mm_movemask_epi8(_mm_or_si128(low, high))
    };
    high_bits == 0
}

#[inline(never)]
fn is_utf8(bytes: &[u8]) -> bool {
    // The bytes before `rest` are ASCII.
    let rest = bytes.get(ascii_len(bytes)..).unwrap_or_default();
    #[cfg(all(feature = "std", not(miri)))]
    return rest.is_empty() || simdutf8::basic::from_utf8(rest).is_ok();
    // Miri stops in simdutf8 0.1.5, which computes an address beyond the text, to prefetch it. That is mended there, but
    // not released.
    #[cfg(any(not(feature = "std"), miri))]
    return core::str::from_utf8(rest).is_ok();
}

/// A lower bound for the number of ASCII bytes at the start: the length, or a multiple of 128.
fn ascii_len(bytes: &[u8]) -> usize {
    #[cfg(feature = "std")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 has been detected.
        return unsafe { ascii_len_avx2(bytes) };
    }
    ascii_len_by(bytes, is_ascii_64)
}

#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
fn ascii_len_avx2(bytes: &[u8]) -> usize {
    ascii_len_by(bytes, |bytes| {
        let start = bytes.as_ptr().cast();
        // SAFETY: the loads need no alignment, and read the first and the last 32 bytes of the array.
        let (low, high) =
            unsafe { (_mm256_loadu_si256(start), _mm256_loadu_si256(start.wrapping_add(1))) };
        _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0
    })
}

/// Uses large windows: the branch predictor predicts a shorter loop better.
#[inline(always)]
fn ascii_len_by(bytes: &[u8], is_ascii_64: impl Fn(&[u8; 64]) -> bool) -> usize {
    let is_ascii = |bytes: &[u8]| match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => is_ascii_64(first) & is_ascii_64(last),
        _ => false,
    };
    let mut rest = bytes;
    while let Some((window, after)) = rest.split_first_chunk::<128>() {
        if !is_ascii(window) {
            return bytes.len().wrapping_sub(rest.len());
        }
        rest = after;
    }
    // Less than a window is left. The last window ends at the end of `bytes` and overlaps the one before.
    let last = bytes.last_chunk::<128>().map_or(bytes, |window| window);
    if is_ascii(last) { bytes.len() } else { bytes.len().wrapping_sub(rest.len()) }
}

/// The line ends in 16 bytes. Bit n is byte n.
#[inline(always)]
pub(crate) fn ends_in_16(bytes: &[u8; 16]) -> u32 {
    // SAFETY: this module is compiled only for targets with SSE2. The load needs no alignment, and reads the 16 bytes
    // of the array.
    let ends = unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        let lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0A));
        let cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0D));
        _mm_movemask_epi8(_mm_or_si128(lf, cr))
    };
    ends.cast_unsigned()
}

/// The first line end at or after `start`. The 64 bytes before `start`, or all of them if there are fewer, must have
/// none. `None`: not searched, because AVX2 is not available.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn find_far(bytes: &[u8], start: usize) -> Option<Option<usize>> {
    // SAFETY: called only after AVX2 has been detected.
    std::is_x86_feature_detected!("avx2").then(|| unsafe { find_far_avx2(bytes, start) })
}

/// Searches one kilobyte. After that, the cost of a call of memchr is negligible.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
fn find_far_avx2(bytes: &[u8], start: usize) -> Option<usize> {
    let mut rest = bytes.get(start..)?;
    for _ in 0..15 {
        let Some((window, after)) = rest.split_first_chunk() else {
            // Less than a window is left. The last window ends at the end of `bytes` and overlaps the ones before.
            let window = bytes.last_chunk()?;
            return first_end(ends_in_64(window)?, bytes.len().wrapping_sub(64));
        };
        if let Some(ends) = ends_in_64(window) {
            return first_end(ends, bytes.len().wrapping_sub(rest.len()));
        }
        rest = after;
    }
    crate::scan::find_with_memchr(bytes, bytes.len().wrapping_sub(rest.len()))
}

/// The position of the first line end in a window that starts at `start`.
#[cfg(feature = "std")]
#[inline]
fn first_end(ends: u64, start: usize) -> Option<usize> {
    Some(start.wrapping_add(usize::try_from(ends.trailing_zeros()).ok()?))
}

/// The line ends in 64 bytes. Bit n is byte n. `None`: there are none.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
#[inline]
fn ends_in_64(bytes: &[u8; 64]) -> Option<u64> {
    // Looks up each byte by its low four bits: the line end with these bits, or a byte that does not have them. A byte
    // above 0x7F looks up 0, which differs from it, too.
    const NO: i8 = -1;
    let candidates = _mm256_setr_epi8(
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0x0A, NO, NO, 0x0D, NO, NO, //
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0x0A, NO, NO, 0x0D, NO, NO,
    );
    let ends = |bytes| _mm256_cmpeq_epi8(_mm256_shuffle_epi8(candidates, bytes), bytes);
    let start = bytes.as_ptr().cast();
    // SAFETY: the loads need no alignment, and read the first and the last 32 bytes of the array.
    let (low, high) =
        unsafe { (_mm256_loadu_si256(start), _mm256_loadu_si256(start.wrapping_add(1))) };
    let (low, high) = (ends(low), ends(high));
    if _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0 {
        return None;
    }
    let bits = |ends| u64::from(_mm256_movemask_epi8(ends).cast_unsigned());
    Some(bits(low) | bits(high) << 32)
}

#[cfg(test)]
mod tests {
    use super::{ascii_len, ascii_len_by, from_utf8, is_ascii_64, is_short_ascii, is_utf8};
    use proptest::collection;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// All kinds of non-ASCII characters, complete and truncated, at all positions, for all lengths that are handled
    /// differently.
    #[test]
    fn every_length_and_place() {
        let step = if cfg!(miri) { 47 } else { 1 };
        for len in (0..200).step_by(step) {
            let ascii = std::vec![b'x'; len];
            assert_eq!(from_utf8(&ascii), core::str::from_utf8(&ascii));
            for other in ["\u{80}", "\u{7FF}", "\u{FFFF}", "\u{10FFFF}"].map(str::as_bytes) {
                for at in (0..=len).step_by(step) {
                    for end in 1..=other.len() {
                        let mut bytes = ascii.clone();
                        bytes.splice(at..at, other[..end].iter().copied());
                        assert_eq!(from_utf8(&bytes), core::str::from_utf8(&bytes), "{bytes:?}");
                        assert_eq!(is_utf8(&bytes), core::str::from_utf8(&bytes).is_ok());
                    }
                }
            }
        }
    }

    /// Bytes that are equal, for all lengths: a part that is compared with another must not cancel it.
    #[test]
    fn every_byte_repeated() {
        let step = if cfg!(miri) { 47 } else { 1 };
        for len in (0..200).step_by(step) {
            for byte in (0..=u8::MAX).rev().step_by(step) {
                let bytes = std::vec![byte; len];
                assert_eq!(from_utf8(&bytes), core::str::from_utf8(&bytes), "{len} times {byte}");
            }
        }
    }

    /// ASCII is found up to the first byte that is not ASCII. If less were found, `from_utf8` would only be slower.
    #[test]
    fn all_ascii_is_found() {
        let check = |bytes: &[u8], ascii: usize| {
            assert_eq!(is_short_ascii(bytes), bytes.len() <= 128 && ascii == bytes.len());
            if bytes.len() > 128 {
                let found = if ascii == bytes.len() { ascii } else { ascii / 128 * 128 };
                assert_eq!(ascii_len(bytes), found, "{} bytes, {ascii} of ASCII", bytes.len());
                assert_eq!(ascii_len_by(bytes, is_ascii_64), found, "without AVX2");
                assert_eq!(is_utf8(bytes), ascii == bytes.len());
            }
        };
        for len in (0..400).step_by(if cfg!(miri) { 47 } else { 1 }) {
            let mut bytes: Vec<u8> = (0..=0x7F).cycle().take(len).collect();
            check(&bytes, len);
            for at in (0..len).step_by(if cfg!(miri) { 47 } else { 1 }) {
                let ascii = core::mem::replace(&mut bytes[at], 0x80);
                check(&bytes, at);
                bytes[at] = ascii;
            }
        }
    }

    /// Each byte at each of 64 positions, among bytes that differ from line ends in at most one bit.
    #[cfg(feature = "std")]
    #[test]
    fn sixty_four_bytes() {
        let step = if cfg!(miri) { 85 } else { 1 };
        for byte in (0..=u8::MAX).step_by(step) {
            for other in [0, 0x0B, 0x0C, 0x0E, 0x8A, 0x8D, 0x4A, 0xFF] {
                for at in (64..128).step_by(step.min(7)) {
                    let mut bytes = [other; 128];
                    bytes[at] = byte;
                    let end = matches!(byte, b'\n' | b'\r').then_some(at);
                    let expected = std::is_x86_feature_detected!("avx2").then_some(end);
                    assert_eq!(super::find_far(&bytes, 64), expected, "{byte} in {other} at {at}");
                }
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
        fn any_bytes(bytes in collection::vec(prop_oneof![40 => Just(b'x'), 1 => any::<u8>()], 0..300)) {
            prop_assert_eq!(from_utf8(&bytes), core::str::from_utf8(&bytes));
        }
    }
}
