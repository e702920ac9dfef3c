//! A body for proxies: another body's event stream, with its events rewritten one by one.

use crate::body::{KeepAlive, Pauses, fill_pause};
use crate::out_event::{append, append_lines};
use crate::stream::Source;
use bytes::{Buf, Bytes};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use sse_wire::{
    DecodeError, Decoder, Event, EventId, EventType, Field, GrowingBuffer, MessageEvent, Token,
    Tokenizer,
};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pin_project! {
    /// The event stream of another body, with each event rewritten by a closure.
    ///
    /// The closure gets each event, or why one was lost, and a [`Sink`]. It sends any number of events for it. Everything
    /// else passes through: comments, reconnection times, and last event IDs, so that a client that reconnects goes on where
    /// it stopped. The id of an event goes to the last event that the closure sends for it, or to the client alone if it sends
    /// none. A comment that is split between chunks becomes one for each chunk.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::{BodyExt, Full};
    /// use sse_wire_http::Rewritten;
    /// use sse_wire_http::sse_wire::Event;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let upstream: Full<Bytes> = Full::from(": hello\nid: 7\ndata: one\n\ndata: two\n\n");
    /// let body = Rewritten::new(upstream, 64 * 1024, |event, sink| {
    ///     if let Ok(event) = event {
    ///         match event.data() {
    ///             b"one" => sink.send(&Event::new().data("1")),
    ///             _ => sink.pass(&event),
    ///         }
    ///     }
    /// });
    /// assert_eq!(body.collect().await.unwrap().to_bytes(), ": hello\nid: 7\ndata: 1\n\ndata: two\n\n");
    /// # }).unwrap();
    /// ```
    ///
    /// # Cost
    ///
    /// Only the last event ID and the lines of an event that is split between chunks are kept, bounded by the limit. Between events the
    /// buffer keeps at most 1 KiB, or four times the last event ID. What the events of a chunk become is one frame.
    #[must_use = "bodies do nothing unless polled"]
    pub struct Rewritten<B, F> {
        #[pin]
        body: B,
        rewriter: Rewriter<F>,
        pauses: Option<Pauses>,
        is_done: bool,
    }
}

/// What is done with each chunk.
struct Rewriter<F> {
    decoder: Decoder<GrowingBuffer>,
    /// Finds the comments, which the decoder only counts.
    tokenizer: Tokenizer,
    rewrite: F,
    /// The last event ID as the client knows it.
    id: Vec<u8>,
    /// The reconnection time as the client knows it.
    retry: Option<Duration>,
}

/// Where a [`Rewritten`] body takes the events of its client.
#[derive(Debug)]
pub struct Sink<'a> {
    out: &'a mut Vec<u8>,
    /// Where the last event begins that was sent for this one.
    last: Option<usize>,
    is_ended: &'a mut bool,
}

impl Sink<'_> {
    /// Sends an event.
    pub fn send(&mut self, event: &Event<'_>) {
        self.last = Some(self.out.len());
        append(event, self.out);
    }

    /// Sends an event whose data are JSON. Type, id and retry are those of `head`; its data are left out.
    ///
    /// # Errors
    /// If the value cannot be serialized. Nothing is sent then.
    #[cfg(feature = "json")]
    pub fn send_json(
        &mut self,
        head: &Event<'_>,
        data: &(impl serde::Serialize + ?Sized),
    ) -> serde_json::Result<()> {
        let data = serde_json::to_string(data)?;
        self.send(&head.data(&data));
        Ok(())
    }

    /// Sends an event as it came.
    pub fn pass(&mut self, event: &MessageEvent<'_>) {
        let mut passed = Event::new().data_bytes(event.data());
        if let Some(Ok(event_type)) = event.own_event_type().map(EventType::from_bytes) {
            passed = passed.event_type(event_type);
        }
        self.send(&passed);
    }

    /// Ends the body after this event. The connection to the upstream is closed when the body is dropped.
    pub fn end(&mut self) {
        *self.is_ended = true;
    }
}

impl<B, F> Rewritten<B, F>
where
    B: Body,
    F: FnMut(Result<MessageEvent<'_>, DecodeError>, &mut Sink<'_>),
{
    /// The events of this body, rewritten. `limit` is the limit for an event, in bytes: see [`Decoder`].
    pub fn new(body: B, limit: usize, rewrite: F) -> Self {
        let rewriter = Rewriter {
            decoder: Decoder::new(GrowingBuffer::with_limit(limit)),
            tokenizer: Tokenizer::new(),
            rewrite,
            id: Vec::new(),
            retry: None,
        };
        Self { body, rewriter, pauses: None, is_done: false }
    }

    /// Sends keep-alives in pauses of the upstream. They hide from the client that the upstream is dead. So limit the
    /// silence of the upstream's body, with `read_timeout` of reqwest's `ClientBuilder` or the `TimeoutBody` of tower-http.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.pauses = Some(keep_alive.into());
        self
    }
}

impl<F: FnMut(Result<MessageEvent<'_>, DecodeError>, &mut Sink<'_>)> Rewriter<F> {
    /// What a chunk becomes. Complete lines, and complete events after a blank line.
    fn take(&mut self, mut chunk: &[u8], out: &mut Vec<u8>, is_ended: &mut bool) {
        while !chunk.is_empty() && !*is_ended {
            let start = chunk;
            let event = self.decoder.next(&mut chunk);
            let used = start.len().saturating_sub(chunk.len());
            pass_comments(&mut self.tokenizer, start.get(..used).unwrap_or_default(), out);
            let Some(event) = event else { continue };
            let mut head = Event::new();
            if let Ok(event) = &event {
                let id = event.last_event_id();
                // An id that differs came before: without an event, or with one that was lost.
                if event.own_id().is_some() || id != self.id {
                    if let Ok(id) = EventId::from_bytes(id) {
                        head = head.id(id);
                    }
                    self.id.clear();
                    self.id.extend_from_slice(id);
                }
                if let Some(retry) = event.retry() {
                    head = head.retry(retry);
                    self.retry = Some(retry);
                }
            }
            let mut sink = Sink { out: &mut *out, last: None, is_ended: &mut *is_ended };
            (self.rewrite)(event, &mut sink);
            match sink.last {
                _ if head == Event::new() => {}
                None => append(&head, out),
                Some(last) => {
                    // Put before the event in place. To split the buffer there copies all that is before the event.
                    let end = out.len();
                    append_lines(&head, out);
                    let head_len = out.len().saturating_sub(end);
                    out.get_mut(last..).unwrap_or_default().rotate_right(head_len);
                }
            }
        }
        self.pass_settings(out);
    }

    /// Passes on a last event ID and a reconnection time that came without an event.
    fn pass_settings(&mut self, out: &mut Vec<u8>) {
        let id = self.decoder.last_event_id();
        if id != self.id {
            self.id.clear();
            self.id.extend_from_slice(id);
            if let Ok(id) = EventId::from_bytes(id) {
                append(&Event::new().id(id), out);
            }
        }
        let retry = self.decoder.reconnection_time();
        if let Some(time) = retry.filter(|_| retry != self.retry) {
            self.retry = retry;
            append(&Event::new().retry(time), out);
        }
    }
}

fn pass_comments(tokenizer: &mut Tokenizer, mut bytes: &[u8], out: &mut Vec<u8>) {
    while let Some(token) = tokenizer.next(&mut bytes) {
        if let Token::Value { field: Field::Comment, fragment, .. } = token {
            append_lines(&Event::new().comment_bytes(fragment), out);
        }
    }
}

impl<B, F> Body for Rewritten<B, F>
where
    B: Body,
    F: FnMut(Result<MessageEvent<'_>, DecodeError>, &mut Sink<'_>),
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        while !*this.is_done {
            let frame = match this.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => {
                    *this.is_done = true;
                    break;
                }
                Poll::Pending => {
                    this.rewriter.decoder.shrink_before_wait();
                    return fill_pause(this.pauses, Poll::Pending, cx);
                }
            };
            let frame = frame.map_data(|mut data| {
                let mut out = Vec::new();
                while data.has_remaining() {
                    let chunk = data.chunk();
                    let len = chunk.len();
                    this.rewriter.take(chunk, &mut out, this.is_done);
                    data.advance(len);
                }
                Bytes::from(out)
            });
            if frame.data_ref().is_none_or(|out| !out.is_empty()) {
                return fill_pause(this.pauses, Poll::Ready(Some(Ok(frame))), cx);
            }
        }
        Poll::Ready(None)
    }
}

impl<B, F> fmt::Debug for Rewritten<B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewritten").field("decoder", &self.rewriter.decoder).finish_non_exhaustive()
    }
}
