//! The status and headers of a response, and the check whether its body is an event stream for the standard's client.

use crate::CONTENT_TYPE;
use core::fmt;
use core::time::Duration;

/// The head of a response: its status, and the headers that describe the body.
///
/// Stores results instead of headers, so that all headers can be read into one buffer, one after the other. The cost is
/// linear in the length of names and values.
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
    /// Makes a response with this status and without headers.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, is_event_stream: false, is_encoded: false, retry_after_seconds: 0 }
    }

    /// Adds a header. Pass all headers of the response: irrelevant ones are ignored.
    ///
    /// `Content-Type`, `Content-Encoding` and `Retry-After` are relevant; names are compared case-insensitively. If a
    /// name repeats, its last header counts. Blanks and line ends around a value are ignored. Do not pass
    /// `Content-Encoding` if the HTTP stack has removed the coding.
    #[must_use]
    pub fn header(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.with(name.as_ref(), trimmed(value.as_ref()))
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

    /// The wait that the server requests with the header `Retry-After` in seconds ([RFC 9110, 10.2.3][standard]).
    ///
    /// Zero without the header, or if its value is a date: there is no clock here.
    ///
    /// [standard]: https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        // `u64::from` is not const.
        #[allow(clippy::as_conversions)]
        Duration::from_secs(self.retry_after_seconds as u64)
    }

    /// Checks that the body is an event stream ([WHATWG HTML 9.2.3][standard]): the status is 200, and the media type
    /// is `text/event-stream`, with any parameters.
    ///
    /// [`EventSource::open`](crate::EventSource::open) includes this check.
    ///
    /// # Errors
    /// The first failed check, in the order status, media type, content coding.
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

/// Without blanks and line ends around it. `trim_ascii` takes more flash.
const fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b'\t' | b'\n' | b'\r' | b' ', rest @ ..]
    | [rest @ .., b'\t' | b'\n' | b'\r' | b' '] = value
    {
        value = rest;
    }
    value
}

/// Whether both are equal, ignoring ASCII case.
// Inlining it would cost flash on small targets.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn is(bytes: &[u8], text: &str) -> bool {
    bytes.eq_ignore_ascii_case(text.as_bytes())
}

/// Compares the essence of the media type. All parameters are ignored, even a charset.
fn is_event_stream(value: &[u8]) -> bool {
    let Some((essence, rest)) = value.split_at_checked(CONTENT_TYPE.len()) else { return false };
    is(essence, CONTENT_TYPE) && matches!(rest.trim_ascii_start().first(), None | Some(b';'))
}

/// The value of the leading digits, at most `u32::MAX` seconds (136 years).
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
    /// The status is not 200. With 204, a server asks its clients to stop. A status from 300 to 399 is a redirection
    /// that was not followed: it has no usable `Location`, or there were too many.
    Status(u16),
    /// The header `Content-Type` is missing, or is not `text/event-stream`.
    ContentType,
    /// The header `Content-Encoding` names a compression.
    ContentEncoding,
    /// The client was closed before the response came: by the caller, or by an earlier response.
    Closed,
    /// The caller did not call [`EventSource::connect`](crate::EventSource::connect) before this response: its body
    /// would continue a partial event of the body before.
    NotConnecting,
}

impl Refused {
    /// Whether another attempt may succeed: the status is 408, 425, 429, 500, 502, 503 or 504.
    ///
    /// The standard gives up after these, too. [`EventSource::retry`](crate::EventSource::retry) overrides it.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::Status(408 | 425 | 429 | 500 | 502 | 503 | 504))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(204) => f.write_str("the server asks its clients to stop (status 204)"),
            Self::Status(status @ 300..=399) => {
                write!(f, "a redirection was not followed (status {status})")
            }
            Self::Status(status) => write!(f, "the response has the status {status}, not 200"),
            Self::ContentType => {
                f.write_str("the Content-Type of the response is not text/event-stream")
            }
            Self::ContentEncoding => f.write_str("the response is compressed"),
            Self::Closed => f.write_str("the client was closed"),
            Self::NotConnecting => f.write_str("`connect` was not called before the response"),
        }
    }
}

impl core::error::Error for Refused {}
