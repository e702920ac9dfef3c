//! The decoder as its users see it. What it does with a chunk is in `ways` and where they lead.

use super::buffer::Buffer;
use super::lent::Lent;
#[cfg(feature = "_io")]
use super::lent::Places;
use super::message::MessageEvent;
use super::seam::{SEAMS, Seam};
use super::short_way::{NotUsual, take_usual_event};
use super::token::Tokenizer;
#[cfg(feature = "_io")]
use super::two_ended::Slot;
use super::two_ended::TwoEnded;
use super::ways::{Stage, Step};
use crate::SHORT_WAY;
use core::fmt;
use core::time::Duration;

/// Decodes an event stream, in chunks of any size, over one buffer.
///
/// There are two ways to drive it. [`next`](Self::next) is for a chunk in memory and copies as
/// little as can be; [`decode`](Self::decode) with [`event`](Self::event) is for a loop that
/// refills its input while it holds the event. Both may be mixed, and both give the same events,
/// however the stream is cut into chunks.
///
/// # What is copied, and when
///
/// With `next`, an event that lies whole in the chunk and has one `data` line is borrowed from the
/// chunk; only its id, if it has one, is copied, to be there later on. What is copied besides: the
/// parts of an event that goes on in the next chunk, and the data of an event with several `data`
/// lines, which have to be joined in the buffer. Each byte is copied there once; within the buffer,
/// types and ids are moved a few times at most, and a buffer that grows copies what it has. On 64-bit
/// targets an event of up to 512 bytes that chunks cut may be copied as a whole, to a place of its own,
/// and lent from there; what turns out to be longer or unusual is copied once more, into the buffer.
/// `decode` copies every event.
///
/// # The size limit
///
/// The buffer bounds an event, also one that is never copied, so that the result does not depend on
/// how the stream is cut: data (with a LF between lines), type, id and the last event ID of the
/// event before may take up the buffer's length together. Where a line replaces a value of the same
/// event (a second `id` line), both count while the line is read. An event that is longer is
/// reported once, at its blank line, as [`DecodeError::EventTooLong`]; the decoder goes on with the
/// next event. By then `retry` and the id of the long event have taken effect, so that a client that
/// reconnects does not ask for the same event again. The id is left out only if it does not fit
/// beside the last event ID: the buffer should have room for two ids at least. Lines that make no
/// event, because they have no data, are reported too if they are too long.
///
/// Comments are passed over; a client that watches for keep-alives runs a [`Tokenizer`] beside the
/// decoder.
///
/// # Examples
///
/// ```
/// use sse_wire::Decoder;
///
/// let mut decoder = Decoder::new([0; 256]);
/// let mut chunk: &[u8] = b"event: temp\nid: 7\ndata: 23.4\n\ndata: hum";
///
/// while let Some(event) = decoder.next(&mut chunk) {
///     let event = event?;
///     assert_eq!(event.event_type(), b"temp");
///     assert_eq!(event.data_str(), Ok("23.4"));
///     assert_eq!(event.last_event_id(), b"7");
/// }
/// assert!(decoder.is_mid_event());
/// # Ok::<(), sse_wire::DecodeError>(())
/// ```
///
/// It can live in a `static`, and knows what a client needs in order to reconnect:
///
/// ```
/// use core::time::Duration;
/// use sse_wire::Decoder;
/// use std::sync::Mutex;
///
/// static DECODER: Mutex<Decoder<[u8; 64]>> = Mutex::new(Decoder::new([0; 64]));
///
/// let mut decoder = DECODER.lock().unwrap();
/// let mut chunk: &[u8] = b"retry: 3000\nid: 7\n\ndata: cut o";
/// assert!(decoder.next(&mut chunk).is_none());
///
/// assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(3000)));
/// assert_eq!(decoder.last_event_id(), b"7"); // goes into the header `Last-Event-ID`
/// decoder.reconnect();
/// ```
// In this order, for the reason given at `TwoEnded`.
#[repr(C)]
pub struct Decoder<B> {
    /// The reconnection time that is being read, in milliseconds.
    pub(super) new_retry: u64,
    /// The reconnection time, in milliseconds.
    pub(super) retry: Option<u64>,
    pub(super) tokenizer: Tokenizer,
    pub(super) stage: Stage,
    /// The event has a data line, be it empty.
    pub(super) has_data: bool,
    /// The event has an id, be it empty.
    pub(super) has_id: bool,
    pub(super) too_long: bool,
    /// A fragment of a value has come, and the value's end has not.
    pub(super) mid_value: bool,
    /// The value that is being read does not count: a NUL or no room in an id, a non-digit in a
    /// reconnection time.
    pub(super) rejected: bool,
    pub(super) seam: [Seam; SEAMS],
    pub(super) buffer: TwoEnded<B>,
}

/// What [`Decoder::find`] has found.
#[cfg(feature = "_io")]
#[derive(Debug)]
pub(crate) struct Found {
    places: Places,
    /// They are places in the seam, not in the chunk.
    in_seam: bool,
}

/// What [`Decoder::decode`] has come to.
#[must_use = "an event that is not looked at is lost with the next call"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// The chunk is used up.
    NeedInput,
    /// An event is complete: [`Decoder::event`] has it until the next call.
    Event,
}

/// Why an event was lost.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DecodeError {
    /// An event was longer than the buffer, or the allocator had no memory for it. The decoder has
    /// skipped it and goes on with the next.
    EventTooLong,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event is too long for the decoder's buffer")
    }
}

impl core::error::Error for DecodeError {}

/// Why a last event ID could not be set.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LastEventIdError {
    /// It does not fit into the buffer beside what is there.
    TooLong,
    /// It has a NUL, LF or CR, which no last event ID has.
    ForbiddenByte,
}

impl fmt::Display for LastEventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the last event ID is longer than the decoder's buffer has room for",
            Self::ForbiddenByte => "the last event ID has a NUL, LF or CR",
        })
    }
}

impl core::error::Error for LastEventIdError {}

impl<B> Decoder<B> {
    /// The reconnection time that the stream has set: how long to wait before a new attempt.
    ///
    /// `None` until a `retry` line has come; the standard leaves the time to the client then (a few
    /// seconds). It counts at once, not at the blank line. More than `u64::MAX` milliseconds are
    /// read as that many.
    ///
    /// Cost: on a 64-bit target it may look at up to 512 bytes of an event that is not complete.
    #[must_use]
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_milliseconds().map(Duration::from_millis)
    }

    fn reconnection_milliseconds(&self) -> Option<u64> {
        match self.stage {
            Stage::Seam if SHORT_WAY => self.without_seam().retry.or(self.retry),
            _ => self.retry,
        }
    }

    /// The buffer. Its contents are the decoder's own affair.
    #[must_use]
    pub const fn buffer(&self) -> &B {
        self.buffer.memory()
    }

    /// The buffer, for a decoder that is to forget all of this one.
    #[must_use]
    pub fn into_buffer(self) -> B {
        self.buffer.into_memory()
    }

    /// How many bytes are in use.
    const fn used(&self) -> usize {
        let in_seam = match (&self.stage, self.seam.as_slice()) {
            (Stage::Seam, [seam, ..]) => seam.len(),
            _ => 0,
        };
        self.buffer.used().wrapping_add(in_seam)
    }

    /// Whether anything of an event has come, as far as whole values go.
    pub(super) const fn is_in_event(&self) -> bool {
        self.has_data || self.has_id || self.too_long || self.buffer.has_type()
    }

    /// Whether the input so far ends within a line, or within an event: after an `event`, `data` or
    /// `id` line and before the blank line.
    ///
    /// At the end of the stream this tells that the stream was cut off. What is unfinished then is
    /// never dispatched ([9.2.6][standard]); its id does not count either, so that a client that
    /// reconnects gets the event again.
    ///
    /// Cost: on a 64-bit target it may look at up to 512 bytes of that event.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    #[must_use]
    pub fn is_mid_event(&self) -> bool {
        match self.stage {
            Stage::Seam if SHORT_WAY => {
                self.seam.first().is_some_and(Seam::is_mid_line)
                    || self.without_seam().is_mid_event()
            }
            Stage::Reading => self.tokenizer.is_mid_line() || self.is_in_event(),
            _ => self.tokenizer.is_mid_line(),
        }
    }
}

impl<B: Buffer> Decoder<B> {
    /// A decoder at the start of a stream, without a last event ID.
    ///
    /// The contents of `buffer` do not matter. Beside the buffer a decoder takes 64 bytes at most
    /// on a 32-bit target, and 680 on a 64-bit one.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self {
            tokenizer: Tokenizer::new(),
            buffer: TwoEnded::new(buffer),
            stage: Stage::Reading,
            has_data: false,
            has_id: false,
            too_long: false,
            mid_value: false,
            rejected: false,
            seam: [const { Seam::new() }; SEAMS],
            new_retry: 0,
            retry: None,
        }
    }

    /// Takes the next event off the front of `chunk`. The event borrows from the chunk and from the
    /// decoder.
    ///
    /// `None` means that `chunk` is used up (it is empty then) and no event is complete; what is
    /// unfinished has been copied. A CR completes a line at once, so that no event waits for a
    /// further byte.
    ///
    /// # Errors
    /// [`DecodeError::EventTooLong`], once for each event that is. The next call goes on behind it.
    #[must_use = "an event that is not looked at is lost with the next call"]
    #[inline(always)]
    pub fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>> {
        let mut no_line = false;
        // An event whose data lines were joined is mostly followed by one of several lines, too.
        if SHORT_WAY
            && (self.stage == Stage::Between
                || self.stage != Stage::Joined && self.is_between(chunk))
        {
            match take_usual_event::<B, true>(&mut self.buffer, chunk) {
                Ok(lent) => {
                    self.buffer.after_event();
                    return Some(Ok(lent.event(&self.buffer)));
                }
                Err(reason) => no_line = reason == NotUsual::NoLine,
            }
        }
        let mut lent = Lent::default();
        let step = if SHORT_WAY {
            let mut step = match self.stage {
                Stage::InLine => self.go(chunk, &mut lent, Self::go_in_line),
                Stage::Seam => self.go(chunk, &mut lent, Self::go_in_seam),
                _ if no_line => self.go(chunk, &mut lent, Self::go_on::<true>),
                _ => Step::Between,
            };
            if step == Step::Between {
                step = self.go(chunk, &mut lent, Self::go_on::<false>);
            }
            step
        } else {
            self.step::<true>(chunk, &mut lent, false)
        };
        self.count_borrowed(step);
        match step {
            Step::Event => Some(Ok(lent.event(&self.buffer))),
            Step::EventInSeam => self.seam.first().map(|seam| Ok(seam.event(&self.buffer))),
            Step::TooLong => Some(Err(DecodeError::EventTooLong)),
            Step::Chunk | Step::Between | Step::LongWay => None,
        }
    }

    /// Decodes from the front of `chunk` until an event is complete or the chunk is used up.
    ///
    /// Unlike [`next`](Self::next) it copies the event into the buffer and borrows nothing, so that
    /// a loop can refill its input, and return the event, in one function:
    ///
    /// ```
    /// use sse_wire::{Decoder, MessageEvent, Progress};
    /// use std::io::{BufRead, Error};
    ///
    /// fn read_event<'d>(
    ///     decoder: &'d mut Decoder<[u8; 256]>,
    ///     stream: &mut impl BufRead,
    /// ) -> Result<Option<MessageEvent<'d>>, Error> {
    ///     loop {
    ///         let available = stream.fill_buf()?;
    ///         if available.is_empty() {
    ///             return Ok(None);
    ///         }
    ///         let mut chunk = available;
    ///         let progress = decoder.decode(&mut chunk).map_err(Error::other)?;
    ///         let used = available.len() - chunk.len();
    ///         stream.consume(used);
    ///         if progress == Progress::Event {
    ///             return Ok(decoder.event());
    ///         }
    ///     }
    /// }
    ///
    /// let mut stream: &[u8] = b"data: 1\n\ndata: 2\n\n";
    /// let mut decoder = Decoder::new([0; 256]);
    /// assert_eq!(read_event(&mut decoder, &mut stream)?.unwrap().data(), b"1");
    /// assert_eq!(read_event(&mut decoder, &mut stream)?.unwrap().data(), b"2");
    /// assert!(read_event(&mut decoder, &mut stream)?.is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError::EventTooLong`], once for each event that is. The next call goes on behind it.
    pub fn decode(&mut self, chunk: &mut &[u8]) -> Result<Progress, DecodeError> {
        let mut lent = Lent::default();
        let kept = match self.step_from_usual::<true>(chunk, &mut lent) {
            Step::EventInSeam => self.keep_event_in_seam(),
            Step::Event => self.buffer.keep(&lent),
            Step::TooLong => return Err(DecodeError::EventTooLong),
            Step::Chunk | Step::Between | Step::LongWay => return Ok(Progress::NeedInput),
        };
        self.stage = if kept { Stage::Ready } else { Stage::Lent };
        if kept { Ok(Progress::Event) } else { Err(DecodeError::EventTooLong) }
    }

    /// The event that the last call, one of [`decode`](Self::decode), has completed.
    #[must_use]
    pub fn event(&self) -> Option<MessageEvent<'_>> {
        (self.stage == Stage::Ready).then(|| MessageEvent {
            event_type: self.buffer.event_type(),
            data: self.buffer.data(),
            last_event_id: self.buffer.last_id(),
        })
    }

    /// Does what [`next`](Self::next) does without borrowing the chunk. The event is neither handed out
    /// yet nor does its id count: that is [`found`](Self::found), or [`forget`](Self::forget).
    #[cfg(feature = "_io")]
    pub(crate) fn find(&mut self, chunk: &mut &[u8]) -> Option<Result<Found, DecodeError>> {
        let (start, mut lent) = (*chunk, Lent::default());
        let step = self.step_from_usual::<false>(chunk, &mut lent);
        self.count_borrowed(step);
        let places = match (step, self.seam.first()) {
            (Step::EventInSeam, Some(seam)) => seam.places().clone(),
            (Step::Event, _) => Places::of(&lent, start),
            (Step::TooLong, _) => return Some(Err(DecodeError::EventTooLong)),
            _ => return None,
        };
        Some(Ok(Found { places, in_seam: step == Step::EventInSeam }))
    }

    /// The event that the last call, one of [`find`](Self::find), has found, from the same chunk.
    #[cfg(feature = "_io")]
    pub(crate) fn found<'a>(&'a mut self, found: &Found, chunk: &'a [u8]) -> MessageEvent<'a> {
        let bytes = match self.seam.first() {
            Some(seam) if found.in_seam => seam.memory(),
            _ => chunk,
        };
        let lent = found.places.lent(bytes);
        if self.has_id {
            self.has_id = false;
            match lent.id {
                Some(id) => {
                    // Where there is no memory for it, the id before stays.
                    let _ = self.buffer.set_last_id(id);
                }
                None => self.buffer.commit_pending_id(),
            }
        }
        lent.event(&self.buffer)
    }

    /// Drops the event that the last call, one of [`find`](Self::find), has found, and its id.
    #[cfg(feature = "_io")]
    pub(crate) fn forget(&mut self) {
        self.has_id = false;
        self.buffer.discard(Slot::PendingId);
    }

    /// The last event ID: what a client sends in the header `Last-Event-ID` when it reconnects,
    /// unless it is empty.
    ///
    /// It is the id of the last complete event, or of a later block of lines that has an id and no
    /// data.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.buffer.last_id()
    }

    /// Sets the last event ID, for example to one that was kept in flash. It is copied.
    ///
    /// # Errors
    /// [`LastEventIdError`] if it cannot be one, or does not fit beside what is in the buffer. The
    /// old one is kept then.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        if id.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
            return Err(LastEventIdError::ForbiddenByte);
        }
        if SHORT_WAY && self.stage == Stage::Seam {
            // What is there of an event counts.
            self.leave_seam::<true>(usize::MAX);
        }
        self.release();
        if self.buffer.set_last_id(id) { Ok(()) } else { Err(LastEventIdError::TooLong) }
    }

    /// Begins a new stream: drops what is unfinished, keeps last event ID and reconnection time.
    ///
    /// To be called when a connection has been made anew. The standard's letter empties the last
    /// event ID buffer here; both browsers carry it over, and so does this.
    pub fn reconnect(&mut self) {
        if SHORT_WAY {
            self.retry = self.reconnection_milliseconds();
        }
        self.tokenizer = Tokenizer::new();
        self.buffer.finish_stream();
        self.stage = Stage::Reading;
        self.has_data = false;
        self.has_id = false;
        self.too_long = false;
        self.finish_value();
    }

    /// Copies the event in the seam into the buffer, but for its id, which has been committed.
    fn keep_event_in_seam(&mut self) -> bool {
        self.seam.first().is_none_or(|seam| self.buffer.keep(&seam.lent()))
    }
}

impl<B> fmt::Debug for Decoder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("bytes_in_use", &self.used())
            .field("is_mid_event", &self.is_mid_event())
            .field("reconnection_time", &self.reconnection_time())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<B> defmt::Format for Decoder<B> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Decoder {{ bytes_in_use: {=usize}, is_mid_event: {=bool}, retry_ms: {} }}",
            self.used(),
            self.is_mid_event(),
            self.reconnection_milliseconds()
        );
    }
}
