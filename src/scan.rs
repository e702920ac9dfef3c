//! Line ends: where they are, and how CR, LF and CRLF split bytes that arrive in pieces.
//!
//! The only place that knows memchr, vectors, and what stands in for them on microcontrollers.
//! Decoder and encoder both split lines here.

mod bitmap;
mod lines;
#[cfg(any(test, all(target_os = "none", not(target_pointer_width = "64"))))]
mod words;

#[cfg(not(all(target_os = "none", not(target_pointer_width = "64"))))]
use bitmap::LineEnds;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", feature = "std"))]
pub(crate) use bitmap::behind;
#[cfg(not(all(target_os = "none", not(target_pointer_width = "64"))))]
pub(crate) use bitmap::has_line_end;
pub(crate) use lines::{Line, Lines, behind_blank_line};
#[cfg(all(target_os = "none", not(target_pointer_width = "64")))]
use words::LineEnds;
#[cfg(all(target_os = "none", not(target_pointer_width = "64")))]
pub(crate) use words::has_line_end;

/// All line ends, found one after the other as a decoder finds them.
#[cfg(any(test, fuzzing))]
#[cfg_attr(test, allow(unreachable_pub))]
pub fn line_ends(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut ends = LineEnds::default();
    core::iter::from_fn(move || ends.take(bytes))
}

/// Whether there is a NUL. Ids are short: a call would cost more than the search.
#[inline]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let in_word = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7) != 0;
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            in_word(u64::from_le_bytes(*first)) || in_word(u64::from_le_bytes(*last))
        }
        (Some(_), _) => memchr::memchr(0, bytes).is_some(),
        (None, _) => match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                let word = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
                in_word(word(first) << 32 | word(last))
            }
            _ => bytes.contains(&0),
        },
    }
}

/// Bytes in memory of which lines are taken off the front. What has been found out about line ends
/// further on is kept from line to line.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
    ends: LineEnds,
}

impl<'a> Input<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, ends: LineEnds::default() }
    }

    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes all that is left.
    #[inline]
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        self.ends = LineEnds::default();
        core::mem::take(&mut self.rest)
    }

    #[inline]
    fn skip_lf(&mut self) {
        if let Some(behind) = self.rest.strip_prefix(b"\n") {
            self.rest = behind;
            self.ends.skip(1);
            self.ends.advance(1);
        }
    }
}

/// Splits bytes into lines, resumable between any two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct LineSplitter {
    /// The last byte ended a line with CR: a LF that comes next belongs to it.
    after_cr: bool,
}

impl LineSplitter {
    pub(crate) const fn new() -> Self {
        Self { after_cr: false }
    }

    #[inline]
    pub(crate) const fn is_after_cr(&self) -> bool {
        self.after_cr
    }

    /// Drops the LF of a CRLF whose CR came before. To be called whenever new bytes arrive.
    #[inline]
    pub(crate) fn skip_lf(&mut self, input: &mut Input<'_>) {
        if self.after_cr && !input.rest.is_empty() {
            self.after_cr = false;
            input.skip_lf();
        }
    }

    /// Takes one line off `input`, without its end; `None` leaves `input` as it is, because no line
    /// ends in it.
    #[inline]
    pub(crate) fn take_line<'a>(&mut self, input: &mut Input<'a>) -> Option<&'a [u8]> {
        let end = input.ends.take(input.rest);
        let (line, rest) = input.rest.split_at_checked(end?)?;
        let (&line_end, rest) = rest.split_first()?;
        input.rest = rest;
        input.ends.advance(line.len().wrapping_add(1));
        if line_end == b'\r' {
            self.after_cr = true;
            self.skip_lf(input);
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::has_nul;

    #[test]
    fn a_nul_in_every_place() {
        for len in 0..40 {
            for other in [1, 0x7F, 0x80, 0xFF] {
                let mut bytes = std::vec![other; len];
                assert!(!has_nul(&bytes));
                for at in 0..len {
                    bytes[at] = 0;
                    assert!(has_nul(&bytes), "{len} bytes, at {at}");
                    bytes[at] = other;
                }
            }
        }
    }
}
