//! Lines by their places, for who takes all of an event's lines in one go.

use super::bitmap::{BLOCK, LineEnds, ends_in_block, far_from};

/// Bytes in memory whose lines are taken one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line starts.
    start: usize,
    ends: LineEnds,
}

/// A line that has been taken.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The bytes it was taken from.
    bytes: &'a [u8],
    start: usize,
    end: usize,
    /// The first eight bytes from the line's start on, be they of the line or not; zeros where there
    /// are none.
    first: [u8; 8],
}

impl<'a> Lines<'a> {
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0, ends: LineEnds::default() }
    }

    /// From the line on that starts at `start`.
    #[inline(always)]
    pub(crate) fn at(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, start, ends: LineEnds::behind(start) }
    }

    #[inline(always)]
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the next line starts.
    #[inline(always)]
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// What has not been taken.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        // A call, so that there is a branch and not a choice to be computed each time.
        self.bytes.get(self.start..).unwrap_or_else(nothing)
    }

    /// Takes a line, if it is blank and ends in the bytes for certain.
    #[inline(always)]
    pub(crate) fn take_blank(&mut self) -> bool {
        let behind = self.start.wrapping_add(1);
        match self.bytes.get(self.start) {
            Some(b'\n') => {}
            Some(b'\r') => return self.take_blank_crlf(),
            _ => return false,
        }
        self.start = behind;
        self.ends.skip(behind);
        true
    }

    #[inline(always)]
    fn take_blank_crlf(&mut self) -> bool {
        let behind = self.start.wrapping_add(2);
        let is_crlf = self.bytes.get(self.start..behind) == Some(b"\r\n");
        if is_crlf {
            self.start = behind;
            self.ends.skip(behind);
            self.ends.skip(behind);
        }
        is_crlf
    }

    /// Takes a line. `None`, and `start` is still the line's, but it cannot be taken again: it does not
    /// end in the bytes, or with a CR that is their last byte. A line of more than `NEAR` times 32 bytes
    /// is searched as a long one.
    #[inline(always)]
    pub(crate) fn take<const NEAR: usize>(&mut self) -> Option<Line<'a>> {
        let (bytes, start) = (self.bytes, self.start);
        let end = self.ends.take_near::<NEAR>(bytes)?;
        let mut behind = end.wrapping_add(1);
        // Behind a CR that is the last byte, a LF may be to come.
        if bytes.get(end)? == &b'\r' && bytes.get(behind)? == &b'\n' {
            behind = behind.wrapping_add(1);
            self.ends.skip(behind);
        }
        self.start = behind;
        let rest = bytes.get(start..)?;
        let first = match rest.first_chunk() {
            Some(first) => *first,
            None => fewer_than_eight(rest),
        };
        Some(Line { bytes, start, end, first })
    }
}

/// The end of the first blank line, if there is one that ends in the bytes for certain. `at_start`: the
/// bytes begin at the start of a line.
#[inline]
pub(crate) fn behind_blank_line(bytes: &[u8], at_start: bool) -> Option<usize> {
    let mut start = 0_usize;
    let mut behind_end = u32::from(at_start);
    let mut without = 0_u8;
    while let Some(ends) = ends_in_block(bytes, start) {
        without = if ends == 0 { without.saturating_add(1) } else { 0 };
        if without == 2 {
            // A long line.
            start = behind_long_line(bytes, start.wrapping_add(BLOCK))?;
            behind_end = 0;
            continue;
        }
        // Line ends behind line ends: those of blank lines, and the LF of each CRLF.
        let mut seconds = ends & (ends << 1 | behind_end);
        while seconds != 0 {
            let at = start.wrapping_add(usize::try_from(seconds.trailing_zeros()).ok()?);
            if bytes.get(at.wrapping_sub(1)..=at) != Some(b"\r\n") {
                let is_cr = bytes.get(at) == Some(&b'\r');
                let behind = at.wrapping_add(1);
                return match bytes.get(behind) {
                    Some(b'\n') if is_cr => Some(behind.wrapping_add(1)),
                    None if is_cr => None,
                    _ => Some(behind),
                };
            }
            seconds &= seconds.wrapping_sub(1);
        }
        behind_end = ends >> 31;
        start = start.wrapping_add(BLOCK);
    }
    None
}

/// Not inlined: it is long, and rare there.
#[inline(never)]
fn behind_long_line(bytes: &[u8], start: usize) -> Option<usize> {
    far_from(bytes, start)
}

#[cold]
#[inline(never)]
fn nothing<'a>() -> &'a [u8] {
    &[]
}

#[cold]
#[inline(never)]
fn fewer_than_eight(rest: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    first.iter_mut().zip(rest).for_each(|(first, byte)| *first = *byte);
    first
}

impl<'a> Line<'a> {
    #[inline(always)]
    pub(crate) const fn is_blank(&self) -> bool {
        self.start == self.end
    }

    /// The line without its end.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// What comes behind `name`, if the line starts so. There is no line end and no NUL in `name`.
    #[inline(always)]
    pub(crate) fn behind<const N: usize>(&self, name: &[u8; N]) -> Option<&'a [u8]> {
        let mut word = [0; 8];
        let mut mask = [0; 8];
        word.get_mut(..N)?.copy_from_slice(name);
        mask.get_mut(..N)?.fill(0xFF);
        let differs = |from: usize, to: usize| {
            let half = |bytes: &[u8; 8]| {
                bytes
                    .get(from..to)
                    .and_then(<[u8]>::first_chunk)
                    .map_or(0, |half| u32::from_le_bytes(*half))
            };
            half(&self.first) & half(&mask) != half(&word)
        };
        // By halves: mostly the first one tells.
        if differs(0, 4) || N > 4 && differs(4, 8) {
            return None;
        }
        self.bytes.get(self.start.wrapping_add(N)..self.end)
    }
}
