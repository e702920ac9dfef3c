//! The seam: an event that the end of a chunk has cut, as it came, in a small memory of its own. The
//! chunks that follow are added to it up to the event's blank line; then it takes the short way like an
//! event that was never cut. One that is too long or unusual leaves the seam for the long way.

use super::buffer::Buffer;
use super::decoder::Decoder;
use super::lent::{Lent, Places};
use super::message::MessageEvent;
use super::short_way::{End, take_event, take_usual_event};
use super::two_ended::TwoEnded;
use super::ways::{Stage, Step};
use crate::SHORT_WAY;
use crate::copy::copy;
use crate::scan;

/// The longest event that is put together here, with its blank line, in bytes.
const LENGTH: usize = 512;
/// How many seams a decoder has: none where there is no short way.
pub(super) const SEAMS: usize = if SHORT_WAY { 1 } else { 0 };

pub(super) struct Seam {
    bytes: [u8; LENGTH],
    /// So many bytes are in use: the start of an event. They fit into the buffer, have no blank line,
    /// and do not end with a CR, which would end a line at once.
    len: usize,
    /// Where the parts of an event are that has become whole.
    places: Places,
}

impl Seam {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; LENGTH], len: 0, places: Places::NONE }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The event that has become whole; its id is the last one.
    pub(super) fn event<'a, B: Buffer>(&'a self, buffer: &'a TwoEnded<B>) -> MessageEvent<'a> {
        self.lent().event(buffer)
    }

    /// What there is of that event.
    pub(super) fn lent(&self) -> Lent<'_> {
        self.places.lent(&self.bytes)
    }

    /// Where that is in [`memory`](Self::memory).
    #[cfg(feature = "_io")]
    pub(super) const fn places(&self) -> &Places {
        &self.places
    }

    #[cfg(feature = "_io")]
    pub(super) const fn memory(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a line has begun and not ended.
    pub(super) fn is_mid_line(&self) -> bool {
        self.bytes.get(self.len.wrapping_sub(1)) != Some(&b'\n')
    }

    /// Adds what comes next in the stream. `false`: there is no room.
    #[inline(always)]
    fn add(&mut self, bytes: &[u8]) -> bool {
        let len = self.len.wrapping_add(bytes.len());
        let Some(free) = self.bytes.get_mut(self.len..len) else { return false };
        #[cfg(test)]
        crate::cost::add(bytes.len());
        copy(bytes, free);
        self.len = len;
        true
    }
}

impl<B> Decoder<B> {
    /// Where a decoder is that has taken the long way through what is in the seam: what this one cannot
    /// tell before the event is whole.
    #[cold]
    pub(super) fn without_seam(&self) -> Decoder<[u8; LENGTH]> {
        let mut decoder = Decoder::new([0; LENGTH]);
        if let (Stage::Seam, Some(seam)) = (self.stage, self.seam.first()) {
            let mut bytes = seam.bytes.get(..seam.len).unwrap_or_default();
            decoder.tokenizer.set_at_line_start();
            let _ = decoder.long_way::<true>(&mut bytes, &mut Lent::default());
        }
        decoder
    }
}

impl<B: Buffer> Decoder<B> {
    /// Takes the rest of the chunk, if it is the start of an event that may come to its end in the seam.
    /// `no_line`: no line ends in it.
    #[inline]
    pub(super) fn start_seam(&mut self, chunk: &mut &[u8], no_line: bool) -> bool {
        let Some(seam) = self.seam.first_mut() else { return false };
        let fits = chunk.len() <= LENGTH && chunk.len() < self.buffer.room();
        if !fits
            || chunk.last() == Some(&b'\r')
            || !no_line && scan::behind_blank_line(chunk, true).is_some()
        {
            return false;
        }
        if chunk.is_empty() {
            return true;
        }
        seam.len = 0;
        let added = seam.add(chunk);
        if added {
            self.stage = Stage::Seam;
            *chunk = &[];
        }
        added
    }

    /// Goes on with the event in the seam.
    #[inline(always)]
    pub(super) fn resume_seam<const COMMIT: bool>(&mut self, chunk: &mut &[u8]) -> Step {
        let Some(seam) = self.seam.first_mut() else { return Step::LongWay };
        let before = seam.len;
        let most = LENGTH.min(self.buffer.room().saturating_sub(1)).saturating_sub(before);
        let at_start = !seam.is_mid_line();
        let piece = chunk.get(..most).unwrap_or(chunk);
        if let Some(behind) = scan::behind_blank_line(piece, at_start) {
            let (event, rest) = chunk.split_at_checked(behind).unwrap_or_default();
            let added = seam.add(event);
            let step = if added { self.take_from_seam::<COMMIT>() } else { Step::LongWay };
            if step != Step::LongWay {
                *chunk = rest;
                return step;
            }
        } else if piece.len() == chunk.len() && piece.last() != Some(&b'\r') && seam.add(piece) {
            *chunk = &[];
            return Step::Chunk;
        }
        self.leave_seam::<COMMIT>(before);
        Step::LongWay
    }

    /// Takes the event in the seam, which is whole.
    #[inline(always)]
    fn take_from_seam<const COMMIT: bool>(&mut self) -> Step {
        let Some(seam) = self.seam.first_mut() else { return Step::LongWay };
        let mut bytes = seam.bytes.get(..seam.len).unwrap_or_default();
        self.stage = Stage::Between;
        let usual = take_usual_event::<B, COMMIT>(&mut self.buffer, &mut bytes);
        let (lent, joined) = match usual {
            Ok(lent) => (lent, false),
            // It was a comment.
            Err(_) if bytes.is_empty() => return Step::Between,
            Err(_) => {
                let taken = take_event::<B, COMMIT>(&mut self.buffer, bytes);
                match taken.end {
                    End::Event => (taken.lent, taken.joined),
                    End::NoEvent => return Step::Between,
                    End::Cut | End::Unusual => return Step::LongWay,
                }
            }
        };
        let has_id = lent.id.is_some();
        seam.places = Places::of(&lent, &seam.bytes);
        self.lend::<COMMIT>(has_id, joined);
        Step::EventInSeam
    }

    /// Lets the first `len` bytes of the seam, or all, take the long way.
    #[cold]
    #[inline(never)]
    pub(super) fn leave_seam<const COMMIT: bool>(&mut self, len: usize) {
        self.buffer.finish_event();
        self.stage = Stage::Reading;
        let mut start = 0_usize;
        loop {
            let Some(seam) = self.seam.first() else { return };
            let rest = seam.bytes.get(start..len.min(seam.len)).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
            // In copies, of which most are short: the long way may not hold a borrow of the seam.
            let mut copied = [0; 64];
            copied.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            let mut piece = copied.get(..rest.len()).unwrap_or(&copied);
            #[cfg(test)]
            crate::cost::add(piece.len());
            start = start.wrapping_add(piece.len());
            let _ = self.long_way::<COMMIT>(&mut piece, &mut Lent::default());
        }
    }
}
