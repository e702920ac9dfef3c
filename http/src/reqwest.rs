//! The client over reqwest 0.13.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use sse_wire_http::reqwest::{Incoming, RequestBuilderExt};
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let mut events = reqwest::Client::new().get("http://127.0.0.1:8080/events").eventsource()?;
//! while let Some(incoming) = events.next().await {
//!     match incoming {
//!         Ok(Incoming::Open) => println!("open"),
//!         Ok(Incoming::Message(event)) => println!("{}: {}", event.event, event.data),
//!         Err(error) => println!("{error}; state {:?}", events.ready_state()),
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! * reqwest follows redirections as its client says, ten by default. One that is not followed is refused, and one too many
//!   closes the client. The next connection goes to the first URL again.
//! * Do not set `ClientBuilder::timeout`: it ends each stream after that time.
//!   [`Options::idle_timeout`](crate::Options::idle_timeout) bounds silence instead.
//! * With its features for it, reqwest undoes content codings. Without them, a compressed body is refused.

pub use crate::client::{ClientError, Incoming, Options};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, Response};
use reqwest::{Error, IntoUrl, RequestBuilder};
use std::fmt;
use std::pin::Pin;

/// A client over reqwest.
pub type EventSource<D = String> = crate::client::EventSource<Request, D>;

impl EventSource {
    /// A client that sends a `GET` to this URL. If it is not a URL, the first poll says so. It makes a `reqwest::Client` of
    /// its own: take [`RequestBuilderExt`] to share one, or to set [`Options`].
    ///
    /// # Panics
    /// Where `reqwest::Client::new` does: if there is no TLS backend, or no system configuration for the resolver.
    pub fn get(url: impl IntoUrl) -> Self {
        let request = Request(reqwest::Client::new().get(url));
        crate::client::EventSource::new(request, Options::new())
    }
}

/// Makes clients of requests.
pub trait RequestBuilderExt: Sized {
    /// A client that sends this request for each connection.
    ///
    /// # Errors
    /// If the request is invalid, or cannot be sent again.
    fn eventsource(self) -> Result<EventSource, RequestError> {
        self.eventsource_with(Options::new())
    }

    /// The same, with options.
    ///
    /// # Errors
    /// If the request is invalid, or cannot be sent again.
    fn eventsource_with(self, options: Options) -> Result<EventSource, RequestError>;
}

impl RequestBuilderExt for RequestBuilder {
    fn eventsource_with(self, options: Options) -> Result<EventSource, RequestError> {
        Ok(crate::client::EventSource::new(Request::new(self)?, options))
    }
}

/// Why there is no client for a request.
#[non_exhaustive]
#[derive(Debug)]
pub enum RequestError {
    /// The request is invalid.
    Invalid(Error),
    /// The body is a stream, which cannot be sent again.
    StreamBody,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "the request is invalid: {error}"),
            Self::StreamBody => f.write_str("the request has a body that cannot be sent again"),
        }
    }
}

impl std::error::Error for RequestError {
    /// The error within is displayed already, so this is its source.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Invalid(error) => error.source(),
            Self::StreamBody => None,
        }
    }
}

/// The request that is sent for each connection.
#[derive(Debug)]
pub struct Request(RequestBuilder);

impl Request {
    /// A request that can be sent more than once.
    ///
    /// # Errors
    /// If the request is invalid, or its body is a stream.
    pub fn new(request: RequestBuilder) -> Result<Self, RequestError> {
        match request.try_clone() {
            Some(_) => Ok(Self(request)),
            None => Err(request
                .build()
                .map_or_else(RequestError::Invalid, |_| RequestError::StreamBody)),
        }
    }
}

/// The URL after all redirections: an extension of the response's [head](crate::EventSource::head). Its origin is the origin
/// of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalUrl(pub reqwest::Url);

/// The body of a response.
type BoxBody = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

impl crate::client::Connect for Request {
    type Error = Error;
    type Body = BoxBody;
    type Future = Pin<Box<dyn Future<Output = Result<Response<BoxBody>, Error>> + Send>>;

    fn connect(&mut self, headers: HeaderMap) -> Self::Future {
        // A request of `EventSource::get` may be invalid. Sending it says why, and the client gives up.
        let request = self.0.try_clone();
        let invalid = || std::mem::replace(&mut self.0, reqwest::Client::new().get(""));
        let request = request.unwrap_or_else(invalid).headers(headers).send();
        Box::pin(async move {
            let mut response = request.await?;
            let mut head = Response::new(());
            *head.status_mut() = response.status();
            *head.version_mut() = response.version();
            *head.headers_mut() = std::mem::take(response.headers_mut());
            head.extensions_mut().insert(FinalUrl(response.url().clone()));
            let body: BoxBody = Box::pin(response.bytes_stream());
            Ok(head.map(|()| body))
        })
    }

    fn is_final(error: &Error) -> bool {
        error.is_builder() || error.is_redirect()
    }
}
