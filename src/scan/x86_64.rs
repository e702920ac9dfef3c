//! Line ends by the vectors of x86-64: the only unsafe code of the crate, which is the loads and the
//! calls that need AVX2 to be there. Without it, see `docs/performance.md` for what is lost.

use core::arch::x86_64::{
    _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
};

/// The line ends in 16 bytes, a bit for each.
#[inline(always)]
pub(super) fn in_16(bytes: &[u8; 16]) -> u64 {
    // SAFETY: this module is compiled only where all code may use SSE2. The load needs no alignment
    // and reads the 16 bytes of the array.
    let ends = unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        let lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0A));
        let cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x0D));
        _mm_movemask_epi8(_mm_or_si128(lf, cr))
    };
    u64::from(ends.cast_unsigned())
}

/// The first line end, when there is none in the first 64 bytes. `None`: not searched, for want of AVX2.
#[cfg(feature = "std")]
#[inline(always)]
pub(super) fn behind_the_window(bytes: &[u8]) -> Option<Option<usize>> {
    // SAFETY: it is called only if AVX2 is there.
    std::is_x86_feature_detected!("avx2").then(|| unsafe { behind_the_window_avx2(bytes) })
}

/// Searches the first kilobyte. Beyond, a call of memchr costs nothing in comparison.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
fn behind_the_window_avx2(bytes: &[u8]) -> Option<usize> {
    let mut start = 64_usize;
    while let Some(window) = bytes.get(start..).and_then(<[u8]>::first_chunk) {
        let end = first(in_64(window), start);
        if end.is_some() {
            return end;
        }
        start = start.wrapping_add(64);
        if start == 1024 {
            return super::bitmap::behind(bytes, start);
        }
    }
    // What is left is less than a window: one that ends where the bytes end overlaps the one before.
    let ends = bytes.last_chunk().map_or(0, |window| in_64(window));
    first(ends, bytes.len().wrapping_sub(64))
}

/// The first line end of a window that starts at `start`.
#[cfg(feature = "std")]
#[inline]
fn first(ends: u64, start: usize) -> Option<usize> {
    let at = usize::try_from(ends.trailing_zeros()).ok()?;
    (ends != 0).then_some(start.wrapping_add(at))
}

/// The line ends in 64 bytes, a bit for each.
#[cfg(feature = "std")]
#[target_feature(enable = "avx2")]
#[inline]
fn in_64(bytes: &[u8; 64]) -> u64 {
    let start = bytes.as_ptr().cast();
    // SAFETY: the loads need no alignment, and read the first and the last 32 bytes of the array.
    let (low, high) =
        unsafe { (_mm256_loadu_si256(start), _mm256_loadu_si256(start.wrapping_add(1))) };
    let in_32 = |bytes| {
        let lf = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x0A));
        let cr = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x0D));
        u64::from(_mm256_movemask_epi8(_mm256_or_si256(lf, cr)).cast_unsigned())
    };
    in_32(low) | in_32(high) << 32
}
