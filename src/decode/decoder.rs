//! The public `Decoder`: `next`, `decode`, and its state between two events. The rules of the standard are in `gather`
//! and `whole`, the buffer's layout in `store`.

use super::buffer::Buffer;
use super::field::{ByteOrderMark, Field};
use super::gather::Stop;
use super::message::MessageEvent;
use super::store::{Skipped, Store};
use super::whole::{self, Block, Unusual, Usual};
use crate::SMALL_CODE;
use core::fmt;
use core::time::Duration;

/// Decodes an event stream from chunks of any size, with one buffer.
///
/// [`next`](Self::next) decodes the events of a chunk and copies as little as possible. [`decode`](Self::decode) with
/// [`event`](Self::event) copies each event into the buffer, so that a function can refill its input in a loop and
/// return the event. Calls of both can be mixed. Both give the events of the standard ([WHATWG HTML 9.2.5 and
/// 9.2.6][standard]), for any chunk boundaries.
///
/// # How large the buffer must be
///
/// An event fits if its `data`, `event` and `id` lines, as they are on the wire with one byte for each line end, and
/// the last event ID leave eight bytes of the buffer free. So the sender's `encoded_len()` plus the length of an ID
/// plus eight is always enough: 45 bytes for `event: temp\nid: 1234\ndata: 23.4\n\n` (33 bytes) after an event with the
/// ID `1233`.
///
/// The limit does not depend on the chunk boundaries: it holds for a borrowed event, too. Comments, unknown fields and
/// `retry` do not count, but a `retry` line that does not fit while it is read is ignored. No line fits a buffer of
/// fewer than eight bytes: every block of lines is reported as too long.
///
/// An event that does not fit is skipped, and reported once, at its blank line, as [`DecodeError::EventTooLong`].
/// [`is_too_long`](Self::is_too_long) reports it earlier. A block of lines without data that does not fit is reported,
/// too. The ID and the reconnection time of a skipped event still count, so that a client that reconnects does not
/// request it again.
///
/// While an ID that does not fit beside the last event ID is read, the last event ID is removed: if the stream then
/// ends before the blank line, or the new ID has a NUL, it is empty. An ID that does not fit at all is dropped, and the
/// last event ID is empty. Neither happens in a buffer of the longest event, two IDs and eight bytes. A long ID occupies
/// the buffer until the next ID; [`set_last_event_id`](Self::set_last_event_id) can replace it.
///
/// # What is copied, and when
///
/// `next` borrows an event from the chunk if all of it is in the chunk and it has one `data` line. Only its ID is
/// copied, for later events. Otherwise each byte is copied once: the lines of an event that continues in the next chunk
/// or has a second `event` or `id` line, and the data of several `data` lines, which are joined. Two values are moved
/// once more: that of a `data` line split between chunks, when it is joined, and data with an `event` or `id` line in
/// between, at the blank line. A buffer that grows copies its contents. On targets of fewer than 64 bits, `next` copies
/// each event, as `decode` does, to save flash.
///
/// # What the bytes must be
///
/// The input is the body of the response, after the HTTP stack has removed transfer coding and content coding. Raw
/// chunked framing shows as [ignored lines](Self::ignored_lines) and damaged data; HTML or compressed data, as ignored
/// lines alone.
///
/// The standard drops the last event of a stream that ends without a blank line. To get that event anyway, pass `\n\n`
/// at the end of the stream.
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
/// A decoder can be a `static`, and has what a client needs in order to reconnect:
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
/// assert_eq!(decoder.last_event_id(), b"7"); // for the header `Last-Event-ID`
/// decoder.reconnect();
/// ```
// Flags first, for the reason given at `Store`.
#[repr(C)]
pub struct Decoder<B> {
    pub(super) stage: Stage,
    pub(super) byte_order_mark: ByteOrderMark,
    /// The last byte was a CR that ended a line: if the next byte is a LF, it belongs to that CR. Not tracked after a
    /// blank line, because a second blank line has no effect.
    pub(super) after_cr: bool,
    /// Whether the rest of the current line is skipped.
    pub(super) skipped: Skipped,
    pub(super) has_retry: bool,
    /// A `retry` line of the current event has set the reconnection time.
    pub(super) event_has_retry: bool,
    /// The reconnection time in milliseconds, if `has_retry`.
    pub(super) retry: u64,
    comments: u32,
    ignored_lines: u32,
    pub(super) store: Store<B>,
}

/// The state between two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// Any state: the other fields hold the partial line and the partial event.
    Reading,
    /// At the start of a line that is the first of an event. The store has nothing but the last event ID. If the next
    /// byte is a LF, even as part of a CRLF, it is a blank line without effect.
    Between,
    /// Like `Between`, and the last event borrowed from a chunk was a [usual](whole::find_usual) one.
    Usual,
    /// Within an event or one of its lines. If the next byte is a LF, it is not part of a CRLF.
    Gathering,
    /// The store has an event that `next` has returned.
    HandedOut,
    /// The store has an event that `decode` has reported.
    Ready,
}

/// The result of [`Decoder::decode`].
#[must_use = "an unused event is lost with the next call"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// The chunk is used up, and no event is complete.
    NeedInput,
    /// An event is complete. [`Decoder::event`] returns it until the next call.
    Event,
}

/// Why an event was lost.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DecodeError {
    /// An event does not fit into the buffer: see [`Decoder`] for the limit. The decoder has skipped it and continues
    /// with the next one.
    // `Option<DecodeError>` is then zero if it is `None`, so that a new decoder is all zeros: a `static` then takes no
    // flash.
    EventTooLong = 1,
    /// The allocator has refused memory for an event (feature `alloc`). The decoder has skipped it and continues with
    /// the next one.
    ///
    /// While the allocator refuses even eight bytes, no field can be identified: a block of comments is reported, too,
    /// unless [`Decoder::next`] finds all of it in the chunk.
    OutOfMemory,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EventTooLong => "an event is too long for the decoder's buffer",
            Self::OutOfMemory => "no memory for an event",
        })
    }
}

impl core::error::Error for DecodeError {}

/// Why a last event ID could not be set.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LastEventIdError {
    /// The ID does not fit into the buffer beside its contents.
    TooLong,
    /// The ID contains a NUL, LF or CR, which no last event ID can contain.
    ForbiddenByte,
    /// The allocator has refused memory for the ID (feature `alloc`).
    OutOfMemory,
}

impl fmt::Display for LastEventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the last event ID does not fit into the decoder's buffer",
            Self::ForbiddenByte => "the last event ID contains a NUL, LF or CR",
            Self::OutOfMemory => "no memory for the last event ID",
        })
    }
}

impl core::error::Error for LastEventIdError {}

impl<B> Decoder<B> {
    /// The reconnection time that the stream has set: how long to wait before reconnecting.
    ///
    /// `None` until a `retry` line has come; the standard then leaves the time to the client (a few seconds). It takes
    /// effect at the end of its line, not at the blank line. Values above `u64::MAX` milliseconds are read as
    /// `u64::MAX`.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        if self.has_retry { Some(Duration::from_millis(self.retry)) } else { None }
    }

    /// The buffer. Its contents are undefined.
    #[must_use]
    pub const fn buffer(&self) -> &B {
        self.store.memory()
    }

    /// Returns the buffer, for another decoder.
    #[must_use]
    pub fn into_buffer(self) -> B {
        self.store.into_memory()
    }

    /// Whether a line has begun, after the byte order mark.
    pub(super) const fn is_mid_line(&self) -> bool {
        self.store.is_mid_line() || !matches!(self.skipped, Skipped::No)
    }

    /// Whether the store has an event that was returned.
    pub(super) const fn has_stored_event(&self) -> bool {
        matches!(self.stage, Stage::HandedOut | Stage::Ready)
    }

    /// Whether the input so far ends within a line or within an event, that is, after an `event`, `data` or `id` line
    /// and before the blank line.
    ///
    /// If this is true at the end of the stream, the stream was cut off. A partial event is never dispatched
    /// ([9.2.6][standard]) and its ID does not count, so that a client that reconnects gets the event again.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    #[must_use]
    pub const fn is_mid_event(&self) -> bool {
        !self.has_stored_event()
            && (self.is_mid_line() || self.byte_order_mark.is_partial() || !self.store.is_empty())
    }

    /// Whether the event being read is known to be too long for the buffer, or to need memory that the allocator has
    /// refused.
    ///
    /// The error is returned at the event's blank line, which a faulty server may never send. Until then the decoder
    /// skips the input, in bounded memory. A caller that does not want to wait for the blank line closes the
    /// connection.
    #[must_use]
    pub const fn is_too_long(&self) -> bool {
        self.store.parts.loss.is_some()
    }

    /// The number of comments in this stream. Servers send comments to show that they are alive.
    ///
    /// A comment counts when its line ends. The count wraps from `u32::MAX` to 0.
    #[must_use]
    pub const fn comments(&self) -> u32 {
        self.comments
    }

    /// The number of lines of this stream that were ignored, as the standard requires: unknown fields, `id` with a NUL,
    /// `retry` with anything but digits. A `retry` line that does not fit into the buffer counts, too.
    ///
    /// Shows a response that is not an event stream, such as HTML, JSON or compressed data. A line counts when it ends.
    /// The count wraps from `u32::MAX` to 0.
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
    /// Makes a decoder at the start of a stream, without a last event ID.
    ///
    /// The contents of `buffer` do not matter. Besides the buffer, a decoder takes at most 72 bytes on a 32-bit target,
    /// and 112 bytes on a 64-bit target.
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

    /// Takes the next event from the front of `chunk`. The event borrows from the chunk and the decoder.
    ///
    /// `None` means that no event is complete and `chunk` is now empty; the partial event has been copied. A CR ends
    /// its line at once, so no event waits for another byte.
    ///
    /// `chunk` is advanced past the bytes that were used, so the variable must outlive the loop: `while let Some(event)
    /// = decoder.next(&mut &bytes[..])` starts at the first byte each time and never ends.
    ///
    /// Does your function refill its input in a loop and return the event? The borrow checker rejects `next` there. Use
    /// [`decode`](Self::decode).
    ///
    /// # Errors
    /// [`DecodeError`], once for each lost event. The next call continues after that event.
    #[must_use = "an unused event is lost with the next call"]
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
            match whole::find_usual(chunk) {
                Ok(Usual { event_type, id, data, comments, len }) => {
                    if self.take_block(chunk, len, id) {
                        self.count_comments(comments);
                        // If there are only comments, they use up the chunk.
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
                Err(Unusual::PartialLine) => {
                    if !chunk.is_empty() {
                        self.stage = Stage::Gathering;
                        self.append_to_line(chunk);
                        *chunk = &[];
                    }
                    return None;
                }
                Err(Unusual::Other) => {}
            }
        }
        let (bytes, mut block) = (*chunk, Block::new());
        let gathered = if self.stage != Stage::Gathering {
            (None, bytes.len())
        } else if self.append_byte(bytes) {
            (Some(Stop::NeedInput), 0)
        } else {
            self.gather(bytes)
        };
        let (stop, left) = match gathered {
            (Some(stop), left) => (stop, left),
            (None, left) => {
                let start = bytes.len().wrapping_sub(left);
                self.advance(bytes.get(start..).unwrap_or_default(), &mut block, true)
            }
        };
        let used = chunk.len().checked_sub(left);
        if let Some(rest) = used.and_then(|used| chunk.get(used..)) {
            *chunk = rest;
        }
        match stop {
            Stop::NeedInput => None,
            Stop::Lost(error) => Some(Err(error)),
            // The block ends where the rest of the chunk starts.
            Stop::Event if block.len > 0 => {
                let end = bytes.len().wrapping_sub(left);
                let start = end.wrapping_sub(block.len);
                let bytes = bytes.get(start..end).unwrap_or_default();
                Some(Ok(self.borrowed(&block, bytes)))
            }
            Stop::Event => Some(Ok(self.stored())),
        }
    }

    /// The event whose `block` was parsed from `bytes`.
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
    /// Copies the event into the buffer and borrows nothing, so that a function can refill its input in a loop and
    /// return the event. The function must consume the bytes that were used before it returns, also after an error:
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
    /// [`DecodeError`], once for each lost event. The next call continues after that event.
    pub fn decode(&mut self, chunk: &mut &[u8]) -> Result<Progress, DecodeError> {
        let bytes = *chunk;
        let (stop, left) = if SMALL_CODE {
            self.gather_event(bytes)
        } else {
            self.advance(bytes, &mut Block::new(), false)
        };
        let start = bytes.len().wrapping_sub(left);
        *chunk = bytes.get(start..).unwrap_or_default();
        match stop {
            Stop::Event => {
                self.stage = Stage::Ready;
                Ok(Progress::Event)
            }
            Stop::NeedInput => Ok(Progress::NeedInput),
            Stop::Lost(error) => Err(error),
        }
    }

    /// The event, if the last call was a [`decode`](Self::decode) that completed one. It is in the buffer until the
    /// next call.
    #[must_use]
    pub fn event(&self) -> Option<MessageEvent<'_>> {
        (self.stage == Stage::Ready).then(|| self.stored())
    }

    /// The last event ID, which a client that reconnects sends in the header `Last-Event-ID`, unless it is empty.
    ///
    /// The ID of the last complete event, or of a later block of lines that has an ID and no data.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        match self.store.part(Field::Id) {
            Some(id) if self.has_stored_event() => id,
            _ => self.store.last_id(),
        }
    }

    /// Sets the last event ID, for example to one that was stored in flash. The ID is copied. A partial event is kept;
    /// an event that was returned is released.
    ///
    /// # Errors
    /// [`LastEventIdError`] if `id` is not a valid ID or does not fit: an ID, the partial event and eight bytes must
    /// fit into the buffer. The old ID is kept then. An ID that is not longer than the old one always fits.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        if id.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
            return Err(LastEventIdError::ForbiddenByte);
        }
        self.start_block(&[]);
        self.store.set_last_id(id)
    }

    /// Gives back the memory of a buffer that grows, except for the last event ID, if the stream is between two events.
    ///
    /// Call it before a long wait for input: otherwise the memory of a long event stays allocated until the buffer
    /// reviews its size, up to 64 events later. An event that was returned is released. Within an event, the memory is
    /// kept. Copies the last event ID.
    pub fn shrink_buffer(&mut self) {
        self.start_block(&[]);
        if !self.is_mid_event() {
            self.store.end_stream();
        }
    }

    /// Begins a new stream: drops a partial event and sets the counts to 0, but keeps the last event ID and the
    /// reconnection time.
    ///
    /// Call it after each new connection, before the first byte of its response. Otherwise a partial event of the old
    /// connection continues with the bytes of the new one. The standard's text clears the last event ID buffer here;
    /// Chromium and Firefox keep it, and so does this method.
    pub fn reconnect(&mut self) {
        if self.has_stored_event() {
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
