//! Finds line ends 32 bytes at a time, as a bitmap: for short lines, a separate search for each line costs more than
//! the rest of the decoder. Longer lines are searched with AVX2, if available, or memchr.
//!
//! The bitmap comes from `x86_64.rs` or, on other targets, from arithmetic on words.

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors))))]
use self::words::ends_in_16;
use super::{Search, is_line_end};
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(sse_wire_no_vectors)))]
use crate::x86_64::ends_in_16;

const BLOCK: usize = 32;

/// The line ends found so far that have not been taken.
#[derive(Clone, Copy, Default)]
#[cfg_attr(not(test), allow(dead_code, reason = "not every target uses this search"))]
pub(crate) struct Bitmap {
    /// The number of bytes searched. The last 32 of them are a block.
    searched: usize,
    /// The line ends in that block that have not been taken. Bit n is byte n of the block.
    bits: u32,
}

impl Search for Bitmap {
    #[inline(always)]
    fn take<const NEAR: usize>(&mut self, bytes: &[u8], _start: usize) -> Option<usize> {
        if self.bits == 0 { self.search::<NEAR>(bytes) } else { self.take_known() }
    }

    #[inline(always)]
    fn skip(&mut self, start: usize) {
        self.bits &= self.bits.wrapping_sub(1);
        // A skipped line end can be in the next block.
        self.searched = self.searched.max(start);
    }
}

#[cfg_attr(not(test), allow(dead_code, reason = "not every target uses this search"))]
impl Bitmap {
    #[inline(always)]
    fn take_known(&mut self) -> Option<usize> {
        let block = self.searched.wrapping_sub(BLOCK);
        let at = usize::try_from(self.bits.trailing_zeros()).ok()?;
        self.bits &= self.bits.wrapping_sub(1);
        Some(block.wrapping_add(at))
    }

    #[inline(always)]
    fn search<const NEAR: usize>(&mut self, bytes: &[u8]) -> Option<usize> {
        const { assert!(NEAR >= 2, "`find_far` assumes 64 searched bytes") };
        // Most lines are short: search the next block only if this one has no line end.
        for _ in 0..NEAR {
            self.bits = ends_in_block(bytes, self.searched)?;
            self.searched = self.searched.wrapping_add(BLOCK);
            if self.bits != 0 {
                return self.take_known();
            }
        }
        if self.searched >= bytes.len() {
            return None;
        }
        let end = find_far(bytes, self.searched);
        self.searched = end?.wrapping_add(1);
        end
    }
}

/// Whether `bytes` contain a LF or CR.
#[inline]
pub(crate) fn has_line_end(bytes: &[u8]) -> bool {
    if crate::SMALL_CODE {
        return super::LineEnds::default().take::<2>(bytes, 0).is_some();
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        ends_in_32(first) | ends_in_32(last) != 0
            || bytes.len() > BLOCK + BLOCK && find_far(bytes, BLOCK).is_some()
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        ends_in_16(first) | ends_in_16(last) != 0
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        words::ends_in_8(first) | words::ends_in_8(last) != 0
    } else {
        bytes.iter().any(is_line_end)
    }
}

/// The line ends in the block at `start`, which may be shorter at the end of `bytes`. Bit n is byte n of the block.
/// `None`: the block is empty.
#[inline(always)]
fn ends_in_block(bytes: &[u8], start: usize) -> Option<u32> {
    let rest = bytes.get(start..)?;
    match rest.first_chunk() {
        Some(block) => Some(ends_in_32(block)),
        None => (!rest.is_empty()).then(|| ends_in_short_block(bytes, rest)),
    }
}

/// The first line end at or after `start`. The 64 bytes before `start`, or all of them if there are fewer, must have
/// none.
#[inline]
fn find_far(bytes: &[u8], start: usize) -> Option<usize> {
    #[cfg(all(
        target_arch = "x86_64",
        target_feature = "sse2",
        feature = "std",
        not(sse_wire_no_vectors)
    ))]
    if let Some(end) = crate::x86_64::find_far(bytes, start) {
        return end;
    }
    find_with_memchr(bytes, start)
}

/// The first line end. The first `searched` bytes must have none.
pub(crate) fn find_with_memchr(bytes: &[u8], searched: usize) -> Option<usize> {
    let rest = bytes.get(searched..)?;
    memchr::memchr2(b'\n', b'\r', rest).map(|at| at.wrapping_add(searched))
}

/// The line ends in `rest`, the last bytes of `bytes`, fewer than 32.
#[inline]
fn ends_in_short_block(bytes: &[u8], rest: &[u8]) -> u32 {
    match bytes.last_chunk() {
        Some(block) => {
            let before = BLOCK.wrapping_sub(rest.len());
            ends_in_32(block).wrapping_shr(u32::try_from(before).unwrap_or_default())
        }
        None => ends_in_few(rest),
    }
}

/// The line ends in fewer than 32 bytes. Two overlapping pieces, whose length is a power of two, cover any length.
#[inline(never)]
fn ends_in_few(bytes: &[u8]) -> u32 {
    let both = |first: u32, last: u32, length: usize| {
        let offset = bytes.len().wrapping_sub(length);
        first | last.wrapping_shl(u32::try_from(offset).unwrap_or_default())
    };
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        both(ends_in_16(first), ends_in_16(last), 16)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        both(words::ends_in_8(first), words::ends_in_8(last), 8)
    } else {
        bytes.iter().rev().fold(0, |ends, byte| ends << 1 | u32::from(is_line_end(byte)))
    }
}

#[inline(always)]
fn ends_in_32(bytes: &[u8; BLOCK]) -> u32 {
    let half = |half: Option<&[u8; 16]>| half.map_or(0, ends_in_16);
    half(bytes.first_chunk()) | half(bytes.last_chunk()) << 16
}

/// Which code finds the line ends in 16 bytes.
#[cfg(test)]
pub(super) fn name_of_in_16() -> &'static str {
    core::any::type_name_of_val(&ends_in_16)
}

mod words {
    //! Line ends by arithmetic on eight bytes at a time.

    #[cfg_attr(not(test), allow(dead_code, reason = "replaced by vectors on x86-64"))]
    #[inline]
    pub(super) fn ends_in_16(bytes: &[u8; 16]) -> u32 {
        let half = |half: Option<&[u8; 8]>| half.map_or(0, ends_in_8);
        half(bytes.first_chunk()) | half(bytes.last_chunk()) << 8
    }

    #[inline]
    pub(super) fn ends_in_8(bytes: &[u8; 8]) -> u32 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const LOW: u64 = 0x7F * ONES;
        let word = u64::from_le_bytes(*bytes);
        // The high bit of each byte that is not zero.
        let not_zero = |word: u64| (word & LOW).wrapping_add(LOW) | word;
        let lf = not_zero(word ^ (0x0A * ONES));
        let cr = not_zero(word ^ (0x0D * ONES));
        let ends = !(lf & cr) >> 7 & ONES;
        // Each bit of the factor moves the lowest bit of one byte to its position in the highest byte.
        let [.., bits] = ends.wrapping_mul(0x0102_0408_1020_4080).to_le_bytes();
        u32::from(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ends_by;
    use super::{Bitmap, ends_in_16, has_line_end, words};
    use proptest::collection;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn naive(bytes: &[u8]) -> Vec<usize> {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
        ends.map(|(at, _)| at).collect()
    }

    fn taken(bytes: &[u8]) -> Vec<usize> {
        ends_by::<Bitmap>(bytes).collect()
    }

    /// Each byte at each of 16 positions, among bytes that differ from line ends in at most one bit.
    #[test]
    fn sixteen_bytes() {
        let step = if cfg!(miri) { 85 } else { 1 };
        for byte in (0..=u8::MAX).step_by(step) {
            for other in [0, b'\n', b'\r', 0x0B, 0x0C, 0x0E, 0x8A, 0x8D, 0x4A, 0xFF] {
                for at in 0..16 {
                    let mut bytes = [other; 16];
                    bytes[at] = byte;
                    let expected = naive(&bytes).iter().fold(0, |ends, at| ends | 1 << at);
                    assert_eq!(ends_in_16(&bytes), expected, "{bytes:?}");
                    assert_eq!(words::ends_in_16(&bytes), expected, "{bytes:?}");
                }
            }
        }
    }

    /// One and two line ends at all positions, for all lengths that are searched differently.
    #[test]
    fn every_length_and_place() {
        for len in (0..=200)
            .step_by(if cfg!(miri) { 13 } else { 1 })
            .chain([960, 1023, 1024, 1025, 1087, 1088, 1089, 1200])
        {
            let step = if cfg!(miri) { 311 } else { 1 };
            assert!(taken(&vec![b'x'; len]).is_empty());
            assert!(!has_line_end(&vec![b'x'; len]));
            for first in (0..len).step_by(step) {
                for second in [first, len - 1, (first + 1).min(len - 1), (first + 64).min(len - 1)]
                {
                    let mut bytes = vec![b'x'; len];
                    bytes[first] = b'\n';
                    bytes[second] = b'\r';
                    assert_eq!(taken(&bytes), naive(&bytes), "{len} bytes, at {first}, {second}");
                    assert!(has_line_end(&bytes), "{len} bytes, at {first}, {second}");
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
        fn any_bytes(bytes in collection::vec(prop_oneof![20 => Just(b'x'), 1 => any::<u8>(), 1 => 9..15_u8], 0..1500)) {
            prop_assert_eq!(taken(&bytes), naive(&bytes));
            prop_assert_eq!(has_line_end(&bytes), !naive(&bytes).is_empty());
        }
    }
}
