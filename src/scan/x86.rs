//! Line ends by the vectors of x86-64: the only unsafe code of the crate.

use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
};

/// The line ends in 16 bytes, a bit for each.
#[inline(always)]
pub(super) fn in_16(bytes: &[u8; 16]) -> u32 {
    // SAFETY: the module is there only where SSE2 always is, and the load is of the array's 16
    // bytes, of no particular alignment.
    unsafe {
        let bytes: __m128i = _mm_loadu_si128(bytes.as_ptr().cast());
        let lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0A));
        let cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0D));
        _mm_movemask_epi8(_mm_or_si128(lf, cr)).cast_unsigned()
    }
}

/// Where the first line end is in the bytes from the 64th on, if there is one; `Err` for how many
/// bytes have none if only they were searched.
#[cfg(feature = "std")]
#[inline]
pub(super) fn behind_64(bytes: &[u8]) -> Result<Option<usize>, usize> {
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: as just detected.
        unsafe { behind_64_avx2(bytes) }
    } else {
        Err(64)
    }
}

#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
fn behind_64_avx2(bytes: &[u8]) -> Result<Option<usize>, usize> {
    let mut at = 64_usize;
    while let Some(window) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = in_64(window);
        if ends != 0 {
            return Ok(Some(at.wrapping_add(ends.trailing_zeros() as usize)));
        }
        at = at.wrapping_add(64);
        if at == 1024 {
            return Err(at);
        }
    }
    // The last window overlaps what has been searched, and is only there if it does.
    let ends = bytes.last_chunk().map_or(0, |window| in_64(window));
    let at = bytes.len().wrapping_sub(64);
    Ok((ends != 0).then_some(at.wrapping_add(ends.trailing_zeros() as usize)))
}

/// The line ends in 64 bytes, a bit for each.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
#[inline]
fn in_64(bytes: &[u8; 64]) -> u64 {
    let in_32 = |bytes| {
        let lf = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x0A));
        let cr = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x0D));
        u64::from(_mm256_movemask_epi8(_mm256_or_si256(lf, cr)).cast_unsigned())
    };
    let start = bytes.as_ptr().cast();
    // SAFETY: both loads are of 32 bytes within the array, of no particular alignment.
    let (low, high) =
        unsafe { (_mm256_loadu_si256(start), _mm256_loadu_si256(start.wrapping_add(1))) };
    in_32(low) | in_32(high) << 32
}
