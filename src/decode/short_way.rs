//! The short way: an event whose lines are all in memory and look as servers write them. It is what
//! most bytes take, with what is known of the event in registers. Anything else is left to the long
//! way, in `long_way`, from the event's first line on; an event that the end of a chunk cuts is left to
//! `seam`, or to `cut_line` if it is long.

use super::buffer::Buffer;
use super::decoder::Decoder;
use super::lent::{Lent, place};
use super::two_ended::TwoEnded;
use super::ways::{Stage, Step};
use crate::scan::{self, Line, Lines};

/// Lines that have been taken.
pub(super) struct Taken<'x> {
    pub(super) end: End,
    /// What comes behind. Its bytes begin with the event's first line.
    pub(super) lines: Lines<'x>,
    /// What they have given.
    pub(super) lent: Lent<'x>,
    /// There are several data lines, and they have been joined in the buffer.
    pub(super) joined: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the event's blank line.
    Event,
    /// With the blank line of lines that make no event and have no id.
    NoEvent,
    /// Before a line that does not end in the bytes.
    Cut,
    /// At something unusual, or something that may not fit: the event is to take the long way.
    Unusual,
}

/// Why an event is not taken at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NotUsual {
    /// No line ends in the bytes, or with a CR that is their last byte.
    NoLine,
    Other,
}

/// Takes an event off `bytes` that looks as most do: type and id, if it has them, and one data line. A
/// comment and a blank line before it are taken in any case. With `COMMIT` the event's id is not in what
/// is returned: it has become the last event ID.
///
/// What [`take_event`] does, without a loop: each part has its registers.
#[inline(always)]
pub(super) fn take_usual_event<'x, B: Buffer, const COMMIT: bool>(
    buffer: &mut TwoEnded<B>,
    bytes: &mut &'x [u8],
) -> Result<Lent<'x>, NotUsual> {
    let all = *bytes;
    let mut lines = Lines::new(all);
    let mut line = lines.take::<2>().ok_or(NotUsual::NoLine)?;
    let mut event_type: &[u8] = &[];
    let mut id = None;
    let data = match line.behind(b"data: ") {
        Some(data) => data,
        None => {
            if line.behind(b":").is_some() && lines.take_blank() {
                *bytes = lines.rest();
                line = lines.take::<2>().ok_or(NotUsual::Other)?;
            }
            if let Some(given) = behind_either(&line, b"event: ", b"event:") {
                event_type = given;
                line = lines.take::<2>().ok_or(NotUsual::Other)?;
            }
            if let Some(given) = behind_either(&line, b"id: ", b"id:") {
                if scan::has_nul(given) {
                    return Err(NotUsual::Other);
                }
                id = Some(given);
                line = lines.take::<2>().ok_or(NotUsual::Other)?;
            }
            behind_either(&line, b"data: ", b"data:").ok_or(NotUsual::Other)?
        }
    };
    if !lines.take_blank() || lines.start() >= buffer.room() {
        return Err(NotUsual::Other);
    }
    let to_commit = if COMMIT { id.take() } else { None };
    if to_commit.is_some_and(|id| !commit_id(buffer, all, id)) {
        return Err(NotUsual::Other);
    }
    *bytes = lines.rest();
    Ok(Lent { data: Some(data), event_type: Some(event_type), id, has_room: false })
}

/// Takes an event off `bytes`: to its blank line, or as far as the short way goes. The buffer has nothing
/// but the last event ID. With `COMMIT` the event's id becomes the last event ID.
///
/// No part is measured: the event fits if all of its lines do.
pub(super) fn take_event<'x, B: Buffer, const COMMIT: bool>(
    buffer: &mut TwoEnded<B>,
    bytes: &'x [u8],
) -> Taken<'x> {
    let (mut lines, mut lent, mut joined) = (Lines::new(bytes), Lent::default(), false);
    let end = loop {
        #[cfg(test)]
        crate::cost::add(1);
        let Some(line) = lines.take::<3>() else {
            break if bytes.last() == Some(&b'\r') { End::Unusual } else { End::Cut };
        };
        if let Some(data) = behind_either(&line, b"data: ", b"data:") {
            if lent.data.is_none() && !joined {
                lent.data = Some(data);
            } else if join(buffer, lent.data, data, &mut lines) {
                lent.data = None;
                joined = true;
            } else {
                break End::Unusual;
            }
        } else if let Some(id) = behind_either(&line, b"id: ", b"id:") {
            lent.id = Some(id);
            if scan::has_nul(id) {
                break End::Unusual;
            }
        } else if let Some(event_type) = behind_either(&line, b"event: ", b"event:") {
            lent.event_type = Some(event_type);
        } else if line.is_blank() {
            break if lines.start() >= buffer.room() {
                End::Unusual
            } else if lent.data.is_some() || joined {
                let id = if COMMIT { lent.id.take() } else { None };
                match id.is_none_or(|id| commit_id(buffer, bytes, id)) {
                    true => End::Event,
                    false => End::Unusual,
                }
            } else {
                // Without data a block of lines is no event, but its id counts.
                if lent.id.is_some() { End::Unusual } else { End::NoEvent }
            };
        } else if line.behind(b":").is_none() {
            break End::Unusual;
        }
    };
    Taken { end, lines, lent, joined }
}

/// The value of a field, with the space that most servers write or without.
#[inline(always)]
fn behind_either<'x, const N: usize, const M: usize>(
    line: &Line<'x>,
    with_space: &[u8; N],
    without: &[u8; M],
) -> Option<&'x [u8]> {
    line.behind(with_space).or_else(|| line.behind(without))
}

/// Makes the id, which is in `bytes`, the last event ID. `false`: no memory, nothing changed.
#[inline(always)]
fn commit_id<B: Buffer>(buffer: &mut TwoEnded<B>, bytes: &[u8], id: &[u8]) -> bool {
    let end = place(id, bytes).wrapping_add(id.len());
    match bytes.get(end.wrapping_sub(16)..end).and_then(<[u8]>::first_chunk) {
        Some(last) if id.len() <= 16 && buffer.set_last_id_to_end_of(last, id.len()) => true,
        _ => buffer.set_last_id(id),
    }
}

/// Adds a data line, and those that come behind, to the data in the buffer, which are `first` if that is
/// given. `false`: no memory.
///
/// A loop of its own: the parts of an event that are not data need no registers here.
#[inline(always)]
fn join<'x, B: Buffer>(
    buffer: &mut TwoEnded<B>,
    first: Option<&[u8]>,
    mut line: &'x [u8],
    lines: &mut Lines<'x>,
) -> bool {
    if first.is_some_and(|first| !buffer.push_data(first)) {
        return false;
    }
    let bytes = lines.bytes();
    let mut rest = *lines;
    loop {
        let free = buffer.free_behind_data();
        let mut added = 0_usize;
        let (start, long) = loop {
            // All 64 are copied, which takes fewer instructions: there is nothing behind the data.
            if line.len() > 64 {
                break (rest.start(), Some(line));
            }
            let Some(from) = bytes.get(place(line, bytes)..).and_then(<[u8]>::first_chunk::<64>)
            else {
                break (rest.start(), Some(line));
            };
            let Some([lf, to @ ..]) = free.get_mut(added..) else {
                break (rest.start(), Some(line));
            };
            let Some(to) = to.first_chunk_mut::<64>() else { break (rest.start(), Some(line)) };
            #[cfg(test)]
            crate::cost::add(from.len());
            *lf = b'\n';
            *to = *from;
            added = added.wrapping_add(line.len()).wrapping_add(1);
            let start = rest.start();
            match rest.take::<3>().and_then(|line| line.behind(b"data: ")) {
                Some(data) => line = data,
                None => break (start, None),
            }
        };
        buffer.add_to_data(added);
        *lines = Lines::at(bytes, start);
        let Some(long) = long else { return true };
        if !buffer.push_data_line(long) {
            return false;
        }
        match rest.take::<3>().and_then(|line| line.behind(b"data: ")) {
            Some(data) => line = data,
            None => return true,
        }
    }
}

impl<B: Buffer> Decoder<B> {
    /// Takes an event off `chunk`, from the start of an event on. `no_line`: no line ends in it, or with
    /// a CR that is its last byte.
    #[inline(never)]
    pub(super) fn take_short_way<'c, const COMMIT: bool>(
        &mut self,
        chunk: &mut &'c [u8],
        lent: &mut Lent<'c>,
        no_line: bool,
    ) -> Step {
        // Data alone need no seam: the buffer takes them as they come.
        if !chunk.starts_with(b"data: ") && self.start_seam(chunk, no_line) {
            return Step::Chunk;
        }
        let taken = if no_line && chunk.last() != Some(&b'\r') {
            let lines = Lines::new(chunk);
            Taken { end: End::Cut, lines, lent: Lent::default(), joined: false }
        } else {
            take_event::<B, COMMIT>(&mut self.buffer, chunk)
        };
        match taken.end {
            End::Event => {
                *chunk = taken.lines.rest();
                *lent = taken.lent;
                self.lend::<COMMIT>(taken.lent.id.is_some(), taken.joined);
                Step::Event
            }
            End::NoEvent => {
                *chunk = taken.lines.rest();
                Step::Between
            }
            End::Cut if chunk.len() < self.buffer.room() => {
                self.start_cut_event::<COMMIT>(&taken, chunk, lent)
            }
            End::Cut | End::Unusual => {
                // From the first line again.
                self.buffer.finish_event();
                self.stage = Stage::Reading;
                Step::LongWay
            }
        }
    }
}
