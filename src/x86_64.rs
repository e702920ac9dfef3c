//! Line ends and text by the vectors of x86-64: the only unsafe code of the crate, which is the loads,
//! the calls that need AVX2 to be there, and text that has been found to be UTF-8 in two parts. What is
//! lost without it is in `docs/performance.md`.

use core::arch::x86_64::{
    _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_setr_epi8,
    _mm256_shuffle_epi8,
};
use core::str::Utf8Error;

/// What `core::str::from_utf8` does, faster where text is ASCII, all or at the start, and with `std` in
/// any case.
#[inline]
pub(crate) fn from_utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    if is_short_ascii(bytes) || is_utf8(bytes) {
        // SAFETY: all is ASCII, or its start is and the rest has been checked: behind ASCII a character
        // begins.
        return Ok(unsafe { core::str::from_utf8_unchecked(bytes) });
    }
    // Once more, for the place of the error.
    core::str::from_utf8(bytes)
}

/// Whether there are at most 128 bytes, all of them ASCII. Two pieces that overlap, of a length that is a
/// power of two, make up any length.
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
    // What is before the rest is ASCII.
    let rest = bytes.get(ascii_len(bytes)..).unwrap_or_default();
    #[cfg(feature = "std")]
    return rest.is_empty() || simdutf8::basic::from_utf8(rest).is_ok();
    #[cfg(not(feature = "std"))]
    return core::str::from_utf8(rest).is_ok();
}

/// How many bytes at the start are ASCII, at least: all, or a multiple of 128.
fn ascii_len(bytes: &[u8]) -> usize {
    #[cfg(feature = "std")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 is there.
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

/// By large windows: how many there are is foreseen more often.
#[inline(always)]
fn ascii_len_by(bytes: &[u8], is_ascii_64: impl Fn(&[u8; 64]) -> bool) -> usize {
    let is_ascii = |bytes: &[u8]| match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => is_ascii_64(first) & is_ascii_64(last),
        _ => false,
    };
    let mut rest = bytes;
    while let Some((window, behind)) = rest.split_first_chunk::<128>() {
        if !is_ascii(window) {
            return bytes.len().wrapping_sub(rest.len());
        }
        rest = behind;
    }
    // What is left is less than a window: one that ends where the bytes end overlaps the one before.
    let last = bytes.last_chunk::<128>().map_or(bytes, |window| window);
    if is_ascii(last) { bytes.len() } else { bytes.len().wrapping_sub(rest.len()) }
}

/// The line ends in 16 bytes, a bit for each.
#[inline(always)]
pub(crate) fn in_16(bytes: &[u8; 16]) -> u32 {
    // SAFETY: this module is compiled only where all code may use SSE2. The load needs no alignment
    // and reads the 16 bytes of the array.
    let ends = unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        let lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0A));
        let cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0D));
        _mm_movemask_epi8(_mm_or_si128(lf, cr))
    };
    ends.cast_unsigned()
}

/// The first line end from `start` on, when there is none in the 64 bytes before, or in all of them where
/// there are fewer. `None`: not searched, for want of AVX2.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn far_from(bytes: &[u8], start: usize) -> Option<Option<usize>> {
    // SAFETY: it is called only if AVX2 is there.
    std::is_x86_feature_detected!("avx2").then(|| unsafe { far_from_avx2(bytes, start) })
}

/// Searches a kilobyte. Beyond, a call of memchr costs nothing in comparison.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
fn far_from_avx2(bytes: &[u8], start: usize) -> Option<usize> {
    let mut rest = bytes.get(start..)?;
    for _ in 0..15 {
        let Some((window, behind)) = rest.split_first_chunk() else {
            // What is left is less than a window: one that ends where the bytes end overlaps those before.
            let window = bytes.last_chunk()?;
            return first(in_64(window)?, bytes.len().wrapping_sub(64));
        };
        if let Some(ends) = in_64(window) {
            return first(ends, bytes.len().wrapping_sub(rest.len()));
        }
        rest = behind;
    }
    crate::scan::with_memchr(bytes, bytes.len().wrapping_sub(rest.len()))
}

/// The first line end of a window that starts at `start`.
#[cfg(feature = "std")]
#[inline]
fn first(ends: u64, start: usize) -> Option<usize> {
    Some(start.wrapping_add(usize::try_from(ends.trailing_zeros()).ok()?))
}

/// The line ends in 64 bytes, a bit for each, if there are any.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
#[inline]
fn in_64(bytes: &[u8; 64]) -> Option<u64> {
    // By the low half of a byte: the line end that has it, or what is no byte with that half. A byte
    // above 0x7F finds 0, which it is not either.
    let candidates = _mm256_setr_epi8(
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0x0A, -1, -1, 0x0D, -1, -1, //
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0x0A, -1, -1, 0x0D, -1, -1,
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
    use super::from_utf8;
    use proptest::collection;
    use proptest::prelude::*;

    /// Everything that is not ASCII, whole and broken, in all places of texts of all lengths that are
    /// looked at differently.
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
                    }
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
