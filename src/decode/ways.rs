//! Which way a decoder takes through a chunk: the short way where an event starts, from the seam or the
//! cut line where the last chunk has ended within one, the long way for everything else.

use super::buffer::Buffer;
use super::decoder::Decoder;
use super::lent::Lent;
use super::short_way::{NotUsual, take_usual_event};
use crate::SHORT_WAY;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Reading an event, or between two.
    Reading,
    /// At the start of a line, with nothing of an event behind: where the short way begins.
    Between,
    /// The start of an event is in the seam, and the rest to come.
    Seam,
    /// Within a line that the last chunk has cut, and that may be resumed.
    InLine,
    /// The last call has lent an event out.
    Lent,
    /// The same, and the event has taken the short way, on which its data lines were joined.
    Joined,
    /// The last call has left an event in the buffer.
    Ready,
}

/// What a way through the chunk has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The blank line of an event.
    Event,
    /// The blank line of an event that is too long.
    TooLong,
    /// The blank line of an event that is in the seam, as a whole.
    EventInSeam,
    /// The end of the chunk. What is unfinished has been copied.
    Chunk,
    /// A blank line of which nothing has come. The short way may go on.
    Between,
    /// A point from which the long way is to go on.
    LongWay,
}

impl<B: Buffer> Decoder<B> {
    /// What [`next`](Self::next) does, for who needs no event in registers.
    #[inline]
    pub(super) fn step_from_usual<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
    ) -> Step {
        let mut no_line = false;
        if SHORT_WAY && (self.stage == Stage::Between || self.is_between(chunk)) {
            match take_usual_event::<B, COMMIT>(&mut self.buffer, chunk) {
                Ok(event) => {
                    self.lend::<COMMIT>(event.id.is_some(), false);
                    *lent = event;
                    return Step::Event;
                }
                Err(reason) => no_line = reason == NotUsual::NoLine,
            }
        }
        self.step::<COMMIT>(chunk, lent, no_line)
    }

    /// Takes a way that is not inlined, to which the chunk is given by value, and which tells how many
    /// bytes of it are left: were it lent, it would have to be in memory all the time, and the halves
    /// that are stored there be loaded as a whole, which stalls.
    #[inline(always)]
    pub(super) fn go<'c>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
        way: fn(&mut Self, &'c [u8], &mut Lent<'c>) -> (Step, usize),
    ) -> Step {
        let (step, left) = way(self, chunk, lent);
        let used = chunk.len().checked_sub(left);
        if let Some(rest) = used.and_then(|used| chunk.get(used..)) {
            *chunk = rest;
        }
        step
    }

    #[inline(never)]
    pub(super) fn go_in_line<'c>(
        &mut self,
        mut chunk: &'c [u8],
        lent: &mut Lent<'c>,
    ) -> (Step, usize) {
        (self.resume_line::<true>(&mut chunk, lent), chunk.len())
    }

    #[inline(never)]
    pub(super) fn go_in_seam<'c>(
        &mut self,
        mut chunk: &'c [u8],
        lent: &mut Lent<'c>,
    ) -> (Step, usize) {
        let step = match self.resume_seam::<true>(&mut chunk) {
            Step::LongWay => self.step::<true>(&mut chunk, lent, false),
            step => step,
        };
        (step, chunk.len())
    }

    #[inline(never)]
    pub(super) fn go_on<'c, const NO_LINE: bool>(
        &mut self,
        mut chunk: &'c [u8],
        lent: &mut Lent<'c>,
    ) -> (Step, usize) {
        (self.step::<true>(&mut chunk, lent, NO_LINE), chunk.len())
    }

    /// Goes on to the next blank line that completes an event. With `COMMIT` its id has become the
    /// last event ID. The parts of it that are not in `lent` are in the buffer, if it is not in the seam.
    /// `no_line`: no line ends in the chunk, or with a CR that is its last byte.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(super) fn step<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
        mut no_line: bool,
    ) -> Step {
        if !SHORT_WAY {
            self.release();
            return self.long_way::<COMMIT>(chunk, lent);
        }
        loop {
            let mut step = if self.is_between(chunk) {
                self.take_short_way::<COMMIT>(chunk, lent, core::mem::take(&mut no_line))
            } else if self.stage == Stage::Seam {
                self.resume_seam::<COMMIT>(chunk)
            } else {
                Step::LongWay
            };
            if step == Step::LongWay {
                step = match self.stage {
                    Stage::InLine => self.resume_line::<COMMIT>(chunk, lent),
                    _ => self.long_way::<COMMIT>(chunk, lent),
                };
            }
            if step != Step::Between {
                return step;
            }
        }
    }

    /// Releases the event before. Whether the short way is open.
    #[inline]
    pub(super) fn is_between(&mut self, chunk: &mut &[u8]) -> bool {
        match self.stage {
            Stage::Between => return true,
            Stage::Seam | Stage::InLine => return false,
            Stage::Reading | Stage::Lent | Stage::Joined | Stage::Ready => self.release(),
        }
        if !self.is_in_event() {
            let (is_at_line_start, lf) = self.tokenizer.is_at_line_start(chunk);
            *chunk = chunk.get(lf..).unwrap_or_default();
            if is_at_line_start {
                self.stage = Stage::Between;
            }
        }
        self.stage == Stage::Between
    }

    /// An event has taken the short way.
    #[inline(always)]
    pub(super) fn lend<const COMMIT: bool>(&mut self, has_id: bool, joined: bool) {
        if !COMMIT {
            self.has_id = has_id;
        }
        if joined {
            self.stage = Stage::Joined;
        }
    }

    /// Tells the buffer of an event that has left nothing to be released. `decode` does not: it copies
    /// the event, and releases it.
    #[inline]
    pub(super) fn count_borrowed(&mut self, step: Step) {
        if matches!(step, Step::Event | Step::EventInSeam) && self.stage == Stage::Between {
            self.buffer.after_event();
        }
    }
}
