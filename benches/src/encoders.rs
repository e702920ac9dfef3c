//! One pass over the events of a corpus, encoded by this crate and by each peer, from the same
//! strings.
//!
//! | subject | input | checks type and id | splits data | output |
//! |---|---|---|---|---|
//! | `encode` | borrowed | both; the type once, it is a constant | yes | one slice for all |
//! | `append_to` | borrowed | the same | yes | one `Vec` for all |
//! | `write_macro` | borrowed | no | at LF alone | one `Vec` for all |
//! | `axum` 0.8 | borrowed | both | at LF and CR | `Bytes` for each event |
//! | `sse_stream` 0.3 | owned | both | yes | `Bytes` for each event |
//!
//! The peers' `Bytes` are dropped as they come: that they would have to be copied to be one stream is
//! not put to their account. Nor is it that sse-stream wants to own its strings, which it is given.

use crate::corpora::{Corpus, Message};
use crate::decoders::drain;
use ::axum::response::IntoResponse;
use ::axum::response::sse;
use ::sse_stream::Sse;
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use sse_wire::{Event, EventId, EventType};
use std::convert::Infallible;
use std::io::Write;

/// This crate, to the front of a slice. Returns how many bytes.
///
/// # Panics
/// If `out` is too small.
#[must_use]
pub fn encode(corpus: &Corpus, out: &mut [u8]) -> usize {
    let mut written = 0;
    for event in events(corpus) {
        written += event.encode(&mut out[written..]).unwrap().len();
    }
    written
}

/// This crate, to the end of a vector.
///
/// # Panics
/// If there is no memory for `out` to grow.
pub fn append_to(corpus: &Corpus, out: &mut Vec<u8>) {
    for event in events(corpus) {
        event.append_to(out).unwrap();
    }
}

fn events(corpus: &Corpus) -> impl Iterator<Item = Event<'_>> {
    let typed = match corpus.event_type {
        Some(event_type) => Event::new().event_type(EventType::new(event_type).unwrap()),
        None => Event::new(),
    };
    corpus.messages.iter().map(move |message| {
        let event = match &message.id {
            Some(id) => typed.id(EventId::new(id).unwrap()),
            None => typed,
        };
        event.data(&message.data)
    })
}

/// What one writes by hand who minds line breaks in data: one call where there are none.
///
/// # Panics
/// If nobody has written it for events like these.
pub fn write_macro(corpus: &Corpus, out: &mut Vec<u8>) {
    for Message { id, data, .. } in &corpus.messages {
        match (corpus.event_type, id, data.contains('\n')) {
            (Some(event_type), Some(id), false) => {
                write!(out, "event: {event_type}\nid: {id}\ndata: {data}\n\n").unwrap();
            }
            (None, None, false) => write!(out, "data: {data}\n\n").unwrap(),
            (None, None, true) => {
                for line in data.split('\n') {
                    writeln!(out, "data: {line}").unwrap();
                }
                out.push(b'\n');
            }
            _ => unreachable!("{} is not written by hand", corpus.name),
        }
    }
}

/// axum, whose events become bytes only in the body of a response, in which they are polled for here.
///
/// # Panics
/// If the body has an error.
pub fn axum(corpus: &'static Corpus, mut each: impl FnMut(Bytes)) {
    let events = corpus.messages.iter().map(|message| {
        let mut event = sse::Event::default();
        if let Some(event_type) = corpus.event_type {
            event = event.event(event_type);
        }
        if let Some(id) = &message.id {
            event = event.id(id);
        }
        Ok::<_, Infallible>(event.data(&message.data))
    });
    let body = sse::Sse::new(stream::iter(events)).into_response().into_body();
    drain(body.into_data_stream(), |bytes| each(bytes.unwrap()));
}

/// The events as sse-stream wants to have them.
#[must_use]
pub fn sse_stream_events(corpus: &Corpus) -> Vec<Sse> {
    let event = |message: &Message| Sse {
        event: corpus.event_type.map(str::to_owned),
        id: message.id.clone(),
        data: Some(message.data.clone()),
        retry: None,
    };
    corpus.messages.iter().map(event).collect()
}

/// sse-stream, which puts the id behind the data.
///
/// # Panics
/// If it rejects an event.
pub fn sse_stream(events: Vec<Sse>, mut each: impl FnMut(Bytes)) {
    for event in events {
        each(event.encode().unwrap());
    }
}

/// A value that is sent as JSON.
#[derive(Serialize)]
#[expect(missing_docs, reason = "they stand for any")]
pub struct Reading {
    pub sensor: &'static str,
    pub celsius: f64,
    pub humidity: u8,
    pub uptime: u64,
    pub tags: &'static [&'static str],
}

/// As many readings an event as one JSON array of about `length` bytes has.
#[must_use]
pub fn readings(length: usize) -> Vec<Reading> {
    let reading = |number: u32| Reading {
        sensor: "kitchen",
        celsius: 21.5 + f64::from(number) / 8.0,
        humidity: 41,
        uptime: 86_400 + u64::from(number),
        tags: &["indoor", "heated"],
    };
    (0..).map(reading).take(length.div_ceil(95)).collect()
}

/// A thousand events of JSON, written straight into the output.
///
/// # Panics
/// If there is no memory for `out` to grow.
pub fn json_writer(value: &[Reading], out: &mut Vec<u8>) {
    for number in 0..EVENTS_OF_JSON {
        let mut data = Event::new().id(EventId::from_u64(number)).begin_append(out);
        serde_json::to_writer(&mut data, value).unwrap();
        data.finish().unwrap();
    }
}

/// The same through a string.
///
/// # Panics
/// If there is no memory for `out` to grow.
pub fn json_string(value: &[Reading], out: &mut Vec<u8>) {
    for number in 0..EVENTS_OF_JSON {
        let text = serde_json::to_string(value).unwrap();
        Event::new().id(EventId::from_u64(number)).data(&text).append_to(out).unwrap();
    }
}

const EVENTS_OF_JSON: u64 = 1000;
