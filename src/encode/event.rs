//! An event and its layout on the wire.

use super::digits::Digits;
use super::field::{EventId, EventType};
use super::formatted::FormattedEvent;
use super::lines::{ConstWriter, LineWriter};
use super::output::{BufferTooSmall, Fill, Free, Output, Storage};
use crate::SMALL_CODE;
use crate::copy::copy;
use crate::escaped::Escaped;
use crate::scan;
use core::fmt;
use core::time::Duration;

/// An event to be sent, put together from borrowed parts ([WHATWG HTML 9.2.5][standard]).
///
/// On the wire it is the comment, `event`, `id`, `retry`, the `data` lines and a blank line, each
/// only if it is set. With data, even empty data, a client dispatches one event, whatever the data
/// is: it is split at LF, CRLF and CR, and arrives with LF for each of them. Without data, the id
/// and the reconnection time take effect, and nothing is dispatched.
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
/// An event that is known at compile time can be encoded then:
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
    comment: Option<&'a str>,
    event_type: Option<EventType<'a>>,
    id: Option<EventId<'a>>,
    retry: Option<Digits>,
    data: Option<&'a [u8]>,
}

/// A part of an event: what its lines start with, and the value.
struct Part<'e> {
    prefix: &'static [u8],
    value: Option<&'e [u8]>,
    /// Whether the value may have line ends, and has to be split.
    multiline: bool,
}

const DATA: &[u8] = b"data: ";

impl<'a> Event<'a> {
    /// An event of which nothing is set. It is encoded as a blank line.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self { comment: None, event_type: None, id: None, retry: None, data: None }
    }

    /// Sets the type. Without one it is `message`.
    #[must_use]
    #[inline]
    pub const fn event_type(mut self, event_type: EventType<'a>) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// Sets the id, which a client sends back in `Last-Event-ID` when it reconnects.
    #[must_use]
    #[inline]
    pub const fn id(mut self, id: EventId<'a>) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the time that a client is to wait before it reconnects, in whole milliseconds, rounded
    /// down: less than one is none at all.
    #[must_use]
    pub const fn retry(mut self, time: Duration) -> Self {
        // `u64::from` is not const.
        #[allow(clippy::as_conversions)]
        let milliseconds =
            time.as_secs().saturating_mul(1000).saturating_add(time.subsec_millis() as u64);
        self.retry = Some(Digits::of(milliseconds));
        self
    }

    /// Sets a comment, which clients ignore. Split like data.
    #[must_use]
    pub const fn comment(mut self, comment: &'a str) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Sets the data, in place of data that was set before.
    #[must_use]
    #[inline]
    pub const fn data(self, data: &'a str) -> Self {
        self.data_bytes(data.as_bytes())
    }

    /// Sets the data from bytes, for example JSON from a serializer. A client reads them as UTF-8
    /// and replaces what is not.
    #[must_use]
    #[inline]
    pub const fn data_bytes(mut self, data: &'a [u8]) -> Self {
        self.data = Some(data);
        self
    }

    /// Sets the data from `format_args!(..)`, in place of data that was set before, when all else is
    /// set. It is formatted straight into the output, once; if a slice turns out to be too small for
    /// it, the slice is left with a part of the event in it.
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
    pub const fn data_fmt(mut self, data: fmt::Arguments<'a>) -> FormattedEvent<'a> {
        self.data = None;
        FormattedEvent::new(self, data)
    }

    /// How many bytes [`encode`](Self::encode) writes, exactly.
    ///
    /// Looks at each byte in turn, so that it works at compile time. To size a buffer at run time,
    /// try to encode: the error has the length.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        self.write_const(&mut [])
    }

    /// Encodes at compile time. `None` if `N` is not [`encoded_len`](Self::encoded_len).
    ///
    /// Unwrapped in a constant, the wrong length is a compile error.
    #[must_use]
    pub const fn to_array<const N: usize>(&self) -> Option<[u8; N]> {
        let mut out = [0; N];
        if self.write_const(&mut out) == N { Some(out) } else { None }
    }

    /// Encodes to the front of `out` and returns that part of it.
    ///
    /// Data and comment are searched for line breaks and copied once. What has some is searched again
    /// to write it, and if `out` has no room for the most that the lines can take, for the length too.
    ///
    /// # Errors
    /// If `out` is too small, with the length that is needed. `out` is unchanged then.
    #[inline]
    pub fn encode<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], BufferTooSmall> {
        if !SMALL_CODE && self.has_single_lines() {
            let lines = self.lines();
            let needed = len_of(&lines);
            let Some((out, _)) = out.split_at_mut_checked(needed) else {
                return Err(BufferTooSmall { needed });
            };
            write_lines(&lines, out);
            return Ok(out);
        }
        self.encode_parts(out)
    }

    /// The long way of [`encode`](Self::encode), which splits values into lines. Where there is a short
    /// way, something has to be split.
    fn encode_parts<'b>(&self, out: &'b mut [u8]) -> Result<&'b mut [u8], BufferTooSmall> {
        let mut parts = self.parts();
        // Where the short way has found that something is multiline, and there is only the data, it is that.
        if SMALL_CODE || self.comment.is_some() {
            for part in &mut parts {
                part.multiline = part.multiline && part.value.is_some_and(scan::has_line_end);
            }
        }
        // Where there is room in any case, the length need not be known before.
        let most = if !SMALL_CODE {
            parts.iter().map(Part::most).fold(1, usize::saturating_add)
        } else {
            0
        };
        let needed = if !SMALL_CODE && out.len() >= most {
            let mut free = Free(out);
            let mut fill = Fill::new(&mut free);
            write(&parts, &mut fill);
            fill.needed
        } else {
            let needed = parts.iter().map(Part::len).fold(1, usize::saturating_add);
            if needed <= out.len() {
                write(&parts, &mut Fill::new(&mut Free(out)));
            }
            needed
        };
        out.get_mut(..needed).ok_or(BufferTooSmall { needed })
    }

    /// Whether neither data nor comment have to be split.
    #[inline(always)]
    fn has_single_lines(&self) -> bool {
        !self.data.is_some_and(scan::has_line_end)
            && !self.comment.is_some_and(|comment| scan::has_line_end(comment.as_bytes()))
    }

    #[inline(always)]
    fn lines(&self) -> Lines<'_> {
        Lines {
            comment: self.comment.map(str::as_bytes),
            event_type: self.event_type.as_ref().map(EventType::as_bytes),
            id: self.id.as_ref().map(EventId::as_bytes),
            retry: self.retry.as_ref().map(Digits::as_bytes),
            data: self.data,
        }
    }

    /// Appends the encoded event to `out`.
    ///
    /// # Errors
    /// If `out` has no room and cannot grow, with the length that is needed. `out` is as before
    /// then.
    pub fn append_to<O: Output + ?Sized>(&self, out: &mut O) -> Result<(), BufferTooSmall> {
        let mut parts = self.parts();
        if !SMALL_CODE && self.has_single_lines() {
            let lines = self.lines();
            let needed = len_of(&lines);
            // Beyond, it would cost more to fill the room first than to append part by part.
            if needed <= 1024 {
                let room = out.extend(needed).ok_or(BufferTooSmall { needed })?;
                write_lines(&lines, room);
                return Ok(());
            }
            parts.iter_mut().for_each(|part| part.multiline = false);
        }
        let before = out.len();
        let mut fill = Fill::new(out);
        write(&parts, &mut fill);
        let written = fill.finish();
        if written.is_err() {
            out.truncate(before);
        }
        written.map(drop)
    }

    const fn parts(&self) -> [Part<'_>; 5] {
        // `Option::map` is not const.
        let comment = match self.comment {
            Some(comment) => Some(comment.as_bytes()),
            None => None,
        };
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
        [
            Part { prefix: b": ", value: comment, multiline: true },
            Part { prefix: b"event: ", value: event_type, multiline: false },
            Part { prefix: b"id: ", value: id, multiline: false },
            Part { prefix: b"retry: ", value: retry, multiline: false },
            Part { prefix: DATA, value: self.data, multiline: true },
        ]
    }

    /// Writes what [`write`] writes, with formatted data.
    pub(super) fn write_formatted<O: Storage + ?Sized>(
        &self,
        fill: &mut Fill<'_, O>,
        data: fmt::Arguments<'_>,
    ) -> fmt::Result {
        for part in &self.parts() {
            part.write(fill);
        }
        let mut lines = LineWriter::start(fill, DATA);
        fmt::write(&mut lines, data)?;
        lines.finish();
        fill.put(b"\n");
        Ok(())
    }

    /// The same bytes at compile time. Returns the length.
    const fn write_const(&self, out: &mut [u8]) -> usize {
        let mut writer = ConstWriter::new(out);
        let parts = self.parts();
        let mut parts: &[Part<'_>] = &parts;
        while let [part, rest @ ..] = parts {
            if let Some(value) = part.value {
                writer.put_lines(part.prefix, value);
            }
            parts = rest;
        }
        writer.put(b"\n");
        writer.written()
    }
}

/// The values of an event of which each is one line.
struct Lines<'e> {
    comment: Option<&'e [u8]>,
    event_type: Option<&'e [u8]>,
    id: Option<&'e [u8]>,
    retry: Option<&'e [u8]>,
    data: Option<&'e [u8]>,
}

/// How many bytes [`write_lines`] writes.
#[inline(always)]
fn len_of(lines: &Lines<'_>) -> usize {
    let len = |around: usize, value: Option<&[u8]>| {
        value.map_or(0, |value| value.len().saturating_add(around))
    };
    let head = len(3, lines.comment).saturating_add(len(8, lines.event_type));
    let rest = len(5, lines.id).saturating_add(len(8, lines.retry));
    head.saturating_add(rest).saturating_add(len(7, lines.data)).saturating_add(1)
}

/// Fills `out`, which has the length for it.
#[inline(always)]
fn write_lines(lines: &Lines<'_>, out: &mut [u8]) {
    let out = put(out, b": ", lines.comment);
    let out = put(out, b"event: ", lines.event_type);
    let out = put(out, b"id: ", lines.id);
    let out = put(out, b"retry: ", lines.retry);
    let out = put(out, b"data: ", lines.data);
    if let Some(lf) = out.first_mut() {
        *lf = b'\n';
    }
}

/// Writes a line, and returns what is behind it.
#[inline(always)]
fn put<'b, const N: usize>(
    out: &'b mut [u8],
    prefix: &[u8; N],
    value: Option<&[u8]>,
) -> &'b mut [u8] {
    let Some(value) = value else { return out };
    let Some((start, out)) = out.split_first_chunk_mut() else { return &mut [] };
    *start = *prefix;
    let Some((line, out)) = out.split_at_mut_checked(value.len()) else { return &mut [] };
    copy(value, line);
    let Some((lf, out)) = out.split_first_mut() else { return &mut [] };
    *lf = b'\n';
    out
}

fn write<O: Storage + ?Sized>(parts: &[Part<'_>], fill: &mut Fill<'_, O>) {
    for part in parts {
        part.write(fill);
    }
    fill.put(b"\n");
}

impl Part<'_> {
    #[inline]
    fn write<O: Storage + ?Sized>(&self, fill: &mut Fill<'_, O>) {
        match self.value {
            Some(value) if self.multiline => {
                let mut lines = LineWriter::start(fill, self.prefix);
                lines.write(value);
                lines.finish();
            }
            Some(value) => {
                fill.put(self.prefix);
                fill.put(value);
                fill.put(b"\n");
            }
            None => {}
        }
    }

    /// How many bytes `write` writes at most.
    fn most(&self) -> usize {
        let prefix = self.prefix.len().saturating_add(1);
        let Some(value) = self.value else { return 0 };
        let lines = if self.multiline { value.len().saturating_add(1) } else { 1 };
        prefix.saturating_mul(lines).saturating_add(value.len())
    }

    /// How many bytes `write` writes.
    #[inline]
    fn len(&self) -> usize {
        match self.value {
            Some(_) if self.multiline => {
                let mut nowhere = Free(&mut []);
                let mut count = Fill::new(&mut nowhere);
                self.write(&mut count);
                count.needed
            }
            Some(value) => self.prefix.len().saturating_add(value.len()).saturating_add(1),
            None => 0,
        }
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("comment", &self.comment)
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
        for part in self.parts() {
            if let Some(value) = part.value {
                defmt::write!(f, " {=[u8]:a}{=[u8]:a}", part.prefix, value);
            }
        }
        defmt::write!(f, " }}");
    }
}
