//! The event to encode, and the table of its fields: names, order, and which values are split at line breaks.

use super::digits::Digits;
use super::field::{EventId, EventType};
use super::formatted::FormattedEvent;
use super::lines::{Fields, PrefixedValue};
use super::output::{BufferTooSmall, Output, Sink};
use super::writer::DataWriter;
use crate::SMALL_CODE;
use crate::escaped::Escaped;
use core::fmt;
use core::time::Duration;

/// An event to encode, built from borrowed parts ([WHATWG HTML 9.2.5][standard]).
///
/// On the wire it is the comment, `event`, `id`, `retry`, the `data` lines and a blank line; parts that are not set are
/// omitted. An event with data, even empty data, is dispatched as one event. Data is split at LF, CRLF and CR; the
/// client receives a LF for each of them. Without data, the ID and the reconnection time take effect, and nothing is
/// dispatched.
///
/// ```
/// use sse_wire::{Event, EventId, event_type};
///
/// let event = Event::new().event_type(event_type!("temp")).id(EventId::from_u64(7)).data("23.4");
/// let mut out = [0; 64];
/// assert_eq!(event.encode(&mut out)?, b"event: temp\nid: 7\ndata: 23.4\n\n");
/// # Ok::<(), sse_wire::BufferTooSmall>(())
/// ```
///
/// An event that is constant can be encoded at compile time:
///
/// ```
/// use sse_wire::{Event, event_type};
///
/// const HELLO: Event = Event::new().event_type(event_type!("hello")).data("{}");
/// static HELLO_BYTES: [u8; HELLO.encoded_len()] = HELLO.to_array().unwrap();
/// assert_eq!(&HELLO_BYTES, b"event: hello\ndata: {}\n\n");
/// ```
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Event<'a> {
    comment: Option<&'a [u8]>,
    event_type: Option<EventType<'a>>,
    id: Option<EventId<'a>>,
    retry: Option<Digits>,
    data: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// Makes an event with nothing set. It is encoded as a blank line.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self { comment: None, event_type: None, id: None, retry: None, data: None }
    }

    /// Sets the event type. The default is `message`.
    #[must_use]
    #[inline]
    pub const fn event_type(mut self, event_type: EventType<'a>) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// Sets the ID, which a client sends back in `Last-Event-ID` when it reconnects.
    #[must_use]
    #[inline]
    pub const fn id(mut self, id: EventId<'a>) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the reconnection time, in whole milliseconds, rounded down: less than one millisecond is 0.
    #[must_use]
    pub const fn retry(mut self, time: Duration) -> Self {
        // `u64::from` is not const.
        #[allow(clippy::as_conversions)]
        let milliseconds =
            time.as_secs().saturating_mul(1000).saturating_add(time.subsec_millis() as u64);
        self.retry = Some(Digits::of(milliseconds));
        self
    }

    /// Sets a comment, which clients ignore. It is split at line breaks like data.
    #[must_use]
    pub const fn comment(self, comment: &'a str) -> Self {
        self.comment_bytes(comment.as_bytes())
    }

    /// Sets a comment that may not be UTF-8. Replaces an earlier comment.
    #[must_use]
    pub const fn comment_bytes(mut self, comment: &'a [u8]) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Sets the data. Replaces earlier data.
    #[must_use]
    #[inline]
    pub const fn data(self, data: &'a str) -> Self {
        self.data_bytes(data.as_bytes())
    }

    /// Sets the data from bytes, for example JSON from a serializer. A client decodes them as UTF-8 with replacement.
    #[must_use]
    #[inline]
    pub const fn data_bytes(mut self, data: &'a [u8]) -> Self {
        self.data = Some(data);
        self
    }

    /// Sets the data from `format_args!(..)`. Replaces earlier data. Set all other parts first. The data is formatted
    /// once, directly into the output; if a slice is too small, part of the event is left in it.
    ///
    /// ```
    /// use sse_wire::Event;
    ///
    /// let mut out = [0; 64];
    /// let (t, h) = (23.4, 41);
    /// let bytes = Event::new().data_fmt(format_args!(r#"{{"t":{t},"h":{h}}}"#)).encode(&mut out)?;
    /// assert_eq!(bytes, b"data: {\"t\":23.4,\"h\":41}\n\n");
    /// # Ok::<(), sse_wire::FormatError>(())
    /// ```
    #[must_use]
    pub const fn data_fmt(self, data: fmt::Arguments<'a>) -> FormattedEvent<'a> {
        FormattedEvent::new(self.without_data(), data)
    }

    /// The exact number of bytes that [`encode`](Self::encode) writes.
    ///
    /// Reads byte by byte, so that it works at compile time. To size a buffer at run time, call `encode`: the error has
    /// the length.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        self.fields().write_const(&mut [])
    }

    /// Encodes at compile time. `None` if `N` is not [`encoded_len`](Self::encoded_len).
    ///
    /// If the result is unwrapped in a constant, a wrong length is a compile error.
    #[must_use]
    pub const fn to_array<const N: usize>(&self) -> Option<[u8; N]> {
        let mut out = [0; N];
        if self.fields().write_const(&mut out) == N { Some(out) } else { None }
    }

    /// Encodes to the front of `out`, and returns that part of it.
    ///
    /// Data and comment are searched for line breaks once and copied once. A value with line breaks is searched again
    /// when it is written, and once more for the length if `out` is shorter than the upper bound for its lines.
    ///
    /// # Errors
    /// If `out` is too small, with the length that is needed. `out` is then unchanged.
    #[cfg_attr(target_pointer_width = "64", inline)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub fn encode<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], BufferTooSmall> {
        let mut fields = self.fields();
        let needed = fields.inspect();
        if !SMALL_CODE && fields.any_multiline() {
            return self.encode_lines(out);
        }
        let out = out.get_mut(..needed).ok_or(BufferTooSmall { needed })?;
        fields.write_exactly(out);
        Ok(out)
    }

    /// [`encode`](Self::encode) for values with line breaks.
    #[inline(never)]
    fn encode_lines<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], BufferTooSmall> {
        let mut fields = self.fields();
        let most = fields.inspect();
        // If the upper bound fits, the exact length is not needed.
        if out.len() < most {
            let mut count = Sink::new(&mut [][..]);
            fields.write(&mut count);
            let needed = count.needed();
            if out.len() < needed {
                return Err(BufferTooSmall { needed });
            }
        }
        let mut sink = Sink::new(out);
        fields.write(&mut sink);
        sink.finish_slice()
    }

    /// Appends the encoded event to `out`.
    ///
    /// # Errors
    /// If `out` is full and cannot grow, with the length that is needed. `out` is then unchanged.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn append_to<O: Output + ?Sized>(&self, out: &mut O) -> Result<(), BufferTooSmall> {
        let mut fields = self.fields();
        let needed = fields.inspect();
        // For longer events, filling the output with zeros first costs more than appending part by part.
        if SMALL_CODE || !fields.any_multiline() && needed <= 1024 {
            fields.write_exactly(out.extend(needed).ok_or(BufferTooSmall { needed })?);
            return Ok(());
        }
        self.append_lines(out)
    }

    /// [`append_to`](Self::append_to) for values with line breaks, and long ones.
    #[inline(never)]
    fn append_lines<O: Output + ?Sized>(&self, out: &mut O) -> Result<(), BufferTooSmall> {
        let mut fields = self.fields();
        fields.inspect();
        let mut sink = Sink::new(out);
        fields.write(&mut sink);
        sink.finish()
    }

    /// Encodes this event to the front of `out`, with data in pieces: write them to the [`DataWriter`], then call
    /// [`finish`](DataWriter::finish). Data set before is omitted.
    ///
    /// ```
    /// use sse_wire::{Event, event_type};
    ///
    /// let mut out = [0; 64];
    /// let mut data = Event::new().event_type(event_type!("log")).begin(&mut out);
    /// data.write_bytes(b"one\r");
    /// data.write_bytes(b"\ntwo");
    /// assert_eq!(data.finish()?, b"event: log\ndata: one\ndata: two\n\n");
    /// # Ok::<(), sse_wire::BufferTooSmall>(())
    /// ```
    pub fn begin<'b>(&self, out: &'b mut [u8]) -> DataWriter<'b, [u8]> {
        DataWriter::new(self, out)
    }

    /// Appends this event to `out`, with data in pieces: write them to the [`DataWriter`], then call
    /// [`finish`](DataWriter::finish). Data set before is omitted.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// let mut out = Vec::new();
    /// let mut data = sse_wire::Event::new().begin_append(&mut out);
    /// serde_json::to_writer(&mut data, &[23.4, 23.5])?;
    /// data.finish()?;
    /// assert_eq!(out, b"data: [23.4,23.5]\n\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn begin_append<'o, O: Output + ?Sized>(&self, out: &'o mut O) -> DataWriter<'o, O> {
        DataWriter::new(self, out)
    }

    /// The fields in the order in which they are written. The only place with their names, and with which values can
    /// have line breaks.
    #[inline(always)]
    pub(super) const fn fields(&self) -> Fields<'_> {
        // `Option::map` is not const.
        let event_type = match &self.event_type {
            Some(event_type) => Some(event_type.as_bytes()),
            None => None,
        };
        let id = match &self.id {
            Some(id) => Some(id.as_bytes()),
            None => None,
        };
        let retry = match &self.retry {
            Some(digits) => Some(digits.as_bytes()),
            None => None,
        };
        Fields([
            PrefixedValue { prefix: b": ", value: self.comment, multiline: true },
            PrefixedValue { prefix: b"event: ", value: event_type, multiline: false },
            PrefixedValue { prefix: b"id: ", value: id, multiline: false },
            PrefixedValue { prefix: b"retry: ", value: retry, multiline: false },
            PrefixedValue { prefix: DATA, value: self.data, multiline: true },
        ])
    }

    /// This event without data.
    pub(super) const fn without_data(mut self) -> Self {
        self.data = None;
        self
    }
}

/// The prefix of a data line.
pub(super) const DATA: &[u8] = b"data: ";

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("comment", &self.comment.map(Escaped))
            .field("event_type", &self.event_type)
            .field("id", &self.id)
            .field("retry", &self.retry.as_ref().map(|retry| Escaped(retry.as_bytes())))
            .field("data", &self.data.map(Escaped))
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Event<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Event {{");
        for field in self.fields().0 {
            if let Some(value) = field.value {
                defmt::write!(f, " {=[u8]:a}{=[u8]:a}", field.prefix, value);
            }
        }
        defmt::write!(f, " }}");
    }
}
