//! Line ends by the vectors of x86-64: the only unsafe code of the crate.

use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
};

/// The line ends in 32 bytes, a bit for each.
#[inline(always)]
pub(super) fn in_32(bytes: &[u8; 32]) -> u32 {
    // SAFETY: the module is there only where SSE2 always is, and both loads are of 16 bytes within
    // the array, of no particular alignment.
    unsafe {
        let start: *const __m128i = bytes.as_ptr().cast();
        let in_16 = |bytes| {
            let lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0A));
            let cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0D));
            _mm_movemask_epi8(_mm_or_si128(lf, cr)).cast_unsigned()
        };
        in_16(_mm_loadu_si128(start)) | in_16(_mm_loadu_si128(start.wrapping_add(1))) << 16
    }
}

/// Where the first line end is, or how many bytes have none for certain: the first kilobyte at
/// most, 64 at a time.
#[cfg(feature = "std")]
#[inline]
pub(super) fn near(bytes: &[u8]) -> Result<usize, usize> {
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: as just detected.
        unsafe { near_avx2(bytes) }
    } else {
        Err(0)
    }
}

#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
fn near_avx2(bytes: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((window, behind)) = rest.split_first_chunk::<64>() {
        let ends = in_64(window);
        if ends != 0 {
            return Ok(at + ends.trailing_zeros() as usize);
        }
        at += 64;
        if at == 1024 {
            break;
        }
        rest = behind;
    }
    Err(at)
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
