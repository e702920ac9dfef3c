//! The decoder as its users see it: `next`, `decode`, and what a client asks between two events. The rules
//! are in `gather` and `whole`, the buffer's layout is in `store`.

use super::buffer::Buffer;
use super::field::{ByteOrderMark, Field};
use super::gather::Gathered;
use super::message::MessageEvent;
use super::store::{Loss, Skipped, Store};
use super::whole::{self, Block, Found, Usual};
use crate::SMALL_CODE;
use core::fmt;
use core::time::Duration;

/// Decodes an event stream, in chunks of any size, over one buffer.
///
/// [`next`](Self::next) takes events from a chunk in memory and copies as little as possible.
/// [`decode`](Self::decode) with [`event`](Self::event) copies each event into the buffer, so that a loop can refill
/// its input and return the event. Calls of both may be mixed. Both give the same events, however the stream is cut
/// into chunks: those of the standard ([WHATWG HTML 9.2.5 and 9.2.6][standard]).
///
/// # How large the buffer must be
///
/// An event fits if its `data`, `event` and `id` lines, as they are on the wire with one byte for each line end, and
/// the last event ID leave eight bytes of the buffer free. So the sender's `encoded_len()`, the length of an id and
/// eight are always enough: for `event: temp\nid: 1234\ndata: 23.4\n\n` (33 bytes) after an event with the id `1233`,
/// a buffer of 45 bytes.
///
/// The limit does not depend on how the stream is cut: it holds for an event that is borrowed, too. Comments,
/// unknown fields and `retry` do not count, but a `retry` line that does not fit while it is read is ignored. A buffer of
/// fewer than eight bytes has room for no line: every block of lines is reported as too long.
///
/// An event that does not fit is skipped, and reported once at its blank line as [`DecodeError::EventTooLong`];
/// [`is_too_long`](Self::is_too_long) tells it before. A block of lines without data that does not fit is reported, too.
/// The id and the reconnection time of the event count all the same, so that a client that reconnects does not ask for
/// it again. An id that does not fit beside the last event ID takes its place: if the stream ends within that `id` line,
/// the last event ID is empty. An id that does not fit at all is dropped, and leaves the last event ID empty. A buffer
/// of the longest event, two ids and eight never comes there. A long id takes room until the next one:
/// [`set_last_event_id`](Self::set_last_event_id) frees it.
///
/// # What is copied, and when
///
/// With `next`, an event that lies whole in the chunk and has one `data` line is borrowed from the chunk. Only its id is
/// copied, for the events after it. What is copied besides, each byte once: the lines of an event that goes on in the
/// next chunk, those of an event with a second `event` or `id` line, and the data of several `data` lines, which are
/// joined. The value of a `data` line that chunks cut is moved once more when it is joined, and so are data between which
/// a type or an id lies, at the blank line. A buffer that grows copies what it has. On targets of fewer than 64 bits, where flash counts, `next` copies each event, as `decode` does.
///
/// # What the bytes must be
///
/// The body of the response, after the HTTP stack has undone its transfer coding and content coding. Raw chunked framing
/// shows as [ignored lines](Self::ignored_lines) and cut data; a page of HTML or compressed data, as ignored lines alone.
///
/// A stream that ends without a blank line drops its last event, as the standard has it. A client that wants that event
/// in spite of it feeds `\n\n` at the end of the stream.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
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
// Flags first, as in the store.
#[repr(C)]
pub struct Decoder<B> {
    pub(super) stage: Stage,
    pub(super) byte_order_mark: ByteOrderMark,
    /// The last byte ended a line with CR: a LF that comes next belongs to it. After a blank line that need not be
    /// known, because another one does nothing.
    pub(super) after_cr: bool,
    /// The rest of the line being read is not kept.
    pub(super) skipped: Skipped,
    pub(super) has_retry: bool,
    /// The lines of the event have set the reconnection time.
    pub(super) event_has_retry: bool,
    /// The reconnection time in milliseconds, if `has_retry`.
    pub(super) retry: u64,
    comments: u32,
    ignored_lines: u32,
    pub(super) store: Store<B>,
}

/// Where the decoder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// Anywhere: what has come of a line and an event is in the other fields.
    Reading,
    /// At the start of a line that is the first of an event; a LF that comes next, also as a part of a CRLF, is a
    /// blank line that does nothing. The store has nothing but the last event ID.
    Between,
    /// The same, and the last event that lay whole in a chunk was a [usual](whole::usual) one.
    Usual,
    /// Within an event or a line of it; no LF that comes next is part of a CRLF.
    Gathering,
    /// The store has an event that `next` has handed out.
    HandedOut,
    /// The store has an event that `decode` has announced.
    Ready,
}

/// What [`Decoder::decode`] has found.
#[must_use = "an event that is not looked at is lost with the next call"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// The chunk is used up, and no event is complete.
    NeedInput,
    /// An event is complete: [`Decoder::event`] has it until the next call.
    Event,
}

/// Why an event was lost.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DecodeError {
    /// An event does not fit into the buffer: see [`Decoder`] for the limit. The decoder has skipped it and goes on
    /// with the next one.
    EventTooLong,
    /// The allocator has refused the memory for an event (feature `alloc`). The decoder has skipped it and goes on with
    /// the next one.
    ///
    /// While not even eight bytes can be had, no line can be told from another: a block of comments is reported, too,
    /// unless [`Decoder::next`] finds it whole in the chunk.
    OutOfMemory,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EventTooLong => "an event is too long for the decoder's buffer",
            Self::OutOfMemory => "there is no memory for an event",
        })
    }
}

impl From<Loss> for DecodeError {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::NoMemory => Self::OutOfMemory,
            Loss::None | Loss::TooLong => Self::EventTooLong,
        }
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
    /// The allocator has refused the memory for it (feature `alloc`).
    OutOfMemory,
}

impl From<Loss> for LastEventIdError {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::NoMemory => Self::OutOfMemory,
            Loss::None | Loss::TooLong => Self::TooLong,
        }
    }
}

impl fmt::Display for LastEventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the last event ID is longer than the decoder's buffer has room for",
            Self::ForbiddenByte => "the last event ID has a NUL, LF or CR",
            Self::OutOfMemory => "there is no memory for the last event ID",
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
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        if self.has_retry { Some(Duration::from_millis(self.retry)) } else { None }
    }

    /// The buffer. Its contents are undefined.
    #[must_use]
    pub const fn buffer(&self) -> &B {
        self.store.memory()
    }

    /// The buffer, to make another decoder that knows nothing of this one.
    #[must_use]
    pub fn into_buffer(self) -> B {
        self.store.into_memory()
    }

    /// Whether a line has begun, after the byte order mark.
    pub(super) const fn is_mid_line(&self) -> bool {
        self.store.is_mid_line() || !matches!(self.skipped, Skipped::No)
    }

    pub(super) const fn has_event(&self) -> bool {
        matches!(self.stage, Stage::HandedOut | Stage::Ready)
    }

    /// Whether the input so far ends within a line, or within an event: after an `event`, `data` or
    /// `id` line and before the blank line.
    ///
    /// At the end of the stream this tells that the stream was cut off. What is unfinished then is
    /// never dispatched ([9.2.6][standard]); its id does not count either, so that a client that
    /// reconnects gets the event again.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    #[must_use]
    pub const fn is_mid_event(&self) -> bool {
        !self.has_event()
            && (self.is_mid_line() || self.byte_order_mark.is_partial() || !self.store.is_empty())
    }

    /// Whether the event being read has already been found to be too long for the buffer, or to need memory
    /// that the allocator has refused.
    ///
    /// The error comes with the event's blank line, which a server that misbehaves may never send. Until
    /// then the decoder skips what comes, in bounded memory; a caller that does not want to wait for it
    /// closes the connection.
    #[must_use]
    pub const fn is_too_long(&self) -> bool {
        !matches!(self.store.parts.loss, Loss::None)
    }

    /// How many comments this stream has had. Servers send them as a sign of life.
    ///
    /// A comment counts when its line has ended. After `u32::MAX` comes 0.
    #[must_use]
    pub const fn comments(&self) -> u32 {
        self.comments
    }

    /// How many lines of this stream were ignored, as the standard has it: of an unknown field, `id` with a
    /// NUL, `retry` with anything but digits. A `retry` line that does not fit into the buffer is one of them.
    ///
    /// A response that is no event stream, such as a page of HTML, JSON or compressed data, shows here. A
    /// line counts when it has ended. After `u32::MAX` comes 0.
    #[must_use]
    pub const fn ignored_lines(&self) -> u32 {
        self.ignored_lines
    }

    pub(super) const fn count_comments(&mut self, more: u32) {
        self.comments = self.comments.wrapping_add(more);
    }

    pub(super) const fn count_ignored(&mut self, more: u32) {
        self.ignored_lines = self.ignored_lines.wrapping_add(more);
    }

    pub(super) const fn set_retry(&mut self, milliseconds: u64) {
        self.retry = milliseconds;
        self.has_retry = true;
    }
}

impl<B: Buffer> Decoder<B> {
    /// A decoder at the start of a stream, without a last event ID.
    ///
    /// The contents of `buffer` do not matter. Beside the buffer a decoder takes 72 bytes at most
    /// on a 32-bit target, and 112 on a 64-bit one.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self {
            store: Store::new(buffer),
            retry: 0,
            comments: 0,
            ignored_lines: 0,
            stage: Stage::Reading,
            byte_order_mark: ByteOrderMark::new(),
            after_cr: false,
            skipped: Skipped::No,
            has_retry: false,
            event_has_retry: false,
        }
    }

    /// Takes the next event off the front of `chunk`. The event borrows from the chunk and from the decoder.
    ///
    /// `None` means that `chunk` is used up (it is empty then) and no event is complete; what is unfinished has been
    /// copied. A CR completes a line at once, so that no event waits for a further byte.
    ///
    /// `chunk` is moved on over what is used, so the variable has to live as long as the loop:
    /// `while let Some(event) = decoder.next(&mut &bytes[..])` starts at the first byte each time and never ends.
    ///
    /// A function that refills its input in a loop and returns the event cannot use `next`: the borrow checker rejects it.
    /// [`decode`](Self::decode) is for that.
    ///
    /// # Errors
    /// [`DecodeError`], once for each event that is lost. The next call goes on after it.
    #[must_use = "an event that is not looked at is lost with the next call"]
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    pub fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>> {
        if SMALL_CODE {
            return match self.decode(chunk) {
                Ok(Progress::Event) => {
                    self.stage = Stage::HandedOut;
                    Some(Ok(self.stored()))
                }
                Ok(Progress::NeedInput) => None,
                Err(error) => Some(Err(error)),
            };
        }
        if self.stage == Stage::Usual {
            match whole::usual(chunk) {
                Ok(Usual { event_type, id, data, comments, len }) => {
                    if self.take_block(chunk, len, id) {
                        self.count_comments(comments);
                        // Comments alone use up the chunk.
                        let data = data?;
                        self.store.count_event(0);
                        return Some(Ok(MessageEvent {
                            event_type,
                            data,
                            last_event_id: id.unwrap_or_else(|| self.store.last_id()),
                            has_own_id: id.is_some(),
                            retry: None,
                        }));
                    }
                }
                Err(Found::Cut) => {
                    if !chunk.is_empty() {
                        self.stage = Stage::Gathering;
                        self.read(chunk);
                        *chunk = &[];
                    }
                    return None;
                }
                Err(_) => {}
            }
        }
        let (bytes, mut block) = (*chunk, Block::new());
        let (mut step, mut left) = (Gathered::NoEvent, bytes.len());
        if self.stage == Stage::Gathering {
            (step, left) =
                if self.read_byte(bytes) { (Gathered::Chunk, 0) } else { self.gather(bytes) };
        }
        if step == Gathered::NoEvent {
            let start = bytes.len().wrapping_sub(left);
            (step, left) = self.advance(bytes.get(start..).unwrap_or_default(), &mut block, true);
        }
        let used = chunk.len().checked_sub(left);
        if let Some(rest) = used.and_then(|used| chunk.get(used..)) {
            *chunk = rest;
        }
        match step {
            Gathered::Chunk => None,
            Gathered::Lost(loss) => Some(Err(loss.into())),
            // It ends where the rest of the chunk begins.
            Gathered::Event if block.len > 0 => {
                let end = bytes.len().wrapping_sub(left);
                let start = end.wrapping_sub(block.len);
                let bytes = bytes.get(start..end).unwrap_or_default();
                Some(Ok(self.borrowed(&block, bytes)))
            }
            Gathered::Event => Some(Ok(self.stored())),
            // `advance` has gone on after it.
            Gathered::NoEvent => None,
        }
    }

    /// The event whose parts are in `bytes`.
    #[inline(always)]
    fn borrowed<'a>(&'a self, block: &Block, bytes: &'a [u8]) -> MessageEvent<'a> {
        let own_id = block.parts.get(Field::Id, bytes);
        MessageEvent {
            event_type: block.parts.get(Field::Event, bytes).unwrap_or_default(),
            data: block.parts.get(Field::Data, bytes).unwrap_or_default(),
            last_event_id: own_id.unwrap_or_else(|| self.store.last_id()),
            has_own_id: own_id.is_some(),
            retry: block.retry,
        }
    }

    /// The event in the store.
    fn stored(&self) -> MessageEvent<'_> {
        let own_id = self.store.part(Field::Id);
        MessageEvent {
            event_type: self.store.part(Field::Event).unwrap_or_default(),
            data: self.store.part(Field::Data).unwrap_or_default(),
            last_event_id: own_id.unwrap_or_else(|| self.store.last_id()),
            has_own_id: own_id.is_some(),
            retry: if self.event_has_retry { Some(self.retry) } else { None },
        }
    }

    /// Decodes from the front of `chunk` until an event is complete or the chunk is used up.
    ///
    /// Copies the event into the buffer and borrows nothing, so that a loop can refill its input and return the event
    /// in one function. What is used of the input has to be consumed before the function returns, on an error too:
    /// otherwise the same bytes are decoded again.
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
    ///         let progress = decoder.decode(&mut chunk);
    ///         let used = available.len() - chunk.len();
    ///         stream.consume(used);
    ///         if progress.map_err(Error::other)? == Progress::Event {
    ///             return Ok(decoder.event());
    ///         }
    ///     }
    /// }
    ///
    /// let body = format!("data: 1\n\ndata: {}\n\ndata: 3\n\n", "x".repeat(300));
    /// let mut stream = body.as_bytes();
    /// let mut decoder = Decoder::new([0; 256]);
    /// assert_eq!(read_event(&mut decoder, &mut stream)?.unwrap().data(), b"1");
    /// assert!(read_event(&mut decoder, &mut stream).is_err(), "too long");
    /// assert_eq!(read_event(&mut decoder, &mut stream)?.unwrap().data(), b"3");
    /// assert!(read_event(&mut decoder, &mut stream)?.is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`], once for each event that is lost. The next call goes on after it.
    pub fn decode(&mut self, chunk: &mut &[u8]) -> Result<Progress, DecodeError> {
        let bytes = *chunk;
        let (step, left) = if SMALL_CODE {
            self.gather_event(bytes)
        } else {
            self.advance(bytes, &mut Block::new(), false)
        };
        let start = bytes.len().wrapping_sub(left);
        *chunk = bytes.get(start..).unwrap_or_default();
        match step {
            Gathered::Event => {
                self.stage = Stage::Ready;
                Ok(Progress::Event)
            }
            Gathered::Chunk | Gathered::NoEvent => Ok(Progress::NeedInput),
            Gathered::Lost(loss) => Err(loss.into()),
        }
    }

    /// The event that the last call completed, if that was [`decode`](Self::decode). It lies in the buffer until the next
    /// call.
    #[must_use]
    pub fn event(&self) -> Option<MessageEvent<'_>> {
        (self.stage == Stage::Ready).then(|| self.stored())
    }

    /// The last event ID: what a client sends in the header `Last-Event-ID` when it reconnects,
    /// unless it is empty.
    ///
    /// It is the id of the last complete event, or of a later block of lines that has an id and no
    /// data.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        match self.store.part(Field::Id) {
            Some(id) if self.has_event() => id,
            _ => self.store.last_id(),
        }
    }

    /// Sets the last event ID, for example to one that was kept in flash. It is copied. What has come of an event is
    /// kept; an event that was handed out is released.
    ///
    /// # Errors
    /// [`LastEventIdError`] if it cannot be one, or does not fit beside what is in the buffer: an id, what has come of an
    /// event and eight bytes. The old one is kept then. An id that is no longer than the old one always fits.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        if id.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
            return Err(LastEventIdError::ForbiddenByte);
        }
        self.start_block(&[]);
        self.store.set_last_id(id).map_err(LastEventIdError::from)
    }

    /// Begins a new stream: drops what is unfinished, sets the counts to 0, keeps last event ID and reconnection time.
    ///
    /// Call it after each new connection, before the first byte of its response: otherwise an event that the old
    /// connection cut goes on with the new one's bytes. The standard's letter empties the last event ID buffer here; both
    /// browsers carry it over, and so does this.
    pub fn reconnect(&mut self) {
        if self.has_event() {
            self.store.release();
        }
        self.store.end_stream();
        self.stage = Stage::Reading;
        self.byte_order_mark = ByteOrderMark::new();
        self.after_cr = false;
        self.skipped = Skipped::No;
        self.event_has_retry = false;
        self.comments = 0;
        self.ignored_lines = 0;
    }
}

impl<B> fmt::Debug for Decoder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("bytes_in_use", &self.store.len())
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
            self.store.len(),
            self.is_mid_event(),
            self.has_retry.then_some(self.retry)
        );
    }
}
