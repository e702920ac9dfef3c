//! The state machine of the standard's client. Has no I/O, no clock and no random numbers: its caller has them.

use super::backoff::{Backoff, milliseconds};
use super::response::{Refused, Response};
use crate::{Buffer, CONTENT_TYPE, DecodeError, Decoder, LAST_EVENT_ID, MessageEvent};
use core::fmt;
use core::time::Duration;

/// The longest last event ID that goes into a header. Servers bound the head of a request, many to 8 KiB.
const LONGEST_ID: usize = 4096;

/// The client of the standard ([WHATWG HTML 9.2.2 to 9.2.4][standard]), without I/O: it says when to connect and with which
/// headers, judges the response, and takes the events out of its body.
///
/// What drives it has the socket and the clock, and is a loop:
///
/// ```
/// # use sse_wire::{Decoder, EventSource, ReadyState, Response};
/// # use std::time::Duration;
/// # struct Http;
/// # impl Http {
/// #     fn get(&self, _: &[(&str, &[u8])]) -> Result<(Response, Vec<&'static [u8]>), ()> {
/// #         let head = Response::new(200).header("Content-Type", "text/event-stream");
/// #         Ok((head, vec![b"data: 23", b".4\n\n"]))
/// #     }
/// #     fn random(&self) -> u32 { 0 }
/// # }
/// # let http = Http;
/// # let mut seen = Vec::new();
/// let mut source = EventSource::new(Decoder::new([0; 1024]));
/// while let Some(wait) = source.connect(http.random()) {
///     std::thread::sleep(wait);
///     let headers: Vec<_> = source.headers().collect();
///     let Ok((head, body)) = http.get(&headers) else { continue };
///     if let Err(refused) = source.open(&head) {
///         match refused.is_temporary() {
///             true => source.retry(head.retry_after()),
///             false => eprintln!("no event stream: {refused}"),
///         }
///         continue;
///     }
///     for mut chunk in body {
///         while let Some(event) = source.next(&mut chunk) {
///             match event {
///                 Ok(event) => seen.push(event.data_str().unwrap().to_owned()),
///                 Err(error) => eprintln!("an event is lost: {error}"),
///             }
/// #           source.close();
///         }
///         if source.ready_state() != ReadyState::Open {
///             break; // a handler of the events may have closed it
///         }
///     }
/// }
/// # assert_eq!(seen, ["23.4"]);
/// ```
///
/// The end of the body, a connection that fails and a wait that is over are one thing here: the caller calls
/// [`connect`](Self::connect) again. The events of a browser are `Ok` of [`open`](Self::open) for `open`, an event of
/// [`next`](Self::next) for `message`, a further wait of `connect` for an `error` after which the client reconnects, and
/// [`Refused`] for an `error` after which it does not.
///
/// # What the caller must do
///
/// * Reject a URL that cannot be parsed before it makes a client. For a scheme other than `http` and `https`, and wherever
///   another attempt is known to be futile, call [`close`](Self::close).
/// * Send a `GET` with [`headers`](Self::headers), on each connection. A method, a body and further headers are beyond the
///   standard; send them with each connection, too.
/// * Follow the redirections 301, 302, 303, 307 and 308, at most 20, with the same headers, and pass
///   [`open`](Self::open) the response that is none. A redirection without `Location`, or one too many, is passed to `open`
///   as it is. Reconnect to the first URL again, except after 301 and 308. The origin of events is that of the last URL.
/// * Call `connect` again when a connection fails, and at the end of the body, whether or not the end is clean.
/// * Give up a connection on which nothing comes for longer than three keep-alives: the standard has no such limit, and
///   without one a dead connection lasts for ever.
/// * After the wait, and before the next read, ask [`ready_state`](Self::ready_state) if anything may have closed the client
///   in the meantime. Closing it must end the wait, the handshake and the connection.
/// * Undo transfer coding and content coding.
///
/// # Where it goes beyond the standard
///
/// Waits grow and have a random part: see [`Backoff`]. A refusal that may be temporary can be overruled:
/// [`retry`](Self::retry). An id that no header can carry is left out of the request, and
/// [`header_id`](Self::header_id) says so. A body that is compressed is refused, if its header says that it is.
///
/// # Size and cost
///
/// Beside its [`Decoder`], it takes 32 bytes. `next` is [`Decoder::next`] and one test; nothing else costs more than the
/// length of its input.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
pub struct EventSource<B> {
    decoder: Decoder<B>,
    /// `None` is the default, so that a new client is all zeros: a `static` takes no flash.
    backoff: Option<Backoff>,
    /// The least wait before the next connection, which `retry` was given.
    at_least_ms: u32,
    attempts: u32,
    state: State,
    /// An event has come on this connection.
    has_event: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `connect` was not called yet.
    New,
    Connecting,
    Open,
    /// Closed by a response. `retry` goes on from here.
    Refused,
    Closed,
}

/// The state of a client, with the numbers of the standard's attribute [`readyState`][standard].
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum ReadyState {
    /// There is no connection, and there will be one.
    Connecting = 0,
    /// Events may come.
    Open = 1,
    /// No events come, and no further connection is made.
    Closed = 2,
}

/// Why the last event ID is not sent in a header.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UnsendableId {
    /// It has a control byte: below 0x20, except for a TAB, or 0x7F.
    ControlByte,
    /// It is longer than 4096 bytes: many servers reject a head of 8 KiB, and would again with each attempt.
    TooLong,
}

impl fmt::Display for UnsendableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlByte => "the last event ID has a control byte, which no header can have",
            Self::TooLong => "the last event ID is longer than a header should be",
        })
    }
}

impl core::error::Error for UnsendableId {}

impl<B: Buffer> EventSource<B> {
    /// A client that has not connected yet, with the [`Backoff`] that is the default.
    ///
    /// To go on after an event of an earlier run, set its id with [`Decoder::set_last_event_id`] before. What the decoder
    /// has read of another stream is dropped; its last event ID and reconnection time are kept.
    #[must_use]
    pub const fn new(decoder: Decoder<B>) -> Self {
        Self::start(decoder, None)
    }

    /// The same, with other waits.
    #[must_use]
    pub const fn with_backoff(decoder: Decoder<B>, backoff: Backoff) -> Self {
        Self::start(decoder, Some(backoff))
    }

    const fn start(decoder: Decoder<B>, backoff: Option<Backoff>) -> Self {
        Self { decoder, backoff, at_least_ms: 0, attempts: 0, state: State::New, has_event: false }
    }

    /// Asks for a connection: how long to wait before it is made. `None`: the client is closed.
    ///
    /// Call it before each connection, so also when one has failed, was refused or has ended: it is `CONNECTING` then
    /// ([9.2.3, reestablish the connection][standard]), and what has come of an event is dropped. The first wait is zero.
    /// How long the others are, [`Backoff`] says; of `random`, which should be any 32 bits, comes the part that is added. 0
    /// adds nothing.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
    #[must_use = "the caller must wait, or not connect at all"]
    pub fn connect(&mut self, random: u32) -> Option<Duration> {
        match self.state {
            State::Closed | State::Refused => return None,
            State::New => {
                self.state = State::Connecting;
                self.decoder.reconnect();
                return Some(Duration::ZERO);
            }
            State::Connecting | State::Open => self.state = State::Connecting,
        }
        let attempts = self.attempts();
        let reconnection_time = self.decoder.reconnection_time();
        let wait = self.backoff.unwrap_or_default().wait(
            reconnection_time,
            attempts,
            self.at_least_ms,
            random,
        );
        self.at_least_ms = 0;
        self.attempts = attempts.saturating_add(1);
        self.has_event = false;
        self.decoder.reconnect();
        Some(wait)
    }

    /// The headers of the request, names and values: `Accept`, `Cache-Control`, and `Last-Event-ID` where there is an id
    /// ([9.2.2][standard]).
    ///
    /// The id has the bytes that came, with none that is below 0x20, except for a TAB, or 0x7F. A browser sends U+FFFD in
    /// place of bytes that are not UTF-8; `String::from_utf8_lossy` does that. HTTP drops blanks at the ends of a value.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let id = self.header_id().unwrap_or_default();
        let mut at = 0_u8;
        // A chain of iterators takes three times the flash.
        core::iter::from_fn(move || {
            at = at.saturating_add(1);
            match at {
                1 => Some(("Accept", CONTENT_TYPE.as_bytes())),
                2 => Some(("Cache-Control", &b"no-cache"[..])),
                3 if !id.is_empty() => Some((LAST_EVENT_ID, id)),
                _ => None,
            }
        })
    }

    /// The last event ID, as [`headers`](Self::headers) sends it. If it is empty, there is no header.
    ///
    /// # Errors
    /// If no header can carry it. The request goes out without it, and the server does not know where the client stopped:
    /// events may come twice, or be missing. Takes time that is linear in the length of the id.
    pub fn header_id(&self) -> Result<&[u8], UnsendableId> {
        let id = self.decoder.last_event_id();
        if id.len() > LONGEST_ID {
            return Err(UnsendableId::TooLong);
        }
        if !id.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7E | 0x80..)) {
            return Err(UnsendableId::ControlByte);
        }
        Ok(id)
    }

    /// Takes the head of the response, when redirections have been followed. The client is open then, before any byte of
    /// the body ([9.2.3, announce the connection][standard]).
    ///
    /// # Errors
    /// [`Refused`], if it is no event stream. The client is closed then ([fail the connection][fail]), and makes no further
    /// connection unless [`retry`](Self::retry) is called.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#announce-the-connection
    /// [fail]: https://html.spec.whatwg.org/multipage/server-sent-events.html#fail-the-connection
    pub fn open(&mut self, response: &Response) -> Result<(), Refused> {
        if self.ready_state() == ReadyState::Closed {
            return Err(Refused::Closed);
        }
        let checked = response.check();
        self.state = if checked.is_ok() { State::Open } else { State::Refused };
        checked
    }

    /// Takes the next event off the front of `chunk`, which is a part of the body: see [`Decoder::next`].
    ///
    /// `None` means that the chunk is used up. Unless the client is open, there are no events, not even those of a chunk
    /// of which some were already taken ([9.2.6][standard]).
    ///
    /// # Errors
    /// [`DecodeError`], once for each event that is lost. The connection goes on.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    #[must_use = "an event that is not looked at is lost with the next call"]
    #[cfg_attr(all(target_pointer_width = "64", not(sse_wire_small)), inline(always))]
    pub fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
    ) -> Option<Result<MessageEvent<'a>, DecodeError>> {
        if self.state != State::Open {
            *chunk = &[];
            return None;
        }
        let event = self.decoder.next(chunk);
        self.has_event |= event.is_some();
        event
    }
}

impl<B> EventSource<B> {
    /// Closes the client: no more events, no more connections ([9.2.2][standard]).
    ///
    /// The caller ends the wait, the handshake or the connection that goes on. Closing it again changes nothing.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-close
    pub const fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Overrules a refusal, which is for good in the standard: the client connects again, not before so long.
    ///
    /// Whether to do so is the caller's choice; [`Refused::is_temporary`] and [`Response::retry_after`] help. The waits grow
    /// as they do after a connection that fails, and [`Backoff::ceiling`] bounds them. A client that the caller has closed stays
    /// closed, and one that is not closed is not changed.
    pub fn retry(&mut self, at_least: Duration) {
        if self.state == State::Refused {
            self.state = State::Connecting;
            self.at_least_ms = milliseconds(at_least);
        }
    }

    /// Whether it is connecting, open or closed.
    #[must_use]
    pub const fn ready_state(&self) -> ReadyState {
        match self.state {
            State::New | State::Connecting => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Refused | State::Closed => ReadyState::Closed,
        }
    }

    /// How many reconnections have begun since there was a sign of life: an event, or a comment.
    ///
    /// A response alone is none, nor are bytes that mean nothing in an event stream: a server that accepts connections and
    /// closes them, or that sends something else under the name of an event stream, is asked less and less often. To give up
    /// after so many, call [`close`](Self::close).
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        if self.has_event || self.decoder.comments() > 0 { 0 } else { self.attempts }
    }

    /// The decoder: last event ID, reconnection time, counts of comments and of ignored lines.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<B> {
        &self.decoder
    }

    /// The decoder, to keep its buffer or what it knows.
    #[must_use]
    pub fn into_decoder(self) -> Decoder<B> {
        self.decoder
    }
}

impl<B> fmt::Debug for EventSource<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource")
            .field("ready_state", &self.ready_state())
            .field("attempts", &self.attempts())
            .field("backoff", &self.backoff)
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<B> defmt::Format for EventSource<B> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "EventSource {{ ready_state: {}, attempts: {=u32}, decoder: {} }}",
            self.ready_state(),
            self.attempts(),
            self.decoder
        );
    }
}
