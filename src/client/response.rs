//! The head of a response, as far as the standard's client looks at it.

use crate::CONTENT_TYPE;
use core::fmt;
use core::time::Duration;

/// The head of a response: its status, and what its headers say about the body.
///
/// Keeps nothing of the headers but what it has made of them, so that they can be read one after another into one buffer.
/// The cost is linear in the length of the names and values.
///
/// ```
/// use sse_wire::Response;
///
/// let headers = [("Content-Type", "text/event-stream; charset=utf-8"), ("Server", "x")];
/// let response = headers
///     .iter()
///     .fold(Response::new(200), |response, (name, value)| response.header(name, value));
/// assert_eq!(response.check(), Ok(()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Response {
    status: u16,
    is_event_stream: bool,
    is_encoded: bool,
    retry_after_seconds: u32,
}

impl Response {
    /// A response with this status, and no headers yet.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, is_event_stream: false, is_encoded: false, retry_after_seconds: 0 }
    }

    /// Looks at a header. All headers of the response may be passed in: those that do not matter are ignored.
    ///
    /// `Content-Type`, `Content-Encoding` and `Retry-After` matter; names are compared without regard to case. Of several
    /// headers with one name, the last counts. Leave out `Content-Encoding` if your HTTP stack has undone it.
    #[must_use]
    pub fn header(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.with(name.as_ref(), value.as_ref().trim_ascii_start())
    }

    fn with(mut self, name: &[u8], value: &[u8]) -> Self {
        if is(name, "Content-Type") {
            self.is_event_stream = is_event_stream(value);
        } else if is(name, "Content-Encoding") {
            self.is_encoded = !(value.is_empty() || is(value, "identity") || is(value, "none"));
        } else if is(name, "Retry-After") {
            self.retry_after_seconds = seconds(value);
        }
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// How long the server asks to wait before another attempt, by the header `Retry-After` in seconds
    /// ([RFC 9110, 10.2.3][standard]).
    ///
    /// Zero without the header, and with a date for its value: there is no clock here.
    ///
    /// [standard]: https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        // `u64::from` is not const.
        #[allow(clippy::as_conversions)]
        Duration::from_secs(self.retry_after_seconds as u64)
    }

    /// Whether its body is an event stream ([WHATWG HTML 9.2.3][standard]): the status is 200, and the type is
    /// `text/event-stream`, whatever its parameters.
    ///
    /// [`EventSource::open`](crate::EventSource::open) asks this, too.
    ///
    /// # Errors
    /// What is wrong, the status first.
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
    pub const fn check(&self) -> Result<(), Refused> {
        match self {
            Self { status: 200, is_event_stream: true, is_encoded: false, .. } => Ok(()),
            Self { status: 200, is_event_stream: false, .. } => Err(Refused::ContentType),
            Self { status: 200, .. } => Err(Refused::ContentEncoding),
            _ => Err(Refused::Status(self.status)),
        }
    }
}

/// Whether they are equal but for the case of letters.
// On small targets it would cost flash to have it in many places.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn is(bytes: &[u8], text: &str) -> bool {
    bytes.eq_ignore_ascii_case(text.as_bytes())
}

/// Compares the essence of the media type. Parameters do not count, not even a charset.
fn is_event_stream(value: &[u8]) -> bool {
    let Some((essence, rest)) = value.split_at_checked(CONTENT_TYPE.len()) else { return false };
    is(essence, CONTENT_TYPE) && matches!(rest.trim_ascii_start().first(), None | Some(b';'))
}

/// The value of the digits at the start. More than there are seconds in 136 years is read as that many.
fn seconds(value: &[u8]) -> u32 {
    value
        .iter()
        .map(|byte| byte.wrapping_sub(b'0'))
        .take_while(|&digit| digit < 10)
        .fold(0, |number: u32, digit| {
            number.min(429_496_728).wrapping_mul(10).wrapping_add(digit.into())
        })
}

/// Why a client takes no events from a response.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refused {
    /// The status is not 200. With 204 a server tells its clients to stop. One from 300 to 399 is a redirection that was
    /// not followed: it has no usable `Location`, or there were too many.
    Status(u16),
    /// The header `Content-Type` is missing, or is not `text/event-stream`.
    ContentType,
    /// The header `Content-Encoding` says that the body is compressed.
    ContentEncoding,
    /// The client was closed before the response came.
    Closed,
}

impl Refused {
    /// Whether another attempt may help: the status is 408, 425, 429, 500, 502, 503 or 504.
    ///
    /// The standard gives up after these, too. A client that does not want to calls
    /// [`EventSource::retry`](crate::EventSource::retry).
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::Status(408 | 425 | 429 | 500 | 502 | 503 | 504))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(204) => f.write_str("the server tells its clients to stop (status 204)"),
            Self::Status(status @ 300..=399) => {
                write!(f, "a redirection was not followed (status {status})")
            }
            Self::Status(status) => write!(f, "the response has the status {status}, not 200"),
            Self::ContentType => f.write_str("the response is no event stream by its Content-Type"),
            Self::ContentEncoding => f.write_str("the response is compressed"),
            Self::Closed => f.write_str("the client was closed"),
        }
    }
}

impl core::error::Error for Refused {}
