//! The decoder as its users see it: `next`, `decode`, and what a client asks between two events. The rules
//! are in `gather` and `whole`, the buffer's layout is in `store`.

use super::buffer::Buffer;
use super::field::{ByteOrderMark, Field};
use super::gather::{Gathered, Skipped};
use super::message::MessageEvent;
use super::store::{Loss, Store};
use super::whole::{self, Block, Found, Usual};
use crate::SMALL_CODE;
use crate::scan::{ends_with_cr, nothing};
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
// Flags first, as in the store.
#[repr(C)]
pub struct Decoder<B> {
    pub(super) stage: Stage,
    byte_order_mark: ByteOrderMark,
    /// The last byte ended a line with CR: a LF that comes next belongs to it.
    pub(super) after_cr: bool,
    /// The rest of the line being read is not kept.
    pub(super) skipped: Skipped,
    has_retry: bool,
    /// The lines of the event have set the reconnection time.
    pub(super) event_has_retry: bool,
    /// The reconnection time in milliseconds, if `has_retry`.
    retry: u64,
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
    /// At the start of a line that is the first of an event; no LF that comes next is part of a CRLF. The
    /// store has nothing but the last event ID.
    Between,
    /// The same, and the block before was a [usual](whole::usual) one.
    Usual,
    /// Within an event or a line of it; no LF that comes next is part of a CRLF.
    Gathering,
    /// The store has an event that `next` has handed out.
    Lent,
    /// The store has an event that `decode` has announced.
    Ready,
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
    /// The allocator has refused the memory for an event (feature `alloc`). The decoder has skipped it.
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

    /// The buffer. Its contents are the decoder's own affair.
    #[must_use]
    pub const fn buffer(&self) -> &B {
        self.store.memory()
    }

    /// The buffer, for a decoder that is to forget all of this one.
    #[must_use]
    pub fn into_buffer(self) -> B {
        self.store.into_memory()
    }

    pub(super) const fn is_mid_line(&self) -> bool {
        self.store.is_mid_line()
            || self.byte_order_mark.is_partial()
            || !matches!(self.skipped, Skipped::No)
    }

    const fn has_event(&self) -> bool {
        matches!(self.stage, Stage::Lent | Stage::Ready)
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
        !self.has_event() && (self.is_mid_line() || !self.store.is_empty())
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
        self.event_has_retry = true;
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
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    pub fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>> {
        if SMALL_CODE {
            return match self.decode(chunk) {
                Ok(Progress::Event) => {
                    self.stage = Stage::Lent;
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
                        let Some(data) = data else { return None };
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

    /// Goes on to the next event, which is in the store. Returns how much of the chunk is left, too.
    fn gather_event(&mut self, mut chunk: &[u8]) -> (Gathered, usize) {
        loop {
            let skipped = if self.stage == Stage::Gathering { 0 } else { self.start_block(chunk) };
            let (gathered, left) = self.gather(chunk.get(skipped..).unwrap_or_default());
            if gathered != Gathered::NoEvent {
                return (gathered, left);
            }
            let start = chunk.len().wrapping_sub(left);
            chunk = chunk.get(start..).unwrap_or_default();
        }
    }

    /// Goes on to the next event, which is in `block` if it is borrowed from the chunk, or in the store.
    /// Returns how much of the chunk is left, too.
    #[inline(never)]
    fn advance(
        &mut self,
        mut chunk: &[u8],
        block: &mut Block,
        may_borrow: bool,
    ) -> (Gathered, usize) {
        loop {
            if !matches!(self.stage, Stage::Between | Stage::Usual | Stage::Gathering) {
                let skipped = self.start_block(chunk);
                chunk = chunk.get(skipped..).unwrap_or_default();
            }
            if self.stage != Stage::Reading && self.stage != Stage::Gathering {
                if chunk.is_empty() {
                    return (Gathered::Chunk, 0);
                }
                let found = block.find(chunk);
                if found == Found::Whole && may_borrow && self.take_found(&mut chunk, block) {
                    if block.parts.has(Field::Data) {
                        return (Gathered::Event, chunk.len());
                    }
                    *block = Block::new();
                    continue;
                }
                if found != Found::Rare && self.keep_found(&mut chunk, block) {
                    match found {
                        Found::Whole => {
                            *block = Block::new();
                            match self.end_event() {
                                Gathered::NoEvent => continue,
                                gathered => return (gathered, chunk.len()),
                            }
                        }
                        Found::Cut => {
                            self.read(chunk);
                            return (Gathered::Chunk, 0);
                        }
                        Found::Again | Found::Rare => {}
                    }
                }
                *block = Block::new();
            }
            let (gathered, left) = self.gather(chunk);
            if gathered != Gathered::NoEvent {
                return (gathered, left);
            }
            let start = chunk.len().wrapping_sub(left);
            chunk = chunk.get(start..).unwrap_or_default();
        }
    }

    /// Keeps what has been found of a block, and takes it off `chunk`. `false`: nothing has changed.
    fn keep_found(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        let bytes = *chunk;
        let is_kept = self.store.keep_block(chunk, block);
        if is_kept {
            if let Some(retry) = block.retry {
                self.set_retry(retry);
            }
            self.count_comments(block.comments);
            self.count_ignored(block.ignored);
            self.after_cr = chunk.is_empty() && ends_with_cr(bytes);
            self.stage = if self.after_cr { Stage::Reading } else { Stage::Gathering };
        }
        is_kept
    }

    /// Takes in a chunk of one byte, which is not the end of a line: a stream that is read byte by byte.
    #[inline]
    fn read_byte(&mut self, chunk: &[u8]) -> bool {
        match chunk {
            [byte] if !matches!(byte, b'\n' | b'\r') => {
                self.read(&[*byte]);
                true
            }
            _ => false,
        }
    }

    /// Takes a block of `len` bytes off `chunk`, and takes in its id. `false`: it may not fit, and nothing has
    /// changed.
    #[inline(always)]
    fn take_block(&mut self, chunk: &mut &[u8], len: usize, id: Option<&[u8]>) -> bool {
        // An event takes no more of the limit than it has bytes.
        if self.store.room().is_none_or(|room| len > room) {
            return false;
        }
        if let Some(id) = id {
            // It is a part of the chunk.
            let start = id.as_ptr().addr().wrapping_sub(chunk.as_ptr().addr());
            if !self.store.commit_id(id, chunk.get(start..).unwrap_or(id)) {
                return false;
            }
        }
        let rest = chunk.get(len..).unwrap_or_else(nothing);
        self.stage = Stage::Usual;
        if rest.is_empty() && ends_with_cr(chunk) {
            self.after_cr = true;
            self.stage = Stage::Reading;
        }
        *chunk = rest;
        true
    }

    /// Takes in a block of any kind.
    fn take_found(&mut self, chunk: &mut &[u8], block: &Block) -> bool {
        if !self.take_block(chunk, block.len, block.parts.get(Field::Id, chunk)) {
            return false;
        }
        if let Some(retry) = block.retry {
            self.retry = retry;
            self.has_retry = true;
        }
        self.count_comments(block.comments);
        self.count_ignored(block.ignored);
        if block.parts.has(Field::Data) {
            if self.stage == Stage::Usual && !block.is_usual() {
                self.stage = Stage::Between;
            }
            self.store.count_event(0);
        }
        true
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

    /// Releases the event before, and passes over what may come before a line: a byte order mark, the LF of a
    /// CRLF. Returns how many bytes of `chunk` that takes. [`Stage::Between`] is next if a block starts then.
    // The chunk is given by value: lent, it would have to be in memory all the time.
    #[inline(never)]
    fn start_block(&mut self, chunk: &[u8]) -> usize {
        if self.has_event() {
            self.store.release();
            self.stage = Stage::Reading;
            self.event_has_retry = false;
        }
        let (mut len, is_name) = self.byte_order_mark.skip(chunk);
        if is_name {
            // The start of a field name, and of none that is known.
            self.read(b"\xEF");
        }
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            len = usize::from(chunk.first() == Some(&b'\n'));
        }
        // Where short code counts, no block is taken from a chunk.
        let is_between = !SMALL_CODE
            && !self.after_cr
            && self.store.is_empty()
            && !self.is_mid_line()
            && self.byte_order_mark.is_done()
            && !self.event_has_retry;
        if is_between {
            self.stage = Stage::Between;
        }
        len
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

    /// The event that the last call, one of [`decode`](Self::decode), has completed.
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

    /// Sets the last event ID, for example to one that was kept in flash. It is copied.
    ///
    /// # Errors
    /// [`LastEventIdError`] if it cannot be one, or does not fit beside what is in the buffer. The
    /// old one is kept then.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LastEventIdError> {
        if id.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
            return Err(LastEventIdError::ForbiddenByte);
        }
        self.start_block(&[]);
        self.store.set_last_id(id).map_err(LastEventIdError::from)
    }

    /// Begins a new stream: drops what is unfinished, keeps last event ID and reconnection time.
    ///
    /// To be called when a connection has been made anew. The standard's letter empties the last
    /// event ID buffer here; both browsers carry it over, and so does this.
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
