//! The state machine of the standard's client, without I/O, clock and random numbers: the caller supplies them.

use super::backoff::{Backoff, milliseconds};
use super::response::{Refused, Response};
use crate::{Buffer, CONTENT_TYPE, DecodeError, Decoder, LAST_EVENT_ID, MessageEvent};
use core::fmt;
use core::time::Duration;

/// The longest last event ID that is sent in a header. Many servers limit the head of a request to 8 KiB.
const LONGEST_ID: usize = 4096;

/// The client of the standard ([WHATWG HTML 9.2.2 to 9.2.4][standard]), without I/O: it returns when to connect and
/// with which headers, checks the response, and decodes events from its body.
///
/// The caller has the socket and the clock, and runs a loop:
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
///             false => eprintln!("not an event stream: {refused}"),
///         }
///         continue;
///     }
///     for mut chunk in body {
///         while let Some(event) = source.next(&mut chunk) {
///             match event {
///                 Ok(event) => seen.push(event.data_str().unwrap().to_owned()),
///                 Err(error) => eprintln!("lost an event: {error}"),
///             }
/// #           source.close();
///         }
///         if source.ready_state() != ReadyState::Open {
///             break; // the code that handles an event may have closed it
///         }
///     }
/// }
/// # assert_eq!(seen, ["23.4"]);
/// ```
///
/// The caller calls [`connect`](Self::connect) again after the end of the body and after a failed connection alike. A
/// browser's events correspond to `Ok` of [`open`](Self::open) for `open`, an event of [`next`](Self::next) for
/// `message`, another wait from `connect` for an `error` after which the client reconnects, and [`Refused`] for an
/// `error` after which it does not.
///
/// # What the caller must do
///
/// * Reject a URL that cannot be parsed before making a client. For a scheme other than `http` and `https`, and
///   whenever another attempt is known to be futile, call [`close`](Self::close).
/// * Send a `GET` with [`headers`](Self::headers) on each connection. Another method, a body and further headers are
///   not in the standard; if used, send them on each connection, too.
/// * Follow the redirections 301, 302, 303, 307 and 308, at most 20, with the same headers, and pass the final response
///   to [`open`](Self::open). Pass a redirection without `Location`, or one too many, to `open` unchanged. Reconnect to
///   the original URL, except after 301 and 308. The origin of events is that of the final URL.
/// * Call `connect` again when a connection fails, and at the end of the body, clean or not.
/// * Close a connection without input for longer than three keep-alives. The standard has no such limit, and without
///   one a dead connection lasts forever.
/// * If the client may have been closed meanwhile, check [`ready_state`](Self::ready_state) after the wait and before
///   each read. Closing the client must end the wait, the handshake and the connection.
/// * Remove transfer coding and content coding.
///
/// # Beyond the standard
///
/// Waits grow and have a random part: see [`Backoff`]. The caller can override a refusal that may be temporary:
/// [`retry`](Self::retry). An ID that no header can carry is omitted from the request, and
/// [`header_id`](Self::header_id) reports it. A body that is compressed according to its header is refused.
///
/// # Size and cost
///
/// Besides its [`Decoder`], it takes 32 bytes. `next` costs one test more than [`Decoder::next`]; the cost of the other
/// methods is at most linear in their input.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
pub struct EventSource<B> {
    decoder: Decoder<B>,
    /// `None` is the default, so that a new client is all zeros: a `static` then takes no flash.
    backoff: Option<Backoff>,
    /// The least wait before the next connection, from `retry`.
    at_least_ms: u32,
    attempts: u32,
    state: State,
    /// Whether an event has come on this connection.
    event_came: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `connect` has not been called.
    New,
    Connecting,
    Open,
    /// Closed by a response. `retry` can leave this state.
    Refused,
    /// `retry` was called. `connect` begins the next connection.
    Retrying,
    Closed,
}

/// The state of a client, with the numbers of the standard's [`readyState`][standard].
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum ReadyState {
    /// There is no connection yet; there will be one.
    Connecting = 0,
    /// Events can come.
    Open = 1,
    /// No events come, and there will be no further connection.
    Closed = 2,
}

/// Why the last event ID is not sent in a header.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UnsendableId {
    /// The ID has a control byte: one below 0x20, except TAB, or 0x7F.
    ControlByte,
    /// The ID is longer than 4096 bytes. Many servers reject a head of more than 8 KiB, and would reject each further
    /// attempt.
    TooLong,
}

impl fmt::Display for UnsendableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlByte => "the last event ID has a control byte, which no header can carry",
            Self::TooLong => "the last event ID is too long for a header",
        })
    }
}

impl core::error::Error for UnsendableId {}

impl<B: Buffer> EventSource<B> {
    /// Makes a client that has not connected yet, with the default [`Backoff`].
    ///
    /// To continue after an event of an earlier run, first set its ID with [`Decoder::set_last_event_id`]. The first
    /// [`connect`](Self::connect) drops a partial event in the decoder; the last event ID and the reconnection time are
    /// kept.
    #[must_use]
    pub const fn new(decoder: Decoder<B>) -> Self {
        Self::start(decoder, None)
    }

    /// Like [`new`](Self::new), with another [`Backoff`].
    #[must_use]
    pub const fn with_backoff(decoder: Decoder<B>, backoff: Backoff) -> Self {
        Self::start(decoder, Some(backoff))
    }

    const fn start(decoder: Decoder<B>, backoff: Option<Backoff>) -> Self {
        Self { decoder, backoff, at_least_ms: 0, attempts: 0, state: State::New, event_came: false }
    }

    /// Begins a connection: returns how long the caller must wait before it connects. `None`: the client is closed.
    ///
    /// Call it before each connection, thus also after one that failed, was refused or has ended. The client is then
    /// `CONNECTING` ([9.2.3, reestablish the connection][standard]), and a partial event is dropped. The first wait is
    /// zero; [`Backoff`] documents the others. `random` should be 32 random bits, which determine the random part of
    /// the wait. 0 adds nothing.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
    #[must_use = "the caller must wait before it connects, or not connect"]
    pub fn connect(&mut self, random: u32) -> Option<Duration> {
        match self.state {
            State::Closed | State::Refused => return None,
            State::New => {
                self.state = State::Connecting;
                self.decoder.reconnect();
                return Some(Duration::ZERO);
            }
            State::Connecting | State::Open | State::Retrying => self.state = State::Connecting,
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
        self.event_came = false;
        self.decoder.reconnect();
        Some(wait)
    }

    /// The headers of the request, names and values: `Accept`, `Cache-Control`, and `Last-Event-ID` if there is an ID
    /// ([9.2.2][standard]).
    ///
    /// The ID has the bytes that were received. None is below 0x20, except TAB, or 0x7F. A browser sends U+FFFD for
    /// invalid UTF-8; `String::from_utf8_lossy` does that. HTTP drops blanks at both ends of a value.
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

    /// The last event ID as [`headers`](Self::headers) sends it. If it is empty, the header is omitted.
    ///
    /// # Errors
    /// If no header can carry the ID. The request is then sent without it, and the server does not know where the
    /// client stopped: events may repeat or be missing. Takes time linear in the length of the ID.
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

    /// Checks the head of the response, after redirections. The client is then open, before the first byte of the body
    /// ([9.2.3, announce the connection][standard]).
    ///
    /// Call it once after each [`connect`](Self::connect).
    ///
    /// # Errors
    /// [`Refused`], if the response is not an event stream. The client is then closed ([fail the connection][fail]),
    /// and does not connect again unless [`retry`](Self::retry) is called. [`Refused::Closed`], if it was closed
    /// before. [`Refused::NotConnecting`], if `connect` was not called before; nothing changes then.
    ///
    /// A response whose head is cut off is a failed connection: call `connect` instead of `open`.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#announce-the-connection
    /// [fail]: https://html.spec.whatwg.org/multipage/server-sent-events.html#fail-the-connection
    pub fn open(&mut self, response: &Response) -> Result<(), Refused> {
        if self.state != State::Connecting {
            let is_closed = self.ready_state() == ReadyState::Closed;
            return Err(if is_closed { Refused::Closed } else { Refused::NotConnecting });
        }
        let checked = response.check();
        self.state = if checked.is_ok() { State::Open } else { State::Refused };
        checked
    }

    /// Takes the next event from the front of `chunk`, a part of the body: see [`Decoder::next`].
    ///
    /// `None` means that the chunk is now empty. Unless the client is open, there are no events, not even those in the
    /// rest of a chunk ([9.2.6][standard]).
    ///
    /// # Errors
    /// [`DecodeError`], once for each lost event. The connection continues.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    #[must_use = "an unused event is lost with the next call"]
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
        self.event_came |= event.is_some();
        event
    }

    /// Gives back memory before a long wait: see [`Decoder::shrink_buffer`].
    pub fn shrink_buffer(&mut self) {
        self.decoder.shrink_buffer();
    }
}

impl<B> EventSource<B> {
    /// Closes the client: no more events, no more connections ([9.2.2][standard]).
    ///
    /// The caller must end the current wait, handshake or connection. Closing a closed client has no effect.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-close
    pub const fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Overrides a refusal, which is final in the standard: the client connects again, after at least `at_least`.
    ///
    /// The choice is the caller's; [`Refused::is_temporary`] and [`Response::retry_after`] help. Waits grow as they do
    /// after a failed connection, and [`Backoff::ceiling`] limits them. Has no effect on a client that the caller has
    /// closed, or that is not closed.
    pub fn retry(&mut self, at_least: Duration) {
        if self.state == State::Refused {
            self.state = State::Retrying;
            self.at_least_ms = milliseconds(at_least);
        }
    }

    /// The state: connecting, open or closed.
    #[must_use]
    pub const fn ready_state(&self) -> ReadyState {
        match self.state {
            State::New | State::Connecting | State::Retrying => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Refused | State::Closed => ReadyState::Closed,
        }
    }

    /// The number of reconnections since the last sign of life, which is an event, even a lost one, or a comment.
    ///
    /// A response is not a sign of life, and neither are bytes that an event stream ignores. So waits grow for a server
    /// that accepts and closes connections, and for one that sends something else as an event stream. To give up after
    /// some number of attempts, call [`close`](Self::close).
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        if self.event_came || self.decoder.comments() > 0 { 0 } else { self.attempts }
    }

    /// The decoder, with the last event ID, the reconnection time, and the counts of comments and ignored lines.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<B> {
        &self.decoder
    }

    /// Returns the decoder, with its buffer and state.
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
