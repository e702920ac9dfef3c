//! Checks which types are `Send`, `Sync` and `Unpin`: a new field could remove these traits.
#![allow(clippy::restriction)]

use bytes::Bytes;
use sse_wire_http::{Error, Event, EventStream, EventsWith, Id, Name, Text};
use std::fmt::Debug;

/// A value.
fn value<T: Debug + Send + Sync + Unpin + 'static>() {}

/// A stream or a body: used by one task, whatever the source of its chunks.
fn polled<T: Debug + Send + Unpin + 'static>() {}

/// A stream of chunks that is `Send` but not `Sync`.
type Chunks = futures_util::stream::BoxStream<'static, Result<Bytes, std::io::Error>>;

#[test]
fn events_and_their_streams() {
    value::<Event>();
    value::<Event<Bytes>>();
    value::<(Name, Id, Text)>();
    value::<Error<std::io::Error>>();
    polled::<EventStream<Chunks>>();
    polled::<EventStream<Chunks, Text>>();
    polled::<EventsWith<Chunks, fn(sse_wire::MessageEvent<'_>) -> usize>>();
    // The type of its events is not stored in a stream.
    polled::<EventStream<Chunks, std::rc::Rc<str>>>();
}

#[cfg(feature = "json")]
#[test]
fn json() {
    use sse_wire_http::{JsonError, JsonStream};
    value::<JsonError<Error<std::io::Error>>>();
    polled::<JsonStream<u32, EventStream<Chunks>>>();
    polled::<JsonStream<std::rc::Rc<str>, EventStream<Chunks>>>();
}

#[cfg(feature = "codec")]
#[test]
fn codecs() {
    value::<sse_wire_http::codec::EventDecoder>();
    value::<sse_wire_http::codec::EventEncoder>();
}

#[cfg(feature = "body")]
#[test]
fn bodies() {
    use sse_wire_http::{EventBody, Hub, KeepAlive, OutEvent, Rewritten, Sink, Subscription};
    type Rewrite = fn(Result<sse_wire::MessageEvent<'_>, sse_wire::DecodeError>, &mut Sink<'_>);
    value::<(Hub, KeepAlive, OutEvent)>();
    value::<Subscription>();
    polled::<EventBody<Chunks>>();
    polled::<EventBody<Subscription>>();
    polled::<Rewritten<http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>, Rewrite>>(
    );
}

#[cfg(feature = "client")]
#[test]
fn the_client() {
    use sse_wire_http::{ClientError, Connect, Incoming, Options};
    fn client<C: Connect>(_: C)
    where
        sse_wire_http::EventSource<C>: Debug + Send + Unpin,
    {
    }
    client(async |_| {
        let body: Chunks = Box::pin(futures_util::stream::empty());
        Ok(http::Response::new(body))
    });
    value::<(Incoming, Options, ClientError<std::io::Error>)>();
}

#[cfg(feature = "reqwest-v0.13")]
#[test]
fn the_client_over_reqwest() {
    use sse_wire_http::reqwest::{EventSource, FinalUrl, Request, RequestError};
    polled::<EventSource>();
    polled::<Request>();
    value::<(FinalUrl, RequestError)>();
    #[cfg(feature = "json")]
    polled::<sse_wire_http::JsonStream<u32, EventSource>>();
}

#[cfg(feature = "axum-v0.8")]
#[test]
fn responses() {
    use sse_wire_http::axum::{Event, LastEventId, Sse};
    value::<(Event, LastEventId)>();
    value::<Sse<sse_wire_http::Subscription>>();
}
