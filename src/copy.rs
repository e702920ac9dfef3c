//! Copies of a few bytes without a call.

use crate::{SMALL_CODE, scan::LOADS_WORDS};

/// Copies `from`, of the same length as `to`.
///
/// Up to 64 bytes in two pieces that overlap, so that a few instructions do for any length.
#[inline(always)]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        _ if SMALL_CODE && LOADS_WORDS => copy_words(from, to),
        // The call is the shorter code.
        _ if SMALL_CODE => to.copy_from_slice(from),
        4..8 => copy_ends::<4>(from, to),
        8..16 => copy_ends::<8>(from, to),
        16..32 => copy_ends::<16>(from, to),
        32..=64 => copy_ends::<32>(from, to),
        1..4 => {
            // The byte in the middle is one of the ends where there are fewer than three.
            let middle = from.len() >> 1;
            if let (Some(from), Some(to)) = (from.get(middle), to.get_mut(middle)) {
                *to = *from;
            }
            copy_ends::<1>(from, to);
        }
        _ => to.copy_from_slice(from),
    }
}

/// Four bytes at a time from any address. On a Cortex-M3 `memcpy` takes 60 instructions for a few bytes, and 3.6 a
/// byte where the two addresses differ in their last two bits; this takes 1.5.
#[inline(always)]
fn copy_words(from: &[u8], to: &mut [u8]) {
    let mut from = from.chunks_exact(4);
    let mut to = to.chunks_exact_mut(4);
    for (from, to) in (&mut from).zip(&mut to) {
        to.copy_from_slice(from);
    }
    for (from, to) in from.remainder().iter().zip(to.into_remainder()) {
        *to = *from;
    }
}

#[inline(always)]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        if let Some(to) = to.first_chunk_mut() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut() {
            *to = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::copy;
    use std::vec::Vec;

    #[test]
    fn every_length() {
        for len in 0..100 {
            let from: Vec<u8> = (1..=len).collect();
            let mut to = std::vec![0; from.len()];
            copy(&from, &mut to);
            assert_eq!(to, from);
        }
    }
}
