//! Line ends of 64 bytes at a time, as a bitmap; memchr for lines that are longer.

/// The line ends of the bytes at hand: a set bit for each that is known, the first byte's lowest.
#[derive(Clone, Copy, Default)]
pub(super) struct LineEnds(u64);

impl LineEnds {
    /// Where the first line end in `bytes` is. Then `bytes` are expected to begin behind it.
    #[inline(always)]
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.0 == 0 {
            let Some(window) = bytes.first_chunk::<64>() else {
                self.0 = in_less_than_64(bytes);
                return self.take_known();
            };
            let (low, high) = window.split_at(32);
            let in_32 = |half: &[u8]| half.first_chunk().map_or(0, in_32);
            self.0 = match in_32(low) {
                0 => in_32(high) << 32,
                ends => ends,
            };
            if self.0 == 0 {
                return beyond(bytes);
            }
        }
        self.take_known()
    }

    #[inline(always)]
    fn take_known(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros();
        self.0 = self.0.wrapping_shr(at).wrapping_shr(1);
        usize::try_from(at).ok()
    }

    /// The first byte has been taken.
    #[inline]
    pub(super) fn skip_byte(&mut self) {
        self.0 = self.0.wrapping_shr(1);
    }
}

/// The first line end, when there is none in the first 64 bytes.
#[inline(never)]
fn beyond(bytes: &[u8]) -> Option<usize> {
    match behind_64(bytes) {
        Ok(end) => end,
        Err(searched) => {
            let rest = bytes.get(searched..)?;
            memchr::memchr2(b'\n', b'\r', rest).map(|at| at.wrapping_add(searched))
        }
    }
}

/// Two pieces that overlap, of a length that is a power of two, make up any length.
#[inline(never)]
fn in_less_than_64(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let pieces = |first: u64, last: u64, length: usize| {
        first | last.wrapping_shl(u32::try_from(len.wrapping_sub(length)).unwrap_or(0))
    };
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        pieces(in_32(first), in_32(last), 32)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        pieces(in_16(first), in_16(last), 16)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        pieces(in_8(first), in_8(last), 8)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        pieces(in_4(first), in_4(last), 4)
    } else {
        let bits = bytes.iter().rev();
        bits.fold(0, |ends, byte| ends << 1 | u64::from(matches!(byte, b'\n' | b'\r')))
    }
}

fn in_4(bytes: &[u8; 4]) -> u64 {
    in_8(&u64::from(u32::from_le_bytes(*bytes)).to_le_bytes())
}

#[inline(always)]
fn in_32(bytes: &[u8; 32]) -> u64 {
    let half = |half: Option<&[u8; 16]>| half.map_or(0, in_16);
    half(bytes.first_chunk()) | half(bytes.last_chunk()) << 16
}

#[cfg(target_feature = "sse2")]
#[inline(always)]
fn in_16(bytes: &[u8; 16]) -> u64 {
    u64::from(super::x86::in_16(bytes))
}

#[cfg(not(target_feature = "sse2"))]
#[inline(always)]
fn in_16(bytes: &[u8; 16]) -> u64 {
    let half = |half: Option<&[u8; 8]>| half.map_or(0, in_8);
    half(bytes.first_chunk()) | half(bytes.last_chunk()) << 8
}

#[cfg(all(target_feature = "sse2", feature = "std"))]
use super::x86::behind_64;
#[cfg(not(all(target_feature = "sse2", feature = "std")))]
fn behind_64(_bytes: &[u8]) -> Result<Option<usize>, usize> {
    Err(64)
}

/// The line ends in 8 bytes.
#[inline]
fn in_8(bytes: &[u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7F * ONES;
    let word = u64::from_le_bytes(*bytes);
    // The high bit of each byte that is not zero.
    let not_zero = |word: u64| (word & LOW).wrapping_add(LOW) | word;
    let lf = not_zero(word ^ (0x0A * ONES));
    let cr = not_zero(word ^ (0x0D * ONES));
    let ends = !(lf & cr) >> 7 & ONES;
    // Each bit of the factor brings the lowest bit of one byte to its place in the highest.
    ends.wrapping_mul(0x0102_0408_1020_4080) >> 56
}
