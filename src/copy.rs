//! Copies short slices without a call of `memcpy`, where that is faster.

use crate::{LOADS_WORDS, SMALL_CODE};

/// Copies `from` to `to`, which has the same length.
///
/// On 64-bit targets, up to 64 bytes are copied as two overlapping pieces: a few instructions for any length.
#[inline(always)]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        _ if SMALL_CODE && LOADS_WORDS => copy_words(from, to),
        // Here the call is shorter code.
        _ if SMALL_CODE => to.copy_from_slice(from),
        4..8 => copy_ends::<4>(from, to),
        8..16 => copy_ends::<8>(from, to),
        16..32 => copy_ends::<16>(from, to),
        32..=64 => copy_ends::<32>(from, to),
        1..4 => copy_few(from, to),
        _ => to.copy_from_slice(from),
    }
}

/// Copies two parts and, if `lf`, a LF to the front of `to`. Returns whether they fit.
#[inline(always)]
pub(crate) fn copy_line(parts: [&[u8]; 2], lf: bool, to: &mut [u8]) -> bool {
    if SMALL_CODE {
        // One inlined copy for both parts.
        let mut free = to;
        for from in parts {
            let Some((to, rest)) = free.split_at_mut_checked(from.len()) else { return false };
            copy(from, to);
            free = rest;
        }
        return !lf || free.first_mut().map(|to| *to = b'\n').is_some();
    }
    let [first, second] = parts;
    let Some((to_first, free)) = to.split_at_mut_checked(first.len()) else { return false };
    let Some((to_second, free)) = free.split_at_mut_checked(second.len()) else { return false };
    if lf {
        let Some(to_lf) = free.first_mut() else { return false };
        *to_lf = b'\n';
    }
    copy(first, to_first);
    copy(second, to_second);
    true
}

/// Copies four bytes at a time from any address: 1.5 instructions a byte on a Cortex-M3. `memcpy` takes 60 instructions
/// for a few bytes there, and 3.6 a byte if the two addresses differ in their last two bits.
// In this form, the compiler does not replace the loop with a call of `memcpy`.
#[inline(always)]
fn copy_words(from: &[u8], to: &mut [u8]) {
    let (mut words, mut to_words) = (from.chunks_exact(4), to.chunks_exact_mut(4));
    for (word, to) in (&mut words).zip(&mut to_words) {
        to.copy_from_slice(word);
    }
    match (from.last_chunk::<4>(), to.last_chunk_mut()) {
        // May overlap bytes that are already copied.
        (Some(from), Some(to)) => *to = *from,
        _ if from.is_empty() => {}
        _ => copy_few(from, to),
    }
}

#[inline(always)]
fn copy_few(from: &[u8], to: &mut [u8]) {
    // With fewer than three bytes, the middle byte is one of the ends.
    let middle = from.len() >> 1;
    if let (Some(from), Some(to)) = (from.get(middle), to.get_mut(middle)) {
        *to = *from;
    }
    copy_ends::<1>(from, to);
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
