//! Line ends as a bitmap, for 32 bytes at a time: a search of its own for each line is what costs on
//! short lines. Lines that are much longer are left to AVX2, where it is there, and memchr.
//!
//! The bitmap comes from `x86_64` where that is there, otherwise from plain arithmetic on words.

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
use self::words::in_16;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
use crate::x86_64::in_16;

pub(super) const BLOCK: usize = 32;

/// The line ends that are known in the bytes at hand.
#[derive(Clone, Copy, Default)]
pub(super) struct LineEnds {
    /// So many bytes have been searched, the last of them as a block.
    searched: usize,
    /// The line ends in that block which have not been taken: a set bit for each, the first byte's
    /// lowest.
    bits: u32,
}

impl LineEnds {
    /// Without those in the first `len` bytes.
    #[inline(always)]
    pub(super) const fn behind(len: usize) -> Self {
        Self { searched: len, bits: 0 }
    }

    /// Takes the first line end in `bytes` that has not been taken.
    #[cfg_attr(target_os = "none", allow(dead_code))]
    #[inline(always)]
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        self.take_near::<3>(bytes)
    }

    /// The same; a line of more than `NEAR` blocks is searched as a long one.
    #[inline(always)]
    pub(super) fn take_near<const NEAR: usize>(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.bits == 0 { self.search::<NEAR>(bytes) } else { self.take_known() }
    }

    #[inline(always)]
    fn take_known(&mut self) -> Option<usize> {
        let block = self.searched.wrapping_sub(BLOCK);
        let at = usize::try_from(self.bits.trailing_zeros()).ok()?;
        self.bits &= self.bits.wrapping_sub(1);
        Some(block.wrapping_add(at))
    }

    /// The next line end is not to be taken. It lies before `start`, where the next line starts.
    #[inline(always)]
    pub(super) fn skip(&mut self, start: usize) {
        self.bits &= self.bits.wrapping_sub(1);
        // It may lie behind what has been searched.
        self.searched = self.searched.max(start);
    }

    /// The first `len` bytes are gone. There is no line end in them that has not been taken.
    #[cfg_attr(target_os = "none", allow(dead_code))]
    #[inline(always)]
    pub(super) fn advance(&mut self, len: usize) {
        self.searched = self.searched.wrapping_sub(len);
    }

    #[inline(always)]
    fn search<const NEAR: usize>(&mut self, bytes: &[u8]) -> Option<usize> {
        const { assert!(NEAR >= 2, "`far_from` looks back") };
        // Many lines end soon: each block is looked at only if there is none in the one before.
        for _ in 0..NEAR {
            if !self.search_block(bytes) {
                return None;
            }
            if self.bits != 0 {
                return self.take_known();
            }
        }
        let end = far_from(bytes, self.searched);
        #[cfg(test)]
        crate::cost::add(end.unwrap_or(bytes.len()).saturating_sub(self.searched));
        self.searched = end?.wrapping_add(1);
        end
    }

    /// `false`: there are no bytes left.
    #[inline(always)]
    fn search_block(&mut self, bytes: &[u8]) -> bool {
        let Some(ends) = ends_in_block(bytes, self.searched) else { return false };
        self.bits = ends;
        self.searched = self.searched.wrapping_add(BLOCK);
        true
    }
}

/// Whether there is a LF or CR.
#[cfg_attr(target_os = "none", allow(dead_code))]
#[inline]
pub(crate) fn has_line_end(bytes: &[u8]) -> bool {
    #[cfg(test)]
    crate::cost::add(bytes.len().div_ceil(8));
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        in_32(first) | in_32(last) != 0
            || bytes.len() > BLOCK + BLOCK && far_from(bytes, BLOCK).is_some()
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        in_16(first) | in_16(last) != 0
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        words::in_8(first) | words::in_8(last) != 0
    } else {
        bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
    }
}

/// The line ends in the block at `start`, which may be the last and shorter: a bit for each, the first
/// byte's lowest. `None`: there are no bytes.
#[inline(always)]
pub(super) fn ends_in_block(bytes: &[u8], start: usize) -> Option<u32> {
    let rest = bytes.get(start..)?;
    #[cfg(test)]
    crate::cost::add(rest.len().min(BLOCK).div_ceil(8));
    match rest.first_chunk() {
        Some(block) => Some(in_32(block)),
        None => (!rest.is_empty()).then(|| in_less_than_a_block(bytes, rest)),
    }
}

/// The first line end from `start` on, when there is none in the 64 bytes before, or in all of them where
/// there are fewer.
#[inline]
pub(super) fn far_from(bytes: &[u8], start: usize) -> Option<usize> {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", feature = "std"))]
    if let Some(end) = crate::x86_64::far_from(bytes, start) {
        return end;
    }
    behind(bytes, start)
}

/// The first line end, when there is none in the first `searched` bytes.
pub(crate) fn behind(bytes: &[u8], searched: usize) -> Option<usize> {
    let rest = bytes.get(searched..)?;
    memchr::memchr2(b'\n', b'\r', rest).map(|at| at.wrapping_add(searched))
}

/// The line ends in `rest`, fewer than 32 bytes, with which `bytes` end.
#[inline]
fn in_less_than_a_block(bytes: &[u8], rest: &[u8]) -> u32 {
    match bytes.last_chunk() {
        Some(block) => {
            let before = BLOCK.wrapping_sub(rest.len());
            in_32(block).wrapping_shr(u32::try_from(before).unwrap_or_default())
        }
        None => in_few(rest),
    }
}

/// The line ends in fewer than 32 bytes, each byte once or twice: two pieces that overlap, of a length
/// that is a power of two, make up any length.
#[inline(never)]
fn in_few(bytes: &[u8]) -> u32 {
    let both = |first: u32, last: u32, length: usize| {
        let behind = bytes.len().wrapping_sub(length);
        first | last.wrapping_shl(u32::try_from(behind).unwrap_or_default())
    };
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        both(in_16(first), in_16(last), 16)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        both(words::in_8(first), words::in_8(last), 8)
    } else {
        let is_end = |byte: &u8| u32::from(matches!(byte, b'\n' | b'\r'));
        bytes.iter().rev().fold(0, |ends, byte| ends << 1 | is_end(byte))
    }
}

#[inline(always)]
fn in_32(bytes: &[u8; BLOCK]) -> u32 {
    let half = |half: Option<&[u8; 16]>| half.map_or(0, in_16);
    half(bytes.first_chunk()) | half(bytes.last_chunk()) << 16
}

mod words {
    //! Eight bytes at a time.

    #[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
    #[inline]
    pub(super) fn in_16(bytes: &[u8; 16]) -> u32 {
        let half = |half: Option<&[u8; 8]>| half.map_or(0, in_8);
        half(bytes.first_chunk()) | half(bytes.last_chunk()) << 8
    }

    #[inline]
    pub(super) fn in_8(bytes: &[u8; 8]) -> u32 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const LOW: u64 = 0x7F * ONES;
        let word = u64::from_le_bytes(*bytes);
        // The high bit of each byte that is not zero.
        let not_zero = |word: u64| (word & LOW).wrapping_add(LOW) | word;
        let lf = not_zero(word ^ (0x0A * ONES));
        let cr = not_zero(word ^ (0x0D * ONES));
        let ends = !(lf & cr) >> 7 & ONES;
        // Each bit of the factor brings one byte's lowest bit to its place in the highest byte.
        let [.., bits] = ends.wrapping_mul(0x0102_0408_1020_4080).to_le_bytes();
        u32::from(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line_ends;
    use super::{has_line_end, in_16, words};
    use proptest::collection;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn naive(bytes: &[u8]) -> Vec<usize> {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
        ends.map(|(at, _)| at).collect()
    }

    fn taken(bytes: &[u8]) -> Vec<usize> {
        line_ends(bytes).collect()
    }

    /// Each byte, in each place of 16, among bytes that differ from line ends in one bit or none.
    #[test]
    fn sixteen_bytes() {
        let step = if cfg!(miri) { 85 } else { 1 };
        for byte in (0..=u8::MAX).step_by(step) {
            for other in [0, b'\n', b'\r', 0x0B, 0x0C, 0x0E, 0x8A, 0x8D, 0x4A, 0xFF] {
                for at in 0..16 {
                    let mut bytes = [other; 16];
                    bytes[at] = byte;
                    let expected = naive(&bytes).iter().fold(0, |ends, at| ends | 1 << at);
                    assert_eq!(in_16(&bytes), expected, "{bytes:?}");
                    assert_eq!(words::in_16(&bytes), expected, "{bytes:?}");
                }
            }
        }
    }

    /// One line end and two, in all places of inputs of all lengths that are searched differently.
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
